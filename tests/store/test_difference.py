"""A snapshot made from an earlier one is exactly the snapshot made from nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.errors import SnapshotTooLarge
from content_api.store import open_repository
from content_api.store.snapshot import EntryKind, Limits
from tests.repositories import Repository, Submodule, Symlink

# Few names, so that edits meet: a folder becomes a file, a file a folder, and `a.b`, `a/b` and `a0` sort differently
# as names and as paths.
names = st.sampled_from(["a", "b", "a.b", "a-b", "a0", "é", "\udcff"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
changes = st.one_of(
    st.none(), st.binary(max_size=3), st.just(Symlink("a")), st.just(Submodule("1" * 40)), st.just(b"large" * 10)
)
edits = st.dictionaries(paths, changes, min_size=1, max_size=8)


@settings(max_examples=15, deadline=None)
@given(st.lists(edits, min_size=2, max_size=4))
def test_any_walk_through_any_edits_gives_what_git_lists(history):
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "bare", bare=True)
        repository.commit({"content/first": b"1"})
        under = [{f"content/{path}": change for path, change in files.items()} for files in history]
        commits = [repository.commit(files) for files in under]
        with open_repository(repository.path, folder="content", limits=Limits(file_bytes=40)) as opened:
            previous = None
            for commit in [*commits, commits[0], commits[-1]]:
                before, previous, whole = previous, opened.snapshot(commit, previous), opened.snapshot(commit)
                if before:
                    assert touched(before, previous) <= previous.touched_since(before.entries)
                    assert previous.touched_since(previous.entries) == frozenset()
                    assert whole.touched_since(before.entries) is None
                assert previous.entries == whole.entries
                assert previous.listing == whole.listing
                assert previous.version == whole.version
                assert listed_by_git(repository, commit) == {
                    path: (entry.blob, entry.size) for path, entry in previous.entries.items()
                }


def touched(before, after):
    """The paths at which two snapshots differ."""
    paths = {*before.entries, *after.entries}
    return {path for path in paths if before.entries.get(path) != after.entries.get(path)}


def listed_by_git(repository, commit):
    """Path -> (id, size) as `git ls-tree` says; nothing for a commit without the folder."""
    lines = repository.git("ls-tree", "-r", "-l", "-z", commit, "content/").split("\0")
    rows = [line.partition("\t") for line in lines if line]
    return {
        path.removeprefix("content/"): (words.split()[2], int(words.split()[3].replace("-", "0")))
        for words, _, path in rows
    }


def test_only_what_differs_is_read(repository, opened):
    repository.commit({"content/causes/a.json": b"1", "content/symptoms/b.json": b"2"})
    first = opened.snapshot(opened.require("main"))
    second = repository.commit({"content/symptoms/b.json": b"3"})
    unneeded = ("main:content/causes", "main:content/causes/a.json", "main~1:content", "main~1:content/symptoms")
    for lost in [repository.git("rev-parse", name) for name in unneeded]:
        repository.loose(lost).unlink()
    opened.close()
    snapshot = opened.snapshot(second, first)
    assert snapshot.entries["symptoms/b.json"].blob == repository.git("rev-parse", "main:content/symptoms/b.json")
    assert snapshot.entries["causes/a.json"] == first.entries["causes/a.json"]


def test_the_same_content_in_another_commit_is_told_by_its_own_version(repository, opened):
    first = opened.snapshot(repository.commit({"content/a.json": b"1"}))
    second = repository.commit({"README": b"2"}, message="Only the README")
    snapshot = opened.snapshot(second, first)
    assert (snapshot.version.id, snapshot.version.message) == (second, "Only the README")
    assert snapshot.entries == first.entries


@pytest.mark.parametrize(
    ("limits", "change"),
    [
        (Limits(files=3), {"content/d.json": b"1"}),
        (Limits(content_bytes=3), {"content/a.json": b"12"}),
        (Limits(depth=1), {"content/x/d.json": b""}),
    ],
)
def test_a_change_is_held_to_the_limits_as_a_whole_is(repository, limits, change):
    first = repository.commit({"content/a.json": b"1", "content/b.json": b"2", "content/c.json": b"3"})
    second = repository.commit(change)
    with open_repository(repository.path, limits=limits) as opened:
        before = opened.snapshot(first)
        for previous in (None, before):
            with pytest.raises(SnapshotTooLarge):
                opened.snapshot(second, previous)


def test_moving_everything_to_another_folder_breaks_no_limit(repository):
    files = {f"{number}.json": b"%d" % number for number in range(10)}
    first = repository.commit({f"content/z/{name}": data for name, data in files.items()})
    moved = dict.fromkeys((f"content/z/{name}" for name in files), None)
    second = repository.commit(moved | {f"content/a/{name}": data for name, data in files.items()})
    with open_repository(repository.path, limits=Limits(files=10, content_bytes=10)) as opened:
        snapshot = opened.snapshot(second, opened.snapshot(first))
        assert sorted(snapshot.entries) == sorted(f"a/{name}" for name in files)
        assert {entry.kind for entry in snapshot.entries.values()} == {EntryKind.FILE}


def test_a_repository_of_sha256_ids_is_compared_just_as_well(tmp_path):
    repository = Repository(tmp_path / "bare", bare=True, object_format="sha256")
    first = repository.commit({f"content/{number}.json": os.urandom(8) for number in range(50)})
    second = repository.commit({"content/7.json": b"new", "content/8.json": None, "content/below/9.json": b"9"})
    with open_repository(repository.path, folder="content") as opened:
        whole = opened.snapshot(second)
        assert opened.snapshot(second, opened.snapshot(first)).entries == whole.entries
        assert {len(entry.blob) for entry in whole.entries.values()} == {64}
