"""Pieces of answers that are already encoded: what a selection makes of an entity, or of a list of them, until that may
be different."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any

import orjson

from content_api.content.deadline import look

# A detail page of one entity has 6 kB, so this is what nearly four thousand pages take, of as many entities.
MOST_BYTES = 32_000_000
# Of a piece beside its bytes: measured, with the dictionaries that it stands in and what was noted while it was made.
OVERHEAD = 2_400
# What has fewer fields is built in the time that it takes to look it up.
LEAST_FIELDS = 8

Build = Callable[[Any, Any], Any]
Where = Callable[[Any], MutableMapping[Any, Any]]


class Memory:
    """Remembers pieces, bounded by bytes; the oldest goes first.

    An edition is read by one thread at a time: one makes it ready, and then it is the event loop's. What is counted of
    all editions together has a lock.

    The pieces stand where the entity's edition keeps what was made of it, and go with it. `noting` begins to note what
    an answer has to say of itself, `again` notes once more what was noted while a piece was made, and `weigh` tells the
    bytes of that. Selections of an
    entity with fewer than `least` fields are not remembered; every list is, since it stands for many entities.
    """

    def __init__(
        self,
        noting: Callable[[], AbstractContextManager[Any]],
        again: Callable[[Any], None],
        *,
        most: int = MOST_BYTES,
        least: int = LEAST_FIELDS,
        weigh: Callable[[Any], int] = lambda noted: 0,
    ) -> None:
        self.least = least
        self._weigh = weigh
        self._noting = noting
        self._again = again
        self._most = most
        self._held = 0
        self._counting = Lock()
        self._pieces: deque[tuple[MutableMapping[Any, Any], object, int]] = deque()

    @property
    def bytes(self) -> int:
        """What is held, and at most as much again as went with its edition."""
        return self._held

    def remembering(self, build: Build, where: Where) -> Build:
        """The same as `build`, as bytes that are made once for each object."""
        key = object()

        def remembered(source: Any, given: Any) -> orjson.Fragment:
            made = where(source)
            found = made.get(key)
            if found is None:
                look()
                found = self._make(build, source, given)
                if key not in made:  # it may have been made for somebody else while this paused
                    made[key] = found[:2]
                    self._hold(made, key, found[2])
            if found[1]:
                self._again(found[1])
            fragment: orjson.Fragment = found[0]
            return fragment

        return remembered

    def _make(self, build: Build, source: Any, given: Any) -> tuple[orjson.Fragment, Any, int]:
        with self._noting() as noted:
            # A copy: what orjson gives holds up to ten times the memory that it fills.
            piece = bytes(memoryview(orjson.dumps(build(source, given))))
        return orjson.Fragment(piece), noted, len(piece) + OVERHEAD + self._weigh(noted)

    def _hold(self, made: MutableMapping[Any, Any], key: object, size: int) -> None:
        with self._counting:
            self._pieces.append((made, key, size))
            self._held += size
            while self._held > self._most:
                forgotten, old, freed = self._pieces.popleft()
                forgotten.pop(old, None)
                self._held -= freed
