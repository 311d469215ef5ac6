"""What goes wrong on the mirror's own side: a cut, a full disk, a stale lock, damage, a kill between two steps."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from content_api.errors import ObjectUnreadable, RemoteUnreachable, RepositoryUnusable
from content_api.store import open_repository
from content_api.store.mirror import PRIVATE, Mirror
from tests.repositories import Repository
from tests.store.conftest import FILES, files_of_at_most, unprivileged
from tests.store.test_mirror import mirror_of, pin, refs

OLD = 11 * 60


@pytest.fixture
def mirror(repository: Repository, tmp_path: Path) -> Mirror:
    """The mirror of a repository with one commit, as fetched, and one more commit that is not."""
    repository.commit(FILES)
    mirror = mirror_of(repository, tmp_path / "cache")
    mirror.fetch()
    repository.commit({"content/a.json": b"1"})
    return mirror


def leave(path: Path, age: float, data: bytes = b"") -> Path:
    """Leave a file behind, as of so many seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def is_current(mirror: Mirror, repository: Repository) -> bool:
    return refs(mirror.path) == refs(repository.path)


@pytest.mark.parametrize(
    "name", ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "config.lock", "shallow.lock"]
)
def test_a_lock_that_nobody_holds_any_more_is_removed(mirror: Mirror, repository: Repository, name: str):
    lock = leave(mirror.path / name, OLD)
    mirror.fetch()
    assert not lock.exists()
    assert is_current(mirror, repository)


def test_a_lock_that_somebody_may_hold_is_left_and_named(mirror: Mirror, repository: Repository):
    lock = leave(mirror.path / "refs/heads/main.lock", 60)
    with pytest.raises(RemoteUnreachable, match=r"main\.lock.*File exists"):
        mirror.fetch()
    assert lock.exists()
    os.utime(lock, (time.time() - OLD,) * 2)
    mirror.fetch()
    assert is_current(mirror, repository)


def test_what_a_fetch_that_was_cut_has_left_is_swept_by_age(mirror: Mirror, repository: Repository):
    names = (
        "objects/pack/tmp_pack_a1",
        "objects/pack/tmp_idx_a1",
        "objects/01/tmp_obj_a1",
        "objects/incoming-a1/pack/x",
    )
    old = [leave(mirror.path / name, OLD) for name in names]
    os.utime(mirror.path / "objects/incoming-a1", (time.time() - OLD,) * 2)
    young = leave(mirror.path / "objects/pack/tmp_pack_b2", 60)
    mirror.fetch()
    assert [path for path in old if path.exists()] == []
    assert young.exists()
    assert is_current(mirror, repository)


def test_a_full_disk_is_told_in_words_and_swept_and_what_was_there_is_served(mirror: Mirror, repository: Repository):
    before = refs(mirror.path)
    noise = random.Random(0)
    many = {f"content/{number}.json": noise.randbytes(300) for number in range(300)}
    repository.commit(many | {"content/large.json": noise.randbytes(200_000)})
    with files_of_at_most(100_000), pytest.raises(RemoteUnreachable, match="the disk of the cache is full"):
        mirror.fetch()
    assert refs(mirror.path) == before
    assert [path for path in mirror.path.rglob("*") if path.name.startswith("tmp_")] == []
    assert mirror.prepare() is True
    with open_repository(mirror.path) as opened:
        assert opened.snapshot(opened.require("HEAD")).entries
    mirror.fetch()
    assert is_current(mirror, repository)


def test_a_full_disk_leaves_no_half_of_a_first_fetch(repository: Repository, tmp_path: Path):
    repository.commit({"content/large.json": random.Random(0).randbytes(200_000)})
    mirror = mirror_of(repository, tmp_path / "cache")
    with files_of_at_most(100_000), pytest.raises(RemoteUnreachable, match="the disk of the cache is full"):
        mirror.fetch()
    assert [path.name for path in mirror.path.parent.iterdir()] == ["lock"]
    assert mirror.prepare() is False


def test_a_cache_that_may_not_be_written_is_named_with_the_remedy(repository: Repository, tmp_path: Path):
    repository.commit(FILES)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    mirror = mirror_of(repository, closed / "cache")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with unprivileged(), pytest.raises(RepositoryUnusable) as refused:
        mirror.fetch()
    assert str(mirror.path.parent) in str(refused.value)
    assert "CONTENT_API_CACHE" in str(refused.value)


def packs(mirror: Mirror) -> list[Path]:
    return sorted((mirror.path / "objects/pack").glob("*.pack"), key=lambda path: path.stat().st_mtime_ns)


def flip(file: Path) -> None:
    """Change the last byte before the checksum at the end of a pack: it is in an object."""
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[-21] ^= 0xFF
    file.write_bytes(data)


def broken_ref(mirror: Mirror) -> None:
    leave(mirror.path / "refs/heads/main", 0, b"\0" * 41)


def broken_packed_refs(mirror: Mirror) -> None:
    leave(mirror.path / "packed-refs", 0, b"nonsense\n")


def empty_objects(mirror: Mirror) -> None:
    for file in (mirror.path / "objects").glob("??/*"):
        file.chmod(0o644)
        file.write_bytes(b"")


def no_objects(mirror: Mirror) -> None:
    shutil.rmtree(mirror.path / "objects")


def no_head(mirror: Mirror) -> None:
    (mirror.path / "HEAD").unlink()


def broken_configuration(mirror: Mirror) -> None:
    leave(mirror.path / "config", 0, b"[core\n")


def a_file(mirror: Mirror) -> None:
    shutil.rmtree(mirror.path)
    mirror.path.write_bytes(b"")


DAMAGES = [broken_ref, broken_packed_refs, empty_objects, no_objects, no_head, broken_configuration, a_file]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_mirror_that_is_damaged_is_cloned_again_by_the_next_fetch(mirror: Mirror, repository: Repository, damage):
    damage(mirror)
    mirror.fetch()
    assert is_current(mirror, repository)
    assert sorted(path.name for path in mirror.path.parent.iterdir()) == ["lock", "mirror.git"]
    with open_repository(mirror.path) as opened:
        snapshot = opened.snapshot(opened.require("HEAD"))
        assert len(list(snapshot.read([entry.blob for entry in snapshot.entries.values()]))) == 3


def test_damage_that_only_a_reader_finds_is_mended_by_renewing(mirror: Mirror, repository: Repository):
    mirror.fetch()
    with open_repository(mirror.path) as opened:
        snapshot = opened.snapshot(opened.require("HEAD"))
        blobs = [entry.blob for entry in snapshot.entries.values()]
        for pack in packs(mirror):
            flip(pack)
        mirror.fetch()
        with pytest.raises(ObjectUnreadable):
            list(snapshot.read(blobs))
        mirror.renew()
        assert len(list(snapshot.read(blobs))) == 3, "who had it open goes on"


def test_of_what_is_pinned_only_what_is_damaged_is_lost(mirror: Mirror, repository: Repository):
    kept = repository.commit({"content/kept.json": b"k"}, branch="kept")
    mirror.fetch()
    lost = repository.commit({"content/lost.json": b"l"}, branch="lost")
    mirror.fetch()
    for name, commit in (("kept", kept), ("lost", lost)):
        pin(mirror, name, commit)
        repository.git("branch", "-D", name)
    repository.git("gc", "--quiet", "--prune=now")
    flip(packs(mirror)[-1])
    mirror.renew()
    assert refs(mirror.path, PRIVATE) == {f"{PRIVATE}kept": kept}


def test_a_remote_that_is_damaged_itself_leaves_the_mirror_as_it_is(mirror: Mirror, repository: Repository):
    before = refs(mirror.path)
    repository.loose(repository.git("rev-parse", "HEAD^{tree}")).write_bytes(b"")
    with pytest.raises((RemoteUnreachable, ObjectUnreadable)):
        mirror.fetch()
    assert refs(mirror.path) == before
    assert sorted(path.name for path in mirror.path.parent.iterdir()) == ["lock", "mirror.git"]


@pytest.mark.parametrize("step", ["before", "between", "after"])
def test_a_kill_at_any_step_of_an_exchange_is_healed_without_a_network(mirror: Mirror, repository: Repository, step):
    """The steps are: the old mirror is put aside, the new one takes its place, the old one is removed."""
    place = mirror.path
    old, new = place.with_name("mirror.git.old"), place.with_name("mirror.git.new")
    shutil.copytree(place, {"before": new, "between": new, "after": old}[step])
    if step == "between":
        place.rename(old)
    shutil.rmtree(repository.path)
    assert mirror.prepare() is True
    with open_repository(mirror.path) as opened:
        assert opened.snapshot(opened.require("HEAD")).entries


def test_leftovers_of_an_exchange_that_was_cut_are_removed_by_the_next(mirror: Mirror):
    leave(mirror.path.with_name("mirror.git.new") / "objects/x", 0)
    leave(mirror.path.with_name("mirror.git.old") / "objects/x", 0)
    mirror.renew()
    assert sorted(path.name for path in mirror.path.parent.iterdir()) == ["lock", "mirror.git"]


def test_tidying_packs_what_many_fetches_have_left(mirror: Mirror, repository: Repository):
    config = mirror.path / "config"
    config.write_text(f"{config.read_text()}[gc]\n\tautoPackLimit = 3\n")  # git's own limit is 50
    for number in range(4):
        repository.commit({f"content/{number}.json": b"%d" % number})
        mirror.fetch()
    assert len(packs(mirror)) > 3
    mirror.tidy()
    assert len(packs(mirror)) == 1
    assert is_current(mirror, repository)
