"""Over a real socket: light questions go before dear ones, too many are refused, and who leaves is not worked for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from itertools import count
from random import Random
from urllib.parse import urlsplit

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from content_api.delivery.lane import MOST_WAITING
from tests import world
from tests.cli.conftest import write
from tests.live import PATIENT, LiveServer, live
from tests.waiting import until

LIGHT = {"query": '{ condition(key: "nobody") { name } }'}
NUMBERS = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[LiveServer]:
    """On files of its own: a commit to this repository would have all answers made anew, and texts that came once and
    were forgotten since would have to be read in the lane."""
    content = tmp_path_factory.mktemp("lane") / "content"
    write(content, world.files())
    with live(**PATIENT, CONTENT_API_CONTENT=str(content)) as server:
        for number in range(2):  # variables that nobody asks for: no kept answer. What is read twice is not forgotten
            assert post(server, LIGHT | {"variables": {"number": number}}).status_code == 200
        yield server


def dear() -> dict[str, str]:
    """One of the dearest texts to read that are allowed, some 20 ms, and like no other but in its length."""
    fields = Random(next(NUMBERS)).choices(("key", "slug", "name"), k=390)
    return {"query": f'{{ condition(key: "nobody") {{ {" ".join(fields)} }} }}'}


def post(server: LiveServer, question: dict[str, object]) -> httpx2.Response:
    return httpx2.post(f"{server.url}/graphql", json=question, trust_env=False, timeout=60)


def waiting(server: LiveServer) -> float:
    metrics = httpx2.get(f"{server.url}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    [found] = [one.value for one in samples if one.name == "content_api_operations_waiting"]
    return found


class Client:
    """A connection of its own, on which one question is asked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    @classmethod
    async def connected(cls, server: LiveServer) -> Client:
        place = urlsplit(server.url)
        return cls(*await asyncio.open_connection(place.hostname, place.port))

    def ask(self, question: dict[str, str]) -> None:
        body = json.dumps(question).encode()
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self.writer.write(head.encode() + b"\r\n\r\n" + body)

    async def answer(self) -> int:
        """The status, once it has come."""
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        return int(self.head.split()[1])


@asynccontextmanager
async def clients(server: LiveServer, number: int) -> AsyncIterator[list[Client]]:
    found = [await Client.connected(server) for _ in range(number)]
    try:
        yield found
    finally:
        for client in found:
            client.writer.close()


def test_a_light_question_is_answered_before_dear_ones_that_came_before_it(server):
    async def scene() -> None:
        async with clients(server, 21) as (*dears, light):
            for client in dears:
                client.ask(dear())
            answers = [asyncio.create_task(client.answer()) for client in dears]
            await asyncio.sleep(0.02)  # by now they have been read
            light.ask(LIGHT)
            assert await light.answer() == 200
            assert sum(answer.done() for answer in answers) < 10
            assert set(await asyncio.gather(*answers)) == {200}

    asyncio.run(scene())


def test_more_dear_questions_than_may_wait_are_refused_while_light_ones_are_answered(server):
    async def scene() -> None:
        async with clients(server, 2 * MOST_WAITING + 1) as (*dears, light):
            for client in dears:
                client.ask(dear())
            answers = [asyncio.create_task(client.answer()) for client in dears]
            await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            light.ask(LIGHT)
            assert await light.answer() == 200
            assert not all(answer.done() for answer in answers)
            statuses = await asyncio.gather(*answers)
        assert set(statuses) == {200, 503}
        assert MOST_WAITING < statuses.count(200) < len(dears) - 10
        refused = [client.head for client, status in zip(dears, statuses, strict=True) if status == 503]
        assert all(b"\r\nretry-after: 2\r\n" in head for head in refused)

    asyncio.run(scene())
    assert post(server, dear()).status_code == 200


def test_nobody_is_worked_for_who_has_left(server):
    async def asked(stay: bool) -> None:
        async with clients(server, MOST_WAITING) as found:
            for client in found:
                client.ask(dear())
            if stay:
                await asyncio.gather(*(client.answer() for client in found))
            else:
                await asyncio.sleep(0.05)

    def seconds(stay: bool) -> float:
        begun = time.monotonic()
        asyncio.run(asked(stay))
        assert post(server, dear()).status_code == 200
        return time.monotonic() - begun

    assert seconds(stay=False) < seconds(stay=True) / 2
    until(5, lambda: waiting(server) == 0)
    assert b"Traceback" not in server.log.read_bytes()


@contextmanager
def asking_by_socket(server: LiveServer) -> Iterator[None]:
    """One who has asked what is dear over a WebSocket, until the end of the block."""
    url = f"{server.url.replace('http', 'ws', 1)}/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"], proxy=None) as client:
        client.send('{"type": "connection_init"}')
        assert client.recv(timeout=10) == '{"type":"connection_ack"}'
        client.send(json.dumps({"type": "subscribe", "id": "1", "payload": dear()}))
        yield


@contextmanager
def asking_by_stream(server: LiveServer) -> Iterator[None]:
    """The same, over an event stream."""
    with httpx2.stream("POST", f"{server.url}/graphql/stream", json=dear(), trust_env=False, timeout=60) as response:
        assert response.status_code == 200
        yield


@pytest.mark.parametrize("asking", [asking_by_socket, asking_by_stream])
def test_who_leaves_a_socket_or_a_stream_is_not_worked_for_either(server, asking):
    async def scene() -> None:
        async with clients(server, MOST_WAITING - 10) as (*dears, last):
            for client in dears:
                client.ask(dear())
            with ExitStack() as stack:
                for _ in range(8):
                    stack.enter_context(asking(server))
                before = await asyncio.to_thread(waiting, server)
                assert before > 8
            last.ask(LIGHT)
            assert await last.answer() == 200
            left = await asyncio.to_thread(waiting, server)
            assert left <= before - 8

    asyncio.run(scene())
    until(5, lambda: waiting(server) == 0)
