"""Recalls in answers: what an answer lacks because of one, and the recalls of a later version in an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeAlias

from content_api.content.edition import Edition
from content_api.content.fields import timestamp
from content_api.content.models import Recall
from content_api.content.search import indexes_in

MOST_WITHHELD = 100  # as many as a page of a list; one recall can withhold everything, and the first hundred show that

Noted: TypeAlias = dict[tuple[str, str], Recall]
"""(key of what was left out, key of what is recalled) -> the recall. The two keys differ where something is withheld
because a caution that it requires is recalled, and nothing stands in for that."""

# A context variable, because what notes stands at the end of every road through a view, below resolvers that are called
# by graphql-core: there is no argument to pass it by. Without a collector, and without a recall, nothing is noted.
_NOTED: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[Noted]:
    """Collect the recalls of everything that is asked for within, and left out because of them."""
    noted: Noted = {}
    with _collecting(noted):
        yield noted


@contextmanager
def unnoted() -> Iterator[None]:
    """Look at entities without noting which of them are left out: not every look is an answer."""
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


def note_again(noted: Noted) -> None:
    """Note what was noted before: for an answer that uses what was made then."""
    collected = _NOTED.get()
    if collected is not None:
        collected.update(noted)


def described(noted: Noted, edition: Edition) -> list[dict[str, Any]]:
    """What was noted, for a client: each recall once, by key, its reason in the edition's default locale."""
    recalls = {recalled: recall for (_, recalled), recall in noted.items()}
    withheld: dict[str, list[str]] = {}
    for key, recalled in sorted(noted):
        if key != recalled:
            withheld.setdefault(recalled, []).append(key)
    return [_described(recalls[key], withheld.get(key, []), edition) for key in sorted(recalls)]


def _described(recall: Recall, withheld: list[str], edition: Edition) -> dict[str, Any]:
    default = edition.library.site.default_locale
    reason = recall.reason.get(default) or next(iter(recall.reason.values()))
    told = {
        "key": recall.id,
        "reason": reason,
        "since": timestamp(recall.since),
        "replacement": recall.replacement,
    }
    return told | {"withheld": withheld[:MOST_WITHHELD]} if withheld else told


def recalled_as(edition: Edition, recalls: Mapping[str, Recall]) -> Edition:
    """The edition of an older version under the recalls of a later one: cheap, for it shares all but what was made of
    the recalls before. The search index knows of none and is kept. `retire` the edition that was given, once nobody
    reads it any more, unless it is the one returned."""
    if recalls == edition.later_recalls:
        return edition
    return replace(edition, later_recalls=recalls, memo=indexes_in(edition.memo))
