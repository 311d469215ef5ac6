"""How things stand, as probes, metrics and the editors' page are told: what is current, taken when somebody asks."""

from __future__ import annotations

from functools import lru_cache
from time import time

from prometheus_client import CollectorRegistry

from content_api.content.report import first_line, harmless
from content_api.delivery.lane import Lane
from content_api.delivery.persisted import Persisted
from content_api.delivery.reuse import Answers
from content_api.graph.versions import in_numbers
from content_api.observe.journal import Journal
from content_api.observe.metrics import (
    Costs,
    Delivered,
    Failures,
    FieldRequests,
    Figures,
    Operations,
    PublicationSeconds,
    Refusals,
    RequestSeconds,
    Statuses,
    registry,
)
from content_api.observe.observer import Observer
from content_api.publish.archive import VersionArchive
from content_api.publish.current import Current, Refusal
from content_api.publish.purging import Purging
from content_api.web.health import Refused, Status, Trouble
from content_api.web.known import KnownRequests
from content_api.web.listeners import Listeners
from content_api.web.load import Load
from content_api.web.versions import PAGE_SIZE, Changed, Listed, Overview

ENDING = "The server was told to end."
REMEMBERED = 1_000  # versions whose numbers are known: twenty pages, and further back nobody looks twice


def status_of(current: Current, purging: Purging | None = None, is_ending: bool = False) -> Status:
    """What `/readyz` tells. What names paths stays here: of trouble, only the words that are for anybody."""
    edition, trouble, refusal = current.edition, current.trouble, current.refusal  # once: a thread may replace them
    return Status(
        ready=not is_ending,
        version=edition.version.id,
        reason=ENDING if is_ending else None,
        tags=edition.archive.tagged(edition.version).tags,
        live_since=current.since,
        pinned=current.pinned,
        trouble=Trouble(trouble.public, trouble.since) if trouble else None,
        refused=refused(refusal) if refusal else None,
        unpurged=purging.trouble_since if purging else None,
    )


def refused(refusal: Refusal) -> Refused:
    version = refusal.version
    author = harmless(version.author) if version.author else None
    public = tuple(problem for problem in refusal.problems if problem not in refusal.private)
    withheld = len(refusal.problems) - len(public)
    return Refused(version.id, author, first_line(version.message), refusal.at, public, withheld)


class Overviews:
    """What `/versions` shows, a page at a time.

    What a version changed is remembered: a first version of 50,000 files takes 0.2 s to count, and readers would wait.
    """

    def __init__(self, current: Current) -> None:
        self.current = current
        self.changed = lru_cache(maxsize=REMEMBERED)(self._changed)

    def overview(self, after: str | None) -> Overview | None:
        """A page of the versions, behind one of them or from the newest. None where there is no such version."""
        edition = self.current.edition
        found = edition.archive.versions(edition.version.id)
        start = 0 if after is None else edition.archive.behind(edition.version.id, after)
        if start is None:
            return None
        part = [edition.archive.tagged(one.version) for one in found[start : start + PAGE_SIZE]]
        return Overview(
            status_of(self.current),
            edition.version,
            [Listed(version, self.changed(version.id), edition.archive.refused(version.id)) for version in part],
            len(found),
            first=start == 0,
            after=part[-1].id if start + len(part) < len(found) else None,
        )

    def _changed(self, commit: str) -> Changed | None:
        logged = self.current.edition.archive.logged(commit)
        if logged is None or logged.files is None:
            return None
        numbers = in_numbers(logged.files)
        return Changed(numbers.added, numbers.changed, numbers.removed)


def metrics_of(
    current: Current, archive: VersionArchive | None, documents: Persisted, observer: Observer
) -> CollectorRegistry:
    """The metrics of a server that begins now, of all that is published, asked and answered."""
    began = time()
    found = registry(lambda: figures_of(current, archive, began))
    for collector in (
        PublicationSeconds(lambda: {"": current.took}),
        Operations(lambda: documents.counted),
        Refusals(lambda: documents.refused),
        Failures(lambda: observer.counts.failed),
        Statuses(lambda: observer.counts.statuses),
        RequestSeconds(lambda: observer.counts.seconds),
        Costs(lambda: {"": observer.counts.costs}),
        FieldRequests(lambda: observer.usage.requests()),
    ):
        found.register(collector)
    return found


def figures_of(current: Current, archive: VersionArchive | None, started: float) -> Figures:
    """What `/metrics` counts. `started` is when the server began, in seconds since 1970."""
    edition, trouble, refusal = current.edition, current.trouble, current.refusal
    return Figures(
        version=edition.version.id,
        live_since=current.since.timestamp(),
        published=current.published,
        refused=current.refused,
        publication_seconds=current.seconds,
        problems=len(refusal.problems) if refusal else 0,
        trouble_since=trouble.since.timestamp() if trouble else None,
        pinned=current.pinned,
        kept=archive.kept if archive else 0,
        loading=archive.loading if archive else 0,
        committed=edition.version.committed_at.timestamp() if edition.version.committed_at else None,
        started=started,
    )


def delivered(
    answers: Answers,
    known: KnownRequests,
    lane: Lane,
    load: Load,
    listeners: Listeners,
    journal: Journal,
    purging: Purging,
) -> Delivered:
    """What `/metrics` counts of answers."""
    return Delivered(
        known=len(known),
        known_bytes=known.held,
        recognised=known.answered,
        heads_recognised=known.asked,
        kept=len(answers),
        kept_bytes=answers.held,
        reused=answers.reused,
        waiting=lane.waiting,
        in_hand=load.waiting,
        listeners=listeners.number,
        lines_lost=journal.lost,
        purges=purging.requests,
        purge_failures=purging.failures,
        purge_trouble=purging.trouble_since is not None,
    )
