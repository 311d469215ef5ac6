"""What an answer notes of itself while it is made: what it was made from, and what it lacks because of a recall.

Whoever reads content notes it here, at the end of every road through a view. So it does not matter who calls: the
executor of GraphQL, a compiled plan, or another channel.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from sys import getsizeof
from types import TracebackType
from typing import Generic, TypeVar

from content_api.content.models import Recall


@dataclass(slots=True)
class Noted:
    """What was noted while an answer was made."""

    tags: set[str] = field(default_factory=set)
    """The tags of what was looked at, be it there or not: content/tags.py says which there are."""
    recalled: dict[tuple[str, str], Recall] = field(default_factory=dict)
    """(key of what was left out, key of what is recalled) -> the recall. The two keys differ where something is
    withheld because a caution that it requires is recalled, and nothing stands in for that."""


# A context variable, because what notes stands below resolvers that are called by graphql-core: there is no argument to
# pass it by. It is each thread's own: a publication reads content beside the event loop, and must not be noted.
_NOTED: ContextVar[Noted | None] = ContextVar("noted", default=None)


Collector = TypeVar("Collector", bound=Noted | None)


class Noting(Generic[Collector]):
    """A block in which what is asked for is noted, in what it begins with. What an inner one notes, an outer one does
    not, unless it is noted again. Not a generator: every operation passes here."""

    __slots__ = ("_noted", "_token")

    def __init__(self, noted: Collector) -> None:
        self._noted = noted

    def __enter__(self) -> Collector:
        self._token = _NOTED.set(self._noted)
        return self._noted

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _NOTED.reset(self._token)


def noting() -> Noting[Noted]:
    """Note what is asked for within."""
    return Noting(Noted())


def unnoted() -> Noting[None]:
    """Look at entities without noting which: not every look is an answer."""
    return Noting(None)


def noted_by() -> Noted | None:
    """The collector of the answer that is being made, if somebody wants to know."""
    return _NOTED.get()


def touch(*found: str) -> None:
    """Note that the answer depends on what these tags stand for."""
    noted = _NOTED.get()
    if noted is not None:
        noted.tags.update(found)


def weight_of(noted: Noted) -> int:
    """Bytes that it takes to keep what was noted; the tags themselves are mostly keys that are there anyway."""
    return getsizeof(noted.tags) + getsizeof(noted.recalled)


def note_again(noted: Noted) -> None:
    """Note what was noted before: for an answer that uses what was made then."""
    collected = _NOTED.get()
    if collected is not None:
        collected.tags.update(noted.tags)
        if noted.recalled:
            collected.recalled.update(noted.recalled)
