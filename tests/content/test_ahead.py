"""Files read ahead in a copy of this process: the same files, whatever happens to the copy."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.content import alone
from tests.repositories import Repository

FILES = 300

PRELUDE = """
import os, signal
from pathlib import Path
from content_api.content import ahead, beside
from content_api.content.diagnosis import is_strict
from content_api.errors import ObjectUnreadable
from content_api.store import open_repository
HERE = os.getpid()
beside.ENOUGH = 100
repository = open_repository(Path(PLACE), folder="")
snapshot = repository.snapshot(COMMIT)
blobs = [entry.blob for entry in snapshot.entries.values()]
def came():
    read = []
    try:
        for file in ahead.read_ahead(snapshot, blobs):
            assert not file.strict or is_strict(file.data)
            read.append(file)
    except ObjectUnreadable as error:
        print("ObjectUnreadable", error)
    return read
def as_read(files):
    return [(file.blob, file.data) for file in files]
"""

pytestmark = alone.on_linux


def content(number: int) -> bytes:
    """Every fifth file is not strict."""
    return b'{"number": %d%s}' % (number, b', "number": 1' if number % 5 == 0 else b"")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "content.git", bare=True)
    made.commit({f"symptoms/{number:04}.json": content(number) for number in range(FILES)})
    return made


def ran(repository: Repository, program: str) -> subprocess.CompletedProcess[str]:
    where = f"PLACE, COMMIT = {str(repository.path)!r}, {repository.git('rev-parse', 'HEAD').strip()!r}\n"
    return alone.ran(where + PRELUDE + program)


def test_the_files_are_those_of_the_snapshot_and_what_is_strict_was_found_out_elsewhere(repository):
    finished = ran(
        repository,
        "looked = []\n"
        "ahead.is_strict = lambda data: looked.append(data) or is_strict(data)\n"
        "files = came()\n"
        "assert as_read(files) == list(snapshot.read(blobs))\n"
        "print(len(files), len(looked), sum(file.strict for file in files) * 2 > len(files))",
    )
    assert (finished.stdout, finished.stderr) == (f"{FILES} 0 True\n", "")


def test_where_no_copy_is_made_nothing_is_said_to_be_strict(repository):
    finished = ran(repository, "beside.ENOUGH = 1000\nprint(len(came()), any(file.strict for file in came()))")
    assert (finished.stdout, finished.stderr) == (f"{FILES} False\n", "")


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(3)", "raise ZeroDivisionError"])
def test_when_the_copy_ends_the_rest_is_read_here_and_that_is_logged(repository, end):
    finished = ran(
        repository,
        "seen = []\n"
        "def dies(data):\n"
        "    seen.append(data)\n"
        f"    if os.getpid() != HERE and len(seen) == 100: {end}\n"
        "    return is_strict(data)\n"
        "ahead.is_strict = dies\n"
        "files = came()\n"
        "assert as_read(files) == list(snapshot.read(blobs))\n"
        "print(any(file.strict for file in files), any(file.strict for file in files[200:]))",
    )
    assert finished.returncode == 0, finished.stderr
    assert "a copy of this process gave no result" in finished.stdout
    assert finished.stdout.endswith("True False\n")


def test_a_file_that_is_missing_is_refused_as_the_snapshot_refuses_it(repository):
    finished = ran(
        repository,
        "blobs[250] = 'f' * 40\n"
        "files = came()\n"
        "print(len(files))\n"
        "try: list(snapshot.read(blobs))\n"
        "except ObjectUnreadable as error: print('ObjectUnreadable', error)",
    )
    refused, count, expected = finished.stdout.splitlines()
    assert (refused, int(count), finished.stderr) == (expected, 250, "")
    assert "f" * 40 in refused
