"""Recalls in answers: what an answer lacks because of one, and the recalls of a later version in an older one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from content_api.content.edition import Edition
from content_api.content.fields import timestamp
from content_api.content.models import Recall
from content_api.content.search import indexes_in

MOST_WITHHELD = 100  # as many as a page of a list; one recall can withhold everything, and the first hundred show that

Recalled: TypeAlias = Mapping[tuple[str, str], Recall]
"""What was left out of an answer, as content/noted.py has it."""


def described(noted: Recalled, edition: Edition) -> list[dict[str, Any]]:
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
