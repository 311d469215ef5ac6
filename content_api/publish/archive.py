"""The versions of the followed branch: the live one, a few others in memory, and a queue for loading the rest.

A date stands for what was live then: the newest version from before it that has no problems. Which one that is, is
found by loading them, the newest first; what is found to be refused is remembered, and not loaded again.

Everything but loading happens on the event loop. Whoever wants a version that is not in memory is told so by
NotInMemory, has it loaded by `holding`, and asks again; it stays while it is held, and then as long as there is room.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from time import monotonic
from typing import TypeVar

import structlog

from content_api.content.archive import is_alone
from content_api.content.budget import is_too_slow
from content_api.content.edition import Edition
from content_api.content.load import gc_paused
from content_api.content.problems import ContentRefused
from content_api.content.recalled import recalled_as
from content_api.errors import NotInMemory, ObjectUnreadable, OperatorError, RequestError, SnapshotTooLarge
from content_api.publish.making import freeze, load_older, retire
from content_api.publish.processors import beside
from content_api.publish.queue import Queue
from content_api.store import GitRepository
from content_api.store.git import GitSnapshot
from content_api.store.history import Logged
from content_api.store.names import Names, is_date
from content_api.store.snapshot import Limits, Version

log = structlog.get_logger("content_api.publish")

KEPT = 8  # where nobody says: pages that are read slowly, and the few old versions that somebody looks up
REMEMBERED = 1_000  # versions of each sort below: what a client can name, and git need not read again
PASSED_OVER = 100  # versions with problems, one after the other, behind which nobody looks for what was live at a date


T = TypeVar("T")


class VersionArchive:
    """An Archive (content/archive.py) over a git repository. `names` is replaced whole when the branch moves.

    `drafts` says for whom: what is searched for in a preview is another index. Several archives may share a `queue`.
    """

    def __init__(
        self,
        repository: GitRepository,
        names: Names,
        limits: Limits,
        *,
        kept: int = KEPT,
        drafts: bool = False,
        queue: Queue | None = None,
    ) -> None:
        self.repository = repository
        self.names = names
        self.moves = 0
        self.limits = limits
        self.drafts = drafts
        self.queue = Queue() if queue is None else queue  # an empty one is false
        self.damaged = False
        """Whether git could not read an older version since somebody last set this back."""
        self._most_kept = kept
        self._live: Edition | None = None
        self._live_snapshot: GitSnapshot | None = None
        self._kept: OrderedDict[str, Edition] = OrderedDict()
        self._unreadable: OrderedDict[str, RequestError] = OrderedDict()
        self._refused: OrderedDict[str, int] = OrderedDict()  # with the number of problems
        self._passed: OrderedDict[str, None] = OrderedDict()  # were live
        self._held: Counter[str] = Counter()
        self._leaving: list[Edition] = []

    # ---- what readers ask

    def named(self, name: str) -> str:
        commit = self.names.resolve(name)
        return self._live_at(name, commit) if is_date(name) else commit

    def _live_at(self, date: str, newest: str) -> str:
        for commit in self._not_refused(newest):
            if commit not in self._passed:
                try:
                    self.edition(commit)
                except NotInMemory:
                    raise NotInMemory(f"{commit} or older", (commit,), or_older=True) from None
            return commit
        found = (
            f"`{date}` names no version that can be read: those from before then have problems, as far as"
            f" {PASSED_OVER} versions back."
        )
        raise RequestError("VERSION_NOT_AVAILABLE", found, "Name a later date.")

    def _not_refused(self, newest: str) -> Iterator[str]:
        """The versions up to one, the newest first, without those that are known to be refused, as far as one looks."""
        history = self.names.history
        behind = history.behind(newest)
        near = history.versions[behind - 1 : behind - 1 + PASSED_OVER] if behind else ()
        return (one.version.id for one in near if one.version.id not in self._refused)

    def edition(self, commit: str) -> Edition:
        if is_alone():
            raise NotInMemory(commit, (commit,))
        if self._live and commit == self._live.version.id:
            return self._live
        found = self._kept.get(commit)
        if found is not None:
            self._kept.move_to_end(commit)
            return found
        if (problems := self._refused.get(self._content_of(commit))) is not None:
            raise has_problems(commit, problems)
        if commit in self._unreadable:
            raise self._unreadable[commit].with_traceback(None)  # each time would add to the traceback it has
        raise NotInMemory(commit, (commit,))

    def refused(self, commit: str) -> bool | None:
        version = self._content_of(commit)
        return True if version in self._refused else False if version in self._passed else None

    def logged(self, commit: str) -> Logged | None:
        return self.names.history.logged(commit)

    def versions(self, commit: str) -> Sequence[Logged]:
        history = self.names.history.upto(commit)
        return history.versions if history else ()

    def behind(self, commit: str, version: str) -> int | None:
        history = self.names.history.upto(commit)
        return history.behind(version) if history else None

    def touching(self, commit: str, *paths: str) -> Sequence[Logged]:
        history = self.names.history.upto(commit)
        return history.touching(*paths) if history else ()

    def tagged(self, version: Version) -> Version:
        return replace(version, tags=self.names.tags_of(version.id))

    @property
    def kept(self) -> int:
        """How many versions are in memory beside the live one."""
        return len(self._kept)

    @property
    def loading(self) -> int:
        """How many loads run or wait."""
        return len(self.queue)

    # ---- what the publisher says

    def go_live(self, edition: Edition, snapshot: GitSnapshot, names: Names) -> None:
        """From here on this is the live edition; the one before stays for the pages that were begun in it."""
        before, self._live, self._live_snapshot = self._live, edition, snapshot
        remember(self._passed, edition.version.id, None)
        self._refused.pop(edition.version.id, None)
        self._drop(edition.version.id)
        if before is not None and before.version.id == edition.version.id:
            self._retire(before)
        elif before is not None:
            self._keep(before)
        for kept in list(self._kept.values()):
            self._recall(kept, edition)
        self.follow(names)

    def follow(self, names: Names) -> None:
        """The branch has moved, or a tag: what is no longer reachable is no longer served."""
        self.moves += not names.mean_the_same_as(self.names)
        self.names = names
        for commit in [one for one in self._kept if not names.reaches(one) and not self._held[one]]:
            self._drop(commit)
        self._unreadable.clear()  # a tag may lead there now, or an object have come back

    def refuse(self, problems: Mapping[str, int]) -> None:
        """These versions were refused, because of so many problems each: they are never read."""
        for version, number in problems.items():
            self.moves += version not in self._refused and self.names.reaches(version)
            remember(self._refused, version, number)

    def _recall(self, kept: Edition, live: Edition) -> None:
        """What is recalled now is hidden in every version, those before the recall included."""
        now = recalled_as(kept, live.recalls)
        if now is not kept:
            self._kept[kept.version.id] = now
            self._retire(kept)

    def close(self) -> None:
        """Let go of every edition, the live one too. Nobody may be reading any of them, nor begin to."""
        live, self._live, self._live_snapshot = self._live, None, None
        if live is not None:
            retire(live)
        for commit in list(self._kept):
            self._drop(commit)

    # ---- loading

    @asynccontextmanager
    async def holding(self, wanted: Collection[NotInMemory]) -> AsyncIterator[None]:
        """Load what is wanted, and keep it until the block ends. Raises RequestError for what cannot be had in time."""
        commits = [commit for each in wanted for commit in each.versions]
        if self._live:  # what is asked was begun in it and goes on in it, though another may be live by then
            commits.append(self._live.version.id)
        self._held.update(commits)
        try:
            for each in wanted:
                await (self._load_one_up_to(each, commits) if each.or_older else self._load_in_time(each))
            yield
        finally:
            self._held.subtract(commits)
            self._held += Counter()  # forgets those that nobody holds
            self._make_room()
            self._retire_left()

    async def _load_one_up_to(self, wanted: NotInMemory, held: list[str]) -> None:
        """Load the newest version up to one that is not refused, if there is any, and hold it."""
        began = monotonic()
        for commit in self._not_refused(wanted.versions[0]):
            if monotonic() - began > self.queue.waits.load_seconds:  # what was refused so far is not loaded again
                raise self.queue.too_slow("what was live then is still being looked for", began)
            held.append(commit)
            self._held[commit] += 1
            try:
                await self._load_in_time(NotInMemory(commit, (commit,)))
            except RequestError:
                if commit not in self._refused:
                    raise
            else:
                return

    async def _load_in_time(self, wanted: NotInMemory) -> None:
        await self.queue.result((self, wanted.name), "What is asked for", partial(self._load, wanted))

    async def _load(self, wanted: NotInMemory) -> None:
        if wanted.make:
            await beside(wanted.make)
        elif wanted.name not in self._kept:
            self._keep(await self._read(wanted.name))

    async def _read(self, commit: str) -> Edition:
        assert self._live is not None
        base = self._base_of(commit)
        try:
            with gc_paused():
                found = await beside(
                    load_older, self.repository, commit, base, self._live, self._live_snapshot, self.limits
                )
                freeze()
            return recalled_as(found, self._live.recalls) if self._live else found  # of what is live by now
        except ContentRefused as refused:
            raise self._remember_refused(commit, refused) from None
        except SnapshotTooLarge:  # an editor's doing, not an operator's
            self.refuse({self._content_of(commit): 1})
            raise has_problems(commit, 1) from None
        except OperatorError as error:
            log.error("a version cannot be read", version=commit, reason=str(error))
            self.damaged |= isinstance(error, ObjectUnreadable)
            remember(self._unreadable, commit, unreadable(commit))
            raise unreadable(commit) from None

    def _base_of(self, commit: str) -> Edition | None:
        """The edition in memory whose content a commit has, if it is not a version of its own."""
        version = self.names.history.version_of(commit)
        if version is None or version == commit:
            return None
        return self._live if self._live and version == self._live.version.id else self._kept.get(version)

    def _content_of(self, commit: str) -> str:
        """The version whose content a commit has: itself, if it is one, or stands on another line."""
        return self.names.history.version_of(commit) or commit

    def _remember_refused(self, commit: str, refused: ContentRefused) -> RequestError:
        error = has_problems(commit, len(refused.problems))
        if any(map(is_too_slow, refused.problems)):
            remember(self._unreadable, commit, error)
        else:
            self.refuse({self._content_of(commit): len(refused.problems)})
        return error

    def _keep(self, edition: Edition) -> None:
        if self._live is None:
            return  # closed while it was read: kept here it would refer to itself for ever
        self._kept[edition.version.id] = edition
        self._make_room()

    def _make_room(self) -> None:
        for commit in list(islice(self._kept, max(len(self._kept) - self._most_kept, 0))):
            if not self._held[commit]:
                self._drop(commit)

    def _drop(self, commit: str) -> None:
        found = self._kept.pop(commit, None)
        if found is not None:
            self._retire(found)

    def _retire(self, edition: Edition) -> None:
        """Let go of an edition as soon as no operation waits that may have begun in it."""
        self._leaving.append(edition)
        self._retire_left()

    def _retire_left(self) -> None:
        if not self._held:
            for edition in self._leaving:
                retire(edition)
            self._leaving.clear()


def remember(known: OrderedDict[str, T], commit: str, what: T) -> None:
    """Keep something of a version, and forget what was kept first where that is too much."""
    known[commit] = what
    while len(known) > REMEMBERED:
        known.popitem(last=False)


def has_problems(commit: str, number: int) -> RequestError:
    found = f"Version {commit[:12]} has {number} problem{'s' * (number != 1)}, and is not served."
    return RequestError("VERSION_NOT_AVAILABLE", found, "`versions` marks those that are known to be `refused`.")


def unreadable(commit: str) -> RequestError:
    return RequestError("VERSION_NOT_AVAILABLE", f"Version {commit[:12]} cannot be read.", "Name another version.")
