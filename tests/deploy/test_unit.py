"""The systemd unit of docs/how-to/deploy: systemd takes it, it fits the settings, and a server runs as it says."""

from __future__ import annotations

import configparser
import ctypes
import re
import resource
import shlex
import signal
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from content_api.cli.open_files import SPARE
from content_api.cli.workers import SECONDS_AFTER
from content_api.settings import Settings, variable
from tests.cli.command import COMMAND, clean_environment
from tests.docs.blocks import read
from tests.live import ROOT, free_port
from tests.needs import needs
from tests.publish.world import new_repository
from tests.waiting import until

UNIT = ROOT / "docs/how-to/deploy/content-api.service"
PLACE = "/opt/content-api/bin/content-api"
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65  # the second is new in Linux 6.3; an older one says no, and nothing is lost
WORST = 20
"""Tenths of systemd's measure of exposure, from 0, safe, to 100. One that says nothing has 96."""


class Parser(configparser.RawConfigParser):
    """A unit's options by their names, as written; of one that is there several times, the last."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def service() -> dict[str, str]:
    parser = Parser(strict=False, interpolation=None)
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return dict(parser["Service"])


SERVICE = service()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit, with the command where it is on this machine."""
    unit = tmp_path / UNIT.name
    assert UNIT.read_text(encoding="utf-8").count(PLACE) == 1
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(PLACE, COMMAND[0]), encoding="utf-8")
    return unit


@needs("systemd-analyze")
def test_systemd_understands_every_line(installed: Path):
    checked = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)
    complaints = [line for line in checked.stderr.splitlines() if UNIT.name in line]
    assert (checked.returncode, complaints) == (0, [])


@needs("systemd-analyze")
def test_systemd_finds_little_that_is_exposed(installed: Path):
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={WORST}", installed]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Overall exposure level" in checked.stdout


def test_it_gives_the_server_the_time_and_the_files_that_its_settings_take():
    settings = Settings()
    seconds = settings.drain_seconds + settings.end_seconds + SECONDS_AFTER
    assert int(SERVICE["TimeoutStopSec"].removesuffix("s")) >= seconds + 5
    assert int(SERVICE["LimitNOFILE"]) >= settings.connections + SPARE


def test_every_setting_of_the_unit_and_of_its_file_is_one():
    [block] = [block for block in read("docs/how-to/deploy.md").blocks if block.title == "settings"]
    named = re.findall(r"\bCONTENT_API_\w+", SERVICE["Environment"] + block.text)
    assert len(named) > 4
    assert set(named) <= {variable(name) for name in Settings.model_fields}


def test_a_server_starts_and_ends_as_the_unit_has_it(tmp_path: Path):
    """With the file of settings that the page shows, but for where the content is; nothing else is in its environment.

    What a process may be forbidden without systemd is: memory that is written and executed, and more privileges.
    """
    [block] = [block for block in read("docs/how-to/deploy.md").blocks if block.title == "settings"]
    repository, port = new_repository(tmp_path / "content.git"), free_port()
    settings = assigned(block.text) | assigned(SERVICE["Environment"].replace("%C", str(tmp_path)))
    settings |= {"CONTENT_API_REPOSITORY": f"file://{repository.path}", "CONTENT_API_PORT": str(port)}
    settings.pop("CONTENT_API_REPOSITORY_TOKEN")  # which a repository over https has
    command = shlex.split(SERVICE["ExecStart"].replace(PLACE, COMMAND[0]))
    bare = {name: clean_environment()[name] for name in ("PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")}
    log = tmp_path / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=bare | settings, cwd="/", stdout=output, stderr=output, preexec_fn=confined, umask=0o077
        )
    try:
        until(60, lambda: is_ready(port) or server.poll() is not None)
        assert is_ready(port), log.read_text()
        before = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=int(SERVICE["TimeoutStopSec"].removesuffix("s"))) in (0, -signal.SIGTERM)
        assert time.monotonic() - before < Settings().end_seconds
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    assert "open files are needed" not in log.read_text()


def confined() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)
    files = int(SERVICE["LimitNOFILE"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def assigned(text: str) -> dict[str, str]:
    """The variables of `NAME=value` words and lines, comments left out."""
    words = shlex.split(text, comments=True)
    return dict(word.split("=", 1) for word in words)


def is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
