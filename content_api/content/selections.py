"""What was selected from an edition, kept for whoever asks for the same: then it takes as long as to look it up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from sys import getsizeof
from typing import Any, NamedTuple

from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.noted import Noted
from content_api.content.view import Shown, View

# Bytes of all that is kept of an edition: twenty lists of 50,000 entities, or thousands of the usual few hundred. There
# may be nine editions in memory.
MOST_BYTES = 8_000_000
# Bytes of a selection beside its criteria and its entities, and of a recall that was noted: measured.
OVERHEAD = 1_200
RECALL = 200
ENTITY = 8


class Asked(NamedTuple):
    """All that a selection depends on, but for the edition."""

    view: View
    kind: EntityKind
    criteria: str
    """As `repr` writes plain values: it tells True from 1, and an enum from its text."""
    order: tuple[tuple[Any, Any], ...]


class Selection(NamedTuple):
    """The entities that were selected, in order, and what was noted on the way to them."""

    found: Sequence[Shown]
    noted: Noted


class Selections:
    """The selections that were asked for most recently, bounded by bytes. They go with their edition."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.held = 0
        self._most = most
        self._kept: OrderedDict[Asked, Selection] = OrderedDict()

    @classmethod
    def of(cls, edition: Edition) -> Selections:
        found: Selections | None = edition.memo.get(cls)
        if found is None:
            found = edition.memo[cls] = cls()
        return found

    def get(self, asked: Asked) -> Selection | None:
        found = self._kept.get(asked)
        if found is not None:
            self._kept.move_to_end(asked)
        return found

    def keep(self, asked: Asked, selection: Selection) -> None:
        """Keep one, unless somebody else had it made meanwhile. What was asked for longest ago makes room for it."""
        if asked in self._kept:
            return
        self._kept[asked] = selection
        self.held += size_of(asked, selection)
        while self.held > self._most:
            self.held -= size_of(*self._kept.popitem(last=False))


def size_of(asked: Asked, selection: Selection) -> int:
    """Bytes that it takes at most. The list of all entities counts too, though it is the view's own."""
    criteria = getsizeof(asked.criteria) if asked.criteria else 0
    return OVERHEAD + criteria + ENTITY * len(selection.found) + RECALL * len(selection.noted.recalled)
