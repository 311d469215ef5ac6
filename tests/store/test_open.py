"""From a path to what is served: what is committed, or the files as they stand, and why."""

from __future__ import annotations

import os

import pytest

from content_api.errors import RepositoryUnusable, RevisionUnknown, SnapshotTooLarge
from content_api.store import FolderSnapshot, open_content
from content_api.store.snapshot import Limits
from tests.repositories import Repository
from tests.store.conftest import FILES, write


@pytest.fixture
def served():
    """`open_content`, with what it opens closed after the test."""
    opened = []

    def open_here(*arguments, **options):
        opened.append(open_content(*arguments, **options))
        return opened[-1]

    yield open_here
    for each in opened:
        if each.repository:
            each.repository.close()


def test_what_is_committed_is_served_and_what_is_not_is_not(repository, served):
    commit = repository.commit(FILES)
    write(repository.path / "content", {"draft.json": b"1", "site.json": b"changed"})
    opened = served(repository.path)
    assert opened.snapshot.version.id == commit
    assert sorted(opened.snapshot.entries) == ["causes/diabetes.json", "site.json"]
    assert opened.reason.endswith("which HEAD names; changes that are not committed are not served.")


def test_the_folder_below_may_be_named_instead(repository, served):
    commit = repository.commit(FILES)
    assert served(repository.path / "content").snapshot.version.id == commit
    assert list(served(repository.path / "content" / "causes").snapshot.entries) == ["diabetes.json"]


def test_another_version_is_served_by_its_name(repository, served):
    first = repository.commit(FILES)
    repository.tag("v1")
    repository.commit({"content/a.json": b"2"})
    opened = served(repository.path, ref="v1")
    assert opened.snapshot.version.id == first
    assert "v1" in opened.reason


def test_the_files_as_they_stand_are_served_when_asked_for(repository, served):
    repository.commit(FILES)
    write(repository.path / "content", {"draft.json": b"1"})
    for path in (repository.path, repository.path / "content"):
        opened = served(path, working_tree=True)
        assert sorted(opened.snapshot.entries) == ["causes/diabetes.json", "draft.json", "site.json"]
        assert opened.repository is not None
        assert "committed or not" in opened.reason


def test_the_files_as_they_stand_have_the_ids_that_git_gives_them_here(tmp_path, served):
    repository = Repository(tmp_path / "sha256", object_format="sha256")
    repository.commit(FILES)
    as_they_stand, committed = served(repository.path, working_tree=True), served(repository.path)
    assert dict(as_they_stand.snapshot.entries) == dict(committed.snapshot.entries)


def test_a_folder_that_is_in_no_repository_is_served_as_it_stands(tmp_path, served):
    write(tmp_path / "unpacked", {"site.json": b"{}"})
    opened = served(tmp_path / "unpacked")
    assert isinstance(opened.snapshot, FolderSnapshot)
    assert (list(opened.snapshot.entries), opened.repository) == (["site.json"], None)
    assert "git is not used" in opened.reason


def test_the_content_of_an_unpacked_copy_of_a_repository_is_found(tmp_path, served):
    write(tmp_path / "unpacked", FILES)
    assert list(served(tmp_path / "unpacked").snapshot.entries) == ["causes/diabetes.json", "site.json"]
    assert list(served(tmp_path / "unpacked", folder="content/causes").snapshot.entries) == ["diabetes.json"]


def test_a_plain_folder_is_served_where_git_is_not_installed(tmp_path, served, monkeypatch):
    write(tmp_path / "unpacked", FILES)
    monkeypatch.setenv("PATH", os.devnull)
    assert served(tmp_path / "unpacked").snapshot.entries


def test_the_files_of_a_work_tree_are_served_where_git_is_not_installed_if_asked_for(repository, served, monkeypatch):
    repository.commit(FILES)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RepositoryUnusable, match="--working-tree"):
        served(repository.path)
    assert len(served(repository.path, working_tree=True).snapshot.entries) == 2


def test_a_folder_inside_an_unrelated_repository_is_served_as_it_stands_and_says_so(repository, served):
    repository.commit({"README": b"something else"})
    write(repository.path / "texts", {"site.json": b"{}"})
    opened = served(repository.path / "texts")
    assert (list(opened.snapshot.entries), opened.repository) == (["site.json"], None)
    assert f"{repository.path} has nothing committed there" in opened.reason


def test_a_ref_that_lacks_the_folder_is_not_replaced_by_files(repository, served):
    repository.commit({"README": b"something else"})
    write(repository.path / "texts", {"site.json": b"{}"})
    assert dict(served(repository.path / "texts", ref="main").snapshot.entries) == {}


def test_a_repository_without_the_content_folder_has_no_files(repository, served):
    repository.commit({"README": b"something else"})
    write(repository.path / "content", {"site.json": b"{}"})
    assert dict(served(repository.path).snapshot.entries) == {}


def test_a_repository_without_a_commit_is_refused_with_both_remedies(repository, served):
    write(repository.path / "content", {"site.json": b"{}"})
    for path in (repository.path, repository.path / "content"):
        with pytest.raises(RevisionUnknown, match=r"no commit yet.*Commit first.*--working-tree"):
            served(path)
        assert list(served(path, working_tree=True).snapshot.entries) == ["site.json"]


def test_a_work_tree_without_a_commit_and_with_site_json_at_its_top_is_all_content(repository, served):
    write(repository.path, {"site.json": b"{}", "causes/a.json": b"1"})
    assert list(served(repository.path, working_tree=True).snapshot.entries) == ["causes/a.json", "site.json"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ref": "mian"}, "Did you mean 'main'"),
        ({"ref": "HEAD~1"}, "names no version"),
        ({"ref": "main", "working_tree": True}, "only one of them"),
    ],
)
def test_a_ref_that_cannot_be_served_is_refused(repository, served, options, words):
    repository.commit(FILES)
    with pytest.raises(RevisionUnknown, match=words):
        served(repository.path, **options)


def test_a_plain_folder_has_no_refs(tmp_path, served):
    write(tmp_path / "unpacked", FILES)
    with pytest.raises(RevisionUnknown, match="not in a git repository"):
        served(tmp_path / "unpacked", ref="main")


def test_a_bare_repository_has_no_files_as_they_stand(tmp_path, served):
    bare = Repository(tmp_path / "bare", bare=True)
    bare.commit(FILES)
    with pytest.raises(RepositoryUnusable, match="no work tree"):
        served(bare.path, working_tree=True)


def test_a_path_with_nothing_there_is_refused(tmp_path, served):
    for options in ({}, {"working_tree": True}):
        with pytest.raises(RepositoryUnusable, match="There is nothing at"):
            served(tmp_path / "nowhere", **options)


def test_the_limits_reach_every_store(repository, tmp_path, served):
    repository.commit(FILES)
    write(tmp_path / "unpacked", FILES)
    unpacked = tmp_path / "unpacked"
    for path, working_tree in ((repository.path, False), (repository.path, True), (unpacked, False)):
        with pytest.raises(SnapshotTooLarge, match="at most 1 of each"):
            served(path, limits=Limits(files=1), working_tree=working_tree)
