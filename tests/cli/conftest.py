"""What the tests of the commands share."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog

from content_api.cli import main
from tests import world
from tests.repositories import ISOLATED, Repository


class Finished(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Finished]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> Command:
    """Runs a command in this process, which is quicker; the real one is in test_serve.py and command.py."""
    for name in [name for name in os.environ if name.startswith(("CONTENT_API_", "GIT_"))]:
        monkeypatch.delenv(name)
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, cwd: Path, **environment: str) -> Finished:
        monkeypatch.chdir(cwd)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return Finished(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Undoes what a command does to the process's logs."""
    root = logging.getLogger()
    handlers, level, logs = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**logs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds the small world in content/, and is in no repository."""
    write(tmp_path / "content", world.files())
    return tmp_path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository that holds the small world in content/, committed once."""
    repository = Repository(tmp_path / "repository")
    repository.commit(in_content(world.files()), message="The small world")
    return repository


def in_content(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as they stand in a repository."""
    return {f"content/{path}": data for path, data in files.items()}


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
