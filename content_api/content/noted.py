"""What an answer notes of itself while it is made: what it was made from, and what it lacks because of a recall.

Whoever reads content notes it here, at the end of every road through a view. So it does not matter who calls: the
executor of GraphQL, a compiled plan, or another channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from content_api.content.models import Recall


@dataclass(frozen=True, slots=True)
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


@contextmanager
def noting() -> Iterator[Noted]:
    """Note what is asked for within. What an inner one notes, an outer one does not, unless it is noted again."""
    noted = Noted()
    with _collecting(noted):
        yield noted


@contextmanager
def unnoted() -> Iterator[None]:
    """Look at entities without noting which: not every look is an answer."""
    with _collecting(None):
        yield


@contextmanager
def _collecting(noted: Noted | None) -> Iterator[None]:
    token = _NOTED.set(noted)
    try:
        yield
    finally:
        _NOTED.reset(token)


def noted_by() -> Noted | None:
    """The collector of the answer that is being made, if somebody wants to know."""
    return _NOTED.get()


def touch(tag: str) -> None:
    """Note that the answer depends on what a tag stands for."""
    noted = _NOTED.get()
    if noted is not None:
        noted.tags.add(tag)


def note_again(noted: Noted) -> None:
    """Note what was noted before: for an answer that uses what was made then."""
    collected = _NOTED.get()
    if collected is not None:
        collected.tags.update(noted.tags)
        if noted.recalled:
            collected.recalled.update(noted.recalled)
