"""Following a branch: what is pushed goes live when it is good, in one step, and what was live stays when it is not.

A look asks git where the branch and the tags are, which costs milliseconds; only when something moved is more done. One
publication runs at a time, beside the event loop; what is pushed meanwhile is seen by the next look, so that versions
may be skipped and are never re-ordered. Of what is new the newest version without problems goes live. One that was
refused is remembered, and not tried again and again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from time import perf_counter

import structlog

from content_api.content.edition import Edition
from content_api.content.load import gc_paused
from content_api.content.models import Recall
from content_api.content.outdated import outdated
from content_api.content.recalled import recalled_as
from content_api.content.tags import VERSION, in_one_line
from content_api.errors import ObjectUnreadable, OperatorError, RequestError, StoreError
from content_api.publish.archive import VersionArchive
from content_api.publish.branch import Branch, Candidate, Good
from content_api.publish.current import Current, Refusal, Trouble, trouble_with
from content_api.publish.making import freeze
from content_api.publish.newest import Found, log_lifted, newest_good
from content_api.publish.processors import beside
from content_api.publish.refusals import Refusals, author_of, log_refused, not_served, not_yet_live
from content_api.publish.sight import Sight, see
from content_api.store.mirror import Mirror
from content_api.store.names import Names, moved
from content_api.store.snapshot import Version

log = structlog.get_logger("content_api.publish")

POLL_SECONDS = 1.0  # to ask costs a few milliseconds, and nobody who has just pushed expects less
REMOTE_POLL_SECONDS = 30.0  # to ask another machine costs it a connection; a hook tells us sooner
LEAST_SECONDS = 0.1  # between two looks, however often somebody asks for one
BACK_OFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)  # after a failure, and after the next: a disk or network that comes back
RECORD_SECONDS = 30.0  # until what is live is written down again, where that failed: serving does not need it
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
CANNOT_FOLLOW = "the branch cannot be followed; what is live stays"
TIDY_EVERY = 20  # publications; git itself puts packs together when there are 50


@dataclass(slots=True)
class Publisher:
    """Follows one branch. A `mirror` is brought up to date first, and cloned again when an object of it is damaged.

    `run` goes on until it is cancelled; `look_now` may be called from the event loop at any time, and is what a hook
    does.
    """

    branch: Branch
    current: Current
    archive: VersionArchive
    live: Good
    folder: PurePath
    announce: Callable[[Version], None]
    """Called on the event loop with each version that has gone live."""
    purge: Callable[[Collection[str]], None] = lambda tags: None
    """Called on the event loop with the tags of answers that are not good any more."""
    warming: Callable[[], Callable[[Edition], None]] = lambda: lambda edition: None
    """Called on the event loop before a version is made; what it gives makes an edition ready, beside the event loop,
    before that goes live."""
    carrying: Callable[[Collection[str]], AbstractContextManager[None]] = lambda tags: nullcontext()
    """Entered on the event loop with the same tags as `purge`, around the step by which a version goes live."""
    poll_seconds: float = POLL_SECONDS
    mirror: Mirror | None = None
    _seen: Sight | None = None
    _refusals: Refusals = field(default_factory=Refusals)
    _renewed_for: str | None = None
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: int = 0
    _failures: int = 0
    _tidying: asyncio.Task[None] | None = None
    _told: bool = False
    _fetch_at: float = 0.0
    _recorded: str | None = None
    _record_again_at: float = 0.0

    def __post_init__(self) -> None:
        if refusal := self.current.refusal:  # what was found wrong at the start need not be found again
            self._refusals[refusal.version.id] = refusal

    def look_now(self) -> None:
        """Have the branch looked at without waiting for the next time. Calls while a look runs become one."""
        self._told = True
        self._nudge.set()

    async def run(self) -> None:
        self._tell_beginning()
        await self._record()
        while True:
            self._nudge.clear()
            pause = await self.look()
            looked, self._looked = self._looked, asyncio.Event()
            looked.set()
            await asyncio.sleep(LEAST_SECONDS)
            with suppress(TimeoutError):
                # Not by wait_for: in Python 3.11 it loses a cancellation that comes together with the nudge, and the
                # server would never end.
                async with asyncio.timeout(max(pause - LEAST_SECONDS, 0)):
                    await self._nudge.wait()

    def _tell_beginning(self) -> None:
        """Say in the log why what is served first is not the newest version."""
        if refusal := self.current.refusal:
            place = self.branch.repository.place
            log_refused(refusal, place, self.folder, live=self.live.edition.version.id)
        if trouble := self.current.trouble:
            log.error(CANNOT_FOLLOW, reason=trouble.reason)

    async def at_least(self, commit: str) -> None:
        """Wait until a commit, or one that descends from it, is live. Raises RequestError where it takes too long."""
        if not COMMIT.fullmatch(commit):
            hint = "Give the whole id of a commit, as `git rev-parse HEAD` prints it."
            raise RequestError("BAD_REQUEST", "`Content-Version-At-Least` names no commit.", hint)
        began, waits = perf_counter(), self.branch.waits
        while not self._covers(commit):
            refusal = self._refusals.get(commit)  # then it will not be: a commit does not change
            waited = perf_counter() - began
            if refusal:
                raise not_served(commit, self.current, refusal)
            if waited >= waits.seconds:
                raise not_yet_live(commit, self.current, f"{waited:.1f} s were waited; {waits.seconds:g} s may be")
            if self._waiting >= waits.clients:
                raise not_yet_live(commit, self.current, f"{self._waiting:,} wait for one; {waits.clients:,} may")
            await self._next_look(waits.seconds - waited)

    def _covers(self, commit: str) -> bool:
        return self.archive.names.reaches(commit)

    async def _next_look(self, seconds: float) -> None:
        if self.mirror is None and self.current.trouble is None:  # what is slow is not done whenever a client likes
            self.look_now()
        self._waiting += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._looked.wait()
        finally:
            self._waiting -= 1

    async def look(self) -> float:
        """Look once, publish what there is, and return the seconds until it is worth looking again."""
        try:
            await self._look()
        except (OperatorError, OSError) as error:
            return self._in_trouble(trouble_with(error))
        except Exception:  # a defect of ours: without this it would end the task, and nobody would see that
            log.exception("following the branch failed")
            return self._in_trouble(Trouble("Following the branch failed on our side; the log has the whole of it"))
        if self.current.trouble:
            log.info("the branch can be followed again", was=self.current.trouble.reason)
        self.current.trouble, self._failures = None, 0
        return min(self.poll_seconds, POLL_SECONDS) if self.mirror else self.poll_seconds

    def _in_trouble(self, trouble: Trouble) -> float:
        if self.current.trouble is None or self.current.trouble.reason != trouble.reason:
            log.error(CANNOT_FOLLOW, reason=trouble.reason)
            self.current.trouble = trouble
        pause = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self._seen = None
        return pause

    async def _look(self) -> None:
        began = perf_counter()
        told, self._told = self._told, False
        unfetched = await self._fetch(told)
        if self.mirror and not unfetched:
            await self._renew_for_older(self.mirror)
        try:
            await self._see_and_take(began, told)
        except ObjectUnreadable as error:
            if self.mirror is None:
                raise
            log.error("the mirror is damaged, and is cloned again", reason=str(error))
            await asyncio.to_thread(self.mirror.renew)
            self._recorded = None  # what pins it may have been lost with the old one
            await self._see_and_take(began, told)
        if unfetched:  # only now: what an operator pins goes live without the remote
            raise unfetched

    async def _fetch(self, told: bool) -> StoreError | None:
        """Bring the mirror up to date, if there is one, and it is time or a hook told to; return why it cannot be done.

        Between two fetches the mirror is looked at all the same: another process of ours may have fetched.
        """
        if self.mirror is None or (perf_counter() < self._fetch_at and not told):
            return None
        self._fetch_at = perf_counter() + self.poll_seconds
        try:
            await asyncio.to_thread(self.mirror.fetch)
        except StoreError as error:
            self._fetch_at = 0.0
            return error
        return None

    async def _renew_for_older(self, mirror: Mirror) -> None:
        """Have the mirror cloned again when a reader met an older version that is damaged in it.

        Once while the same version is live: it may be as damaged at the remote, and a reader could ask for a clone with
        every look.
        """
        live = self.live.edition.version.id
        if not self.archive.damaged:
            return
        if self._renewed_for != live:
            log.error("the mirror is damaged, and is cloned again")
            self._renewed_for = live
            await asyncio.to_thread(mirror.renew)
        self.archive.damaged = False
        self.archive.follow(self.archive.names)  # what could not be read is tried again: it may be whole by now

    async def _see_and_take(self, began: float, told: bool) -> None:
        # Each second it is nearly always for nothing, and not worth half of the processors; after a hook it seldom is.
        sight = await (beside if told else asyncio.to_thread)(see, self.branch)
        if sight != self._seen:
            await self._take(sight, began)
            self._seen = sight
        await self._record()

    async def _take(self, sight: Sight, began: float) -> None:
        names = await beside(self.branch.names, sight.tip, self.archive.names, dict(sight.refs))
        candidate = Candidate(sight.tip, names, sight.pinned)
        self.current.pinned = sight.pinned
        if candidate.version == self.live.edition.version.id:
            self._stay(names)
            self._recall(await beside(self.branch.recalls) if sight.pinned else {})
        else:
            await self._follow(candidate, began)

    async def _follow(self, tip: Candidate, began: float) -> None:
        """Serve the newest version that may be, and tell what is wrong with the tip if that is another."""
        with gc_paused():
            found = await beside(self._find, tip, self.warming())
            seconds = perf_counter() - began
            live = found.good or self.live
            self._refusals.add(
                found.refusals, self.branch.repository.place, self.folder, seconds, live.edition.version.id
            )
            self.archive.refuse(found.problems)
            if found.good:
                self._go_live(found.good, seconds)
            if found.refusal:
                self._refused(found.refusal, seconds)
            if found.good:
                freeze()
        if found.good and self.mirror and self.current.published % TIDY_EVERY == 0:
            self._tidying = asyncio.create_task(self._tidy(self.mirror))
        if found.failure:
            raise found.failure
        if not found.good:
            await self._follow_tags(tip.names)

    def _find(self, tip: Candidate, warm: Callable[[Edition], None]) -> Found:
        """The newest version that may be served, made ready. Blocks."""
        found = newest_good(self.branch, tip, self.live, self.archive, self._refusals)
        if found.good:
            try:
                warm(found.good.edition)
            except Exception:  # a defect of ours, for which readers may wait a little and nobody for a publication
                log.exception("a version goes live without being made ready")
        return found

    async def _follow_tags(self, names: Names) -> None:
        """A tag may have moved though the branch leads to nothing that can be served: it is read as of what is live."""
        self._take_names(await beside(self.branch.names_at, names, self.live.edition.version.id))

    def _take_names(self, names: Names) -> None:
        """What is live stays; what may be read beside it, and how that is called, may be something else."""
        before = self.archive.names
        log_moved(before, names)
        self.archive.follow(names)
        if before.tags != names.tags:
            self.purge((VERSION,))

    def _stay(self, names: Names) -> None:
        """The commit is new and the content is not, or only tags moved."""
        self._take_names(names)
        self.current.refusal = None

    def _recall(self, recalls: Mapping[str, Recall]) -> None:
        """Hide what the branch recalls while an older version of it is pinned."""
        edition = recalled_as(self.live.edition, recalls)
        if edition is not self.live.edition:
            log_lifted(self.live.edition, edition)
            tags = outdated(self.live.edition, edition)
            self.live = replace(self.live, edition=edition)
            self.archive.go_live(edition, self.live.snapshot, self.archive.names)
            self.current.edition = edition
            self.purge(tags)
            log.info(
                "recalls of the branch hold in the pinned version",
                version=edition.version.id,
                outdated=in_one_line(tags),
            )

    def _go_live(self, good: Good, seconds: float) -> None:
        log_moved(self.archive.names, good.names)
        self._record_again_at = 0.0
        was = self.live.edition.version.id
        with self.carrying(good.outdated):
            self.archive.go_live(good.edition, good.snapshot, good.names)
            self.current.go_live(good.edition, seconds)
        self.live = good  # last: whatever fails before this is done again by the next look
        self.announce(self.archive.tagged(good.edition.version))
        self.purge(good.outdated)
        version = good.edition.version
        log.info(
            "live",
            version=version.id,
            was=was,
            author=author_of(version),
            entities=len(good.edition.library.records),
            pinned=self.current.pinned,
            seconds=round(seconds, 3),
            outdated=in_one_line(good.outdated),
        )

    def _refused(self, refusal: Refusal, seconds: float) -> None:
        if self.current.refusal is None or self.current.refusal.version.id != refusal.version.id:
            self.current.refuse(refusal, seconds)

    async def _record(self) -> None:
        """Write down in git what is live, so that a restart begins with it and git never deletes it."""
        live = self.live.edition.version.id
        if self._recorded == live or perf_counter() < self._record_again_at:
            return
        try:
            await beside(self.branch.repository.keep, self.branch.live_name, live)
            self._recorded = live
        except (StoreError, OSError) as error:  # a full disk or a repository of another user: serving needs neither
            self._record_again_at = perf_counter() + RECORD_SECONDS
            log.warning("what is live could not be written down", reason=str(error))

    async def _tidy(self, mirror: Mirror) -> None:
        """Every fetch leaves a pack in the mirror. Git puts them together, which can take a minute: seldom."""
        try:
            await asyncio.to_thread(mirror.tidy)
        except (StoreError, OSError) as error:
            log.warning("the mirror could not be tidied", reason=str(error))


def log_moved(before: Names, after: Names) -> None:
    """A tag that was moved is worth a line: a version is its commit, and the tag only a name for it."""
    for move in moved(before, after):
        log.warning("a tag was moved", tag=move.tag, was=move.before, now=move.after)
