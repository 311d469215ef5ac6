"""What only a folder can hold, and what can happen to it while it is read."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from content_api.errors import ObjectUnreadable, RepositoryUnusable, SnapshotTooLarge
from content_api.store import FolderSnapshot
from content_api.store.snapshot import EntryKind, Limits
from tests.store.conftest import unprivileged, write

FILES = {"site.json": b"{}", "causes/diabetes.json": b"1"}


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "content", FILES)
    return tmp_path / "content"


def test_the_same_files_are_the_same_version_wherever_they_are(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    version = FolderSnapshot(folder).version
    assert version == FolderSnapshot(tmp_path / "copy").version
    assert len(version.id) == len("folder-") + 12
    assert version.id.startswith("folder-")


@pytest.mark.parametrize("change", [{"site.json": b"[]"}, {"new.json": b"{}"}, {"causes/large.json": b"x" * 200}])
def test_other_files_are_another_version(folder, change):
    before = FolderSnapshot(folder, Limits(file_bytes=100)).version
    write(folder, change)
    assert FolderSnapshot(folder, Limits(file_bytes=100)).version != before


def test_a_version_of_a_folder_claims_nothing_that_only_git_knows(folder):
    version = FolderSnapshot(folder).version
    assert (version.tags, version.committed_at, version.author, version.message) == ((), None, None, None)


@pytest.mark.parametrize("name", [".DS_Store", "site.json~", "#site.json#", ".site.json.swp", ".site.json.swo"])
def test_what_programs_leave_is_left_out(folder, name):
    write(folder, {name: b"1", f"causes/{name}": b"2"})
    assert list(FolderSnapshot(folder).entries) == sorted(FILES)


def test_the_lock_that_an_editor_leaves_as_a_symlink_to_nowhere_is_left_out(folder):
    (folder / ".#site.json").symlink_to("me@laptop.1234")
    assert list(FolderSnapshot(folder).entries) == sorted(FILES)


@pytest.mark.parametrize("name", [".gitignore", ".hidden.json", "notes.txt", "swp", "a.swp", "~", ".swp/x"])
def test_everything_else_is_listed(folder, name):
    write(folder, {name.replace("~", "~a"): b"1"})
    assert len(FolderSnapshot(folder).entries) == 3


def test_what_git_is_told_to_ignore_is_listed(folder):
    write(folder, {".git/HEAD": b"", ".gitignore": b"*.json\n"})
    assert list(FolderSnapshot(folder).entries) == [".gitignore", *sorted(FILES)]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_gits_own_folder_at_the_top_is_left_out_and_below_it_marks_a_submodule(folder, kind):
    write(folder, {"theirs/a.json": b"1", "theirs/deep/b.json": b"2"})
    for place in (folder, folder / "theirs"):
        if kind == "folder":
            write(place, {".git/HEAD": b"ref: refs/heads/main"})
        else:
            (place / ".git").write_text("gitdir: ../elsewhere\n")
    entries = FolderSnapshot(folder).entries
    assert list(entries) == ["causes/diabetes.json", "site.json", "theirs"]
    assert entries["theirs"].kind is EntryKind.SUBMODULE


def test_a_pipe_and_a_socket_are_named_and_never_opened(folder, socket_at):
    os.mkfifo(folder / "pipe.json")
    socket_at(folder / "socket.json")
    start = time.monotonic()
    entries = FolderSnapshot(folder).entries
    assert time.monotonic() - start < 1
    assert {entries["pipe.json"].kind, entries["socket.json"].kind} == {EntryKind.OTHER}


def test_a_file_that_becomes_a_pipe_is_not_waited_for(folder):
    snapshot = FolderSnapshot(folder)
    (folder / "site.json").unlink()
    os.mkfifo(folder / "site.json")
    with pytest.raises(ObjectUnreadable, match=r"site\.json.*changed while it was being read; try again"):
        list(snapshot.read([snapshot.entries["site.json"].blob]))


def rewritten(file):
    file.write_bytes(b"[]")


def longer(file):
    file.write_bytes(b"{} ")


def removed(file):
    file.unlink()


def a_symlink_to_the_same_bytes(file):
    file.rename(file.parent.parent / "elsewhere.json")
    file.symlink_to("../elsewhere.json")


def a_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("change", [rewritten, longer, removed, a_symlink_to_the_same_bytes, a_folder])
def test_a_file_that_changes_after_the_listing_is_refused_and_the_others_are_read(folder, change):
    snapshot = FolderSnapshot(folder)
    changed, other = (snapshot.entries[path].blob for path in ("site.json", "causes/diabetes.json"))
    change(folder / "site.json")
    with pytest.raises(ObjectUnreadable, match=r"site\.json.*try again"):
        list(snapshot.read([changed]))
    assert list(snapshot.read([other])) == [(other, b"1")]


def test_a_file_above_the_limit_is_not_read_and_has_an_id_that_nothing_is_read_by(folder):
    write(folder, {"large.json": b"x" * 101, "just.json": b"x" * 100})
    if os.geteuid():
        (folder / "large.json").chmod(0)
    snapshot = FolderSnapshot(folder, Limits(file_bytes=100))
    large = snapshot.entries["large.json"]
    assert (large.blob, large.size) == ("0" * 40, 101)
    assert snapshot.entries["just.json"].blob != "0" * 40
    with pytest.raises(ObjectUnreadable, match="0" * 40):
        list(snapshot.read([large.blob]))


def test_a_sparse_file_of_a_terabyte_costs_nothing(folder):
    with (folder / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    start = time.monotonic()
    assert FolderSnapshot(folder).entries["huge.json"].size == 1 << 40
    assert time.monotonic() - start < 1


@pytest.fixture
def public():
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        write(Path(place) / "content", FILES)
        yield Path(place) / "content"


@pytest.mark.parametrize("path", ["causes/diabetes.json", "causes"])
def test_what_may_not_be_read_is_refused_by_its_path_with_a_remedy(public, path):
    (public / path).chmod(0)
    with unprivileged(), pytest.raises(RepositoryUnusable, match=rf"{path}' cannot be read: Permission denied.*access"):
        FolderSnapshot(public)
    (public / path).chmod(0o755)


def test_a_loop_of_symlinks_is_one_entry(folder):
    (folder / "causes" / "up").symlink_to("..")
    assert list(FolderSnapshot(folder).entries) == ["causes/diabetes.json", "causes/up", "site.json"]


def test_a_folder_reached_through_a_symlink_is_read(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert list(FolderSnapshot(tmp_path / "link").entries) == sorted(FILES)


def test_folders_nested_too_deep_are_refused_by_the_first_that_is(folder):
    write(folder, {"d/" * 200 + "site.json": b"{}"})
    with pytest.raises(SnapshotTooLarge) as refused:
        FolderSnapshot(folder)
    assert refused.value.path == "/".join("d" * 16)


def test_too_many_empty_folders_are_refused(folder):
    for number in range(12):
        (folder / f"empty-{number}").mkdir()
    with pytest.raises(SnapshotTooLarge, match="at most 10 of each"):
        FolderSnapshot(folder, Limits(files=10))


def test_a_crowded_folder_is_not_even_sorted(folder):
    for number in range(50):
        (folder / f"{number}.json").touch()
    with pytest.raises(SnapshotTooLarge):
        FolderSnapshot(folder, Limits(files=20))


def test_a_path_with_nothing_there_is_refused(tmp_path):
    with pytest.raises(RepositoryUnusable, match=r"nothing at .*nowhere"):
        FolderSnapshot(tmp_path / "nowhere")
