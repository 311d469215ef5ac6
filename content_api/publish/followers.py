"""Who listens to branches that are previewed: for as long as somebody does, these are looked at and made ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from weakref import WeakValueDictionary

import structlog

from content_api.errors import RequestError
from content_api.publish.announcements import Announcements
from content_api.store.history import FileChange
from content_api.store.snapshot import Version

log = structlog.get_logger("content_api.publish")


class Followed:
    """A branch, as far as those have heard of it who listen. It holds no content: there may be many."""

    def __init__(self, tip: str, version: Version, files: Sequence[FileChange] | None) -> None:
        self.tip = tip
        """The commit that it was last made ready at, or found not to be servable."""
        self.ready = tip
        """The newest commit that was made ready, be it another version or not."""
        self.version = version
        self.announcements = Announcements()
        self._files = files

    def take(self, version: Version, files: Sequence[FileChange] | None) -> None:
        """Another version is ready: tell everybody who listens."""
        self.version, self._files = version, files
        self.announcements.announce(version)

    def files_of(self, version: str) -> Sequence[FileChange] | None:
        """What a version changed, where it is the newest."""
        return self._files if version == self.version.id else None


class Followers:
    """The branches that are listened to. All of it is called on the event loop.

    `tips` says which commits branches name, and waits until it is time to look; `make_ready` has a branch read.
    """

    def __init__(
        self,
        tips: Callable[[], Awaitable[Mapping[str, str]]],
        make_ready: Callable[[str], Awaitable[None]],
        look_seconds: float,
    ) -> None:
        self.followed: WeakValueDictionary[str, Followed] = WeakValueDictionary()
        """By name, for as long as somebody holds one: who was forgotten in the middle needs no closing."""
        self.waiting = 0
        self._tips = tips
        self._make_ready = make_ready
        self._look_seconds = look_seconds
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, heard: AsyncIterator[Version]) -> Version:
        """The next version that a listener hears, for which the branches are looked at."""
        self.waiting += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again_and_again())
        try:
            return await anext(heard)
        finally:
            self.waiting -= 1

    async def _look_again_and_again(self) -> None:
        """Until a look finds that nobody waits. One task for all branches, however many listen to each."""
        try:
            while self.waiting:
                await asyncio.sleep(self._look_seconds)
                await self._look()
        finally:
            self._looking = None

    async def _look(self) -> None:
        try:
            tips = await self._tips()
        except RequestError:  # which is in the log
            return
        for name, followed in list(self.followed.items()):
            tip = tips.get(name, followed.tip)  # one that is gone may come back
            if tip != followed.tip:
                await self._follow(name, tip, followed)

    async def _follow(self, name: str, tip: str, followed: Followed) -> None:
        try:
            await self._make_ready(name)
        except RequestError as error:
            log.debug("a branch that is listened to is not ready", branch=name, reason=str(error))
            if error.code == "OVERLOADED":
                return  # at the next look, once more
        except Exception:  # a defect of ours: without this it would end the task, and nobody would hear of any branch
            log.exception("a branch that is listened to cannot be made ready", branch=name)
        followed.tip = tip


class BranchListener:
    """One that listens to a branch. Listening costs what it does at the public address (`Listener`)."""

    __slots__ = ("_followed", "_followers", "_heard")

    def __init__(self, followers: Followers, followed: Followed) -> None:
        self._followers = followers
        self._followed = followed
        self._heard = followed.announcements.listen()

    def __aiter__(self) -> BranchListener:
        return self

    async def __anext__(self) -> Version:
        return await self._followers.wait(self._heard)
