"""How things stand, as probes, metrics and the editors' page are told: what is current, taken when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence

from content_api.content.archive import Archive
from content_api.content.report import first_line, harmless
from content_api.graph.versions import in_numbers
from content_api.observe.metrics import Figures
from content_api.publish.archive import VersionArchive
from content_api.publish.current import Current, Refusal
from content_api.store.history import Logged
from content_api.web.health import Refused, Status, Trouble
from content_api.web.versions import PAGE_SIZE, Changed, Listed, Overview


def status_of(current: Current) -> Status:
    """What `/readyz` tells. What names paths stays here: of trouble, only the words that are for anybody."""
    edition, trouble = current.edition, current.trouble
    return Status(
        ready=True,
        version=edition.version.id,
        tags=edition.archive.tagged(edition.version).tags,
        live_since=current.since,
        pinned=current.pinned,
        trouble=Trouble(trouble.public, trouble.since) if trouble else None,
        refused=refused(current.refusal) if current.refusal else None,
    )


def refused(refusal: Refusal) -> Refused:
    version = refusal.version
    author = harmless(version.author) if version.author else None
    return Refused(version.id, author, first_line(version.message), refusal.at, refusal.problems)


def overview_of(current: Current, after: str | None) -> Overview | None:
    """What `/versions` shows: a page of the versions, behind one of them. None where there is no such version."""
    edition = current.edition
    found = edition.archive.versions(edition.version.id)
    start = 0 if after is None else place_behind(found, after)
    if start is None:
        return None
    part = found[start : start + PAGE_SIZE]
    return Overview(
        status_of(current),
        edition.version,
        [listed(edition.archive, one) for one in part],
        len(found),
        first=start == 0,
        after=part[-1].version.id if start + len(part) < len(found) else None,
    )


def place_behind(found: Sequence[Logged], commit: str) -> int | None:
    return next((place + 1 for place, one in enumerate(found) if one.version.id == commit), None)


def listed(archive: Archive, one: Logged) -> Listed:
    numbers = None if one.files is None else in_numbers(one.files)
    changed = Changed(numbers.added, numbers.changed, numbers.removed) if numbers else None
    return Listed(archive.tagged(one.version), changed)


def figures_of(current: Current, archive: VersionArchive | None) -> Figures:
    """What `/metrics` counts."""
    return Figures(
        version=current.edition.version.id,
        live_since=current.since.timestamp(),
        published=current.published,
        refused=current.refused,
        publication_seconds=current.seconds,
        problems=len(current.refusal.problems) if current.refusal else 0,
        trouble_since=current.trouble.since.timestamp() if current.trouble else None,
        pinned=current.pinned,
        kept=archive.kept if archive else 0,
        loading=archive.loading if archive else 0,
    )
