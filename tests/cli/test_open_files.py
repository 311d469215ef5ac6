"""How many connections there may be where few files may be open, in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from tests.cli.command import clean_environment
from tests.live import ROOT

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SCRIPT = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (400, {hard}))
from content_api.cli.open_files import with_files
from content_api.observe.logs import configure
from content_api.settings import read_settings
configure("json", "info")
print(with_files(read_settings(connections={connections})).connections, resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def started(connections: int, hard: int = 1_000) -> tuple[str, str]:
    """How many connections there will be and which files are allowed then, and what was said of it."""
    script = SCRIPT.format(connections=connections, hard=hard)
    environment = clean_environment()
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr


needs_files = pytest.mark.skipif(HARD not in (-1,) and HARD < 1_000, reason="fewer than 1,000 files are allowed here")


@needs_files
def test_as_many_files_as_are_needed_are_asked_for():
    assert started(connections=500) == ("500 (800, 1000)", "")


@needs_files
def test_where_they_are_not_allowed_there_are_fewer_connections_and_it_is_said_what_to_do():
    made, said = started(connections=12_000)
    assert made == "700 (1000, 1000)"
    assert json.loads(said)["event"] == (
        "12,300 open files are needed and 1,000 are allowed: there will be 700 connections. Allow more files, as by "
        "LimitNOFILE of systemd, or set CONTENT_API_CONNECTIONS"
    )
