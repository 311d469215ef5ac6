"""Whatever the remote does, however many push and whatever they push: what is live stays, and it is said why.

docs/reference/faults.md lists the faults by the numbers in these names; test_faults.py has those before 25.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from content_api.content import budget
from content_api.publish import newest, publisher
from content_api.store.cache import STALE_SECONDS
from content_api.store.snapshot import Limits
from tests import world
from tests.content.test_migrations import OLD_WORLD
from tests.publish.staying import BY_VERSION, NAME, name, recovers, stays
from tests.publish.world import MOON, Followed, following, in_content, moon

pytestmark = pytest.mark.anyio

# ---- 25, 26: the remote


async def test_row_25_a_remote_that_is_away_is_tried_ever_more_seldom_and_a_restart_does_not_need_it(
    repository, tmp_path
):
    cache = tmp_path / "cache"
    with following(repository, cache=cache) as seen:
        before = seen.live
        repository.path.rename(tmp_path / "away")
        pauses = [await seen.publisher.look() for _ in range(4)]
        assert pauses == sorted(set(pauses))
        await stays(seen, before, repository.path.as_uri())
        with following(repository, cache=cache) as restarted:
            assert restarted.live == before
        (tmp_path / "away").rename(repository.path)
        await recovers(seen)
        assert await seen.publisher.look() == seen.publisher.poll_seconds


async def test_row_26_a_stale_lock_of_the_mirror_is_named_and_removed_when_it_is_old_enough(repository, tmp_path):
    with following(repository, cache=tmp_path / "cache") as seen:
        before = seen.live
        lock = seen.publisher.mirror.path / "refs/heads/main.lock"
        lock.touch()
        await seen.push(moon("Behind a lock"))
        await stays(seen, before, str(lock))
        os.utime(lock, (time.time() - STALE_SECONDS - 1,) * 2)
        await recovers(seen)


async def test_row_26_a_lock_on_our_own_ref_hinders_no_publication(repository):
    with following(repository) as seen:
        await seen.publisher.look()
        lock = repository.path / "refs/content-api/live/HEAD.lock"
        lock.touch()
        with capture_logs() as logged:
            await recovers(seen)
        [told] = [entry["reason"] for entry in logged if entry["event"] == "what is live could not be written down"]
        assert str(lock) in told


# ---- 28, 29: many at once


@asynccontextmanager
async def run(seen: Followed) -> AsyncIterator[None]:
    """Follow as the server does."""
    running = asyncio.create_task(seen.publisher.run())
    try:
        yield
    finally:
        running.cancel()


async def until(is_so: Callable[[], object]) -> None:
    """Wait for it, for ten seconds at most."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [2, 30])
async def test_row_28_of_pushes_that_come_together_the_newest_wins_and_none_is_re_ordered(
    repository, monkeypatch, number
):
    first = repository.git("rev-parse", "main")
    pushed = [repository.commit(moon(f"Name {place}")) for place in range(number)]
    repository.branch("main", first)
    all_pushed, judge, made, running = threading.Event(), newest.judge, [], set()

    def while_the_others_come(branch, candidate, *rest):
        running.add(candidate.commit)
        made.append(len(running))
        assert all_pushed.wait(10)
        running.remove(candidate.commit)
        return judge(branch, candidate, *rest)

    with following(repository) as seen:
        monkeypatch.setattr(newest, "judge", while_the_others_come)
        async with run(seen):
            for commit in pushed:
                (repository.path / "refs/heads/main").write_text(f"{commit}\n")
                seen.publisher.look_now()
                await asyncio.sleep(0.01)
            all_pushed.set()
            await until(lambda: seen.live == pushed[-1])
    live = [pushed.index(version.id) for version in seen.announced]
    assert live == sorted(set(live))
    assert live[-1] == number - 1
    assert set(made) == {1}, "one is made at a time"
    assert len(made) <= 2, "and those that come meanwhile are one"


async def test_row_29_a_storm_of_hooks_is_one_look(repository, monkeypatch):
    looks: list[str] = []
    see = publisher.see
    monkeypatch.setattr(publisher, "see", lambda branch: looks.append("look") or see(branch))
    with following(repository) as seen:
        seen.publisher.poll_seconds = 3600.0
        async with run(seen):
            await until(lambda: looks)
            for _ in range(10_000):
                seen.publisher.look_now()
            await until(lambda: len(looks) > 1)
            await asyncio.sleep(0.3)
            assert len(looks) == 2


async def test_row_29_a_hook_that_is_lost_is_made_up_for(repository):
    with following(repository) as seen:
        seen.publisher.poll_seconds = 0.1
        async with run(seen):
            pushed = repository.commit(moon("Its hook was lost"))
            await until(lambda: seen.live == pushed)


async def test_row_29_a_hook_that_comes_before_its_ref_does_no_harm(repository):
    with following(repository) as seen:
        seen.publisher.look_now()
        await seen.publisher.look()
        assert (seen.announced, seen.current.trouble) == ([], None)
        await recovers(seen)


# ---- 30, 31: other versions


async def test_row_30_a_rollback_makes_what_was_kept_live_again_and_a_later_push_goes_on_from_there(repository):
    with following(repository) as seen:
        first = seen.live
        for number in range(3):
            await seen.push(moon(f"Wrong {number}"))
        repository.branch("main", first)
        await seen.publisher.look()
        assert (seen.live, await name(seen)) == (first, "Moon hiccups")
        await recovers(seen)


async def test_row_31_content_of_a_newer_model_is_refused_by_the_server_it_needs_and_of_an_older_one_served(repository):
    with following(repository) as seen:
        before = seen.live
        newer = in_content({"site.json": world.edited({"site.json": {"/modelVersion": 9}})["site.json"]})
        await seen.push(newer)
        [problem] = seen.current.refusal.problems
        assert (seen.live, problem.rule) == (before, "model_version_known")
        assert "knows model version 9" in problem.expected
        older = await seen.push(in_content(OLD_WORLD))
        assert (seen.live, seen.current.refusal) == (older, None)
        await name(seen)
        await seen.push(in_content(world.files()))
        await recovers(seen)


# ---- 32: time


@pytest.fixture
def slowly(monkeypatch) -> Callable[[bool], None]:
    """A switch for a clock that runs an hour between two looks at it."""
    hours = iter(range(0, 10**9, 3600))

    def switch(slow: bool) -> None:
        monkeypatch.setattr(budget, "monotonic", (lambda: float(next(hours))) if slow else (lambda: 0.0))

    switch(False)
    return switch


async def test_row_32_a_version_that_takes_too_long_is_refused_remembered_and_passed_over(repository, slowly):
    with following(repository) as seen:
        before = seen.live
        slowly(True)
        slow = await seen.push(moon("Slow"))
        assert (seen.live, seen.current.refusal.version.id) == (before, slow)
        [problem] = seen.current.refusal.problems
        assert (problem.rule, "CONTENT_API_BUILD_SECONDS" in problem.expected) == ("build_time", True)
        slowly(False)
        repository.tag("something-moved")
        await seen.publisher.look()
        assert (seen.live, seen.current.refused) == (before, 1)
        await name(seen)
        await recovers(seen)


async def test_row_32_an_old_version_that_takes_too_long_is_refused_to_the_client(repository, slowly):
    first = repository.git("rev-parse", "main")
    repository.commit(moon("Newer"))
    with following(repository) as seen:
        slowly(True)
        assert (await seen.refusal(BY_VERSION, v=first))["code"] == "VERSION_NOT_AVAILABLE"
        assert await name(seen) == "Newer"


async def test_row_32_what_was_live_is_served_after_a_restart_however_long_it_takes(repository, slowly):
    with following(repository) as seen:
        await seen.publisher.look()
    live = repository.git("rev-parse", "main")
    repository.commit(moon("Slow"))
    slowly(True)
    with following(repository) as seen:
        assert seen.live == live
        assert [problem.rule for problem in seen.beginning.refusal.problems] == ["build_time"]


async def test_row_32_the_budget_is_that_of_the_settings(repository, slowly):
    with following(repository, limits=Limits(seconds=10.0**9)) as seen:
        slowly(True)
        await recovers(seen)


# ---- 33, 34: what is answered


async def test_row_33_the_same_operation_is_answered_anew_after_a_publish_and_a_rollback(repository):
    with following(repository) as seen:
        first, told = seen.live, []
        for commit in (None, moon("Second"), None):
            if commit:
                await seen.push(commit)
            elif told:
                repository.branch("main", first)
                await seen.publisher.look()
            reply = await seen.reply(NAME)
            assert (reply.version, reply.pinned) == (seen.live, False)
            told.append(await name(seen))
        assert told == ["Moon hiccups", "Second", "Moon hiccups"]


WEB = "/text/en/sections/0/channels/web/body"
ATTACKS = {
    "a script": {WEB: "Hello <script>alert(1)</script>"},
    "an address that runs": {WEB: "[Press](javascript:alert(1)) here"},
    "an address with data": {WEB: "[Press](data:text/html,x) here"},
    "markup in plain text": {"/text/en/summary": "<img src=x onerror=alert(1)>"},
    "control characters": {"/text/en/name": "Moon\u0007\u001b[31m"},
    "marks that turn a line round": {"/text/en/name": "Moon \u202egnihtemos"},
    "a huge name": {"/text/en/name": "x" * 100_000},
    "a huge text": {WEB: "x" * 500_000},
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_row_34_content_that_is_an_attack_is_refused_and_what_is_live_stays(repository, attack):
    with following(repository) as seen:
        before = seen.live
        await seen.push(in_content({MOON: world.edited({MOON: ATTACKS[attack]})[MOON]}))
        assert seen.live == before
        assert {problem.path for problem in seen.current.refusal.problems} == {MOON}
        await name(seen)
        await recovers(seen)
