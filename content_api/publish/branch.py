"""Judging what a branch names: which version that is, what git knows of it, and whether it may go live.

Everything here blocks and runs beside the event loop; nothing here changes what is served.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import takewhile

import structlog

from content_api.content.edition import Edition
from content_api.content.layout import changed_entities
from content_api.content.load import entity_keys, recalls_of
from content_api.content.models import Recall
from content_api.content.outdated import EVERYTHING, outdated
from content_api.content.problems import ContentRefused
from content_api.content.recalled import recalled_as
from content_api.content.refusing import refusal_as_too_large
from content_api.errors import OperatorError, SnapshotTooLarge
from content_api.publish.archive import KEPT, VersionArchive
from content_api.publish.current import Refusal
from content_api.publish.making import make_edition
from content_api.publish.waits import USUAL_WAITS, Waits
from content_api.store import GitRepository
from content_api.store.git import GitSnapshot
from content_api.store.history import History, read_history
from content_api.store.names import Names, read_names
from content_api.store.refs import PRIVATE, TAGS
from content_api.store.snapshot import Limits

log = structlog.get_logger("content_api.publish")


class Rewritten(OperatorError):
    """The branch was rewritten, and a setting says that this is not to be followed."""

    public = "The branch was rewritten, which this server is set not to follow."


def private(ref: str) -> str:
    """The part of private refs that stands for a branch: two servers may follow two branches of one repository."""
    return ref.removeprefix("refs/heads/").replace("/", "--")


def live_name(ref: str) -> str:
    """The private ref of what was live last of a branch, without what all of them begin with."""
    return f"live/{private(ref)}"


@dataclass(frozen=True, slots=True)
class Branch:
    """A ref of a repository, followed from commit to commit."""

    repository: GitRepository
    ref: str
    limits: Limits
    only_forward: bool = False
    """Whether a tip that does not descend from what is live is refused."""
    kept_versions: int = KEPT
    """How many versions stay in memory beside the one that is live."""
    listed: GitSnapshot | None = None
    """A snapshot of the repository to begin listing from."""
    waits: Waits = USUAL_WAITS

    @property
    def live_name(self) -> str:
        return live_name(self.ref)

    @property
    def pin_name(self) -> str:
        return f"pin/{private(self.ref)}"

    def refs(self) -> dict[str, str]:
        """The refs that name versions: full name -> commit. To ask git takes as long as much of a publication."""
        return self.repository.refs(f"{PRIVATE}{self.pin_name}", TAGS)

    def pin(self, refs: Mapping[str, str] | None = None) -> str | None:
        """The commit that an operator holds, whatever the branch says."""
        return (self.refs() if refs is None else refs).get(f"{PRIVATE}{self.pin_name}")

    def tip(self, refs: Mapping[str, str] | None = None) -> tuple[str, bool]:
        """The commit to serve, and whether that is because it is pinned. Raises RevisionUnknown for a missing ref."""
        pinned = self.pin(refs)
        return (pinned, True) if pinned else (self.repository.require(self.ref), False)

    def recalls(self) -> Mapping[str, Recall]:
        """What the branch recalls now, which is hidden even while an older version of it is pinned.

        Nothing where that is too large to be read: an older version is pinned just because the branch is in disorder.
        """
        commit = self.repository.resolve(self.ref)
        try:
            return recalls_of(self.repository.snapshot(commit, self.listed)) if commit else {}
        except SnapshotTooLarge as error:
            log.warning("what the branch recalls cannot be read", ref=self.ref, reason=str(error))
            return {}

    def names(self, tip: str, known: Names | None = None, refs: Mapping[str, str] | None = None) -> Names:
        """What may be read from a commit, how it may be called, and the history that leads there."""
        history = read_history(self.repository, tip, known.history if known else None)
        return read_names(self.repository, history, known, refs)

    def names_at(self, names: Names, commit: str) -> Names:
        """The same at an older commit."""
        history = names.history.upto(commit)
        return read_names(self.repository, history) if history else self.names(commit)

    def parent_keys(self, version: str) -> Collection[str]:
        """Keys of the entities that a version must account for where nothing is live yet: those of its first parent."""
        return self._keys(self.repository.parent(version))

    def before(self, live: str, candidate: str) -> Collection[str]:
        """Keys of the entities that a candidate must account for: those where it parted from what is live.

        For an ordinary push that is what is live. For a rollback it is the candidate itself, and for a rewritten branch
        what both have in common: these are commits like any other.
        """
        return self._keys(self.repository.merge_base(live, candidate))

    def _keys(self, commit: str | None) -> Collection[str]:
        """Keys of the entities of a commit, or of the next before it where that is too large to be read, or be live."""
        while commit:
            try:
                return entity_keys(self.repository.snapshot(commit, self.listed).entries)
            except SnapshotTooLarge:
                commit = self.repository.parent(commit)
        return ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that may go live, with what git knows at the commit that the branch names."""

    commit: str
    names: Names
    pinned: bool = False

    @property
    def version(self) -> str:
        """The version that the commit stands for: an older one where it leaves the content as it was."""
        return self.names.history.version_of(self.commit) or self.commit


@dataclass(frozen=True, slots=True)
class Good:
    """An edition that may go live."""

    edition: Edition
    snapshot: GitSnapshot
    names: Names
    outdated: frozenset[str] = EVERYTHING
    """The tags of answers that are not good any more once it is live."""


def judge(
    branch: Branch,
    candidate: Candidate,
    live: Good | None,
    archive: VersionArchive,
    before: Collection[str] | None = None,
) -> Good | Refusal:
    """Make an edition of a candidate, or say what is wrong with it. Raises a StoreError where git cannot be read.

    `before` has the keys that it must account for, if not those that git tells.
    """
    version = candidate.version
    try:
        tags = candidate.names.tags_of(version)
        snapshot = branch.repository.snapshot(version, live.snapshot if live else branch.listed, tags)
    except SnapshotTooLarge as error:
        refused = refusal_as_too_large(
            str(branch.repository.place), error, live.edition.library.records if live else {}
        )
        return Refusal(branch.repository.version(version), refused.problems, private=refused.private)
    known = live.edition if live else None
    keys = keys_before(branch, candidate, known) if before is None else before
    try:
        edition = make_edition(snapshot, branch.limits, known, before=keys, archive=archive)
    except ContentRefused as refused:
        return Refusal(snapshot.version, refused.problems, private=refused.private)
    if candidate.pinned:
        edition = recalled_as(edition, branch.recalls())
    return Good(edition, snapshot, candidate.names, outdated_by(candidate, live, edition))


def outdated_by(candidate: Candidate, live: Good | None, edition: Edition) -> frozenset[str]:
    """The tags of what an edition outdates. That is everything where what was live may not even be read any more, and
    where the past is told otherwise: what was live came by a merge, or more of a cut history is known."""
    history = candidate.names.history
    if live is None or not candidate.names.reaches(live.edition.version.id):
        return EVERYTHING
    version = live.edition.version.id
    if history.logged(version) is None or history.complete != live.names.history.complete:
        return EVERYTHING
    return outdated(live.edition, edition, touched_since(history, version))


def touched_since(history: History, version: str) -> Collection[str]:
    """Keys of the entities whose files were changed after a version of the history."""
    since = takewhile(lambda logged: logged.version.id != version, history.versions)
    return changed_entities((change.path, change.kind) for logged in since for change in logged.files or ())


def keys_before(branch: Branch, candidate: Candidate, live: Edition | None) -> Collection[str]:
    """Keys of the entities that a candidate must account for."""
    if live is None:
        return branch.parent_keys(candidate.version)
    if candidate.names.reaches(live.version.id):
        return live.library.records
    refuse_rewritten(branch, candidate, live)
    return branch.before(live.version.id, candidate.version)


def refuse_rewritten(branch: Branch, candidate: Candidate, live: Edition) -> None:
    """Say that a tip is not a fast-forward, and refuse it where a setting says so. A pin is an operator's own word."""
    old, new = live.version.id, candidate.commit
    log.warning("not a fast-forward", was_live=old, now=new, ref=branch.ref)
    if branch.only_forward and not candidate.pinned:
        raise Rewritten(
            f"{branch.ref} was rewritten: {new[:12]} does not descend from {old[:12]}, which is live, and"
            " CONTENT_API_FAST_FORWARD_ONLY is set. Push a commit on top of what is live, or pin the new one"
        )
