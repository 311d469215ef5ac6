"""Several workers, of which one dies or hangs."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.cli.command import Serving, serving
from tests.needs import needs_folder
from tests.repositories import Repository
from tests.waiting import until

NAME = '{ condition(key: "moon-hiccups") { name } }'
ANSWER = {"condition": {"name": "Moon hiccups"}}
with_proc = needs_folder(Path("/proc/self"), made_by="Linux")


def workers(server: Serving) -> set[int]:
    """The processes that answer, by their ids."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


def answered(server: Serving) -> int:
    """Ask once more, on a connection of its own, and return how many operations all workers have counted."""
    assert server.ask(NAME) == ANSWER
    metrics = httpx2.get(f"{server.url}/metrics", trust_env=False).text
    return int(sum(map(float, re.findall(r"content_api_operations_total\{.*\} (\S+)", metrics))))


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
