"""Versions that were refused: told once, and remembered so that they are not tried again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import PurePath

import structlog

from content_api.content.problems import ContentRefused
from content_api.content.report import harmless, report
from content_api.errors import RequestError
from content_api.publish.current import Current, Refusal
from content_api.store.snapshot import Version

log = structlog.get_logger("content_api.publish")

REMEMBERED = 100  # refused versions; more than that are only tried again


class Refusals(OrderedDict[str, Refusal]):
    """Id of a version -> why it was refused, of the last so many."""

    def add(self, refusals: Sequence[Refusal], place: PurePath, folder: PurePath, seconds: float, live: str) -> None:
        """Remember what one look refused, the newest version first. What is new is logged, the newest in full; `live`
        is the version that stays live, or that goes live in its place."""
        for refusal in reversed([one for one in refusals if one.version.id not in self]):
            self[refusal.version.id] = refusal
            took = round(seconds, 3)
            if refusal is refusals[0]:
                log_refused(refusal, place, folder, live=live, seconds=took)
            else:
                log.warning("an older version is refused as well", **known_of(refusal), seconds=took, live=live)
        while len(self) > REMEMBERED:
            self.popitem(last=False)


def log_refused(refusal: Refusal, place: PurePath, folder: PurePath, **more: object) -> None:
    """Say in the log why a version is not served, with all that is wrong with it, for a person."""
    told = report(ContentRefused(str(place), refusal.problems), folder)
    log.warning("refused", **known_of(refusal), **more, report=told)


def known_of(refusal: Refusal) -> dict[str, object]:
    version = refusal.version
    return {"version": version.id, "author": author_of(version), "problems": len(refusal.problems)}


def author_of(version: Version) -> str | None:
    """Who wrote a version, as a log may hold it: at a terminal it is printed as it is."""
    return harmless(version.author) if version.author else None


def not_yet_live(commit: str, current: Current, why: str) -> RequestError:
    found = f"Version {commit[:12]} is not live; {current.edition.version.id[:12]} is. {why}."
    return RequestError("VERSION_NOT_YET_LIVE", found, "Ask again in a moment.")


def not_served(commit: str, current: Current, refusal: Refusal) -> RequestError:
    number = len(refusal.problems)
    found = f"Version {commit[:12]} has {number} problem{'s' * (number != 1)} and is not served."
    hint = "`/versions` shows them." if refusal is current.refusal else "Ask for one that mends it."
    return RequestError("VERSION_NOT_YET_LIVE", found, hint)
