"""Whatever fails, and wherever the process is killed, from a push to live and from the start to live.

Each operation of the store is harmed in turn, with the program none the wiser: what is live stays and answers, it is
said why, and the next undisturbed look or start is on the newest version.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from content_api.errors import OperatorError
from content_api.publish import publisher
from content_api.store.cache import STALE_SECONDS
from tests.publish import outside as harms
from tests.publish.outside import Key, Outside, children, dies, fails, kills, locks, watched
from tests.publish.world import Followed, following, moon
from tests.repositories import Repository
from tests.store.remotes import running_with

pytestmark = pytest.mark.anyio

MOST = 1_000  # trials; a sweep that is not done by then goes round in a circle
NAME = '{ site { version } condition(key: "moon-hiccups") { name } }'
HARMS = pytest.mark.parametrize(("harm", "only"), [(fails, ()), (dies, ("Popen",))], ids=["it fails", "git is killed"])


@pytest.fixture(autouse=True)
def not_of_others(monkeypatch) -> None:
    """The processes counted here are not those that other tests keep, which run in this process too."""
    others = set(children())
    monkeypatch.setattr(f"{__name__}.children", lambda: [found for found in harms.children() if found not in others])


@pytest.fixture(params=["local", "mirror"])
def cache(request, tmp_path, repository) -> Path | None:
    """None for a repository that is read where it is; else the folder of its mirror, to which it was pushed once."""
    push(repository, 0)
    return tmp_path / "cache" if request.param == "mirror" else None


def below(cache: Path | None) -> tuple[str, ...]:
    """What is harmed: of a mirror only what brings it up to date, for it is read like any other repository."""
    return () if cache is None else ("mirror.",)


def push(repository: Repository, number: int) -> str:
    return repository.commit(moon(f"Name {number}"), message=f"Name {number}")


async def is_whole(seen: Followed) -> None:
    """What answers is one version, the one that is said to be live."""
    answer = await seen.ask(NAME)
    assert answer["site"]["version"] == seen.live
    assert answer["condition"]["name"] == seen.repository.git("log", "-1", "--format=%s", seen.live)


def is_well(seen: Followed) -> bool:
    """What is live is pinned by a ref, and nothing is left of what was harmed."""
    branch = seen.publisher.branch
    is_kept = branch.repository.kept() == {branch.live_name: seen.live}
    return is_kept and locks(branch.repository.place) == [] and len(children()) == 1  # the git that tells of objects


@HARMS
async def test_whatever_fails_after_a_push_what_was_live_stays_and_the_next_look_is_good(
    repository, cache, harm, only, monkeypatch
):
    monkeypatch.setattr(publisher, "RECORD_SECONDS", 0.0)
    tried: set[Key] = set()
    with following(repository, cache=cache) as seen:
        await seen.publisher.look()
        for number in range(1, MOST):
            before, pushed = seen.live, push(repository, number)
            with watched(Outside(harm, tried, only + below(cache))) as outside:
                await seen.publisher.look()
            if outside.harmed is None:
                break
            assert seen.live == pushed or (seen.live == before and seen.current.trouble.reason), outside.harmed
            await is_whole(seen)
            await seen.publisher.look()
            assert (seen.live, seen.current.trouble) == (pushed, None), outside.harmed
            assert is_well(seen), outside.harmed
    assert (children(), outside.harmed) == ([], None)
    assert len(tried) > 3, "the sweep is blind"


@HARMS
async def test_whatever_fails_at_the_start_is_said_and_the_next_look_or_start_is_good(repository, cache, harm, only):
    tried: set[Key] = set()
    with following(repository, cache=cache) as seen:
        await seen.publisher.look()
        place, was_live = seen.publisher.branch.repository.place, seen.live
    pushed = push(repository, 1)
    for _ in range(MOST):
        git(place, "update-ref", "refs/content-api/live/HEAD", was_live)
        with watched(Outside(harm, tried, only + below(cache))) as outside:
            await starts(repository, cache, pushed, outside)
        if outside.harmed is None:
            break
        with following(repository, cache=cache) as seen:
            assert cache or (seen.live, seen.beginning.trouble) == (pushed, None), outside.harmed
            await seen.publisher.look()
            assert (seen.live, seen.current.trouble) == (pushed, None), outside.harmed
            await is_whole(seen)
            assert is_well(seen), outside.harmed
    assert (children(), outside.harmed) == ([], None)
    assert len(tried) > 2, "the sweep is blind"


async def starts(repository: Repository, cache: Path | None, pushed: str, outside: Outside) -> None:
    """Start, and if that is possible be on the newest version, or say why not."""
    said = None
    try:
        with following(repository, cache=cache) as seen:
            assert cache or seen.live == pushed or seen.beginning.trouble, outside.harmed
            await is_whole(seen)
    except OperatorError as error:
        said = str(error)
    assert said is None or (said and outside.harmed)
    assert children() == [], outside.harmed


async def test_whatever_fails_while_a_mirror_is_cloned_again_there_is_a_whole_one(repository, tmp_path):
    tried: set[Key] = set()
    with following(repository, cache=tmp_path / "cache") as seen:
        mirror = seen.publisher.mirror
        for number in range(MOST):
            with watched(Outside(fails, tried)) as outside, suppress(OperatorError):
                mirror.renew()
            if outside.harmed is None:
                break
            assert mirror.prepare() is True, outside.harmed
            pushed = push(repository, number)
            await seen.publisher.look()
            assert (seen.live, seen.current.trouble) == (pushed, None), outside.harmed
        assert sorted(path.name for path in mirror.path.parent.iterdir()) == ["lock", "mirror.git"]
    assert (children(), outside.harmed) == ([], None)
    assert len(tried) > 10, "the sweep is blind"


# ---- kills


def test_wherever_it_is_killed_the_next_start_is_on_the_newest_version(repository, tmp_path, cache):
    """From the start to a push to live; the whole group of processes at once, as when the power fails."""
    first, second = repository.git("rev-parse", "main"), push(repository, 1)
    tried: set[Key] = set()
    for number in range(MOST):
        repository.branch("main", first)
        own_cache = cache and tmp_path / f"cache {number}"
        killed = killed_in(lambda outside, at=own_cache: life(repository, at, second, outside), tried, below(cache))
        if killed is None:
            break
        assert running_with(str(tmp_path)) == [], killed
        asyncio.run(lives_again(repository, own_cache, killed))
    assert killed is None
    assert len(tried) > 20, "the sweep is blind"


async def life(repository: Repository, cache: Path | None, pushed: str, outside: Outside) -> None:
    """A server starts, somebody pushes, and it is live; a mirror is cloned again."""
    with watched(outside), following(repository, cache=cache) as seen:
        await seen.publisher.look()
        repository.branch("main", pushed)
        await seen.publisher.look()
        assert seen.live == pushed
        if seen.publisher.mirror:
            seen.publisher.mirror.renew()


async def lives_again(repository: Repository, cache: Path | None, killed: str) -> None:
    newest = repository.git("rev-parse", "main")
    away = repository.path.with_name("away")
    if cache and "open_mirrored" not in killed:  # it was fetched: to start, no network is needed
        repository.path.rename(away)
    with following(repository, cache=cache) as seen:
        if away.exists():
            away.rename(repository.path)
        place = seen.publisher.branch.repository.place
        assert seen.live == git(place, "rev-parse", "main"), killed
        assert (seen.beginning.refusal, seen.beginning.trouble) == (None, None), killed
        await is_whole(seen)
        await seen.publisher.look()
        if left := locks(place):
            assert seen.live == newest or left[0] in seen.current.trouble.reason, killed
            for lock in place.rglob("*.lock"):
                os.utime(lock, (time.time() - 2 * STALE_SECONDS,) * 2)
            await seen.publisher.look()
        assert (seen.live, seen.current.trouble) == (newest, None), killed
        git(place, "fsck", "--no-progress", "--strict")


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", f"--git-dir={place}", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def killed_in(
    live: Callable[[Outside], Coroutine[None, None, None]], tried: set[Key], only: tuple[str, ...]
) -> str | None:
    """Run it in a process that is killed at the next operation; return at which, or None if it came to its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live_and_end(
            live, Outside(kills, tried, only, before_harm=lambda said: os.write(writing, pickle.dumps(said))), writing
        )
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        keys, way = pickle.loads(said)
        tried |= keys
        return way
    assert status == 0, said.decode(errors="replace")
    return None


def _live_and_end(live: Callable[[Outside], Coroutine[None, None, None]], outside: Outside, writing: int) -> NoReturn:
    """What a forked process does. It must not come back to the tests of the one that it was forked from."""
    try:
        asyncio.run(live(outside))
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is told
        os.write(writing, traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)
