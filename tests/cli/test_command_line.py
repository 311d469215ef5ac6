"""What holds for every command."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from content_api import __version__
from content_api.cli import COMMANDS, GROUPS
from tests.cli.conftest import Command

LISTING = """
import sys
from content_api.cli import main
try:
    main()
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""


def test_the_version_is_printed(tmp_path: Path, command: Command):
    assert command("--version", cwd=tmp_path) == (0, f"content-api {__version__}\n", "")


def test_every_command_is_listed_with_what_it_does(tmp_path: Path, command: Command):
    finished = command("--help", cwd=tmp_path)
    assert finished.code == 0
    for name in COMMANDS:
        function = getattr(import_module(f"content_api.cli.{name}"), name)
        assert f"│ {name}" in finished.out
        assert function.__doc__.split()[0] in finished.out
    assert re.findall(r"│ ([a-z]+) ", finished.out) == [*COMMANDS, *GROUPS]


def test_a_command_that_does_not_exist_is_answered_with_one_that_does(tmp_path: Path, command: Command):
    finished = command("chek", cwd=tmp_path)
    assert finished.code == 2
    assert "No such command 'chek'. Did you mean 'check'?" in finished.err


@pytest.mark.parametrize("name", ["check", "diff", "log", "status", "hook"])
def test_who_commits_does_not_wait_for_the_server_to_be_imported(name: str):
    ask = [sys.executable, "-c", LISTING, name, "--help"]
    done = subprocess.run(ask, check=True, capture_output=True, text=True, timeout=60)
    assert "Usage: content-api" in done.stdout
    assert set(done.stderr.split()) & {"graphql", "strawberry", "uvicorn"} == set()
    assert f"content_api.cli.{name}" in done.stderr.split()


@pytest.mark.parametrize("name", COMMANDS)
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
