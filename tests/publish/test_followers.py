"""Listening to branches: what is told, what is not, and what it costs while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import content_api.publish.previews as module
from content_api.errors import RequestError
from content_api.store import GitRepository
from content_api.store.snapshot import Version
from tests.publish.previewing import Previewed, on, previewing
from tests.publish.world import broken, moon
from tests.repositories import Repository

pytestmark = pytest.mark.anyio


async def listener(seen: Previewed, branch: str) -> AsyncIterator[Version]:
    async with seen.previews.opened(branch) as preview:
        return seen.previews.listen(seen.previews.followed(branch, preview))


async def heard(versions: AsyncIterator[Version], seconds: float = 10.0) -> str:
    async with asyncio.timeout(seconds):
        return (await anext(versions)).id


async def hears_nothing(versions: AsyncIterator[Version]) -> bool:
    try:
        return not await heard(versions, 0.5)
    except TimeoutError:
        return True


async def test_each_version_of_the_branch_is_told_and_none_of_others(repository: Repository):
    on(repository, "one", moon("One"))
    on(repository, "two", moon("Two"))
    with previewing(repository) as seen:
        versions, others = await listener(seen, "one"), await listener(seen, "two")
        waiting = asyncio.ensure_future(heard(others))
        for name in ("First", "Second"):
            commit = on(repository, "one", moon(name))
            assert await heard(versions) == commit
        assert not waiting.done()
        assert seen.followed.announced == [], "nothing of it is told at the public address"
        waiting.cancel()


async def test_what_is_pushed_before_the_first_is_asked_for_is_told(repository: Repository):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        commit = on(repository, "one", moon("Two"))
        assert await heard(versions) == commit


async def test_a_slow_listener_hears_the_newest_alone(repository: Repository):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        slow, quick = await listener(seen, "one"), await listener(seen, "one")
        for name in ("First", "Second"):
            newest = on(repository, "one", moon(name))
            assert await heard(quick) == newest
        assert await heard(slow) == newest
        assert await hears_nothing(slow)


async def test_a_version_with_problems_is_not_told_and_the_one_that_mends_it_is(repository: Repository):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        on(repository, "one", broken())
        assert await hears_nothing(versions)
        mended = on(repository, "one", moon("Mended"))
        assert await heard(versions) == mended


async def test_a_commit_that_leaves_the_content_as_it_was_is_not_told(repository: Repository):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        on(repository, "one", {"README.md": b"beside the content"})
        assert await hears_nothing(versions)


async def test_a_branch_that_is_gone_is_silent_and_heard_again_when_it_is_back(repository: Repository):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        repository.git("branch", "-D", "one")
        assert await hears_nothing(versions)
        back = on(repository, "one", moon("Back"))
        assert await heard(versions) == back


async def test_a_load_that_was_refused_for_want_of_room_is_tried_again(repository: Repository, monkeypatch):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        make_ready, refusals = seen.previews.followers._make_ready, 2

        async def full(name: str) -> None:
            nonlocal refusals
            refusals -= 1
            if refusals >= 0:
                raise RequestError("OVERLOADED", "not now")
            await make_ready(name)

        seen.previews.followers._make_ready = full
        commit = on(repository, "one", moon("Two"))
        assert await heard(versions) == commit
        assert refusals == -1


async def test_a_look_that_fails_is_not_the_last(repository: Repository, monkeypatch):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        versions = await listener(seen, "one")
        refs, failures = GitRepository.refs, 2

        def failing(self, *under):
            nonlocal failures
            failures -= 1
            if failures >= 0:
                raise OSError("the disk is away")
            return refs(self, *under)

        monkeypatch.setattr(GitRepository, "refs", failing)
        commit = on(repository, "one", moon("Two"))
        assert await heard(versions) == commit


async def test_who_listens_keeps_no_content_in_memory(repository: Repository, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        waiting = asyncio.ensure_future(heard(await listener(seen, "one")))
        assert await seen.name("main") == "Moon hiccups"
        assert list(seen.previews._kept) == ["main"]
        commit = on(repository, "one", moon("Two"))
        assert await waiting == commit


async def test_many_listeners_cost_one_look_and_one_load_and_none_costs_nothing(repository: Repository, monkeypatch):
    on(repository, "one", moon("One"))
    with previewing(repository) as seen:
        looks: list[str] = []
        look, load = module.Previews._look, module.load_beside
        loads: list[str] = []

        async def looking(self):
            looks.append("looked")
            await look(self)

        def loading(snapshot, *rest):
            loads.append(snapshot.version.id)
            return load(snapshot, *rest)

        waiting = [asyncio.ensure_future(heard(await listener(seen, "one"))) for _ in range(50)]
        monkeypatch.setattr(module.Previews, "_look", looking)
        monkeypatch.setattr(module, "load_beside", loading)
        commit = on(repository, "one", moon("Two"))
        assert set(await asyncio.gather(*waiting)) == {commit}
        assert loads == [commit]
        del waiting
        await asyncio.sleep(0.3)
        assert (seen.previews.followers.waiting, seen.previews.followers._looking) == (0, None)
        assert len(seen.previews.followers.followed) == 0
        looks.clear()
        on(repository, "one", moon("Three"))
        await asyncio.sleep(0.3)
        assert looks == []
