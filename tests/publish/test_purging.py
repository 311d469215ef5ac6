"""Caches in front are told what to drop: in the end, whatever becomes of them meanwhile, and while nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from content_api.publish import purging
from content_api.publish.purging import Purging
from tests import world
from tests.in_front import free_port
from tests.publish.world import broken, following, in_content, moon, new_repository
from tests.repositories import ISOLATED, Repository

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def repository(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)
    return new_repository(tmp_path / "repository")


class Front:
    """A cache that answers each request with a status and remembers what it was told. It listens once it is opened."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status = status
        self.port = free_port()
        self.told: list[str] = []
        self.heard = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        async with server:
            yield

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("PURGE / HTTP/1.1\r\n")
        tags = next(line for line in head.splitlines() if line.lower().startswith("cache-tag: "))
        self.told.append(tags.partition(": ")[2])
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.heard.set()

    async def next(self) -> str:
        async with asyncio.timeout(20):
            await self.heard.wait()
        self.heard.clear()
        return self.told[-1]


@asynccontextmanager
async def running(*fronts: Front, again: float = 60.0) -> AsyncIterator[Purging]:
    """What tells these caches; everything is told again after so many seconds."""
    found = Purging.at(front.url for front in fronts)
    found.again_seconds = again
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_cache_is_told_everything_at_the_start_and_then_what_changed():
    front, other = Front(), Front()
    async with front.open(), other.open(), running(front, other) as purging:
        assert [await front.next(), await other.next()] == ["site", "site"]
        purging.purge({"version", "condition/a"})
        assert [await front.next(), await other.next()] == ["condition/a,version"] * 2
        async with asyncio.timeout(20):
            while purging.requests < 4:
                await asyncio.sleep(0.01)
    assert (purging.requests, purging.failures, purging.trouble_since) == (4, 0, None)


async def test_it_is_told_again_a_moment_later_for_what_was_on_its_way():
    front = Front()
    async with front.open(), running(front, again=0.3) as purging:
        assert await front.next() == "site"
        purging.purge({"condition/a"})
        assert {await front.next(), await front.next()} >= {"condition/a"}
        await asyncio.sleep(0.6)
    assert sum("condition/a" in tags for tags in front.told) == 2
    assert sum("site" in tags for tags in front.told) == 2


async def test_a_cache_that_is_away_is_told_when_it_is_back_and_nobody_waits_for_it():
    front, well = Front(), Front()
    with capture_logs() as logged:
        async with well.open(), running(front, well) as purging:
            purging.purge({"condition/a"})
            await well.next()
            await asyncio.sleep(0.5)
            assert purging.trouble_since is not None
            assert purging.failures >= 1
            purging.purge({"condition/b"})
            async with front.open():
                while "condition/b" not in await front.next():
                    pass
                await asyncio.sleep(0.1)
                assert purging.trouble_since is None
    assert front.told[-1] == "condition/a,condition/b,site"
    [error] = [entry for entry in logged if entry["log_level"] == "error"]
    assert error["event"].startswith("a cache cannot be told what to drop")
    assert error["cache"] == front.url
    assert [entry["late"] for entry in logged if entry.get("cache") == front.url and "late" in entry] == [True]


@pytest.mark.parametrize("status", ["403 Forbidden", "503 Busy", "301 Moved"])
async def test_a_cache_that_refuses_has_not_been_told(status):
    front = Front(status)
    async with front.open(), running(front) as purging:
        for _ in range(2):
            assert await front.next() == "site"
        assert purging.trouble_since is not None
        front.status = "200 OK"
        await front.next()
        await asyncio.sleep(0.1)
        assert (purging.trouble_since, purging.requests) == (None, 1)


async def test_an_address_that_is_none_is_trouble_and_no_end_of_telling_others():
    front, nowhere = Front(), Front()
    nowhere.port = 99_999
    async with front.open(), running(front, nowhere) as purging:
        await front.next()
        purging.purge({"condition/a"})
        assert await front.next() == "condition/a"
        assert purging.trouble_since is not None


async def test_more_than_fits_into_a_line_is_everything():
    front = Front()
    async with front.open(), running(front) as purging:
        await front.next()
        purging.purge({f"condition/number-{number}" for number in range(1_000)})
        assert await front.next() == "site"


async def test_who_has_no_cache_in_front_tells_nobody():
    async with running() as purging:
        purging.purge({"site"})
        await asyncio.sleep(0)
    assert (purging.requests, purging.trouble_since) == (0, None)


def test_a_stop_does_not_wait_for_a_cache():
    async def scene() -> None:
        front = Front()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", front.port)
        async with running(front):
            await asyncio.sleep(0.2)
        server.close()

    asyncio.run(asyncio.wait_for(scene(), purging.SECONDS / 2))


# --- What the publisher says -----------------------------------------------------------------------------------------


async def test_a_publication_says_what_it_outdates_to_caches_and_in_the_log(repository):
    purged: list[set[str]] = []
    with following(repository) as seen, capture_logs() as logged:
        seen.publisher.purge = lambda tags: purged.append(set(tags))
        await seen.push(moon("Second"))
        await seen.push(broken())
        await seen.push({"README": "beside the content"})
    [tags] = purged
    assert {"version", "search", "condition/moon-hiccups", "condition:list"} <= tags
    assert "condition/star-sneezes" not in tags
    [line] = [entry["outdated"] for entry in logged if entry["event"] == "live"]
    assert set(line.split(",")) == tags


async def test_a_branch_that_was_rewritten_outdates_everything(repository):
    purged: list[set[str]] = []
    first = repository.git("rev-parse", "main")
    with following(repository) as seen:
        await seen.push(moon("Second"))
        seen.publisher.purge = lambda tags: purged.append(set(tags))
        repository.branch("main", first)
        await seen.publisher.look()
        assert seen.live == first
    assert purged == [{"site"}]


async def test_a_tag_that_is_set_outdates_what_tells_of_versions(repository):
    purged: list[set[str]] = []
    with following(repository) as seen:
        seen.publisher.purge = lambda tags: purged.append(set(tags))
        repository.tag("spring")
        await seen.publisher.look()
    assert purged == [{"version"}]


async def test_a_recall_that_reaches_a_pinned_version_outdates_what_it_hides(repository):
    purged: list[set[str]] = []
    recall = {"id": "treatment/quiet-tea", "since": "2026-11-01T00:00:00Z", "reason": {"en": "No.", "de": "Nein."}}
    files = world.edited({"recalls.json": {"/recalls": [recall]}})
    first = repository.git("rev-parse", "main")
    with following(repository) as seen:
        seen.publisher.branch.repository.keep(seen.publisher.branch.pin_name, first)
        seen.publisher.purge = lambda tags: purged.append(set(tags))
        await seen.push(in_content({"recalls.json": files["recalls.json"]}))
        assert seen.live == first
    assert [{"treatment/quiet-tea", "recalls", "past"} <= tags for tags in purged] == [True]
