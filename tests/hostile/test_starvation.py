"""Whoever asks little is answered soon, whatever others ask: a quick version of `python -m tests.bench attack`, with
bounds."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.bench.delivery.attack import DEAR, dearest, question
from tests.bench.delivery.servers import Server
from tests.generator import generate
from tests.hostile import peer
from tests.hostile.peer import Peer, exchange, statuses
from tests.hostile.starving import ATTACKS, BEGUN, answer, long_text
from tests.hostile.unique import posted
from tests.live import ROOT
from tests.repositories import Repository
from tests.waiting import until

# What 99 of 100 may wait under attack: ten times as long as without, or this, if that is more.
MOST_SECONDS, MOST_TIMES = 0.1, 10
RECOVERY_SECONDS = 2
READERS, PAUSE, SECONDS = 10, 0.02, 1.5  # some 700 questions
# The machine may do other things as well. Whom an attack keeps waiting waits each time.
LOOKS = 4
ENTITIES = 500
NUMBERS = count()

each_attack = pytest.mark.parametrize("attack", ATTACKS)


def light(server: Peer) -> bytes:
    """A question that is known but for its value, so that it is not only found among requests that came before."""
    if server.is_plain:
        return server.post()
    document = "query Light($key: String!) { condition(key: $key) { name } }"
    return posted(document, variables={"key": f"nobody-{next(NUMBERS) % 1_000}"})


async def asked(server: Peer, seconds: float) -> list[float]:
    """What each of some readers waited, who ask now and then. All are answered."""
    place, waited, end = urlsplit(server.url), [], time.monotonic() + seconds

    async def reading() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            while time.monotonic() < end:
                began = time.monotonic()
                writer.write(light(server))
                assert (await reader.readuntil(b"\r\n")).split()[1] == b"200"
                await answer(reader)
                waited.append(time.monotonic() - began)
                await asyncio.sleep(PAUSE)
        finally:
            writer.close()
            await writer.wait_closed()

    async with asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(reading())
    return waited


def p99(server: Peer, seconds: float = SECONDS) -> float:
    waited = sorted(asyncio.run(asked(server, seconds)))
    return waited[len(waited) * 99 // 100]


@contextmanager
def under(attack: str, server: Peer, dear: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.hostile.starving", attack, server.url, str(dear)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().strip() == BEGUN
        time.sleep(0.5)
        assert process.poll() is None, "the attack is over"
        yield
    finally:
        process.kill()
        process.communicate()


def most(idle: float) -> float:
    return max(MOST_SECONDS, MOST_TIMES * idle)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory) -> Iterator[Peer]:
    """Our server, as it is where nobody sets anything, with some content and a past."""
    repository = Repository(tmp_path_factory.mktemp("starved") / "content")
    files = {f"content/{path}": data for path, data in generate(ENTITIES).items()}
    repository.commit(files)
    site = json.loads(files["content/site.json"])
    for number in range(12):
        repository.commit({"content/site.json": json.dumps(site | {"name": f"Site {number}"}).encode()})
        repository.tag(f"v{number}")
    usual = {"CONTENT_API_BUSY_SECONDS": "0.5", "CONTENT_API_OPERATION_SECONDS": "1"}
    with peer.ours(repository=repository, **usual) as found, found.connected() as connection:
        for _ in range(5):
            assert statuses(exchange(connection, light(found))) == [200]
        yield found


@pytest.fixture(scope="module")
def dear(attacked: Peer, tmp_path_factory) -> Path:
    server = Server("content-api", attacked.url, attacked.process.pid, sends_files=False)
    found = [json.loads(dearest(server, about, of).request.body)["query"] for about, of in DEAR.items()]
    return written(found, tmp_path_factory)


def written(questions: list[str], tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("dear") / "questions.json"
    file.write_text(json.dumps(questions))
    return file


@each_attack
def test_who_asks_little_is_answered_soon_and_all_is_well_when_it_is_over(attacked: Peer, dear: Path, attack: str):
    over = []
    while True:
        idle = p99(attacked, 0.5)
        with under(attack, attacked, dear):
            seen = p99(attacked)
        is_well_again(attacked)
        if seen <= most(idle):
            return
        over.append((idle, seen))
        assert len(over) < LOOKS, over


def is_well_again(server: Peer) -> None:
    """Nobody waits any more, and whoever comes anew is answered, as it was before."""
    ended = time.monotonic()
    if not server.is_plain:
        until(RECOVERY_SECONDS, lambda: waiting(server) == 0)
    with server.connected() as connection:
        asked = server.post() if server.is_plain else posted(long_text())
        assert statuses(exchange(connection, asked)) == [200]
    assert time.monotonic() - ended < RECOVERY_SECONDS


def waiting(server: Peer) -> float:
    return float(re.search(r"^content_api_operations_waiting (\S+)", server.metrics(), re.MULTILINE)[1])


@pytest.fixture(scope="module")
def dear_to_plain(tmp_path_factory) -> Path:
    return written([json.loads(question(of, 20).body)["query"] for of in DEAR.values()], tmp_path_factory)


@each_attack
def test_who_asks_a_plain_server_is_not(attack: str, dear_to_plain: Path):
    """One of its own for each attack: it takes half a minute to recover from some."""
    with peer.plain() as server:
        idle = min(p99(server, 0.5) for _ in range(3))
        with under(attack, server, dear_to_plain):
            assert p99(server) > most(idle)


def test_a_plain_server_goes_on_for_clients_that_are_gone_when_it_is_over(dear_to_plain: Path):
    """Of the other attacks a plain server is well again as well: what it has to do ends with their few connections."""
    with peer.plain() as server:
        with under("new connections", server, dear_to_plain):
            time.sleep(SECONDS)
        with pytest.raises((AssertionError, TimeoutError)):
            is_well_again(server)
