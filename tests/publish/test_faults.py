"""Whatever happens to the repository, what is live stays, it is said why, and a later good push goes live.

docs/reference/faults.md lists the faults by the numbers in these names, with the tests of the store and of the content.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from content_api.content import budget
from content_api.errors import RepositoryUnusable
from content_api.publish import publisher
from content_api.store.cache import STALE_SECONDS
from content_api.store.snapshot import Limits
from tests import world
from tests.content.test_migrations import OLD_WORLD
from tests.publish.world import MOON, Followed, following, in_content, moon
from tests.repositories import Repository
from tests.store.conftest import files_of_at_most, unprivileged
from tests.store.test_damage import DAMAGES

pytestmark = pytest.mark.anyio

NAME = '{ site { version } condition(key: "moon-hiccups") { name } }'
BY_VERSION = 'query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


async def name(seen: Followed) -> str:
    answer = await seen.ask(NAME)
    assert answer["site"]["version"] == seen.live
    return answer["condition"]["name"]


async def stays(seen: Followed, before: str, *words: str) -> None:
    """What was live is live and answers, and it is said why there is nothing newer."""
    assert seen.live == before
    await name(seen)
    for word in words:
        assert word in seen.current.trouble.reason


async def recovers(seen: Followed, called: str = "Mended") -> None:
    """A good push goes live, and nothing more is said."""
    pushed = await seen.push(moon(called))
    assert (seen.live, seen.current.trouble, seen.current.refusal) == (pushed, None, None)
    assert await name(seen) == called


# ---- 2, 3, 4, 5: what a push brings


async def test_row_2_an_unrelated_history_is_followed_and_logged(repository):
    with following(repository) as seen, capture_logs() as logged:
        alone = repository.commit(in_content(world.files()) | moon("From nothing"), branch="alone")
        repository.branch("main", alone)
        await seen.publisher.look()
        assert await name(seen) == "From nothing"
        assert "not a fast-forward" in [entry["event"] for entry in logged]
        await recovers(seen)


OBJECTS = {"commit": "main", "tree": "main:content/conditions", "blob": f"main:content/{MOON}"}


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("damage", DAMAGES)
async def test_rows_3_to_5_a_damaged_object_keeps_its_version_from_going_live_and_no_later_one(
    repository, damage, kind
):
    with following(repository, deadline=5) as seen:
        before = seen.live
        repository.branch("other")
        other = repository.commit(moon("Another"), branch="other")
        repository.commit(moon("Damaged"))
        found, like = (repository.git("rev-parse", OBJECTS[kind].replace("main", ref)) for ref in ("main", "other"))
        damage(repository.loose(found), repository.loose(like))
        await seen.publisher.look()
        await stays(seen, before, found)
        repository.branch("main", other)
        await seen.publisher.look()
        assert (seen.live, seen.current.trouble) == (other, None)


async def test_row_4_a_read_that_hangs_is_ended_and_what_is_live_answers_meanwhile(repository):
    with following(repository, deadline=0.5) as seen:
        before = seen.live
        repository.commit(moon("On a dead disk"))
        hanging = repository.git("rev-parse", f"main:content/{MOON}")
        file = repository.loose(hanging)
        file.unlink()
        os.mkfifo(file)  # opening it waits for a writer that never comes
        looking = asyncio.create_task(seen.publisher.look())
        answered = 0
        while not looking.done():
            await name(seen)
            answered += 1
            await asyncio.sleep(0.05)
        assert answered > 1
        await stays(seen, before, hanging, "0.5 seconds")
        file.unlink()
        await recovers(seen)


async def test_row_4_a_damaged_mirror_is_cloned_again_and_the_push_goes_live_all_the_same(repository, tmp_path):
    with following(repository, cache=tmp_path / "cache") as seen, capture_logs() as logged:
        pushed = repository.commit(moon("Damaged on the way"))
        mirror = seen.publisher.mirror
        mirror.fetch()
        for pack in mirror.path.rglob("*.pack"):
            pack.chmod(0o644)
            data = pack.read_bytes()
            pack.write_bytes(data[:12] + bytes(len(data) - 12))
        await seen.publisher.look()
        assert (seen.live, seen.current.trouble) == (pushed, None)
        assert "the mirror is damaged, and is cloned again" in [entry["event"] for entry in logged]
        await recovers(seen)


# ---- 6: clones


async def test_row_6_a_shallow_clone_is_followed(repository, tmp_path):
    repository.commit(moon("Newest"))
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    with following(clone) as seen:
        assert await name(seen) == "Newest"
        assert seen.publisher.archive.names.history.complete is False
        await recovers(seen)


async def test_row_6_a_partial_clone_says_what_it_lacks_and_goes_on_from_the_whole_version_it_has(repository, tmp_path):
    repository.git("config", "uploadpack.allowFilter", "true")
    whole = repository.git("rev-parse", "main")
    clone = repository.clone(tmp_path / "clone")
    with following(clone) as seen:
        repository.commit(moon("Only there"))
        blob = repository.git("rev-parse", f"main:content/{MOON}")
        clone.git("fetch", "--quiet", "--filter=blob:none", repository.path.as_uri(), "+main:main")
        await seen.publisher.look()
        await stays(seen, whole, blob)


# ---- 19, 20, 21: names and clocks


async def test_row_19_versions_go_live_in_the_order_of_the_branch_whatever_the_clocks_say(repository):
    with following(repository) as seen:
        for date, author in [("4070908800 +0000", "A <>"), ("0 +0000", "B <b@example.org>"), ("1 +9959", "C <c@c>")]:
            pushed = await seen.push(moon(f"By {author[0]}"), date=date, author=author)
            assert seen.live == pushed
        listed = (await seen.ask("{ versions { nodes { author } } }"))["versions"]["nodes"]
        assert [node["author"][0] for node in listed[:3]] == ["C", "B", "A"]


async def test_row_20_a_version_that_was_read_by_its_id_stays_when_its_tag_moves(repository):
    first = repository.git("rev-parse", "main")
    repository.tag("edition", first)
    with following(repository) as seen:
        second = await seen.push(moon("Second"))
        repository.tag("edition", second)
        await seen.publisher.look()
        assert (await seen.ask(BY_VERSION, v=first))["content"]["condition"]["name"] == "Moon hiccups"
        assert (await seen.ask(BY_VERSION, v="edition"))["content"]["condition"]["name"] == "Second"


def is_deleted(repository: Repository) -> None:
    repository.git("update-ref", "-d", "refs/heads/main")


def becomes_a_folder(repository: Repository) -> None:
    at = repository.git("rev-parse", "main")
    is_deleted(repository)
    repository.git("update-ref", "refs/heads/main/next", at)


def names_a_blob(repository: Repository) -> None:
    (repository.git_directory / "refs/heads/main").write_text(repository.blob(b"{}") + "\n")


def is_garbage(repository: Repository) -> None:
    (repository.git_directory / "refs/heads/main").write_text("garbage\n")


@pytest.mark.parametrize("harm", [is_deleted, becomes_a_folder, names_a_blob, is_garbage])
@pytest.mark.parametrize("ref", ["main", "HEAD"])
async def test_row_21_a_branch_that_is_no_more_is_an_alarm_until_it_is_back(repository, harm, ref):
    with following(repository, ref=ref) as seen:
        before, heads = seen.live, repository.path / "refs/heads"
        harm(repository)
        await seen.publisher.look()
        await stays(seen, before, str(repository.path), "main" if ref == "main" else "")
        shutil.rmtree(heads)
        heads.mkdir()
        repository.branch("main", before)
        await recovers(seen)


# ---- 22, 23, 24: the disk


async def test_row_22_repacking_and_sweeping_disturb_neither_readers_nor_the_next_push(repository):
    with following(repository) as seen:
        first = seen.live
        for number in range(3):
            await seen.push(moon(f"Name {number}"))
            repository.git("gc", "--quiet", "--prune=now")
            repository.git("pack-refs", "--all")
            assert (await seen.ask(BY_VERSION, v=first))["content"]["condition"]["name"] == "Moon hiccups"
            assert await name(seen) == f"Name {number}"
        await recovers(seen)


async def test_row_22_nothing_that_is_served_depends_on_the_repository(repository, tmp_path):
    with following(repository) as seen:
        before, first = await seen.push(moon("Kept")), seen.beginning.live.edition.version.id
        repository.path.rename(tmp_path / "elsewhere")
        await seen.publisher.look()
        await stays(seen, before, str(repository.path))
        assert (await seen.ask(BY_VERSION, v=first))["content"]["condition"]["name"] == "Moon hiccups"
        (tmp_path / "elsewhere").rename(repository.path)
        await recovers(seen)


async def test_row_23_starting_serving_and_publishing_need_no_free_disk(repository, monkeypatch):
    pushed = repository.commit(moon("Pushed before"))
    repository.branch("later")
    later = repository.commit(moon("Pushed meanwhile"), branch="later")
    with capture_logs() as logged, following(repository) as seen:
        assert (seen.live, await name(seen)) == (pushed, "Pushed before")
        repository.branch("main", later)
        with files_of_at_most(0):
            await seen.publisher.look()
            assert (seen.live, await name(seen)) == (later, "Pushed meanwhile")
            with following(repository) as another:
                assert another.live == later
        [told] = [entry["reason"] for entry in logged if entry["event"] == "what is live could not be written down"]
        assert "Free some disk" in told
        monkeypatch.setattr(publisher, "perf_counter", lambda: time.perf_counter() + publisher.RECORD_SECONDS)
        await seen.publisher.look()
        assert seen.publisher.branch.repository.kept() == {"live/HEAD": later}


async def test_row_23_a_mirror_on_a_full_disk_serves_what_it_has_until_there_is_room(repository, tmp_path):
    with following(repository, cache=tmp_path / "cache") as seen:
        before = seen.live
        repository.commit(moon("Too much"))
        with files_of_at_most(0), capture_logs():
            await seen.publisher.look()
        await stays(seen, before)
        await recovers(seen)


@pytest.fixture
def public(tmp_path) -> Repository:
    """A repository that `unprivileged` owns, in a folder that every user can reach."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    place = tmp_path / "public"
    place.mkdir()
    if os.geteuid() == 0:
        os.chown(place, 65534, 65534)
    with unprivileged():
        repository = Repository(place / "repository", bare=True)
        repository.commit(in_content(world.files()))
    return repository


async def test_row_24_permission_that_is_lost_is_said_with_the_remedy_until_it_is_back(public):
    await asyncio.to_thread(int)  # imports what another user could not read
    with unprivileged(), following(public) as seen:
        before = seen.live
        refs = public.path / "refs/heads"
        public.commit(moon("Behind a closed door"))
        refs.chmod(0)
        await seen.publisher.look()
        await stays(seen, before, str(refs), "read access")
        refs.chmod(0o755)
        await recovers(seen)


async def test_row_24_a_repository_of_another_user_is_followed_on_and_refused_at_the_next_start(
    repository, monkeypatch
):
    """Git looks at who owns a repository where it finds one by itself; one that we have found before, it just reads."""
    with following(repository) as seen:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        await recovers(seen)
    with pytest.raises(RepositoryUnusable, match=r"git config --global --add safe\.directory"), following(repository):
        pass


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
    all_pushed, judge, made, running = threading.Event(), publisher.judge, [], set()

    def while_the_others_come(branch, candidate, *rest):
        running.add(candidate.commit)
        made.append(len(running))
        assert all_pushed.wait(10)
        running.remove(candidate.commit)
        return judge(branch, candidate, *rest)

    monkeypatch.setattr(publisher, "judge", while_the_others_come)
    with following(repository) as seen:
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
