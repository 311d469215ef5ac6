"""What is known of a document before anybody gives it variables, remembered by its text.

Parsing and validating take 85% of the time of a small query, and clients send few documents many times. What was found
wrong is remembered as well: a client that repeats a mistake should not cost more than one that does not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from content_api.delivery.masks import ShownError
from content_api.delivery.prices import Prices
from content_api.delivery.sights import Sights


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that was read. One with `errors` is never executed; one that could not be parsed is empty.

    It equals itself alone, so that what is known of it can be found by it.
    """

    ast: DocumentNode
    operations: tuple[OperationDefinitionNode, ...] = ()
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict)
    errors: tuple[ShownError, ...] = ()
    prices: Prices = field(default_factory=Prices)
    sighted: dict[Any, Any] = field(default_factory=dict)
    """How often its operations were seen: delivery/plans.py. It is forgotten with the document."""
    fields: dict[Any, frozenset[str]] = field(default_factory=dict)
    """Those of the schema that each of its operations asks for, found when one is first answered: delivery/uses.py."""
    words: frozenset[str] = frozenset()
    """Those of its words that say how long an answer may be good: delivery/present.py."""


Read = Callable[[str], Document]

# Of texts that came once, which are most of those that never come again. A document is thousands of objects, and the
# garbage collector stops everything to look at each: a millisecond for these, ten times as many in a tenth of a second.
ONCE_CHARACTERS = 5_000
# Of those that came once and had no room, so that the second time is known. Only hashes are held, of 150 bytes.
MOST_SEEN = 5_000


class Documents:
    """The documents that were asked for most recently, bounded by number and by characters.

    Those that came once have a hundredth of the room: a crowd of texts that never come again leaves what is asked again
    and again. All bounds hold after every call; what is kept for ever is beside them. It is used from one thread, that
    of the event loop, and has no lock. An operation asks once, and hands what it is given from step to step.
    """

    def __init__(self, read: Read, number: int = 1_000, characters: int = 500_000, once: int = ONCE_CHARACTERS) -> None:
        # A character takes 70 to 115 bytes once parsed, so this is 50 MB or so at the very most. Real clients send a
        # few hundred documents of 1,000 characters.
        self._read = read
        self._number = number
        self._characters = characters
        self._once_characters = once
        self._held = self._held_once = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._once: OrderedDict[str, Document] = OrderedDict()
        self._seen = Sights(MOST_SEEN, 2)
        self._kept: dict[str, Document] = {}

    def __len__(self) -> int:
        return len(self._documents) + len(self._once)

    @property
    def characters(self) -> int:
        return self._held + self._held_once

    def get(self, text: str) -> Document:
        """The document of this text, read now if it is not remembered."""
        if kept := self._kept.get(text):
            return kept
        known = self._documents.get(text)
        if known is not None:
            self._documents.move_to_end(text)
            return known
        if text in self._once:
            self._held_once -= len(text)
            return self._remember(text, self._once.pop(text))
        document = self._read(text)
        if text in self:
            return self.get(text)  # read for somebody else, while this paused
        return self._remember(text, document) if self._seen.enough(text) else self._remember_once(text, document)

    def __contains__(self, text: str) -> bool:
        return text in self._documents or text in self._kept or text in self._once

    def keep(self, text: str) -> None:
        """Read a text now, and keep it whatever strangers ask. It is for those that an operator chose."""
        self._kept[text] = self._read(text)

    def _remember_once(self, text: str, document: Document) -> Document:
        self._once[text] = document
        self._held_once += len(text)
        while len(self._once) > self._number or self._held_once > self._once_characters:
            forgotten, _ = self._once.popitem(last=False)
            self._held_once -= len(forgotten)
        return document

    def _remember(self, text: str, document: Document) -> Document:
        self._documents[text] = document
        self._held += len(text)
        while len(self._documents) > self._number or self._held > self._characters:
            forgotten, _ = self._documents.popitem(last=False)
            self._held -= len(forgotten)
        return document
