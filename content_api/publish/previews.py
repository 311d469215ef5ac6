"""Previews: what branches that are not published hold, drafts included, for those who may see that.

A preview is made when somebody asks for one, or listens to it, at the cost of what differs from what is live. It always
shows the commit that its branch names now: a branch with problems answers with these, and not with what it was before.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from time import perf_counter

import structlog

from content_api.content.edition import Edition
from content_api.content.load import gc_paused
from content_api.content.problems import ContentRefused, Problem
from content_api.content.recalled import recalled_as
from content_api.content.report import count
from content_api.content.search import indexes_in
from content_api.content.searchable import search_index
from content_api.errors import OperatorError, RequestError, SnapshotTooLarge
from content_api.publish.archive import VersionArchive, unreadable
from content_api.publish.branch import Branch, Good
from content_api.publish.followers import BranchListener, Followed, Followers
from content_api.publish.making import freeze, load_beside
from content_api.publish.processors import beside
from content_api.publish.queue import Queue, overloaded
from content_api.store.history import FileChange
from content_api.store.names import Names
from content_api.store.snapshot import Version

log = structlog.get_logger("content_api.publish")

HEADS = "refs/heads/"
KEPT = 4  # branches; each takes 60 MB beside 50,000 live entities when little differs, and few are reviewed in one hour
KEPT_VERSIONS = 2  # of each, beside its newest: who reviews a branch compares it with what is live, and little else
LOOK_SECONDS = 1.0  # between two looks at the branches, which cost a git process; as often as the live one is looked at


class BranchHasProblems(RequestError):
    """The commit that a branch names cannot be served, and here is everything that is wrong with it."""

    def __init__(self, commit: str, problems: Sequence[Problem]) -> None:
        message = f"Version {commit[:12]} of this branch has {count(problems)}"
        super().__init__("BRANCH_HAS_PROBLEMS", message, "Mend them, commit, and ask again.")
        self.version = commit
        self.problems = tuple(problems)

    @property
    def details(self) -> dict[str, object]:
        return {"version": self.version, "problems": [told(problem) for problem in self.problems]}


def told(problem: Problem) -> dict[str, object]:
    """A problem as JSON."""
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "pointer": problem.pointer,
        "rule": problem.rule,
        "message": problem.message,
    }


@dataclass(frozen=True, slots=True)
class Preview:
    """What a branch holds at one commit: an edition, or problems."""

    commit: str
    archive: VersionArchive
    found: Edition | BranchHasProblems

    @property
    def edition(self) -> Edition:
        """The edition. Raises BranchHasProblems where there is none."""
        if isinstance(self.found, BranchHasProblems):
            raise self.found.with_traceback(None)  # raised again and again: each time would add to its traceback
        return self.found


@dataclass(slots=True)
class Previews:
    """The previews of a repository's branches. All of it is called on the event loop.

    `branch` is the one that is served, and `live` what is live of it; `patterns` say which branches may be previewed.
    """

    branch: Branch
    live: Callable[[], Good]
    patterns: Sequence[str]
    look_seconds: float = LOOK_SECONDS
    _tips: dict[str, str] = field(default_factory=dict)
    _looked: float | None = None
    _kept: OrderedDict[str, Preview] = field(default_factory=OrderedDict)
    _held: Counter[str] = field(default_factory=Counter)
    _looks: Queue = field(init=False)
    _loads: Queue = field(init=False)
    followers: Followers = field(init=False)

    def __post_init__(self) -> None:
        self._looks, self._loads = Queue(self.branch.waits), Queue(self.branch.waits)
        self.followers = Followers(self._tips_now, self._make_ready, self.look_seconds)

    @asynccontextmanager
    async def opened(self, name: str) -> AsyncIterator[Preview]:
        """The preview of a branch as it is now, kept until the block ends.

        Raises RequestError: NOT_FOUND for any branch that there is no preview of, whatever the reason.
        """
        await self._look_in_time()
        with self._holding(name):
            yield await self._newest(name)

    @contextmanager
    def _holding(self, name: str) -> Iterator[None]:
        self._held[name] += 1
        try:
            yield
        finally:
            self._held[name] -= 1
            self._held += Counter()  # forgets those that nobody holds
            self._make_room()

    async def _newest(self, name: str) -> Preview:
        commit = self._tips.get(name)  # a name of git's, or none: nothing that a client says is ever given to git
        if commit is None or not any(fnmatchcase(name, pattern) for pattern in self.patterns):
            raise RequestError("NOT_FOUND", "There is no preview at this path.")
        known = self._kept.get(name)
        if known is not None and known.commit == commit and not self._recalled_since(known):
            self._kept.move_to_end(name)
            return known
        return await self._loads.result((name, commit), f"Version {commit[:12]}", partial(self._load, name, commit))

    def _recalled_since(self, known: Preview) -> bool:
        """Whether something was recalled after the branch was read: that hides it here too."""
        return isinstance(known.found, Edition) and known.found.later_recalls != self.live().edition.recalls

    # ---- listening

    def followed(self, name: str, preview: Preview) -> Followed:
        """What those who listen to a branch share; `preview` is what it is now. It says what the branch was last."""
        found = self.followers.followed.get(name)
        if found is None:
            found = self.followers.followed[name] = Followed(preview.commit, *as_told(preview))
        return found

    def listen(self, followed: Followed) -> BranchListener:
        """The versions of a branch that are made ready after this call, as `Announcements.listen` tells them.

        While somebody waits for one, the branch is looked at; while none is there, it is silent.
        """
        return BranchListener(self.followers, followed)

    async def _tips_now(self) -> Mapping[str, str]:
        await self._look_in_time()
        return self._tips

    async def _make_ready(self, name: str) -> None:
        with self._holding(name):
            await self._newest(name)

    def _tell(self, name: str, preview: Preview) -> None:
        """Tell who listens to a branch that it was read. Not of problems, nor of a commit that is no other version."""
        followed = self.followers.followed.get(name)
        if followed is None:
            return
        followed.tip = preview.commit
        if isinstance(preview.found, Edition):
            followed.ready = preview.commit
            line = preview.archive.names.history
            if (line.version_of(preview.commit) or preview.commit) != (
                line.version_of(followed.version.id) or followed.version.id
            ):
                followed.take(*as_told(preview))

    # ---- looking where branches are

    async def _look_in_time(self) -> None:
        if self._looked is None or perf_counter() - self._looked >= self.look_seconds:
            await self._looks.result("branches", "The list of branches", self._look)

    async def _look(self) -> None:
        began = perf_counter()
        try:
            found = await beside(self.branch.repository.refs, HEADS)
        except (OperatorError, OSError) as error:
            log.error("the branches cannot be looked at", reason=str(error))
            raise overloaded("The branches cannot be looked at just now.") from None
        self._tips = {name.removeprefix(HEADS): commit for name, commit in found.items()}
        self._looked = began
        self._make_room()

    # ---- loading

    async def _load(self, name: str, commit: str) -> Preview:
        known = self._kept.get(name)
        if known is not None and known.commit == commit and not self._recalled_since(known):
            return known  # somebody else had it loaded meanwhile
        try:
            preview = await self._read(commit, known)
        except SnapshotTooLarge as error:
            raise RequestError("VERSION_NOT_AVAILABLE", f"Version {commit[:12]}: {error}.") from None
        except OperatorError as error:
            log.error("a branch cannot be previewed", branch=name, version=commit, reason=str(error))
            raise unreadable(commit) from None
        self._kept[name] = preview
        self._kept.move_to_end(name)
        self._tell(name, preview)
        return preview

    async def _read(self, commit: str, known: Preview | None) -> Preview:
        earlier = known.archive.names if known else self.live().names
        names = await beside(self.branch.names, commit, earlier)
        archive = known.archive if known else self._archive(names)
        with gc_paused():
            found = await beside(self._judge, commit, names, archive, known)
            freeze()
        if isinstance(found, BranchHasProblems):
            return Preview(commit, archive, found)
        archive.go_live(found.edition, found.snapshot, found.names)
        return Preview(commit, archive, found.edition)

    def _archive(self, names: Names) -> VersionArchive:
        branch = self.branch
        return VersionArchive(
            branch.repository, names, branch.limits, kept=KEPT_VERSIONS, drafts=True, queue=self._loads
        )

    def _judge(
        self, commit: str, names: Names, archive: VersionArchive, known: Preview | None
    ) -> Good | BranchHasProblems:
        """Read a commit. Blocks. Problems are those that keep it from going live: what vanished without notice, too."""
        live = self.live()
        snapshot = self.branch.repository.snapshot(commit, live.snapshot)
        before = self.branch.before(live.edition.version.id, commit)
        try:
            edition = load_beside(snapshot, live.edition, self.branch.limits, archive, before)
            edition = recalled_as(edition, live.edition.recalls)
        except ContentRefused as refused:
            return BranchHasProblems(commit, refused.problems)
        if known is not None and isinstance(known.found, Edition) and indexes_in(known.found.memo):
            search_index(edition, known.found, drafts=True)  # somebody searches here, and the change alone is quick
        return Good(edition, snapshot, names)

    # ---- letting go

    def _make_room(self) -> None:
        """Let go of branches that are gone, and of those not asked for lately where there are too many."""
        gone = [name for name in self._kept if name not in self._tips]
        spare = islice(self._kept, max(len(self._kept) - KEPT, 0))
        for name in {*gone, *spare}:
            if not self._held[name]:
                self._kept.pop(name).archive.close()


def as_told(preview: Preview) -> tuple[Version, Sequence[FileChange] | None]:
    """What listeners hear of a preview that has an edition: its version, and what that changed."""
    logged = preview.archive.logged(preview.commit)
    return preview.archive.tagged(preview.edition.version), logged.files if logged else None
