"""Telling whoever listens that a version went live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from content_api.store.snapshot import Version


class Announcements:
    """Who listens hears the newest version that they have not heard yet, never those before it.

    There is one slot for all of them, and no queue: a listener that waits costs its place among those that the one
    event wakes, and one that has gone has nothing to give back. All of it happens on one event loop; another thread
    reaches it by `loop.call_soon_threadsafe`.
    """

    def __init__(self) -> None:
        self.newest: Version | None = None
        self.told = 0
        self._changed = asyncio.Event()

    def announce(self, version: Version) -> None:
        """Tell everybody who listens. Call it on the event loop, when the version is live."""
        self.newest = version
        self.told += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def listen(self) -> AsyncIterator[Version]:
        """The versions that go live after this call; of those that came since the last was taken, only the newest."""
        return Listener(self, self.told)

    async def after(self, heard: int) -> tuple[int, Version]:
        """The newest version, and how many had been told with it, as soon as that is more than were heard."""
        while self.newest is None or heard == self.told:
            await self._changed.wait()
        return self.told, self.newest


class Listener:
    """One that listens. A class, not a generator: what is left in the middle then needs no closing."""

    __slots__ = ("_announcements", "_heard")

    def __init__(self, announcements: Announcements, heard: int) -> None:
        self._announcements = announcements
        self._heard = heard

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> Version:
        self._heard, version = await self._announcements.after(self._heard)
        return version
