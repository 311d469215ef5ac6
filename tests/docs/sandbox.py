"""A clone of this repository that a page's commands may do anything to, and the servers that they start in it.

Nothing of the machine's git configuration is used, no port that the documentation names is taken, and the commands
find the programs of the environment that runs the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
from typer.testing import CliRunner

from content_api.answers import delivery
from content_api.cli import build
from content_api.content.load import load
from content_api.content.problems import ContentRefused, Problem
from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation
from content_api.opening import open_configured, served_alone
from content_api.settings import Settings
from content_api.store.folder import FolderSnapshot
from tests.live import ROOT
from tests.repositories import ISOLATED

LEFT_BEHIND = shutil.ignore_patterns(
    ".git",
    ".venv",
    "node_modules",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    "*.egg-info",
    "*.pyc.*",
)
DOCUMENTED = "127.0.0.1:8000"
SECONDS_TO_START = 30
SECONDS_TO_RUN = 60
# Commands that go on until they are stopped, after the settings that stand before one.
SETTING = r"(\w+=\S+\s+(\\\n\s*)?)"
SERVER = re.compile(rf"^{SETTING}*(make run|(\.venv/bin/)?(content-api serve|python server\.py|uvicorn server:app))\b")
IDENTITY = {
    "GIT_AUTHOR_NAME": "A Reader",
    "GIT_AUTHOR_EMAIL": "reader@example.org",
    "GIT_COMMITTER_NAME": "A Reader",
    "GIT_COMMITTER_EMAIL": "reader@example.org",
}


# What starts no process when it is run here: a plain command of ours, with nothing for a shell to do.
OURS = re.compile(rf"^(?=[^|&;<>$`]*$)(?P<settings>{SETTING}*)(\.venv/bin/)?content-api (?P<arguments>.*)$", re.DOTALL)
CLI = build()
DELIVERIES: dict[str, Delivery] = {}


@dataclass(slots=True)
class Sandbox:
    """A clone at `path`. `outputs` of a command are standard output and standard error as a terminal mixes them."""

    path: Path
    address: str = DOCUMENTED
    """Where the server runs that a command has started."""
    changed: bool = False
    """Whether the code has been changed, so that commands of ours have to be run by what is in the clone."""
    _servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def made(cls, path: Path) -> Sandbox:
        shutil.copytree(ROOT, path, ignore=LEFT_BEHIND, symlinks=True)
        (path / ".venv").symlink_to(sys.prefix)
        sandbox = cls(path)
        sandbox.run("git init --quiet --initial-branch=main && git add . && git commit --quiet -m 'Before'")
        sandbox.run("git commit --quiet --allow-empty -m 'As cloned'")
        sandbox.run("git update-ref refs/as-cloned HEAD")
        return sandbox

    def reset(self) -> None:
        """Take back whatever was done to the files, the hooks and the history."""
        self.changed = False
        self.run(
            "rm -rf .git/hooks && git checkout --quiet --force -B main refs/as-cloned && git clean --quiet -d --force"
        )

    # ---- commands

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit status and what it printed."""
        ours = OURS.match(command.partition("  # ")[0])
        return self._run_here(**ours.groupdict()) if ours and not self.changed else self._run_in_shell(command)

    def _run_here(self, settings: str, arguments: str) -> tuple[int, str]:
        """Run a command of ours in this process, which has imported everything: a process of its own takes a second."""
        set_before = dict(setting.split("=", 1) for setting in shlex.split(settings.replace("\\\n", " ")))
        with contextlib.chdir(self.path):
            result = CliRunner().invoke(CLI, shlex.split(arguments), env=self.environment | set_before)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def _run_in_shell(self, command: str) -> tuple[int, str]:
        finished = subprocess.run(
            ["bash", "-c", command.replace(DOCUMENTED, self.address)],
            cwd=self.path,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS_TO_RUN,
            check=False,
        )
        return finished.returncode, finished.stdout.decode().replace("\r", "").replace(self.address, DOCUMENTED)

    def serve(self, command: str) -> str:
        """Start a server on a free port instead of the documented one; return what it printed until it was ready."""
        self.stop()
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        log = self.path.with_suffix(".log")
        with log.open("wb") as output:
            self._servers.append(
                subprocess.Popen(
                    ["bash", "-c", "exec env " + _with_port(command.replace("\\\n", " "), port)],
                    cwd=self.path,
                    env=self.environment | {"CONTENT_API_PORT": str(port)},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        self._wait(log)
        return log.read_text().replace(self.address, DOCUMENTED)

    def stop(self) -> None:
        for server in self._servers:
            os.killpg(server.pid, 15)
            server.wait(timeout=10)
        self._servers.clear()
        self.address = DOCUMENTED

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CONTENT_API_", "GIT_", "PYTEST_", "MAKE", "MFLAGS"))
        }
        path = f"{self.path / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        ours = {"PATH": path, "PYTHONPATH": str(self.path), "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
        served = {"CONTENT_API_PORT": self.address.rpartition(":")[2]} if self._servers else {}
        return inherited | ISOLATED | IDENTITY | ours | served

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            assert self._servers[-1].poll() is None, f"the server ended while starting:\n{log.read_text()}"
            try:
                if httpx2.get(f"http://{self.address}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the server was not ready after {SECONDS_TO_START} s:\n{log.read_text()}")

    # ---- files and content

    def edit(self, path: str, hunk: Sequence[str]) -> None:
        """Change a file as the lines of a diff's hunk say; they stand in one place of it. `…` is any text of a line."""
        self.changed |= path.startswith("content_api/")
        file = self.path / path
        text = file.read_text(encoding="utf-8")
        old = "".join(f"({anything_for_dots(line[1:])}\n)" for line in hunk if line[0] != "+")
        places = list(re.finditer(f"^{old}", text, re.MULTILINE))
        assert len(places) == 1, f"{path} has this {len(places)} times:\n" + "\n".join(hunk)
        kept = iter(places[0].groups())
        new = [f"{line[1:]}\n" if line[0] == "+" else next(kept) * (line[0] == " ") for line in hunk]
        file.write_text(text[: places[0].start()] + "".join(new) + text[places[0].end() :], encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file of the reader's. Where it names the server, it gets the one that a command has started."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(DOCUMENTED, self.address), encoding="utf-8")

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the content as its files stand."""
        try:
            load(FolderSnapshot(self.path / "content"))
        except ContentRefused as refused:
            return refused.problems
        return ()

    def ask(self, document: str, variables: Mapping[str, Any]) -> Any:
        """The answer of the server that a command has started; without one, of the content as its files stand."""
        if self._servers:
            request = {"query": document, "variables": variables}
            return httpx2.post(f"http://{self.address}/graphql", json=request, trust_env=False).json()
        return orjson.loads(asyncio.run(delivery_of(self.path / "content").answer(Operation(document, variables))).body)


def anything_for_dots(line: str) -> str:
    """A pattern for a line in which `…` stands for any characters."""
    return ".*?".join(re.escape(part) for part in line.split("…"))


def delivery_of(folder: Path) -> Delivery:
    """What answers queries about the content in a folder, without a server; made once for the same files.

    Where all of them are committed, it is the commit that is asked, with its past.
    """
    files = FolderSnapshot(folder).version.id
    if files not in DELIVERIES:
        settings = Settings(content=folder, working_tree=not committed(folder))
        with open_configured(settings) as opened:
            started = served_alone(opened, settings)
        DELIVERIES[files] = delivery(started.current, started.archive)
    return DELIVERIES[files]


def committed(folder: Path) -> bool:
    """Whether the files of a folder are just those of the commit that is checked out."""
    status = ["git", "-C", str(folder), "status", "--porcelain", "--ignored=no", "--", "."]
    return not subprocess.run(status, check=True, capture_output=True, text=True).stdout


def _with_port(command: str, port: int) -> str:
    """A command that starts a server, on another port: by its own option where it has one, else by the setting."""
    if command.startswith("make"):
        return f"make -o .venv/.installed {command.removeprefix('make')}"
    if "uvicorn" in command:
        return f"{command} --port {port}"
    words = [str(port) if before == "--port" else word for before, word in _pairs(shlex.split(command))]
    return shlex.join(words)


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *words], words, strict=False))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
