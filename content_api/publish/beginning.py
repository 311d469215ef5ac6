"""What to serve when the server starts: the newest version of the branch that has no problems.

The version that was live here last is known by a private ref. It comes first: it was good, so that a restart needs
neither the network nor luck, and what came after it is then read at the cost of what changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import structlog

from content_api.content.problems import ContentRefused
from content_api.errors import StoreError
from content_api.publish.archive import VersionArchive
from content_api.publish.branch import Branch, Candidate, Good, judge
from content_api.publish.current import Refusal, Trouble, trouble_with
from content_api.publish.making import freeze, make_edition
from content_api.publish.newest import newest_good
from content_api.publish.queue import Queue
from content_api.store.git import GitSnapshot
from content_api.store.names import Names

log = structlog.get_logger("content_api.publish")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is served first. `refusal` or `trouble` says why that is not the newest version."""

    live: Good
    archive: VersionArchive
    pinned: bool
    refusal: Refusal | None = None
    trouble: Trouble | None = None


def begin(branch: Branch) -> Beginning:
    """The newest version that can be served. If none can, raises ContentRefused, or a StoreError, about the newest."""
    try:
        tip, pinned = branch.tip()
        newest = Candidate(tip, branch.names(tip), pinned)
    except StoreError as error:
        return begin_with_last(branch, error)
    archive = archive_at(branch, newest.names)
    known = last_live(branch, newest, archive)
    found = newest_good(branch, newest, known, archive, refused={})
    archive.refuse(found.problems)
    if live := found.good or known:
        freeze()  # nothing is asked yet
        archive.go_live(live.edition, live.snapshot, live.names)
        trouble = trouble_with(found.failure) if found.failure else None
        return Beginning(live, archive, pinned, found.refusal, trouble)
    if refusal := found.refusal:
        raise ContentRefused(f"{branch.repository.place} at {refusal.version.id[:12]}", refusal.problems)
    assert found.failure is not None
    raise found.failure


def begin_with_last(branch: Branch, failure: StoreError) -> Beginning:
    """What was live here last, where nobody can tell what the branch names. Raises the failure where nothing was."""
    commit = branch.repository.kept().get(branch.live_name)
    if commit is None:
        raise failure
    newest = Candidate(commit, branch.names(commit))
    archive = archive_at(branch, newest.names)
    known = last_live(branch, newest, archive)
    if known is None:
        raise failure
    archive.go_live(known.edition, known.snapshot, known.names)
    return Beginning(known, archive, pinned=False, trouble=trouble_with(failure))


def archive_at(branch: Branch, names: Names) -> VersionArchive:
    queue = Queue(branch.waits)
    return VersionArchive(branch.repository, names, branch.limits, kept=branch.kept_versions, queue=queue)


def just(branch: Branch, snapshot: GitSnapshot) -> Beginning:
    """One commit as it is, whatever was live before. Raises ContentRefused when it has problems."""
    names = branch.names(snapshot.version.id)
    archive = archive_at(branch, names)
    live = Good(make_edition(snapshot, branch.limits, archive=archive), snapshot, names)
    archive.go_live(live.edition, snapshot, names)
    return Beginning(live, archive, pinned=False)


def last_live(branch: Branch, newest: Candidate, archive: VersionArchive) -> Good | None:
    """The version that was live here when the server last ran, if it can still be read and has no problem today."""
    commit = branch.repository.kept().get(branch.live_name)
    if commit is None:
        return None
    try:
        candidate = Candidate(commit, branch.names_at(newest.names, commit), newest.pinned and commit == newest.version)
        # It was good, and a machine that is busy after a restart may take its time: else nothing would be served.
        patient = replace(branch, limits=replace(branch.limits, seconds=math.inf))
        found = judge(patient, candidate, None, archive, before=())
    except StoreError as error:
        log.warning("what was live last cannot be read", version=commit, reason=str(error))
        return None
    return found if isinstance(found, Good) else None
