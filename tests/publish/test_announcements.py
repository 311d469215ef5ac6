"""Who listens hears the newest version, once, and never a backlog."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from content_api.publish.announcements import Announcements
from content_api.store.snapshot import Version

ONE, TWO, THREE = (Version(number) for number in ("one", "two", "three"))
Scene = Callable[[Announcements], Awaitable[None]]


def play(scene: Scene) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10):
            await scene(Announcements())

    asyncio.run(limited())


def test_what_is_announced_is_heard():
    async def scene(announcements: Announcements) -> None:
        listener = announcements.listen()
        announcements.announce(ONE)
        assert await anext(listener) is ONE
        announcements.announce(TWO)
        assert await anext(listener) is TWO

    play(scene)


def test_what_was_announced_before_is_not_heard():
    async def scene(announcements: Announcements) -> None:
        announcements.announce(ONE)
        listener = announcements.listen()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(listener), 0.01)
        announcements.announce(TWO)
        assert await anext(listener) is TWO

    play(scene)


def test_a_slow_listener_hears_the_newest_alone():
    async def scene(announcements: Announcements) -> None:
        listener = announcements.listen()
        for version in (ONE, TWO, THREE):
            announcements.announce(version)
        assert await anext(listener) is THREE
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(listener), 0.01)

    play(scene)


def test_a_version_that_goes_live_again_is_heard_again():
    async def scene(announcements: Announcements) -> None:
        listener = announcements.listen()
        for version in (ONE, TWO, ONE):
            announcements.announce(version)
            assert await anext(listener) is version

    play(scene)


def test_all_who_wait_are_woken_though_others_have_gone():
    async def scene(announcements: Announcements) -> None:
        waiting = [asyncio.ensure_future(anext(announcements.listen())) for _ in range(100)]
        await asyncio.sleep(0)
        for gone in waiting[::2]:
            gone.cancel()
        announcements.announce(ONE)
        assert await asyncio.gather(*waiting[1::2]) == [ONE] * 50

    play(scene)


def test_another_thread_announces_through_the_loop():
    async def scene(announcements: Announcements) -> None:
        listener, loop = announcements.listen(), asyncio.get_running_loop()
        await asyncio.to_thread(loop.call_soon_threadsafe, announcements.announce, ONE)
        assert await anext(listener) is ONE

    play(scene)
