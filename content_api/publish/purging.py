"""Telling the caches in front which answers to drop, once something else is live.

Nothing waits for a cache: what it has to be told is put down beside its address, and told as soon as it listens. While
it does not, what is published meanwhile is added.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import httpx2
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from content_api.content.outdated import EVERYTHING
from content_api.content.tags import in_one_line
from content_api.publish.current import now

log = structlog.get_logger("content_api.publish")

SECONDS = 5.0  # for one request; a cache that is near answers in milliseconds
# An answer that was on its way when a cache was told comes to it afterwards, and would stay. It takes milliseconds; one
# that had to wait for a version to be loaded is not for caches if something went live meanwhile.
AGAIN_SECONDS = 2.0
# Between two attempts, doubling: a moment at first, and never so long that a reader would be served what was recalled
# for minutes after a cache can be reached again.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0


@dataclass(slots=True)
class Cache:
    """A cache in front, by its address."""

    url: str
    waiting: set[str] = field(default_factory=set)
    """What it has not been told yet."""
    due: asyncio.Event = field(default_factory=asyncio.Event)
    trouble_since: datetime | None = None
    """Since when it could not be told."""


@dataclass(slots=True)
class Purging:
    """Tells each of some caches. `run` goes on until it is cancelled; the rest is called on the event loop."""

    caches: Sequence[Cache]
    again_seconds: float = AGAIN_SECONDS
    requests: int = 0
    """How many were heard, and how many were not."""
    failures: int = 0

    @classmethod
    def at(cls, urls: Iterable[str]) -> Purging:
        return cls([Cache(url) for url in urls])

    @property
    def trouble_since(self) -> datetime | None:
        """Since when some cache could not be told; None while all have been."""
        return min((cache.trouble_since for cache in self.caches if cache.trouble_since), default=None)

    def purge(self, tags: Collection[str]) -> None:
        """Have the answers dropped that carry one of these tags."""
        if tags and self.caches:
            self._add(tags)
            asyncio.get_running_loop().call_later(self.again_seconds, self._add, tags)

    def _add(self, tags: Collection[str]) -> None:
        for cache in self.caches:
            cache.waiting.update(tags)
            cache.due.set()

    async def run(self) -> None:
        """Begin with everything: what was live when a cache got its answers is not known."""
        if not self.caches:
            return  # to make a client takes a tenth of a second
        self.purge(EVERYTHING)
        async with httpx2.AsyncClient(timeout=SECONDS, trust_env=False) as client, asyncio.TaskGroup() as group:
            for cache in self.caches:
                group.create_task(self._keep_telling(client, cache))

    async def _keep_telling(self, client: httpx2.AsyncClient, cache: Cache) -> None:
        while True:
            await cache.due.wait()
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(),  # a defect of ours, too: ending here, it would be seen by nobody
                wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
                before_sleep=partial(self._failed, cache),
            ):
                with attempt:
                    await self._tell(client, cache)

    async def _tell(self, client: httpx2.AsyncClient, cache: Cache) -> None:
        tags, cache.waiting = cache.waiting, set()
        cache.due.clear()
        line = in_one_line(tags)
        try:
            answer = await client.request("PURGE", cache.url, headers={"Cache-Tag": line})
            answer.raise_for_status()
        except BaseException:
            cache.waiting |= tags
            cache.due.set()
            raise
        self.requests += 1
        log.info("a cache was told what to drop", cache=cache.url, tags=line, late=cache.trouble_since is not None)
        cache.trouble_since = None

    def _failed(self, cache: Cache, state: RetryCallState) -> None:
        self.failures += 1
        if cache.trouble_since is None:
            cache.trouble_since = now()
            reason = repr(state.outcome.exception()) if state.outcome else ""
            log.error("a cache cannot be told what to drop; it is tried again", cache=cache.url, reason=reason)
