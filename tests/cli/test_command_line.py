"""What holds for every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from content_api import __version__
from content_api.cli import COMMANDS
from tests.cli.conftest import Command

NAMES = [command.__name__ for command in COMMANDS]


def test_the_version_is_printed(tmp_path: Path, command: Command):
    assert command("--version", cwd=tmp_path) == (0, f"content-api {__version__}\n", "")


def test_every_command_is_listed_with_what_it_does(tmp_path: Path, command: Command):
    finished = command("--help", cwd=tmp_path)
    assert finished.code == 0
    for function in COMMANDS:
        assert f"│ {function.__name__}" in finished.out
        assert function.__doc__.split()[0] in finished.out


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path, command: Command):
    finished = command(name, "--help", cwd=tmp_path)
    assert finished.code == 0
    assert "Examples:" in finished.out
    assert f"  content-api {name}" in finished.out or f"| content-api {name}" in finished.out


def test_a_slip_in_an_option_is_answered_with_what_is_near(tmp_path: Path, command: Command):
    finished = command("serve", "--prot", "9000", cwd=tmp_path)
    assert finished.code == 2
    assert "--port" in finished.err


@pytest.mark.parametrize("name", ["serve", "check", "diff", "show", "query"])
def test_a_repository_that_cannot_be_read_is_one_line_without_a_traceback(name: str, tmp_path: Path, command: Command):
    (tmp_path / "ask.graphql").write_text("{ __typename }")
    (tmp_path / "content").mkdir()
    (tmp_path / "content/.git").write_text("gitdir: /nowhere\n")
    argument = {
        "show": ["condition/moon-hiccups"],
        "query": ["ask.graphql"],
        "serve": ["--port", "0"],
        "check": [],
        "diff": [],
    }
    finished = command(name, *argument[name], cwd=tmp_path)
    assert finished.code == 2
    assert "content is not a git repository. Name one, or a folder inside one. Git says: " in finished.err
    assert finished.err.count("\n") == 1
