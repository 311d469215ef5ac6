"""Several workers, each of which follows the branch; and of which one dies or hangs."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest

from tests.cli.command import Serving, serving
from tests.needs import needs_folder
from tests.publish.world import moon
from tests.repositories import Repository
from tests.waiting import PATIENCE, until

NAME = '{ condition(key: "moon-hiccups") { name } }'
ANSWER = {"condition": {"name": "Moon hiccups"}}
# Each looks at the branch once a second, and a small version is read and checked in a tenth of one.
SECONDS = 2 * PATIENCE
with_proc = needs_folder(Path("/proc/self"), made_by="Linux")


def workers(server: Serving) -> set[int]:
    """The processes that answer, by their ids."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


def ask(client: HTTPConnection, query: str) -> tuple[str, str]:
    """The version that an answer is from, and the name that it gives."""
    client.request("POST", "/graphql", json.dumps({"query": query}), {"Content-Type": "application/json"})
    response = client.getresponse()
    data = json.loads(response.read())["data"]
    return response.headers["Content-Version"], data["condition"]["name"]


def answered(server: Serving) -> int:
    """Ask once more, on a connection of its own, and return how many operations all workers have counted."""
    assert server.ask(NAME) == ANSWER
    return counted(server)


def counted(server: Serving) -> int:
    """How many operations all workers say that they have answered."""
    metrics = httpx2.get(f"{server.url}/metrics", trust_env=False).text
    return int(sum(map(float, re.findall(r"content_api_operations_total\{.*\} (\S+)", metrics))))


def worker_of(server: Serving, client: HTTPConnection) -> int:
    """The process that holds the other end of a connection."""
    ask(client, NAME)
    local = client.sock.getsockname()[1]
    port = int(server.url.rpartition(":")[2])
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [inode] = [
        line[9] for line in lines if [int(line[each].rpartition(":")[2], 16) for each in (1, 2)] == [port, local]
    ]
    held = f"socket:[{inode}]"
    [worker] = [one for one in workers(server) if held in open_in(one)]
    return worker


def open_in(process: int) -> Iterator[str]:
    """What a process has open, but for what it closes meanwhile: it asks git."""
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(each.readlink())


@with_proc
def test_each_of_them_follows_the_branch(repository: Repository):
    number = 2
    with serving("--workers", str(number), cwd=repository.path) as server, ExitStack() as open:
        until(20, lambda: len(workers(server)) == number)
        clients: dict[int, HTTPConnection] = {}
        opened = 0
        while len(clients) < number:
            opened += 1
            client = open.enter_context(closing(HTTPConnection(server.url.removeprefix("http://"))))
            clients.setdefault(worker_of(server, client), client)
            assert opened < 500, f"all come to {set(clients)}"
        assert set(clients) == workers(server)
        asked = number
        before = {worker: ask(client, NAME) for worker, client in clients.items()}
        assert set(before.values()) == {(repository.git("rev-parse", "HEAD"), "Moon hiccups")}
        for name in ("Hiccups of the second moon", "Hiccups of the third moon"):
            commit = repository.commit(moon(name))
            began, behind = time.monotonic(), set(clients)
            while behind:
                asked += len(behind)
                behind -= {worker for worker in behind if ask(clients[worker], NAME) == (commit, name)}
                assert time.monotonic() - began < SECONDS, f"{behind} have not followed"
        assert workers(server) == set(clients), "all are the same processes as before"
        told = opened + asked
        assert until(10, lambda: counted(server) == told), "and what they have counted is added up"


@with_proc
def test_one_that_dies_is_replaced_while_the_others_answer_and_what_it_counted_stays(repository: Repository):
    with serving("--workers", "2", cwd=repository.path) as server:
        before = until(20, lambda: workers(server) if len(workers(server)) == 2 else None)
        asked = 10
        for _ in range(asked):
            assert server.ask(NAME) == ANSWER
        until(10, lambda: answered(server) >= asked)  # each writes once a second what it has counted
        os.kill(min(before), signal.SIGKILL)
        failed, deadline = 0, time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                assert server.ask(NAME) == ANSWER
            except httpx2.TransportError:  # what was under way in the one that died
                failed += 1
            now = workers(server)
            if len(now) == 2 and now != before:
                break
        assert len(workers(server)) == 2
        assert workers(server) & before, "the other was left alone"
        assert failed <= 2
        assert until(10, lambda: answered(server) >= asked)
        assert server.stop() == 0


@with_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_hangs_does_not_keep_the_others_from_ending(repository: Repository, number: signal.Signals):
    with serving("--workers", "2", cwd=repository.path, CONTENT_API_END_SECONDS="1") as server:
        hanging = max(until(20, lambda: workers(server) if len(workers(server)) == 2 else None))
        os.kill(hanging, signal.SIGSTOP)
        began = time.monotonic()
        server.process.send_signal(number)
        server.process.wait(timeout=30)
        assert time.monotonic() - began < 20
        assert not Path(f"/proc/{hanging}").exists()
