"""The server under test: `content-api serve` in a process of its own, ended and started again as often as one likes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx2

from tests.bench.figures import resident_bytes
from tests.cli.command import COMMAND, clean_environment
from tests.publish.checker.ledger import Findings, Outages

MARK = "CHECKED_SERVER"
"""A variable of the server's environment, and so of every process that it starts: by it what is left is found."""
SECONDS_TO_START = 60.0  # it takes one; on a machine that runs everything else as well, many
SECONDS_TO_END = 30.0
# From the twelfth publication on. Measured: 30 to 60 MB more, and then no more, however long it runs: eight older
# versions that are searched, caches that are bounded, and what the allocator keeps. A leak is soon above it: one of
# 1.3 MB for each publication, of editions that operations had waited on, was found by this.
MOST_GROWTH = 100_000_000
MOST_FILES = 40  # open files beyond those after the start: readers, listeners, and git's pipes
NOT_OURS = ("Traceback (most recent call last)", "on our side", "was never awaited", "Task exception was never")


@dataclass(slots=True)
class Server:
    """`log` has all that it printed, over all its lives."""

    arguments: tuple[str, ...]
    port: int
    folder: Path
    environment: Mapping[str, str]
    outages: Outages
    findings: Findings
    command: tuple[str, ...] = COMMAND
    mark: str = field(default_factory=lambda: uuid4().hex)
    lives: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _weight: int | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = clean_environment() | self.environment | {MARK: self.mark}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self.command, "serve", "--port", str(self.port), *self.arguments],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.lives += 1
        self._weight = None
        self._wait_until_ready()
        if self.lives > 1:
            self.outages.end()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"The server ended with {self.process.returncode}:\n{self.said(3_000)}")
            if self.status() is not None:
                return
            time.sleep(0.05)
        raise RuntimeError(f"The server was not ready in {SECONDS_TO_START} s:\n{self.said(3_000)}")

    def status(self) -> dict | None:
        """What /readyz says, where it says so."""
        try:
            answer = httpx2.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False, timeout=20)
        except httpx2.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def kill(self) -> None:
        """As a power cut would."""
        self.outages.begin()
        self._weigh()
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """As an operator would. It has to end by itself, and in good order."""
        self.outages.begin()
        self._weigh()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.findings.report(f"SIGTERM did not end it in {SECONDS_TO_END} s", self.said(2_000))
            self.process.kill()
            self.process.wait()
        else:
            if code not in (0, -signal.SIGTERM):
                self.findings.report(f"After SIGTERM it ended with {code}", self.said(2_000))

    def warm(self) -> None:
        """From here on its memory is compared with what it is now."""
        self._weight = resident_bytes(self.process.pid)

    def _weigh(self) -> None:
        growth = 0 if self._weight is None else resident_bytes(self.process.pid) - self._weight
        if growth > MOST_GROWTH:
            self.findings.report(f"Its memory grew by {growth / 1e6:.0f} MB; {MOST_GROWTH / 1e6:.0f} are allowed")

    def look_at_processes(self) -> None:
        """No zombie stays, and no more git than the one that reads objects, with one that has just been begun."""
        seen = [children(self.process.pid) for _ in _moments(5, 0.3)]
        always = set.intersection(*(set(each) for each in seen))
        zombies = [one for one in always if all(each[one] == "Z" for each in seen)]
        if zombies:
            self.findings.report(f"Zombies stay: {zombies}")
        if len(always) > 2:
            self.findings.report(f"{len(always)} processes stay beside it", {one: command_of(one) for one in always})
        files = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        if files > MOST_FILES:
            self.findings.report(f"It has {files} files open; {MOST_FILES} are more than enough")

    def look_at_what_is_left(self) -> None:
        """After its end nothing that it started runs, and its log has no defect of ours."""
        left = next((found for found in (marked(self.mark) for _ in _moments(50, 0.1)) if not found), None)
        if left is None:
            self.findings.report("Processes are left behind", {one: command_of(one) for one in marked(self.mark)})
        said = self.log.read_text(errors="replace")
        for words in NOT_OURS:
            if words in said:
                place = said.index(words)
                self.findings.report(f"The log has {words!r}", said[max(place - 1_000, 0) : place + 3_000])

    def close(self) -> None:
        """Whatever happened, nothing of it outlives the check."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for process in marked(self.mark):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def said(self, characters: int) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:]


def _moments(number: int, seconds: float) -> Iterator[int]:
    for moment in range(number):
        if moment:
            time.sleep(seconds)
        yield moment


def children(process: int) -> dict[int, str]:
    """Process -> its state, of every child."""
    found: dict[int, str] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = place.read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == process:
            found[int(place.parent.name)] = state
    return found


def marked(mark: str) -> list[int]:
    """Every process with the mark in its environment."""
    needle = f"{MARK}={mark}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if needle in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "gone"
