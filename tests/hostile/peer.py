"""The two servers that hostile clients are let loose on, and how these speak."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.exceptions import WebSocketException

from tests import world
from tests.cli.command import serving
from tests.live import ROOT, free_port
from tests.repositories import Repository

# Short, so that tests are; above what a machine that runs other tests takes to answer.
BOUNDS = {
    "HEAD_SECONDS": 1.0,
    "REQUEST_SECONDS": 1.5,
    "IDLE_SECONDS": 2.0,
    "TAKE_SECONDS": 2.0,
    "INIT_SECONDS": 1.0,
    "PIPELINED": 5,
    "END_SECONDS": 3,
}
SETTINGS = {f"CONTENT_API_{name}": str(value) for name, value in BOUNDS.items()}
LATE = 2.5
"""Seconds after the end of a time that a busy machine may take to see it."""
JSON = "Content-Type: application/json"
WAITS = f"Content-Version-At-Least: {'0' * 40}"
"""A header field for whose sake our server waits five seconds, and answers 503 then."""
SHOWN = (
    AssertionError,
    ConnectionError,
    KeyError,
    TimeoutError,
    ValueError,
    subprocess.TimeoutExpired,
    IndexError,
    WebSocketException,
    pytest.fail.Exception,  # what should have been raised was not
)
"""How a check fails that looks at a server: it finds something else, or nothing."""


def failing(server: object, why: str) -> object:
    """A server as the parameter of a check that must fail with it. If one day it does not, the check is no good."""
    return pytest.param(server, marks=pytest.mark.xfail(strict=True, raises=SHOWN, reason=why), id="plain")


@dataclass(frozen=True)
class Peer:
    """A server. `question` is a query that it answers at once, `listening` a subscription, and `large` the path of an
    answer of more than a million bytes."""

    url: str
    process: subprocess.Popen
    question: str
    listening: str
    large: str
    is_plain: bool = False

    @contextmanager
    def connected(self, seconds: float = 10, window: int | None = None) -> Iterator[socket.socket]:
        """A connection, with a small window where one is given."""
        address = urlsplit(self.url)
        with socket.socket() as connection:
            if window:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            connection.settimeout(seconds)
            connection.connect((address.hostname, address.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield connection

    def body(self, alias: str = "") -> bytes:
        return json.dumps({"query": self.question.replace("{ ", f"{{ {alias}", 1)}).encode()

    def post(self, *fields: str, alias: str = "") -> bytes:
        """A question as it should be, with more header fields, and with an alias where it should be one of its own."""
        return request("POST /graphql HTTP/1.1", "Host: test", JSON, *fields, body=self.body(alias))

    @property
    def slow_status(self) -> int:
        return 200 if self.is_plain else 503

    def post_slow(self) -> bytes:
        """A question whose answer takes five seconds, and has the status slow_status then."""
        if self.is_plain:
            return request("POST /graphql HTTP/1.1", "Host: test", JSON, body=b'{"query": "{ slow(seconds: 5) }"}')
        return self.post(WAITS)

    def get(self, path: str = "/graphql", *fields: str) -> bytes:
        return request(f"GET {path} HTTP/1.1", "Host: test", *fields)

    def refused(self, code: str) -> float:
        """How many were refused with a code."""
        found = re.findall(rf'requests_refused_total\{{code="{code}"\}} (\S+)', self.metrics())
        return sum(map(float, found))

    def executed(self) -> float:
        """How many operations were executed."""
        if self.is_plain:
            asked = httpx2.post(f"{self.url}/graphql", json={"query": "{ executed }"}, trust_env=False)
            return asked.json()["data"]["executed"]
        return sum(map(float, re.findall(r"content_api_operations_total\{.*\} (\S+)", self.metrics())))

    def metrics(self) -> str:
        return httpx2.get(f"{self.url}/metrics", trust_env=False).text


def request(*lines: str, body: bytes | None = None) -> bytes:
    length = [] if body is None else [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *length, "", ""]).encode("latin-1") + (body or b"")


def exchange(connection: socket.socket, sent: bytes) -> bytes:
    """One answer, to its last byte."""
    connection.sendall(sent)
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += some(connection)
    length = re.search(rb"\r\ncontent-length: (\d+)", received[:end])
    while length and len(received) < end + 4 + int(length[1]):
        received += some(connection)
    return received


def some(connection: socket.socket) -> bytes:
    chunk = connection.recv(65_536)
    assert chunk, "the connection was closed"
    return chunk


def until_closed(connection: socket.socket, seconds: float) -> bytes:
    """All that comes until the server closes the connection, which it does in time. A reset is an end as well."""
    received, deadline = b"", time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            chunk = connection.recv(65_536)
        except TimeoutError:
            break
        except ConnectionError:
            return received
        if not chunk:
            return received
        received += chunk
    raise AssertionError(f"open after {seconds} s; what came: {received[:200]!r}")


def dripping(connection: socket.socket, piece: bytes, seconds: float) -> bytes:
    """Send a piece again and again, and return all that comes until the server closes the connection, in time."""
    received, deadline = b"", time.monotonic() + seconds
    connection.settimeout(0.1)
    while time.monotonic() < deadline:
        try:
            connection.sendall(piece)
            chunk = connection.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionError:
            return received
        if not chunk:
            return received
        received += chunk
    raise AssertionError(f"open after {seconds} s")


def statuses(received: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


def problem(received: bytes) -> dict:
    """The one refusal that came, or the last of several answers: short, of the documented shape, and closed by it."""
    head, _, body = received.rpartition(b"\r\n\r\n")
    head = head[head.rindex(b"HTTP/1.1 ") :]
    assert b"\r\ncontent-type: application/problem+json\r\n" in head, received[:300]
    for field in (b"connection: close", b"x-content-type-options: nosniff", b"cache-control: no-store"):
        assert b"\r\n" + field in head
    assert len(body) < 1_000
    told = json.loads(body)
    assert told["status"] == statuses(received)[-1]
    return told


@contextmanager
def plain(*arguments: str, app: str = "plain:app", **environment: str) -> Iterator[Peer]:
    """A plain Strawberry server, as uvicorn starts it with these arguments. Settings of ours mean nothing to it."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"tests.hostile.{app}", "--port", str(port)]
    command += ["--log-level", "critical", *arguments]
    host = {"HOST": f"127.0.0.1:{port}"}
    has_workers = "--workers" in arguments
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | host | environment,
        stderr=subprocess.DEVNULL,
        process_group=0 if has_workers else None,  # elsewhere it ends with the tests, whatever ends these
    )
    try:
        peer = Peer(
            f"http://127.0.0.1:{port}",
            process,
            question="{ name }",
            listening="subscription { listen }",
            large="/graphql?query=%7Blarge%7D",
            is_plain=True,
        )
        _until_it_answers(peer)
        yield peer
    finally:
        process.kill()
        if has_workers:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # their parent may be gone
        process.wait()


def _until_it_answers(peer: Peer) -> None:
    """No AssertionError where it does not: a check that fails for that has shown nothing."""
    deadline = time.monotonic() + 30
    while not answers(peer):
        if time.monotonic() > deadline or peer.process.poll() is not None:
            raise RuntimeError("the plain server does not answer")
        time.sleep(0.02)


def answers(peer: Peer) -> bool:
    try:
        return httpx2.get(f"{peer.url}/graphql?query={{name}}", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


@contextmanager
def ours(*arguments: str, repository: Repository | None = None, **settings: str) -> Iterator[Peer]:
    """content-api with short times, and what settings are given besides; on a small content, if none is given."""
    with tempfile.TemporaryDirectory(prefix="content-api-hostile-") as scratch:
        if repository is None:
            repository = Repository(Path(scratch) / "content")
            repository.commit({f"content/{path}": data for path, data in world.files().items()})
        with serving(*arguments, cwd=repository.path, **SETTINGS | settings) as server:
            yield Peer(
                server.url,
                server.process,
                question='{ condition(slug: "moon-hiccups") { name } }',
                listening="subscription { versionPublished { id } }",
                large="/static/graphiql.js",
            )
