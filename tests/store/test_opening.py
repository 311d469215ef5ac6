"""Opening a repository: which folder is served, and what an operator is told when it cannot be."""

from __future__ import annotations

import os

import pytest

from content_api.errors import RepositoryUnusable, SettingError
from content_api.store import open_repository
from tests.repositories import Repository
from tests.store.conftest import FILES, unprivileged


def test_the_folder_of_a_work_tree_is_content(repository):
    repository.commit(FILES)
    with open_repository(repository.path) as opened:
        assert opened.folder == "content"
        assert sorted(opened.snapshot(opened.require("HEAD")).entries) == ["causes/diabetes.json", "site.json"]


def test_a_folder_below_the_top_is_served_as_that_folder(repository):
    repository.commit({"a/b/site.json": b"{}", "site.json": b"[]"})
    with open_repository(repository.path / "a" / "b") as opened:
        assert (opened.folder, opened.place) == ("a/b", repository.path)
        assert sorted(opened.snapshot(opened.require("HEAD")).entries) == ["site.json"]


def test_a_bare_repository_with_site_json_at_its_top_is_all_content(tmp_path):
    bare = Repository(tmp_path / "bare", bare=True)
    bare.commit({"site.json": b"{}", "causes/a.json": b"1"})
    with open_repository(bare.path) as opened:
        assert opened.folder == ""
        assert sorted(opened.snapshot(opened.require("HEAD")).entries) == ["causes/a.json", "site.json"]


def test_a_bare_repository_without_it_has_its_content_in_content(tmp_path):
    bare = Repository(tmp_path / "bare", bare=True)
    bare.commit(FILES)
    with open_repository(bare.path) as opened:
        assert opened.folder == "content"


def test_the_folder_can_be_told(repository):
    repository.commit({"site.json": b"{}", "texts/nerves/site.json": b"1"})
    with open_repository(repository.path, folder="/texts/nerves/") as opened:
        assert sorted(opened.snapshot(opened.require("HEAD")).entries) == ["site.json"]
        assert opened.folder == "texts/nerves"


@pytest.mark.parametrize("folder", ["../elsewhere", "a//b", "a/./b", ".."])
def test_a_folder_that_leads_outside_is_refused(repository, folder):
    with pytest.raises(SettingError, match="content folder"):
        open_repository(repository.path, folder=folder)


def test_a_linked_work_tree_has_a_head_of_its_own(repository, tmp_path):
    first = repository.commit(FILES)
    repository.commit({"content/new.json": b"2"})
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), first)
    with open_repository(tmp_path / "linked") as opened:
        assert opened.require("HEAD") == first


def test_what_is_no_repository_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(RepositoryUnusable, match=r"is not a git repository.*git init"):
        open_repository(tmp_path)


def test_a_path_with_nothing_there_is_refused(tmp_path):
    with pytest.raises(RepositoryUnusable, match=r"nothing at .*nowhere"):
        open_repository(tmp_path / "nowhere")


def test_a_path_of_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RepositoryUnusable, match="file is a file"):
        open_repository(tmp_path / "file")


def test_a_repository_whose_head_was_cut_is_not_taken_for_a_folder(repository):
    repository.commit(FILES)
    (repository.path / ".git" / "HEAD").write_text("")
    with pytest.raises(RepositoryUnusable, match="not a git repository"):
        open_repository(repository.path)


def test_a_repository_of_another_user_is_refused_with_the_command_that_allows_it(repository, monkeypatch):
    repository.commit(FILES)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryUnusable) as refused:
        open_repository(repository.path)
    assert f"git config --global --add safe.directory {repository.path}" in str(refused.value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(repository.path))
    with open_repository(repository.path) as opened:
        assert opened.require("main")


def test_a_closed_repository_is_refused_by_its_path(public):
    public.path.chmod(0)
    with (
        unprivileged(),
        pytest.raises(RepositoryUnusable, match=r"repository cannot be read: Permission denied.*access"),
    ):
        open_repository(public.path)
    public.path.chmod(0o700)


@pytest.mark.parametrize("closed", [".git", ".git/HEAD"])
def test_a_repository_that_git_takes_for_none_because_it_is_closed_is_refused_by_the_place(public, closed):
    (public.path / closed).chmod(0)
    with (
        unprivileged(),
        pytest.raises(RepositoryUnusable, match=rf"{closed} may not be read by this user.*read access"),
    ):
        open_repository(public.path)


@pytest.mark.parametrize("process", ["running", "new"])
@pytest.mark.parametrize("closed", ["objects", "refs", "refs/heads", "refs/heads/main"])
def test_what_is_closed_while_we_serve_is_refused_by_its_place_and_read_again_once_open(public, closed, process):
    place = public.path / ".git" / closed
    with unprivileged(), open_repository(public.path) as opened:
        commit = opened.require("HEAD")
        mode = place.stat().st_mode
        if process == "new":
            opened.close()
        place.chmod(0)
        for ref in ("HEAD", "main"):
            with pytest.raises(RepositoryUnusable, match=r"repository/\.git.* may not be read.*read access"):
                opened.resolve(ref)
        place.chmod(mode)
        assert opened.require("HEAD") == commit
        assert opened.snapshot(commit).entries


def test_without_git_the_remedy_is_told(repository, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RepositoryUnusable, match="Install git"):
        open_repository(repository.path)


def test_variables_that_git_sets_for_its_hooks_do_not_lead_us_elsewhere(repository, tmp_path, monkeypatch):
    commit = repository.commit(FILES)
    Repository(tmp_path / "other").commit({"content/other.json": b"2"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "other" / ".git" / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    with open_repository(repository.path) as opened:
        assert opened.require("main") == commit
        assert "site.json" in opened.snapshot(commit).entries


def test_a_folder_that_was_deleted_under_the_process_does_no_harm(repository, tmp_path, monkeypatch):
    commit = repository.commit(FILES)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with open_repository(repository.path) as opened:
        assert opened.snapshot(commit).entries
