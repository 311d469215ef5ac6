"""Whatever a push brings and whatever happens to the repository: what is live stays, and a later good push goes live.

docs/reference/faults.md lists the faults by the numbers in these names. Those of the remote, of many pushes at once and
of what is answered are in test_faults_later.py.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from content_api.errors import RepositoryUnusable
from content_api.publish import publisher
from tests import world
from tests.publish.staying import BY_VERSION, name, recovers, stays
from tests.publish.world import MOON, following, in_content, moon
from tests.repositories import Repository
from tests.store.conftest import files_of_at_most, unprivileged
from tests.store.test_damage import DAMAGES

pytestmark = pytest.mark.anyio

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
def public() -> Iterator[Repository]:
    """A repository that `unprivileged` owns, in a folder that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="content-api-public-") as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "public"
        place.mkdir()
        if os.geteuid() == 0:
            os.chown(place, 65534, 65534)
        with unprivileged():
            repository = Repository(place / "repository", bare=True)
            repository.commit(in_content(world.files()))
        yield repository


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
