"""A server that is told to end does so within seconds, whatever git waits for, and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from content_api.store.cache import CacheFolder, cache_folder
from tests.cli.command import THREE_WAYS, clean_environment, serving
from tests.publish.outside import locks
from tests.publish.world import moon, new_repository
from tests.repositories import Repository
from tests.store.remotes import bad_server, hang, running_with
from tests.waiting import until

SECONDS = 4.0  # a second or two, on a machine that runs everything else as well; a fetch that hangs takes fifteen


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "content.git")


@contextmanager
def silent_remote(cache: Path) -> Iterator[tuple[str, CacheFolder]]:
    """The address of one that takes connections and never answers, and the folder of its mirror."""
    with bad_server(hang) as host:
        address = f"http://{host}/content.git"
        yield address, cache_folder(cache, address)


def remote_settings(address: str, cache: Path) -> dict[str, str]:
    return {"CONTENT_API_REPOSITORY": address, "CONTENT_API_CACHE": str(cache), "CONTENT_API_CONNECT_SECONDS": "60"}


def seconds_to_end(process: subprocess.Popen, number: int = signal.SIGTERM) -> float:
    began = time.monotonic()
    process.send_signal(number)
    process.wait(30)
    return time.monotonic() - began


def hangs(text: str) -> None:
    """Wait until a git with this in its command line runs, and still does a moment later."""
    until(30, lambda: running_with(text))


def left_in(folder: CacheFolder) -> list[str]:
    """What is not a whole mirror, or what belongs to it."""
    whole = {folder.mirror.name, "lock"}
    return [path.name for path in folder.path.iterdir() if path.name not in whole] + locks(folder.mirror)


def test_a_fetch_that_hangs_is_ended_with_the_server(repository, tmp_path):
    cache = tmp_path / "cache"
    with silent_remote(cache) as (address, folder):
        folder.path.mkdir(parents=True)
        repository.clone(folder.mirror, "--mirror")
        with serving(cwd=tmp_path, **remote_settings(address, cache)) as server:
            hangs(address)
            assert seconds_to_end(server.process) < SECONDS
            assert server.process.returncode in (0, -signal.SIGTERM)
            assert "Traceback" not in server.log.read_text()
        assert running_with(address) == []
        assert left_in(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("way", sorted(THREE_WAYS))
def test_the_first_fetch_that_hangs_is_ended_with_the_start(tmp_path, way, number):
    cache, log = tmp_path / "cache", tmp_path / "log"
    with silent_remote(cache) as (address, folder), log.open("w") as output:
        process = subprocess.Popen(
            THREE_WAYS[way],
            cwd=tmp_path,
            env=clean_environment() | remote_settings(address, cache) | {"CONTENT_API_PORT": "0"},
            stdout=output,
            stderr=output,
        )
        hangs(address)
        assert seconds_to_end(process, number) < SECONDS
        assert process.returncode in (-number, 128 + number, 1)  # 1: what uvicorn makes of Ctrl+C before it serves
        assert running_with(address) == []
        assert left_in(folder) == []
        assert "Traceback" not in log.read_text()


def test_another_git_command_that_hangs_is_ended_with_the_server(repository, tmp_path):
    """In a repository on this machine, whose disk may hang."""
    git, mark = tmp_path / "bin" / "git", tmp_path / "hang"
    git.parent.mkdir()
    git.write_text(f"""#!/bin/sh
if [ -e {mark} ]; then sleep 60; : {mark}; fi
exec {shutil.which("git")} "$@"
""")
    git.chmod(0o755)
    path = f"{git.parent}:{clean_environment()['PATH']}"
    with serving("--content", str(repository.path), cwd=tmp_path, PATH=path) as server:
        mark.touch()
        repository.commit(moon("New"))
        hangs(str(git))
        assert seconds_to_end(server.process) < SECONDS
    assert running_with(str(git)) == []
    assert locks(repository.path) == []


def test_a_server_that_waits_for_the_fetch_of_another_process_ends_without_it(repository, tmp_path):
    cache = tmp_path / "cache"
    with silent_remote(cache) as (address, folder):
        folder.path.mkdir(parents=True)
        repository.clone(folder.mirror, "--mirror")
        with folder.alone(1), serving(cwd=tmp_path, **remote_settings(address, cache)) as server:
            time.sleep(0.5)
            assert running_with(address) == []
            assert seconds_to_end(server.process) < SECONDS
