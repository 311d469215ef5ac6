"""Following a branch: what is pushed goes live when it is good, in one step, and what was live stays when it is not.

A look asks git where the branch and the tags are, which costs milliseconds; only when something moved is more done. One
publication runs at a time, beside the event loop; what is pushed meanwhile is seen by the next look, so that versions
may be skipped and are never re-ordered. A version that was refused is remembered, and not tried again and again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from time import perf_counter

import structlog

from content_api.content.report import report
from content_api.content.problems import ContentRefused
from content_api.errors import OperatorError, StoreError
from content_api.publish.archive import Line, VersionArchive
from content_api.publish.branch import Branch, Candidate, Good, judge
from content_api.publish.current import Current, Refusal, Trouble
from content_api.store.names import moved
from content_api.store.snapshot import Version

log = structlog.get_logger("content_api.publish")

POLL_SECONDS = 1.0  # to ask costs a few milliseconds, and nobody who has just pushed expects less
BACK_OFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)  # after a failure, and after the next: a disk or network that comes back
REMEMBERED = 100  # refused versions; more than that are only tried again


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look saw. Equal sights mean that nothing moved."""

    tip: str
    pinned: bool
    refs: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Publisher:
    """Follows one branch. `fetch`, where there is one, brings the repository up to date with another first.

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
    poll_seconds: float = POLL_SECONDS
    fetch: Callable[[], None] | None = None
    _seen: Sight | None = None
    _refusals: OrderedDict[str, Refusal] = field(default_factory=OrderedDict)
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: int = 0

    def look_now(self) -> None:
        """Have the branch looked at without waiting for the next time. Calls while a look runs become one."""
        self._nudge.set()

    async def run(self) -> None:
        await self._record()
        while True:
            self._nudge.clear()
            pause = await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), pause)

    async def look(self) -> float:
        """Look once, publish what there is, and return the seconds until it is worth looking again."""
        try:
            await self._look()
        except (OperatorError, OSError) as error:
            return self._in_trouble(str(error))
        except Exception:  # a defect of ours: without this it would end the task, and nobody would see that
            log.exception("following the branch failed")
            return self._in_trouble("Following the branch failed on our side; the log has the whole of it")
        if self.current.trouble:
            log.info("the branch can be followed again", was=self.current.trouble.reason)
        self.current.trouble, self._failures = None, 0
        return self.poll_seconds

    def _in_trouble(self, reason: str) -> float:
        if self.current.trouble is None or self.current.trouble.reason != reason:
            log.error("the branch cannot be followed; what is live stays", reason=reason)
            self.current.trouble = Trouble(reason)
        pause = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self._seen = None
        return max(pause, self.poll_seconds)

    async def _look(self) -> None:
        if self.fetch:
            await asyncio.to_thread(self.fetch)
        began = perf_counter()
        sight = await asyncio.to_thread(see, self.branch)
        if sight != self._seen:
            await self._take(sight, began)
            self._seen = sight

    async def _take(self, sight: Sight, began: float) -> None:
        line = await asyncio.to_thread(self.branch.line, sight.tip, self.archive.line)
        candidate = Candidate(sight.tip, line, sight.pinned)
        self.current.pinned = sight.pinned
        if candidate.version == self.live.edition.version.id:
            self._stay(line)
        elif known := self._refusals.get(candidate.version):
            self._refused(known)
        else:
            found = await asyncio.to_thread(judge, self.branch, candidate, self.live, self.archive)
            if isinstance(found, Refusal):
                self._refuse(found)
            else:
                self._go_live(found, perf_counter() - began)
                await self._record()

    def _stay(self, line: Line) -> None:
        """The commit is new and the content is not, or only tags moved."""
        log_moved(self.archive.line, line)
        self.archive.follow(line)
        self.current.refusal = None

    def _go_live(self, good: Good, seconds: float) -> None:
        log_moved(self.archive.line, good.line)
        self.live = good
        self.archive.go_live(good.edition, good.snapshot, good.line)
        self.current.go_live(good.edition, seconds)
        self.announce(self.archive.tagged(good.edition.version))
        log.info("live", version=good.edition.version.id, seconds=round(seconds, 3))

    def _refuse(self, refusal: Refusal) -> None:
        self._refusals[refusal.version.id] = refusal
        while len(self._refusals) > REMEMBERED:
            self._refusals.popitem(last=False)
        self._refused(refusal)
        told = report(ContentRefused(str(self.branch.repository.place), refusal.problems), self.folder)
        log.warning(f"Not served, because of this:\n\n{told}\n", version=refusal.version.id)

    def _refused(self, refusal: Refusal) -> None:
        if self.current.refusal is None or self.current.refusal.version.id != refusal.version.id:
            self.current.refuse(refusal)

    async def _record(self) -> None:
        """Write down in git what is live, so that a restart begins with it and git never deletes it."""
        try:
            await asyncio.to_thread(self.branch.repository.keep, self.branch.live_name, self.live.edition.version.id)
        except (StoreError, OSError) as error:  # a full disk or a repository of another user: serving needs neither
            log.warning("what is live could not be written down", reason=str(error))


def see(branch: Branch) -> Sight:
    """Where the branch and everything that names its versions are now."""
    tip, pinned = branch.tip()
    return Sight(tip, pinned, frozenset(branch.repository.refs("refs/tags/").items()))


def log_moved(before: Line, after: Line) -> None:
    """A tag that names another version than it did is worth a line: a version is its commit, and the tag only a name."""
    for tag, old, new in moved(before.names, after.names):
        log.warning("a tag was moved", tag=tag, was=old, now=new)

