"""From a commit to those who listen: the real command, real git, and the reference clients of both transports."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests import world
from tests.cli.command import Serving, serving
from tests.needs import needs, needs_folder
from tests.repositories import Repository
from tests.web.test_http_audit import NODE_TESTS

DOCUMENT = "subscription { versionPublished { id tags author message } }"
MOON = "conditions/moon-hiccups.json"
with_node_packages = needs_folder(NODE_TESTS / "node_modules" / "graphql-ws", made_by="`make test-node-deps`")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit({f"content/{path}": data for path, data in world.files().items()})
    return made


def rename(repository: Repository, name: str) -> str:
    """Commit another name for one condition."""
    files = world.edited({MOON: {"/text/en/name": name}})
    return repository.commit({f"content/{MOON}": files[MOON]}, message=f"Call it {name}")


@dataclass
class Listener:
    """A reference client in a process of its own; `heard` is what it says, line by line."""

    process: subprocess.Popen[str]
    heard: Queue[dict] = field(default_factory=Queue)

    def read(self) -> None:
        for line in self.process.stdout:
            self.heard.put(json.loads(line))

    def until(self, event: str) -> dict:
        """The next line about such an event."""
        deadline = time.monotonic() + 20
        while (line := self.heard.get(timeout=max(0.0, deadline - time.monotonic())))["event"] != event:
            pass
        return line["value"]


@contextmanager
def listener(transport: str, address: str, query: str = DOCUMENT) -> Iterator[Listener]:
    command = ["node", "listen.js", transport, address, query]
    process = subprocess.Popen(command, cwd=NODE_TESTS, stdout=subprocess.PIPE, text=True)
    found = Listener(process)
    reading = Thread(target=found.read)
    reading.start()
    try:
        yield found
    finally:
        process.terminate()
        process.wait()
        reading.join()
        process.stdout.close()


def addresses(url: str) -> dict[str, str]:
    return {"ws": f"{url.replace('http', 'ws', 1)}/graphql", "sse": f"{url}/graphql/stream"}


@needs("node")
@with_node_packages
def test_a_commit_is_heard_over_both_transports_and_so_is_one_after_a_restart(repository: Repository):
    with ExitStack() as stack:
        server = stack.enter_context(serving("--reload", cwd=repository.path))
        port = server.url.rpartition(":")[2]
        listeners = [stack.enter_context(listener(*given)) for given in addresses(server.url).items()]
        for heard in listeners:
            heard.until("listening")
        better = rename(repository, "Better")
        told = {"id": better, "tags": [], "author": "An Editor", "message": "Call it Better"}
        for heard in listeners:
            assert heard.until("next") == {"data": {"versionPublished": told}}

        assert server.stop() == 0
        stack.enter_context(serving("--reload", "--port", port, cwd=repository.path))
        for heard in listeners:
            heard.until("listening")
        best = rename(repository, "Best")
        for heard in listeners:
            assert heard.until("next")["data"]["versionPublished"]["id"] == best
            with pytest.raises(Empty):
                heard.heard.get_nowait()


@needs("node")
@with_node_packages
def test_the_reference_clients_understand_a_refusal(repository: Repository):
    query = "subscription { versionPublished { colour } }"
    with serving(cwd=repository.path) as server:
        at = addresses(server.url)
        with listener("ws", at["ws"], query) as heard:
            errors = heard.until("error")
            assert errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        with listener("sse", at["sse"], query) as heard:
            told = heard.until("next")["errors"]
            heard.until("complete")
    for error in (errors[0], told[0]):
        assert len(error["extensions"].pop("requestId")) == 32
    assert told == errors


def test_a_version_that_is_refused_is_not_heard_of(repository: Repository):
    with serving("--reload", cwd=repository.path) as server, stream(server) as lines:
        broken = world.edited({MOON: {"/state": "DONE"}})
        repository.commit({f"content/{MOON}": broken[MOON]})
        server_says(server, "refused")
        better = rename(repository, "Better")
        assert better in next(line for line in lines if line.startswith("data:"))


@contextmanager
def stream(server: Serving) -> Iterator[Iterator[str]]:
    """The lines of an event stream, from when the server listens."""
    url = f"{server.url}/graphql/stream"
    with httpx2.stream("GET", url, params={"query": DOCUMENT}, trust_env=False, timeout=20) as response:
        lines = response.iter_lines()
        assert next(lines) == ":"
        yield lines


def server_says(server: Serving, words: str) -> None:
    deadline = time.monotonic() + 20
    while words not in server.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_that_ends_waits_for_no_listener_not_even_one_that_does_not_read(repository: Repository):
    with serving(cwd=repository.path) as server:
        port = int(server.url.rpartition(":")[2])
        with (
            connect(addresses(server.url)["ws"], subprotocols=["graphql-transport-ws"], proxy=None) as client,
            stream(server) as lines,
            socket.create_connection(("127.0.0.1", port)) as silent,
        ):
            silent.sendall(b"GET /graphql/stream?query=subscription{versionPublished{id}} HTTP/1.1\r\nHost: x\r\n\r\n")
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 5
            assert not [line for line in lines if line]
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=5)
            assert client.close_code == 1012
