"""A mirror of a remote repository: what is in it after a fetch, and what stays when there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from content_api.errors import RemoteUnreachable
from content_api.store import open_repository
from content_api.store.mirror import PRIVATE, Mirror, open_remote
from content_api.store.remote import read_remote
from tests.repositories import Repository
from tests.store.conftest import FILES


def mirror_of(repository: Repository, cache: Path, **options) -> Mirror:
    return open_remote(read_remote(repository.path.as_uri(), **options), cache)


@pytest.fixture
def mirror(repository: Repository, tmp_path: Path) -> Mirror:
    """The mirror of a repository with one commit, not fetched yet."""
    repository.commit(FILES)
    return mirror_of(repository, tmp_path / "cache")


def refs(place: Path, *under: str) -> dict[str, str]:
    command = ["git", "-C", str(place), "for-each-ref", "--format=%(refname) %(objectname)", *under]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split(" ") for line in lines)


def pin(mirror: Mirror, name: str, commit: str) -> None:
    subprocess.run(["git", "-C", str(mirror.path), "update-ref", f"{PRIVATE}{name}", commit], check=True)


def test_a_mirror_has_everything_that_is_served_and_nothing_before_it_is_fetched(mirror, repository):
    repository.tag("v1", message="The first")
    assert mirror.prepare() is False
    mirror.fetch()
    assert mirror.prepare() is True
    assert refs(mirror.path) == refs(repository.path)
    with open_repository(mirror.path) as opened:
        commit = opened.require("HEAD")
        assert opened.version(commit).tags == ("v1",)
        assert set(opened.snapshot(commit).entries) == {"site.json", "causes/diabetes.json"}


def test_a_repository_with_long_ids_is_mirrored(tmp_path: Path):
    repository = Repository(tmp_path / "sha256", object_format="sha256")
    commit = repository.commit(FILES)
    mirror = mirror_of(repository, tmp_path / "cache")
    mirror.fetch()
    with open_repository(mirror.path) as opened:
        assert opened.require("main") == commit


def test_what_is_pushed_by_force_moved_deleted_or_renamed_is_followed(mirror, repository):
    first = repository.git("rev-parse", "HEAD")
    repository.commit({"content/a.json": b"1"})
    repository.branch("x")
    repository.branch("gone")
    repository.tag("v1")
    mirror.fetch()
    with open_repository(mirror.path) as opened:
        repository.git("branch", "-D", "x", "gone")
        repository.branch("x/y")
        repository.branch("main", first)
        repository.tag("v1", first)
        mirror.fetch()
        assert refs(mirror.path) == refs(repository.path)
        assert opened.require("HEAD") == first, "a repository that is open sees it"
        repository.git("branch", "-D", "x/y")
        repository.branch("x")
        mirror.fetch()
        assert refs(mirror.path) == refs(repository.path)


def test_head_follows_the_branch_that_it_is_at_the_remote(mirror, repository):
    mirror.fetch()
    repository.git("branch", "-m", "main", "published")
    commit = repository.commit({"content/a.json": b"1"}, branch="published")
    mirror.fetch()
    with open_repository(mirror.path) as opened:
        assert (opened.head_branch(), opened.require("HEAD")) == ("refs/heads/published", commit)


def test_an_empty_repository_is_mirrored_and_followed_when_it_is_no_longer_empty(tmp_path: Path):
    repository = Repository(tmp_path / "empty", object_format="sha256")
    mirror = mirror_of(repository, tmp_path / "cache")
    mirror.fetch()
    assert mirror.prepare() is False
    repository.commit(FILES)
    mirror.fetch()
    assert refs(mirror.path) == refs(repository.path)


def test_our_own_refs_stay_whatever_the_remote_does(mirror, repository):
    repository.commit({"content/a.json": b"1"}, branch="draft")
    mirror.fetch()
    pinned = refs(repository.path)["refs/heads/draft"]
    pin(mirror, "live", pinned)
    repository.git("branch", "-D", "draft")
    repository.git("update-ref", "refs/content-api/theirs", "HEAD")
    mirror.fetch()
    assert refs(mirror.path, PRIVATE) == {f"{PRIVATE}live": pinned}
    mirror.renew()
    assert refs(mirror.path, PRIVATE) == {f"{PRIVATE}live": pinned}
    with open_repository(mirror.path) as opened:
        assert opened.snapshot(pinned).entries


def test_after_a_restart_everything_is_served_without_a_network_or_a_disk_to_write_on(mirror, repository, monkeypatch):
    mirror.fetch()
    shutil.rmtree(repository.path)
    before = {path: path.lstat().st_mtime_ns for path in mirror.path.parent.rglob("*")}
    again = open_remote(mirror.remote, mirror.path.parent.parent)
    assert again.path == mirror.path
    assert again.prepare() is True
    assert {path: path.lstat().st_mtime_ns for path in mirror.path.parent.rglob("*")} == before
    with open_repository(again.path) as opened:
        assert opened.snapshot(opened.require("HEAD")).entries
    with pytest.raises(RemoteUnreachable, match="is no repository"):
        again.fetch()
    assert again.prepare() is True


@pytest.mark.parametrize(
    "author",
    ["An Editor editor@example.org 1 +0000", "<> 1 +0000", "A <a@b> soon", "A <a@b> 0099 +99999", "A<a@b> 1 +0000"],
)
def test_an_author_who_is_badly_written_does_not_keep_a_commit_from_being_taken(mirror, repository, author: str):
    tree = repository.git("rev-parse", "HEAD^{tree}")
    data = f"tree {tree}\nauthor {author}\ncommitter {author}\n\nx\n".encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=data)
    assert subprocess.run(["git", "-C", repository.path, "fsck", "--strict", commit], capture_output=True).returncode
    repository.branch("main", commit)
    mirror.fetch()
    assert refs(mirror.path)["refs/heads/main"] == commit


def test_what_is_malformed_is_not_taken(mirror, repository):
    mirror.fetch()
    before = refs(mirror.path)
    blob = repository.blob(b"{}")
    repository.commit_tree(repository.tree([("100644", b".git", blob)]))
    with pytest.raises(RemoteUnreachable, match="holds an object that is not well formed"):
        mirror.fetch()
    assert refs(mirror.path) == before


def test_the_users_configuration_is_not_asked(mirror, repository, tmp_path, monkeypatch):
    (tmp_path / "gitconfig").write_text(f'[url "file:///nowhere"]\n\tinsteadOf = {repository.path.as_uri()}\n')
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "include.path")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    mirror.fetch()
    assert mirror.prepare() is True


def test_every_address_has_a_folder_that_a_person_recognises(tmp_path: Path):
    addresses = ["https://example.org/a/b.git", "https://example.org/a-b.git", "git@example.org:a/b.git"]
    paths = [open_remote(read_remote(address), tmp_path).path.parent.name for address in addresses]
    assert len(set(paths)) == 3
    assert paths[0].startswith("example.org-a-b-")
    secret = open_remote(read_remote("https://me:hunter2@example.org/a/b.git"), tmp_path).path.parent.name
    assert secret == paths[0], "the same repository, however it is opened"


def test_one_fetches_at_a_time_and_who_waits_sees_the_result(mirror, repository, monkeypatch):
    mirror.fetch()
    commit = repository.commit({"content/a.json": b"1"})
    runs: list[str] = []
    real = Mirror._run
    begun, go_on = threading.Event(), threading.Event()

    def slow(self, *arguments, **options):
        runs.append(arguments[0])
        begun.set()
        assert go_on.wait(10)
        return real(self, *arguments, **options)

    monkeypatch.setattr(Mirror, "_run", slow)
    others = [mirror_of(repository, mirror.path.parent.parent) for _ in range(4)]
    first, *late = threads = [threading.Thread(target=other.fetch) for other in others]
    first.start()
    assert begun.wait(10)
    for thread in late:
        thread.start()
    time.sleep(0.2)  # until they have all been asked
    go_on.set()
    for thread in threads:
        thread.join()
    # The first to come fetches; one of those that were asked while it did looks again, and that is enough for them all.
    assert runs.count("ls-remote") == 2
    assert runs.count("fetch") == 1
    assert refs(mirror.path)["refs/heads/main"] == commit


def test_who_waits_for_too_long_says_for_what(mirror, repository):
    mirror.fetch()
    script = (
        "import sys; from pathlib import Path; from content_api.store.cache import CacheFolder\n"
        "with CacheFolder(Path(sys.argv[1])).alone(1): print('alone', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(mirror.path.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"alone\n"
        impatient = mirror_of(repository, mirror.path.parent.parent, fetch_seconds=0.2)
        with pytest.raises(RemoteUnreachable, match=r"Another process has been busy in .*: `fuser "):
            impatient.fetch()
        other.kill()
    impatient.fetch()
