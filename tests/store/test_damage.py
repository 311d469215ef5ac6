"""Damaged repositories: every object missing, cut, empty, flipped or exchanged is refused by its id, and soon."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
import zlib
from pathlib import Path

import pytest

from content_api.errors import GitTimeout, ObjectUnreadable, OperatorError, RepositoryUnusable, StoreError
from content_api.store import open_repository
from tests.store.conftest import FILES

OBJECTS = {
    "commit": "main",
    "top tree": "main^{tree}",
    "content's tree": "main:content",
    "tree below": "main:content/causes",
    "blob": "main:content/causes/diabetes.json",
}


def read_all(opened):
    snapshot = opened.snapshot(opened.require("main"))
    return list(snapshot.read([entry.blob for entry in snapshot.entries.values()]))


def missing(file, _):
    file.unlink()


def cut(file, _):
    os.truncate(file, file.stat().st_size // 2)


def empty(file, _):
    os.truncate(file, 0)


def flipped(file, _):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x40
    file.write_bytes(data)


def not_zlib(file, _):
    file.write_bytes(b"<<<<<<< HEAD\n" * 10)


def a_directory(file, _):
    file.unlink()
    file.mkdir()


def exchanged(file, other):
    """Holds a whole and well-formed object of the same kind, only not the one of this id: git does not notice."""
    file.write_bytes(other.read_bytes())


DAMAGES = [missing, cut, empty, flipped, not_zlib, a_directory, exchanged]


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_is_refused_by_its_id_and_what_was_read_before_stays(repository, damage, name):
    repository.commit(FILES | {"content/causes/other.json": b"2"}, branch="other", message="Other")
    others = {what: repository.git("rev-parse", which.replace("main", "other")) for what, which in OBJECTS.items()}
    others["blob"] = repository.git("rev-parse", "other:content/causes/other.json")
    first = repository.commit({"content/a.json": b"0"}, branch="before")
    repository.commit(FILES)
    found = repository.git("rev-parse", OBJECTS[name])
    with open_repository(repository.path, folder="content", deadline=5) as opened:
        before = opened.snapshot(first)
        damage(repository.loose(found), repository.loose(others[name]))
        start = time.monotonic()
        with pytest.raises(ObjectUnreadable) as refused:
            read_all(opened)
        assert found in str(refused.value)
        assert "fresh, full clone" in str(refused.value)
        assert time.monotonic() - start < 5
        assert [data for _, data in before.read([before.entries["a.json"].blob])] == [b"0"]


@pytest.mark.parametrize("where", [0.01, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("damage", [missing, cut, flipped, empty])
def test_a_damaged_pack_never_yields_other_bytes(repository, damage, where):
    files = {f"content/{number}.json": os.urandom(500) for number in range(200)}
    repository.commit(files)
    repository.git("repack", "-a", "-d", "-q")
    [pack] = (repository.git_directory / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    if damage is cut:
        os.truncate(pack, int(pack.stat().st_size * where))
    elif damage is flipped:
        data = bytearray(pack.read_bytes())
        data[int(len(data) * where)] ^= 0xFF
        pack.write_bytes(data)
    else:
        damage(pack, None)
    expected = sorted(files.values())
    with open_repository(repository.path, folder="content", deadline=5) as opened:
        if damage is flipped:  # one between two objects, or in what nobody asks for, does no harm
            with contextlib.suppress(OperatorError):
                assert sorted(data for _, data in read_all(opened)) == expected
        else:
            with pytest.raises(OperatorError, match=str(repository.path)):
                read_all(opened)


def test_a_commit_that_a_branch_names_and_nobody_has_is_told_apart_from_no_branch(repository, opened):
    repository.commit(FILES)
    lost = "1" * 40
    (repository.git_directory / "refs" / "heads" / "lost").write_text(f"{lost}\n")
    with pytest.raises(ObjectUnreadable, match=f"{lost}.*is missing or damaged, and refs/heads/lost names it"):
        opened.resolve("lost")
    assert opened.resolve("never") is None


@pytest.mark.parametrize("content", ["", "garbage\n", "\0" * 41])
def test_a_ref_that_was_cut_is_told_apart_from_no_ref(repository, opened, content):
    repository.commit(FILES)
    (repository.git_directory / "refs" / "heads" / "cut").write_text(content)
    with pytest.raises(RepositoryUnusable, match=r"refs/heads/cut .*damaged.*git update-ref refs/heads/cut"):
        opened.resolve("cut")


def test_a_lost_parent_is_told_apart_from_a_first_commit(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    repository.loose(first).unlink()
    with pytest.raises(ObjectUnreadable, match=first):
        opened.parent(second)
    assert "a.json" in opened.snapshot(second).entries


def test_a_read_that_hangs_is_ended_by_the_deadline_and_the_next_one_works(repository):
    others = children()  # of other tests of this process
    commit = repository.commit(FILES)
    with open_repository(repository.path, deadline=0.5) as opened:
        snapshot = opened.snapshot(commit)
        hanging = snapshot.entries["site.json"].blob
        file = repository.loose(hanging)
        kept = file.read_bytes()
        opened.close()
        file.unlink()
        os.mkfifo(file)  # opening it waits for a writer that never comes, as a dead network disk would
        start = time.monotonic()
        with pytest.raises(GitTimeout, match=rf"{hanging}.* gave no answer for 0\.5 seconds.*git fsck"):
            list(snapshot.read([hanging]))
        assert 0.4 < time.monotonic() - start < 3
        assert children() == others
        file.unlink()
        file.write_bytes(kept)
        assert list(snapshot.read([hanging])) == [(hanging, b"{}")]


def test_a_short_command_that_hangs_is_ended_by_the_deadline_too(repository):
    repository.commit(FILES)
    with open_repository(repository.path, deadline=0.5) as opened:
        before = children()
        head = repository.git_directory / "HEAD"
        head.unlink()
        os.mkfifo(head)
        with pytest.raises(GitTimeout, match="symbolic-ref"):
            opened.head_branch()
        assert children() == before


def test_a_git_process_that_was_killed_is_started_again(repository, opened):
    commit = repository.commit(FILES)
    opened.close()
    others = children()  # of other tests of this process
    snapshot = opened.snapshot(commit)
    for _ in range(3):
        [child] = [found for found in children() if found not in others]
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert opened.snapshot(commit).entries == snapshot.entries


def test_a_git_process_that_is_killed_while_it_reads_is_reported_as_such(repository):
    commit = repository.commit(FILES)
    with open_repository(repository.path, deadline=10) as opened:
        snapshot = opened.snapshot(commit)
        blob = snapshot.entries["site.json"].blob
        opened.close()
        file = repository.loose(blob)
        file.unlink()
        os.mkfifo(file)
        killer = threading.Thread(target=kill_the_next_child)
        killer.start()
        with pytest.raises(StoreError, match=r"signal 9.*try again"):
            list(snapshot.read([blob]))
        killer.join()


def test_a_short_command_that_is_killed_is_reported_as_such(repository):
    repository.commit(FILES)
    with open_repository(repository.path, deadline=10) as opened:
        opened.close()
        head = repository.git_directory / "HEAD"
        head.unlink()
        os.mkfifo(head)
        killer = threading.Thread(target=kill_the_next_child)
        killer.start()
        with pytest.raises(StoreError, match=r"signal 9.*try again"):
            opened.head_branch()
        killer.join()


def test_a_repository_that_is_deleted_while_we_serve_is_refused_by_its_path(repository, opened):
    commit = repository.commit(FILES)
    snapshot = opened.snapshot(commit)
    shutil.rmtree(repository.path)
    with pytest.raises(OperatorError, match=str(repository.path)):
        opened.snapshot(commit, snapshot)
    with pytest.raises(OperatorError, match=str(repository.path)):
        opened.resolve("main")


def test_lock_files_that_someone_left_do_not_keep_us_from_reading(repository, opened):
    commit = repository.commit(FILES)
    for name in ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "config.lock", "shallow.lock"):
        (repository.git_directory / name).write_text("")
    assert opened.require("main") == commit
    assert len(opened.snapshot(commit).entries) == 2
    assert opened.head_branch() == "refs/heads/main"


def test_reading_writes_nothing_at_all(repository, opened):
    repository.commit(FILES)
    repository.tag("v1", message="The first")
    before = {path: path.stat().st_mtime_ns for path in repository.path.rglob("*")}
    read_all(opened)
    opened.head_branch()
    assert {path: path.stat().st_mtime_ns for path in repository.path.rglob("*")} == before


def test_repacking_and_collecting_garbage_disturb_no_reader(repository, opened):
    files = {f"content/{number}.json": b"%d" % number for number in range(300)}
    commit = repository.commit(files)
    snapshot = opened.snapshot(commit)
    blobs = [entry.blob for entry in snapshot.entries.values()]
    reader = snapshot.read(blobs)
    read = [next(reader)]
    repository.git("repack", "-a", "-d", "-q")
    read.append(next(reader))
    repository.git("gc", "--quiet", "--aggressive", "--prune=now")
    read += reader
    assert [blob for blob, _ in read] == blobs
    assert {data for _, data in read} == set(files.values())


def test_a_blob_that_claims_to_be_small_and_is_not_is_refused(repository, opened):
    commit = repository.commit(FILES)
    snapshot = opened.snapshot(commit)
    entry = snapshot.entries["site.json"]
    repository.loose(entry.blob).write_bytes(zlib.compress(b"blob 2\0" + b" " * 50_000_000))
    with pytest.raises(ObjectUnreadable, match=entry.blob):
        list(snapshot.read([entry.blob]))


def kill_the_next_child():
    while not children():
        time.sleep(0.01)
    time.sleep(0.1)  # so that it has started to read
    for child in children():
        os.kill(child, signal.SIGKILL)


def children():
    """The git processes that this process has started and that still run."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(child) for child in found if "git" in Path(f"/proc/{child}/comm").read_text()]
