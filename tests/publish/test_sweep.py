"""Whatever fails, and wherever the process is killed, from a push to live and from the start to live.

Operations of the store are harmed in turn, with the program none the wiser: what is live stays and answers, it is said
why, and the next undisturbed look or start is on the newest version.

One operation of each kind is harmed, and a sample of the others, another one every day (`outside.py`). With
`SWEEP_SHARE=1 python -m pytest tests/publish/test_sweep.py` all of them are, one by one, which takes ten minutes.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import subprocess
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NoReturn

import pytest

from content_api.errors import OperatorError
from content_api.publish import publisher
from content_api.store.cache import STALE_SECONDS
from tests.publish import outside as harms
from tests.publish.outside import Key, Outside, children, dies, fails, kills, locks, watched
from tests.publish.world import Followed, following, in_content
from tests.repositories import Repository
from tests.store.remotes import running_with
from tests.world import least

pytestmark = pytest.mark.anyio

MOST = 1_000  # trials; a sweep that is not done by then goes round in a circle
REFUSED = "DONE"  # no state of an entity
NAME = '{ site { version } condition(key: "star-sneezes") { name } }'
HARMS = pytest.mark.parametrize(("harm", "only"), [(fails, ()), (dies, ("Popen",))], ids=["it fails", "git is killed"])


@pytest.fixture(autouse=True)
def not_of_others(monkeypatch) -> None:
    """The processes counted here are not those that other tests keep, which run in this process too."""
    others = set(children())
    monkeypatch.setattr(f"{__name__}.children", lambda: [found for found in harms.children() if found not in others])


@pytest.fixture
def repository(tmp_path) -> Repository:
    """A repository whose content costs as little as can be to publish: that is done hundreds of times."""
    repository = Repository(tmp_path / "repository", bare=True)
    repository.commit(in_content(least.files()))
    push(repository, 0)
    return repository


@pytest.fixture(params=["local", "mirror"])
def cache(request, tmp_path) -> Path | None:
    """None for a repository that is read where it is; else the folder of its mirror."""
    return tmp_path / "cache" if request.param == "mirror" else None


def below(cache: Path | None) -> tuple[str, ...]:
    """What is harmed: of a mirror only what brings it up to date, for it is read like any other repository."""
    return () if cache is None else ("mirror.",)


def push(repository: Repository, number: int, state: str = "PUBLISHED") -> str:
    return repository.commit(in_content(least.condition(f"Name {number}", state)), message=f"Name {number}")


async def is_said(seen: Followed) -> dict:
    """What answers is the version that is said to be live."""
    answer = await seen.ask(NAME)
    assert answer["site"]["version"] == seen.live
    return answer


async def is_whole(seen: Followed) -> None:
    """And all of it is that one version."""
    answer = await is_said(seen)
    assert answer["condition"]["name"] == seen.repository.git("log", "-1", "--format=%s", seen.live)


def is_well(seen: Followed) -> bool:
    """What is live is pinned by a ref, and nothing is left of what was harmed."""
    branch = seen.publisher.branch
    is_kept = branch.repository.kept() == {branch.live_name: seen.live}
    return is_kept and locks(branch.repository.place) == [] and len(children()) == 1  # the git that tells of objects


def age_locks(place: Path) -> None:
    """Let what is locked have been locked for so long that it is nobody's."""
    for lock in place.rglob("*.lock"):
        os.utime(lock, (time.time() - 2 * STALE_SECONDS,) * 2)


def judged(seen: Followed) -> str:
    """The newest version of those that the publisher has come to: it is live, or it was refused."""
    refusal = seen.current.refusal
    return refusal.version.id if refusal else seen.live


@HARMS
async def test_whatever_fails_after_a_push_what_was_live_stays_and_the_next_look_is_good(
    repository, cache, harm, only, monkeypatch
):
    monkeypatch.setattr(publisher, "RECORD_SECONDS", 0.0)
    tried: set[Key] = set()
    with following(repository, cache=cache) as seen:
        await seen.publisher.look()
        for state in ("PUBLISHED", REFUSED):
            for number in range(1, MOST):
                outside = Outside(harm, tried, only + below(cache), occasion=state)
                repository.branch("main", seen.live)  # else all that was refused before would be looked through
                await publishes(seen, push(repository, number, state), outside)
                if outside.harmed is None:
                    break
                assert is_well(seen), outside.harmed
    assert (children(), outside.harmed) == ([], None)
    assert len(tried) > 3, "the sweep is blind"


async def publishes(seen: Followed, pushed: str, outside: Outside) -> None:
    """Look at what was pushed while something fails, and then undisturbed."""
    before = (seen.live, judged(seen))
    after = (seen.live if outside.occasion == REFUSED else pushed, pushed)
    with watched(outside):
        await seen.publisher.look()
    assert (seen.live, judged(seen)) in (before, after), outside.harmed
    assert judged(seen) == pushed or seen.current.trouble.reason, outside.harmed
    await is_whole(seen)
    age_locks(seen.publisher.branch.repository.place / "refs/content-api")  # git may have died as it wrote
    await seen.publisher.look()
    assert (seen.live, judged(seen), seen.current.trouble) == (*after, None), outside.harmed


@HARMS
async def test_whatever_fails_at_the_start_is_said_and_the_next_look_or_start_is_good(repository, cache, harm, only):
    tried: set[Key] = set()
    with following(repository, cache=cache) as seen:
        await seen.publisher.look()
        place, was_live = seen.publisher.branch.repository.place, seen.live
    pushed = push(repository, 1)
    for last in (None, was_live):  # the first start of all, and a later one
        is_newest = cache is None or last is None  # to start again, a mirror is not fetched
        for _ in range(MOST):
            start_over(place, cache, last)
            outside = Outside(harm, tried, only + below(cache), occasion=str(last))
            await starts(repository, cache, pushed if is_newest else None, outside)
            if outside.harmed is None:
                break
            with following(repository, cache=cache) as seen:
                assert not is_newest or (seen.live, seen.beginning.trouble) == (pushed, None), outside.harmed
                await seen.publisher.look()
                assert (seen.live, seen.current.trouble) == (pushed, None), outside.harmed
                await is_whole(seen)
                assert is_well(seen), outside.harmed
    assert (children(), outside.harmed) == ([], None)
    assert len(tried) > 2, "the sweep is blind"


def start_over(place: Path, cache: Path | None, was_live: str | None) -> None:
    """Have it as it was when this version was live; without one, as if no server had ever run."""
    if was_live:
        git(place, "update-ref", "refs/content-api/live/HEAD", was_live)
    elif cache:
        shutil.rmtree(cache, ignore_errors=True)
    else:
        git(place, "update-ref", "-d", "refs/content-api/live/HEAD")


async def starts(repository: Repository, cache: Path | None, expected: str | None, outside: Outside) -> None:
    """Start while something fails; if that is possible be on the version that is expected, or say why not."""
    said = None
    with watched(outside):
        try:
            with following(repository, cache=cache) as seen:
                assert expected in (None, seen.live) or seen.beginning.trouble, outside.harmed
                await is_whole(seen)
        except OperatorError as error:
            said = str(error)
    assert said is None or (said and outside.harmed)
    assert children() == [], outside.harmed


async def test_whatever_fails_while_a_mirror_is_cloned_again_there_is_a_whole_one(repository, tmp_path):
    tried: set[Key] = set()
    with following(repository, cache=tmp_path / "cache") as seen:
        mirror = seen.publisher.mirror
        for number in range(1, MOST):
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


@dataclass(frozen=True)
class Pushes:
    """Three versions that are pushed one after the other."""

    first: str
    good: str
    refused: str

    def served(self, newest: str) -> str:
        """What is live when one of them is the newest."""
        return self.good if newest == self.refused else newest


def test_wherever_it_is_killed_the_next_start_is_on_the_newest_version(repository, tmp_path, cache):
    """From the first start to what is pushed; the whole group of processes at once, as when the power fails."""
    first = repository.git("rev-parse", "main")
    pushes = Pushes(first, good=push(repository, 1), refused=push(repository, 2, REFUSED))
    tried: set[Key] = set()
    starts: list[float] = []
    for number in range(MOST):
        repository.branch("main", pushes.first)
        own_cache = cache and tmp_path / f"cache {number}"
        start_over(repository.path, own_cache, None)
        killed = killed_in(lambda outside, at=own_cache: life(repository, at, pushes, outside), tried, below(cache))
        if killed is None:
            break
        assert running_with(str(tmp_path)) == [], killed
        starts.append(asyncio.run(lives_again(repository, own_cache, pushes, killed)))
    assert killed is None
    assert len(tried) > 20, "the sweep is blind"
    assert median(starts) < 1, "a start is slow, whatever it is that the machine does beside it"


async def life(repository: Repository, cache: Path | None, pushes: Pushes, outside: Outside) -> None:
    """A server starts, somebody pushes, and it is live; what is pushed then is refused; a mirror is cloned again."""
    with watched(outside), following(repository, cache=cache) as seen:
        for pushed in (pushes.first, pushes.good, pushes.refused):
            repository.branch("main", pushed)
            await seen.publisher.look()
            assert (seen.live, judged(seen)) == (pushes.served(pushed), pushed)
        if seen.publisher.mirror:
            seen.publisher.mirror.renew()


async def lives_again(repository: Repository, cache: Path | None, pushes: Pushes, killed: str) -> float:
    """Start again, be whole, and catch up; return the seconds until the first answer."""
    newest = repository.git("rev-parse", "main")
    away = repository.path.with_name("away")
    if cache and "open_mirrored" not in killed:  # it was fetched: to start, no network is needed
        repository.path.rename(away)
    began = time.monotonic()
    with following(repository, cache=cache) as seen:
        await is_said(seen)
        seconds = time.monotonic() - began
        if away.exists():
            away.rename(repository.path)
        place = seen.publisher.branch.repository.place
        found = git(place, "rev-parse", "main")
        assert (seen.live, judged(seen), seen.beginning.trouble) == (pushes.served(found), found, None), killed
        await is_whole(seen)
        await seen.publisher.look()
        if left := locks(place):
            assert judged(seen) == newest or left[0] in seen.current.trouble.reason, killed
            age_locks(place)
            await seen.publisher.look()
        assert (seen.live, judged(seen), seen.current.trouble) == (pushes.served(newest), newest, None), killed
        git(place, "fsck", "--no-progress", "--strict")
    return seconds


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
