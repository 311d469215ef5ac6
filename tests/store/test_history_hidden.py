"""What hides older versions from a history: a shallow clone, damage, bounds; and what hides nothing."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from content_api.errors import GitTimeout, ObjectUnreadable, StoreError
from content_api.store import history as module
from content_api.store import open_repository
from content_api.store.history import read_history
from tests.repositories import Submodule, Symlink
from tests.store.branches import files_of, told
from tests.store.conftest import FILES, clone
from tests.store.test_damage import children


def test_a_shallow_clone_knows_that_older_versions_are_hidden(repository, tmp_path):
    repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    third = repository.commit({"content/a.json": b"3"})
    with open_repository(clone(repository, tmp_path / "shallow", 2), folder="content") as opened:
        history = read_history(opened, third)
        assert [each.version.id for each in history.versions] == [third, second]
        assert history.complete is False
        assert (files_of(history.versions[0]), history.versions[1].files) == ({"a.json": "changed"}, None)
        assert history.paths == ["a.json"]


def test_the_oldest_commit_of_a_shallow_clone_stands_for_itself(repository, tmp_path):
    repository.commit(FILES)
    outside = repository.commit({"README": b"new"})
    with open_repository(clone(repository, tmp_path / "shallow", 1), folder="content") as opened:
        history = read_history(opened, outside)
        assert (history.version_of(outside), len(history), history.complete) == (outside, 1, False)


def test_what_a_shallow_clone_fetches_later_is_known_then(repository, tmp_path):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(3)]
    path = clone(repository, tmp_path / "shallow", 1)
    with open_repository(path, folder="content") as opened:
        known = read_history(opened, commits[-1])
        subprocess.run(["git", "fetch", "--quiet", "--unshallow"], cwd=path, check=True)
        history = read_history(opened, commits[-1], known)
    assert [each.version.id for each in history.versions] == commits[::-1]
    assert history.complete


def cut(file):
    file.write_bytes(file.read_bytes()[:20])


def flipped(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)


DAMAGES = {"missing": lambda file: file.unlink(), "cut": cut, "flipped": flipped, "empty": lambda f: f.write_bytes(b"")}


@pytest.mark.parametrize("graph", [False, True], ids=["", "with a commit graph"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize(
    "what", ["", "^{tree}", ":content", ":content/causes"], ids=["commit", "root", "tree", "below"]
)
def test_what_is_damaged_hides_what_is_older_and_nothing_else(repository, opened, what, damage, graph):
    commits = [repository.commit({"content/causes/a.json": str(number), "README": str(number)}) for number in range(6)]
    found = repository.git("rev-parse", f"{commits[2]}{what}")
    if graph:
        repository.git("commit-graph", "write", "--reachable")
    damage(repository.loose(found))
    history = read_history(opened, commits[-1])
    assert history.complete is False
    assert [each.version.id for each in history.versions][:3] == commits[:2:-1]
    assert [each.version.id for each in history.versions][3:] in ([], [commits[2]])
    assert [each.files is None for each in history.versions] == [False] * (len(history) - 1) + [True]
    assert set(opened.snapshot(commits[-1]).entries) == {"causes/a.json"}


def test_a_lost_blob_of_an_old_version_hides_nothing(repository, opened):
    repository.commit({"content/a.json": b"1"})
    repository.loose(repository.git("rev-parse", "HEAD:content/a.json")).unlink()
    history = read_history(opened, repository.commit({"content/a.json": b"2"}))
    assert (history.complete, len(history)) == (True, 2)


def test_a_first_commit_whose_tree_is_lost_is_a_version_of_which_nothing_is_known(repository, opened):
    first = repository.commit({"content/a.json": b"1"})
    second = repository.commit({"content/a.json": b"2"})
    repository.loose(repository.git("rev-parse", f"{first}:content")).unlink()
    history = read_history(opened, second)
    assert (history.complete, [each.files for each in history.versions]) == (False, [None])


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_commit_that_cannot_be_read_itself_has_no_history(repository, opened, damage):
    repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    damage(repository.loose(second))
    with pytest.raises(ObjectUnreadable, match=second):
        read_history(opened, second)


def test_an_old_commit_that_is_a_weapon_hides_what_is_older(repository, opened, monkeypatch):
    repository.commit(FILES)
    repository.commit({"content/a.json": b"2"}, message="m" * 1_100_000)
    last = repository.commit({"content/a.json": b"3"})
    history = read_history(opened, last)
    assert (history.complete, [each.version.id for each in history.versions]) == (False, [last])


@pytest.mark.parametrize(("bound", "most", "known"), [("MOST_COMMITS", 3, 3), ("_CHANGES", 3, 4)])
def test_a_history_beyond_any_bound_is_cut(repository, opened, monkeypatch, bound, most, known):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(6)]
    monkeypatch.setattr(module, bound, most)
    history = read_history(opened, commits[-1])
    assert (history.complete, [each.version.id for each in history.versions]) == (False, commits[::-1][:known])


def signed(repository, parent):
    """A commit with a signature that nobody can check, on top of another."""
    head = f"tree {repository.tree([])}\nparent {parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n"
    data = f"{head}gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\nSigned\n".encode()
    return repository.git("hash-object", "-t", "commit", "-w", "--stdin", input=data)


HOSTILE = {
    "color.ui": "always",
    "core.quotePath": "true",
    "diff.ignoreSubmodules": "all",
    "diff.noprefix": "true",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.stat": "true",
    "format.pretty": "fuller",
    "format.notes": "true",
    "log.date": "relative",
    "log.decorate": "full",
    "log.diffMerges": "off",
    "log.follow": "true",
    "log.showRoot": "false",
    "log.showSignature": "true",
}


def test_no_configuration_changes_what_is_read(repository, opened, tmp_path):
    repository.commit({"old/a.json": b"the same bytes, and enough of them", "content/link": Symlink("a.json")})
    repository.branch("draft")
    repository.commit({"content/side.json": b"1"}, branch="draft")
    repository.commit({"content/a.json": b"the same bytes, and enough of them", "old/a.json": None})
    repository.commit({"content/b.json": b"the same bytes, and enough of them", "content/a.json": None})
    first = repository.commit({"content/elsewhere": Submodule("1" * 40)})
    repository.git("checkout", "--quiet", "-f", first)
    repository.git("-c", "user.name=A", "-c", "user.email=a", "merge", "--quiet", "--no-ff", "-m", "Merge", "draft")
    repository.git("-c", "user.name=A", "-c", "user.email=a", "notes", "add", "-m", "A note")
    tip = signed(repository, repository.git("rev-parse", "HEAD"))
    plain = told(read_history(opened, tip))
    gpg = tmp_path / "gpg"
    gpg.write_text("#!/bin/sh\necho 'gpg: who knows' >&2\n")
    gpg.chmod(0o755)
    for name, value in (HOSTILE | {"gpg.program": str(gpg)}).items():
        repository.git("config", name, value)
    assert told(read_history(opened, tip)) == plain
    assert plain["count"] == 6


def test_a_walk_that_hangs_is_ended_by_the_deadline(repository):
    repository.commit({"content/a.json": b"1"})
    tree = repository.git("rev-parse", "HEAD:content")
    second = repository.commit({"content/a.json": b"2"})
    file = repository.loose(tree)
    file.unlink()
    os.mkfifo(file)  # opening it waits for a writer that never comes, as a dead network disk would
    before = children()
    with open_repository(repository.path, folder="content", deadline=0.5) as opened:
        start = time.monotonic()
        with pytest.raises(GitTimeout, match=r"git log.* gave no answer for 0\.5 seconds"):
            read_history(opened, second)
        assert time.monotonic() - start < 3
        opened.close()
        assert children() == before


def test_a_walk_that_is_killed_is_no_end_of_the_history(repository, tmp_path, monkeypatch):
    commit = repository.commit(FILES)
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "git"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *" log "*) kill -9 $$;; esac\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with open_repository(repository.path) as opened, pytest.raises(StoreError, match="ended by signal 9"):
        read_history(opened, commit)


def test_a_walk_that_is_stopped_early_leaves_no_process(repository, opened):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(3)]
    opened.close()
    before = children()
    walk = opened.steps(commits[-1])
    next(walk)
    assert len(children()) == len(before) + 1
    walk.close()
    assert children() == before
