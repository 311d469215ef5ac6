"""`content-api` as it is installed, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.live import PATIENT, ROOT
from tests.repositories import ISOLATED
from tests.waiting import until

BESIDE = Path(sys.executable).parent
COMMAND = (str(BESIDE / "content-api"),)
THREE_WAYS = {
    "content-api serve": (*COMMAND, "serve"),
    "python server.py": (sys.executable, str(ROOT / "server.py")),
    "uvicorn server:app": (sys.executable, "-m", "uvicorn", "server:app", "--app-dir", str(ROOT)),
}
"""Ways to start the server."""


def run(
    *arguments: str, cwd: Path, command: tuple[str, ...] = COMMAND, input: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, for a minute at most."""
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=clean_environment() | environment,
        input=input,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without what the tester may have set, and without a terminal's width."""
    left_out = ("CONTENT_API_", "GIT_", "FORCE_COLOR", "COLUMNS")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)} | ISOLATED | PATIENT


@dataclass(frozen=True)
class Serving:
    """A server that runs. `said` is what it printed on standard output before it began to answer."""

    url: str
    said: str
    process: subprocess.Popen[str]
    log: Path

    def ask(self, query: str) -> dict:
        return httpx2.post(f"{self.url}/graphql", json={"query": query}, trust_env=False).json()["data"]

    def get(self, path: str) -> str:
        """The body at a path."""
        return httpx2.get(f"{self.url}{path}", trust_env=False).raise_for_status().text

    def wait_until(self, seconds: float, query: str, expected: Mapping[str, object]) -> float:
        """Ask until the answer is as expected, and return how many seconds that took."""
        began = time.monotonic()
        while (answer := self.ask(query)) != expected:
            assert time.monotonic() - began < seconds, f"after {seconds} s: {answer}\n{self.log.read_text()}"
            time.sleep(0.02)
        return time.monotonic() - began

    def wait_for_status(self, expected: Callable[[dict], object]) -> object:
        """Ask how things stand until that is as expected, for ten seconds at most."""
        return until(10, lambda: (told := httpx2.get(f"{self.url}/readyz", trust_env=False).json()) and expected(told))

    def stop(self) -> int:
        """Press Ctrl+C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


@contextmanager
def serving(
    *arguments: str, cwd: Path, command: Sequence[str] = (*COMMAND, "serve"), **environment: str
) -> Iterator[Serving]:
    """Start `content-api serve` on a free port, wait until it answers, and end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="content-api-serve-") as scratch:
        log = Path(scratch) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [*command, "--port", "0", *arguments],
                cwd=cwd,
                env=clean_environment() | environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            said = _until_it_says_how_to_stop(process, log)
            server = Serving(re.findall(r"(http://\S+?)/$", said, re.MULTILINE)[0], said, process, log)
            _wait_until_ready(server)
            yield server
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=20)
            process.stdout.close()


def _until_it_says_how_to_stop(process: subprocess.Popen[str], log: Path) -> str:
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Stop"):
            return said
    raise RuntimeError(f"ended with {process.wait()}: {said}\n{log.read_text()}")


def _wait_until_ready(server: Serving) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{server.url}/readyz", trust_env=False, timeout=20).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"not ready: {server.log.read_text()}")
