"""The newest version of a branch that may go live: at a start, and each time that the branch has moved.

One rule for both, so that a server that was restarted serves what it would serve if it had run on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import structlog

from content_api.content.edition import Edition
from content_api.errors import OperatorError, StoreError
from content_api.publish.archive import VersionArchive
from content_api.publish.branch import Branch, Candidate, Good, Rewritten, judge
from content_api.publish.current import Refusal

log = structlog.get_logger("content_api.publish")

# Versions that are tried before giving up. A hundred broken ones in a row are no accident.
MOST_TRIED = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking for it. `good` is None where nothing newer than what is live may be served."""

    good: Good | None
    refusals: tuple[Refusal, ...]
    """Of the versions that are newer than that, the newest first."""
    failure: OperatorError | None
    """Why the newest of those that could not be judged could not."""

    @property
    def problems(self) -> Mapping[str, int]:
        """How many problems each of the versions has that were refused, the oldest first."""
        return {refusal.version.id: len(refusal.problems) for refusal in reversed(self.refusals)}

    @property
    def refusal(self) -> Refusal | None:
        """What is to be told: why the newest version is not served."""
        return self.refusals[0] if self.refusals else None


def newest_good(
    branch: Branch, tip: Candidate, live: Good | None, archive: VersionArchive, refused: Mapping[str, Refusal]
) -> Found:
    """Judge what a branch names, and then what came before it, until one may go live. `refused` are known to be bad.

    With something `live`, only what is newer than that is looked at; see `newer`.
    """
    refusals: list[Refusal] = []
    failure: OperatorError | None = None
    try:
        for version in versions(branch, tip, live, refused):
            try:
                found = refused.get(version) or judge(branch, candidate_of(branch, tip, version), live, archive)
            except StoreError as error:  # what came before it may be whole
                failure = failure or error
                continue
            if isinstance(found, Good):
                if live:
                    log_lifted(live.edition, found.edition)
                return Found(found, tuple(refusals), failure)
            refusals.append(found)
    except (Rewritten, StoreError) as error:  # which holds for all that came before, or says nothing of what that is
        failure = failure or error
    return Found(None, tuple(refusals), failure)


def versions(branch: Branch, tip: Candidate, live: Good | None, refused: Collection[str]) -> Iterator[str]:
    """What a branch names and then older versions, unless that is live already.

    Of a pin there is only the one: an operator named it, and nothing stands in for it while something is live.
    """
    if live and tip.version == live.edition.version.id:
        return
    yield tip.version
    if live and tip.pinned:
        return
    before = (one.version.id for one in tip.names.history.versions if one.version.id != tip.version)
    older = newer(branch, tip, before, live.edition.version.id, refused) if live else before
    yield from islice(older, MOST_TRIED - 1)


def candidate_of(branch: Branch, tip: Candidate, version: str) -> Candidate:
    return tip if version == tip.version else Candidate(version, branch.names_at(tip.names, version))


def newer(
    branch: Branch, tip: Candidate, versions: Iterable[str], live: str, refused: Collection[str]
) -> Iterator[str]:
    """Those of the versions before a tip that are newer than what is live.

    Where the tip leads to what is live, so do they. Where the branch was rewritten, what is live does not lead to them:
    else a rollback to a version with problems would end at an older one, which nobody has named. Git is not asked
    about one that was refused: it does not go live, and after thirty of them it would be asked for half a second.
    """
    repository, leads_there = branch.repository, tip.names.reaches(live)
    for version in versions:
        if leads_there and (version == live or not (version in refused or repository.is_ancestor(live, version))):
            return
        if not leads_there and version not in refused and repository.is_ancestor(version, live):
            return
        yield version


def log_lifted(before: Edition, after: Edition) -> None:
    """What was recalled and is not any more is shown again. By a rollback, that may be more than anybody meant."""
    if lifted := sorted(before.recalls.keys() - after.recalls.keys()):
        log.warning("recalls are lifted", lifted=lifted, was_live=before.version.id, now=after.version.id)
