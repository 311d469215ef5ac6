"""Load by wrk, which must be told when to stop, so that nothing runs for ever."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.delivery.processes import pinned

SCRIPT = Path(__file__).with_suffix(".lua")
# What stands for a number in a request. As long as the numbers are, so that Content-Length stays right.
NUMBER = "0123456789"
BEGUN = "begun\n"  # what the script says first, when wrk is about to send
# As many as a server in front may keep open. More would only wait: the server has one core and is never idle.
CONNECTIONS = 16
SECONDS_TO_WAIT = 30  # for an answer; none takes so long, even under attack


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def numbered(self, number: int) -> Request:
        """The request with a number of ten digits where NUMBER stands."""
        digits = f"{number:010d}"
        body = self.body.replace(NUMBER.encode(), digits.encode())
        return replace(self, target=self.target.replace(NUMBER, digits), body=body)

    def raw(self, host: str) -> bytes:
        """The bytes of HTTP/1.1."""
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        lines = [f"{name}: {value}" for name, value in ({"Host": host} | dict(self.headers) | length).items()]
        head = "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *lines])
        return f"{head}\r\n\r\n".encode() + self.body


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: how many answers in how many seconds, the seconds that 50 and 99 of 100 did not exceed, and how
    many had a status of 400 or more."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int


@dataclass(slots=True)
class Numbers:
    """Numbers for requests that must differ from all before them, a stock for each load."""

    next: int = 0

    def stock(self) -> int:
        self.next += 10_000_000  # more than any load sends
        return self.next


def load(
    url: str,
    requests: Sequence[Request],
    seconds: float,
    core: int,
    *,
    first_number: int = 0,
    connections: int = CONNECTIONS,
    pause: float = 0,
    refusals: bool = False,
) -> Load:
    """Send requests in turn on each of some open connections, for so long, from one core.

    With a `pause`, each connection waits for about so many seconds after each answer. Raises RuntimeError where an
    answer does not come, and where one has a status of 400 or more, unless `refusals` are expected.
    """
    with sending(url, requests, seconds, core, first_number, connections, pause) as process:
        seen = ended(process, seconds)
    if seen.refused and not refusals:
        raise RuntimeError(f"{seen.refused:,} of {seen.requests:,} answers of {url} had a status of 400 or more")
    return seen


@contextmanager
def sending(
    url: str,
    requests: Sequence[Request],
    seconds: float,
    core: int,
    first_number: int = 0,
    connections: int = CONNECTIONS,
    pause: float = 0,
) -> Iterator[subprocess.Popen[str]]:
    """wrk from when it begins to send, ended with the block; if nobody tells it to, it stops by itself a second late.

    Raises RuntimeError where it does not begin.
    """
    with tempfile.NamedTemporaryFile(prefix="content-api-load-") as file:
        file.write(b"\0".join(request.raw(urlsplit(url).netloc) for request in requests))
        file.flush()
        arguments = [file.name, NUMBER, str(first_number), str(round(pause * 1000))]
        lasting = ["-d", str(math.ceil(seconds) + 1), "--timeout", str(SECONDS_TO_WAIT)]
        command = ["wrk", "-t", "1", "-c", str(connections), *lasting, "-s", str(SCRIPT), url, "--", *arguments]
        with pinned(core):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            first = process.stderr.readline() if process.stderr else ""
            if first != BEGUN:
                raise RuntimeError(f"wrk did not begin: {first}{process.communicate()[1]}")
            yield process
        finally:
            process.kill()
            process.wait()


def ended(process: subprocess.Popen[str], seconds: float) -> Load:
    """Let it go on for so long, and return what it saw."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.send_signal(signal.SIGINT)  # wrk knows whole seconds only; told so, it stops in good order
    return understood(*process.communicate(timeout=30))


def understood(printed: str, complaint: str) -> Load:
    """What the last line says, which the script writes. Raises RuntimeError where answers did not come."""
    try:
        found = json.loads(printed.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"wrk did not say what it saw: {printed}{complaint}") from None
    refused = found["errors"].pop("status")
    if any(found["errors"].values()) or not found["requests"]:
        raise RuntimeError(f"wrk had {found['requests']:,} answers, and these errors: {found['errors']}")
    return Load(found["requests"], found["microseconds"] / 1e6, found["p50"] / 1e6, found["p99"] / 1e6, refused)
