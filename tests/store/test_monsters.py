"""Trees that no editor makes: huge ones from few objects, deep ones, malformed ones."""

from __future__ import annotations

import resource
import time

import pytest

from content_api.errors import ObjectUnreadable, SnapshotTooLarge
from content_api.store import open_repository
from content_api.store.snapshot import Entry, EntryKind, Limits

NAMES = [b"%d" % number for number in range(10)]


def commit_of(repository, content):
    return repository.commit_tree(repository.tree([("40000", b"content", content)]))


def bomb(repository, leaf, depth):
    """A tree of ten subtrees of ten subtrees …, each level one object."""
    tree = leaf
    for _ in range(depth):
        tree = repository.tree([("40000", name, tree) for name in NAMES])
    return tree


@pytest.mark.parametrize("with_files", [True, False])
def test_a_bomb_of_a_dozen_trees_is_refused_at_once(repository, opened, with_files):
    leaf = repository.tree([("100644", name, repository.blob(b"{}")) for name in NAMES] if with_files else [])
    commit = commit_of(repository, bomb(repository, leaf, 11))
    # Of our own: what git does is to hand over a dozen objects, and how long all takes depends on who else runs.
    start, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SnapshotTooLarge, match="at most 100,000 of each are read"):
        opened.snapshot(commit)
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 300_000  # kB


def test_a_bomb_that_comes_as_a_change_is_refused_and_can_be_taken_back(repository, opened):
    first = repository.commit({"content/site.json": b"{}"})
    good = opened.snapshot(first)
    second = commit_of(repository, bomb(repository, repository.tree([]), 11))
    with pytest.raises(SnapshotTooLarge):
        opened.snapshot(second, good)
    assert opened.snapshot(first, good).entries == good.entries


def test_a_tree_that_is_huge_by_itself_is_refused_before_it_is_read(repository):
    blob = repository.blob(b"{}")
    tree = repository.tree([("100644", b"%06d" % number + b"x" * 250, blob) for number in range(2000)])
    commit = commit_of(repository, tree)
    with (
        open_repository(repository.path, limits=Limits(files=1000)) as opened,
        pytest.raises(SnapshotTooLarge, match="listing the folders takes"),
    ):
        opened.snapshot(commit)


def test_three_thousand_folders_within_each_other_are_refused_by_the_first_that_is_too_deep(repository, opened):
    commit = repository.commit({"content/" + "d/" * 3000 + "site.json": b"{}"}, branch="deep")
    start = time.process_time()
    with pytest.raises(SnapshotTooLarge) as refused:
        opened.snapshot(commit)
    assert refused.value.path == "/".join("d" * 16)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("depth", "fits"), [(15, True), (16, False)])
def test_a_path_may_have_sixteen_parts(repository, opened, depth, fits):
    commit = repository.commit({"content/" + "d/" * depth + "site.json": b"{}"})
    if fits:
        assert len(opened.snapshot(commit).entries) == 1
    else:
        with pytest.raises(SnapshotTooLarge, match="at most 16 parts"):
            opened.snapshot(commit)


@pytest.mark.parametrize("name", [b".", b"..", b".git", b".GIT", b"con", b"\xff\xfe", b"x" * 3000])
def test_a_name_that_would_hurt_a_work_tree_is_only_reported(repository, opened, name):
    commit = commit_of(repository, repository.tree([("100644", name, repository.blob(b"{}"))]))
    assert list(opened.snapshot(commit).entries) == [name.decode("utf-8", "surrogateescape")]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("100644", EntryKind.FILE),
        ("120000", EntryKind.SYMLINK),
        ("160000", EntryKind.SUBMODULE),
        ("010644", EntryKind.OTHER),
        ("060000", EntryKind.OTHER),
        ("170000", EntryKind.OTHER),
    ],
)
def test_what_is_no_file_is_named_by_its_kind(repository, opened, mode, kind):
    commit = commit_of(repository, repository.tree([(mode, b"it", repository.blob(b"{}"))]))
    assert opened.snapshot(commit).entries["it"].kind is kind


def test_a_submodules_commit_is_not_looked_for(repository, opened):
    commit = commit_of(repository, repository.tree([("160000", b"theirs", "1" * 40)]))
    assert opened.snapshot(commit).entries["theirs"] == Entry(EntryKind.SUBMODULE, "1" * 40, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"100644 site.json",
        b"100644 site.json\0short",
        b"100644 \0" + b"1" * 20,
        b"site.json\0" + b"1" * 20,
        b"100644 causes/site.json\0" + b"1" * 20,
        b"999999 site.json\0" + b"1" * 20,
        b"garbage " * 20,
    ],
)
def test_a_malformed_tree_is_refused_by_its_id(repository, opened, data):
    tree = repository.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=data)
    with pytest.raises(ObjectUnreadable, match=rf"{tree} .* is not a well-formed tree"):
        opened.snapshot(commit_of(repository, tree))


@pytest.mark.parametrize("kind", ["100644", "40000"])
def test_a_tree_that_lists_a_name_twice_is_refused_also_as_a_change(repository, opened, kind):
    one, two = (repository.blob(data) for data in (b"1", b"2"))
    if kind == "40000":
        one, two = (repository.tree([("100644", b"a", blob)]) for blob in (one, two))
    before = opened.snapshot(commit_of(repository, repository.tree([(kind, b"it", one)])))
    commit = commit_of(repository, repository.tree([(kind, b"it", one), (kind, b"it", two)]))
    for previous in (None, before):
        with pytest.raises(ObjectUnreadable, match="lists 'it' twice"):
            opened.snapshot(commit, previous)


def test_an_object_of_another_kind_where_a_file_should_be_is_refused(repository, opened):
    tree = repository.tree([("100644", b"site.json", repository.tree([]))])
    with pytest.raises(ObjectUnreadable, match="is a tree, where a blob was expected"):
        opened.snapshot(commit_of(repository, tree))


def test_a_commit_object_as_large_as_a_weapon_is_refused_before_it_is_read(repository, opened):
    tree = repository.tree([])
    person = "A <a> 0 +0000"
    data = f"tree {tree}\nauthor {person}\ncommitter {person}\n\n".encode() + b"x" * 10_000_001
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", input=data)
    with pytest.raises(SnapshotTooLarge, match=f"object {commit}"):
        opened.version(commit)
