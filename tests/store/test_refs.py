"""Refs: where each leads, and the private ones that keep a commit."""

from __future__ import annotations

import os
import time

import pytest

from content_api.errors import ObjectUnreadable, RepositoryUnusable, StoreError
from content_api.store import open_repository
from content_api.store.process import Git
from content_api.store.refs import keep
from tests.repositories import Repository
from tests.store.conftest import FILES, files_of_at_most, unprivileged


def test_each_ref_leads_to_a_commit(repository, opened):
    first = repository.commit(FILES)
    repository.tag("v1")
    repository.tag("v1-annotated", message="The first")
    repository.git("-c", "user.name=a", "-c", "user.email=a", "tag", "-a", "-m", "x", "nested", "v1-annotated")
    second = repository.commit({"content/a.json": b"2"})
    repository.tag("blob", repository.git("rev-parse", "HEAD:content/site.json"))
    repository.tag("tree", repository.git("rev-parse", "HEAD^{tree}"))
    repository.git("pack-refs", "--all")
    repository.branch("draft/ü", first)
    tags = {"refs/tags/v1": first, "refs/tags/v1-annotated": first, "refs/tags/nested": first}
    assert opened.refs("refs/tags/") == tags
    assert opened.refs("refs/heads/", "refs/tags/") == tags | {"refs/heads/main": second, "refs/heads/draft/ü": first}
    assert opened.refs("refs/heads/draft") == {"refs/heads/draft/ü": first}
    assert opened.refs("refs/nothing/") == {}


def test_a_damaged_ref_or_tag_hurts_no_other(repository, opened):
    commit = repository.commit(FILES)
    repository.tag("good")
    repository.tag("object-lost", message="Lost")
    repository.loose(repository.git("rev-parse", "refs/tags/object-lost")).unlink()
    repository.tag("object-cut", message="Cut")
    repository.loose(repository.git("rev-parse", "refs/tags/object-cut")).write_bytes(b"cut")
    (repository.git_directory / "refs/tags/cut").write_text("")
    (repository.git_directory / "refs/tags/lost").write_text(f"{'1' * 40}\n")
    assert opened.refs("refs/tags/") == {"refs/tags/good": commit}


@pytest.mark.parametrize("bare", [False, True])
def test_what_is_kept_can_be_read_after_a_force_push_and_sweeping(tmp_path, bare):
    repository = Repository(tmp_path / "r", bare=bare)
    first = repository.commit(FILES)
    kept = repository.commit({"content/kept.json": b"kept"})
    with open_repository(repository.path) as opened:
        opened.keep("live/1", kept)
        repository.branch("main", first)
        lost = repository.commit({"content/lost.json": b"lost"})
        repository.branch("main", first)
        repository.git("reflog", "expire", "--expire=now", "--all")
        repository.git("gc", "--quiet", "--prune=now")
        opened.close()
        snapshot = opened.snapshot(kept)
        blob = snapshot.entries["kept.json"].blob
        assert dict(snapshot.read([blob])) == {blob: b"kept"}
        with pytest.raises(ObjectUnreadable, match=lost):
            opened.snapshot(lost)
        opened.keep("live/1", None)
        repository.git("gc", "--quiet", "--prune=now")
        opened.close()
        with pytest.raises(ObjectUnreadable, match=kept):
            opened.snapshot(kept)


def test_what_is_kept_is_known_by_name_set_again_and_let_go(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    opened.keep("live", first)
    opened.keep("edition/2", second)
    assert opened.kept() == {"live": first, "edition/2": second}
    opened.keep("live", second)
    opened.keep("edition/2", None)
    opened.keep("never-kept", None)
    assert opened.kept() == {"live": second}
    repository.git("pack-refs", "--all")
    opened.keep("live", None)
    assert opened.kept() == {}


def test_keeping_runs_no_hook_and_writes_no_reflog(repository, opened):
    commit = repository.commit(FILES)
    hook = repository.git_directory / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repository.git("config", "core.logAllRefUpdates", "always")
    repository.git("config", "user.useConfigOnly", "true")
    opened.keep("live", commit)
    assert opened.kept() == {"live": commit}
    assert not (repository.git_directory / "logs" / "refs" / "content-api").exists()


def test_a_commit_that_is_not_there_cannot_be_kept(repository, opened):
    repository.commit(FILES)
    with pytest.raises(StoreError, match=r"refs/content-api/live cannot be written in .*nonexistent object 1{40}"):
        opened.keep("live", "1" * 40)


@pytest.mark.parametrize("name", ["a..b", "", "-x/", "a b", "x.lock"])
def test_a_name_that_git_does_not_allow_is_refused(repository, opened, name):
    commit = repository.commit(FILES)
    with pytest.raises(StoreError, match="cannot be written"):
        opened.keep(name, commit)
    assert opened.kept() == {}


def test_a_name_that_leads_out_of_the_private_ones_is_refused(repository, opened):
    commit = repository.commit(FILES)
    with pytest.raises(StoreError, match="cannot be written"):
        opened.keep("../heads/main", commit)
    assert opened.refs() == {"refs/heads/main": commit}


def test_a_lock_that_was_left_is_named(repository, opened):
    commit = repository.commit(FILES)
    opened.keep("live", commit)
    lock = repository.git_directory / "refs/content-api/live.lock"
    lock.touch()
    for wanted in (commit, None):
        with pytest.raises(StoreError, match=rf"{lock}.*File exists.*delete that \.lock file"):
            opened.keep("live", wanted)
    assert opened.kept() == {"live": commit}


def test_a_lock_of_our_own_that_nobody_holds_any_more_is_removed(repository, opened):
    commit = repository.commit(FILES)
    opened.keep("live/main", commit)
    lock = repository.git_directory / "refs/content-api/live/main.lock"
    lock.touch()
    os.utime(lock, (time.time() - 11 * 60,) * 2)
    second = repository.commit({"content/a.json": b"2"})
    opened.keep("live/main", second)
    assert opened.kept() == {"live/main": second}
    assert not lock.exists()


def test_a_lock_that_is_not_our_own_is_left_however_old_it_is(repository, opened):
    commit = repository.commit(FILES)
    opened.keep("live", commit)
    repository.git("pack-refs", "--all")
    lock = repository.git_directory / "packed-refs.lock"
    lock.touch()
    os.utime(lock, (time.time() - 11 * 60,) * 2)
    with pytest.raises(StoreError, match=r"packed-refs\.lock.*File exists"):
        opened.keep("live", None)
    assert lock.exists()


def test_a_file_that_may_not_grow_is_said_with_the_remedy(repository, opened):
    commit = repository.commit(FILES)
    with files_of_at_most(0), pytest.raises(StoreError, match=r"couldn't write.*Free some disk"):
        opened.keep("live", commit)
    opened.keep("live", commit)
    assert opened.kept() == {"live": commit}


def test_a_repository_that_may_not_be_written_is_said_with_the_remedy(public):
    with unprivileged(), open_repository(public.path) as opened:
        commit = opened.require("HEAD")
        refs = public.git_directory / "refs"
        refs.chmod(0o555)
        with pytest.raises(RepositoryUnusable, match=r"live cannot be written.*write access"):
            opened.keep("live", commit)
        refs.chmod(0o755)
        opened.keep("live", commit)
        assert opened.kept() == {"live": commit}


@pytest.mark.parametrize(
    ("complaint", "remedy"),
    [("No space left on device", "Free some disk"), ("Read-only file system", "Mount it writable")],
)
def test_a_disk_that_takes_no_more_is_said_with_the_remedy(tmp_path, monkeypatch, complaint, remedy):
    fake = tmp_path / "git"  # no test may fill a disk, or mount one
    fake.write_text(f"#!/bin/sh\necho \"fatal: Unable to create '/r/live.lock': {complaint}\" >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(StoreError, match=f"{complaint}.*{remedy}"):
        keep(Git(tmp_path, 5), "live", "1" * 40)


def test_a_repository_that_is_gone_is_said_to_be_none(repository, opened, tmp_path):
    commit = repository.commit(FILES)
    repository.path.rename(tmp_path / "moved")
    with pytest.raises(RepositoryUnusable, match="not a git repository"):
        opened.keep("live", commit)


def test_which_commit_leads_to_which_is_told(repository, opened):
    first = repository.commit(FILES)
    repository.branch("draft")
    draft = repository.commit({"content/draft.json": b"1"}, branch="draft")
    second = repository.commit({"content/a.json": b"2"})
    alone = repository.commit({"content/a.json": b"1"}, branch="alone")
    assert [opened.is_ancestor(*pair) for pair in [(first, second), (second, first), (first, first)]] == [
        True, False, True,
    ]  # fmt: skip
    assert (opened.is_ancestor(draft, second), opened.is_ancestor(alone, second)) == (False, False)
    assert (opened.merge_base(draft, second), opened.merge_base(alone, second)) == (first, None)
    assert opened.merge_base(first, second) == first


def test_what_is_not_there_cannot_be_compared(repository, opened):
    commit = repository.commit(FILES)
    for ask in (opened.is_ancestor, opened.merge_base):
        with pytest.raises(ObjectUnreadable, match=r"cannot be compared.*1{40}"):
            ask("1" * 40, commit)
