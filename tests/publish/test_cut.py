"""Row 1 of docs/reference/faults.md: a push or a fetch that is cut within its pack, by real git on both sides.

Nothing changes, and the next one that comes whole is live.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.publish.staying import name, recovers, stays
from tests.publish.world import Followed, following, moon
from tests.repositories import Repository
from tests.store.test_mirror import refs
from tests.waiting import until

pytestmark = pytest.mark.anyio

HALF = 150_000  # bytes: all that comes before the pack, and about half of it
SERVED = ("refs/heads", "refs/tags")
KEPT = {"as files": "100", "as a pack": "1"}
"""How git writes what is pushed -> its setting `receive.unpackLimit`."""


def large(called: str) -> dict[str, bytes]:
    """A good change with so much beside the content that its pack is twice as long as it may become."""
    return moon(called) | {"notes.bin": random.Random(called).randbytes(2 * HALF)}


@pytest.fixture
def editor(repository: Repository, tmp_path: Path) -> Repository:
    return repository.clone(tmp_path / "editor.git")


def program(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


@contextmanager
def pushing(editor: Repository, to: Repository, receive: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`git push` with this program at the other end; whatever is left of it when the block ends is killed."""
    command = ["git", "push", "--quiet", f"--receive-pack={receive}", str(to.path), "main"]
    with subprocess.Popen(command, cwd=editor.path, stderr=subprocess.PIPE, start_new_session=True) as push:
        try:
            yield push
        finally:
            end(push)


def end(push: subprocess.Popen[bytes]) -> None:
    """Kill it with all that it has started: they are one process group."""
    with suppress(ProcessLookupError):
        os.killpg(push.pid, signal.SIGKILL)


def incoming(repository: Repository) -> list[Path]:
    """What git has written of a push that is not whole yet: it puts that aside."""
    folders = (repository.path / "objects").glob("*incoming-*")
    return [file for folder in folders for file in folder.rglob("*") if file.is_file() and file.stat().st_size]


async def nothing_changed(seen: Followed, before: str, pushed: str) -> None:
    await seen.publisher.look()
    assert seen.current.trouble is None
    await stays(seen, before)
    assert seen.repository.git("rev-parse", "main") == before
    with pytest.raises(AssertionError):
        seen.repository.git("cat-file", "-e", pushed)
    seen.repository.git("fsck", "--strict")


async def is_live_when_it_comes_whole(seen: Followed, editor: Repository, pushed: str) -> None:
    editor.git("push", "--quiet", str(seen.repository.path), "main")
    await seen.publisher.look()
    assert (seen.live, seen.current.trouble, await name(seen)) == (pushed, None, "Cut")
    await recovers(seen)


@pytest.mark.parametrize("kept", KEPT)
async def test_row_1_a_push_whose_connection_is_cut_changes_nothing_and_is_live_when_it_comes_whole(
    repository, editor, tmp_path, kept
):
    repository.git("config", "receive.unpackLimit", KEPT[kept])
    with following(repository) as seen:
        before, pushed = seen.live, editor.commit(large("Cut"))
        receive = program(tmp_path / "receive", f'head -c {HALF} | git receive-pack "$@"')
        with pushing(editor, repository, receive) as push:
            assert push.wait(30) != 0
        await nothing_changed(seen, before, pushed)
        assert incoming(repository) == []
        await is_live_when_it_comes_whole(seen, editor, pushed)


@pytest.mark.parametrize("kept", KEPT)
async def test_row_1_a_push_that_is_killed_changes_nothing_and_is_live_when_it_comes_whole(
    repository, editor, tmp_path, kept
):
    repository.git("config", "receive.unpackLimit", KEPT[kept])
    with following(repository) as seen:
        before, pushed = seen.live, editor.commit(large("Cut"))
        receive = program(tmp_path / "receive", f'{{ head -c {HALF}; sleep 60; }} | git receive-pack "$@"')
        with pushing(editor, repository, receive) as push:
            until(30, lambda: incoming(repository))
            await nothing_changed(seen, before, pushed)
            end(push)
            assert push.wait(30) == -signal.SIGKILL
        assert incoming(repository), "nobody was left who could have swept it"
        await nothing_changed(seen, before, pushed)
        await is_live_when_it_comes_whole(seen, editor, pushed)
        repository.git("prune", "--expire=now")
        assert incoming(repository) == []


async def test_row_1_a_fetch_that_is_cut_within_its_pack_changes_nothing_and_the_next_is_live(
    repository, tmp_path, monkeypatch
):
    with following(repository, cache=tmp_path / "cache") as seen:
        mirror, before = seen.publisher.mirror.path, seen.live
        pushed = repository.commit(large("Cut"))
        was = refs(mirror, *SERVED)
        cut = program(tmp_path / "cut", f'"$@" | head -c {HALF}', "kill -9 $PPID")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "of-the-remote"))
        (tmp_path / "of-the-remote").write_text(f"[uploadpack]\n\tpackObjectsHook = {cut}\n")
        await seen.publisher.look()
        await stays(seen, before, repository.path.as_uri())
        assert refs(mirror, *SERVED) == was
        assert [path for path in mirror.rglob("*") if "tmp_" in path.name or "incoming" in path.name] == []
        (tmp_path / "of-the-remote").write_text("")
        await seen.publisher.look()
        assert (seen.live, seen.current.trouble, await name(seen)) == (pushed, None, "Cut")
        await recovers(seen)
