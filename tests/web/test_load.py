"""Overload: what would wait for too long is refused, what is answered is answered soon, and it soon passes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from itertools import count
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient, WebSocketDenialResponse

from content_api.delivery.operation import Operation
from content_api.delivery.persisted import Persisted
from content_api.errors import RequestError
from content_api.web.load import ALWAYS_ANSWERED, BEAT_SECONDS, Load
from tests.delivery.small import delivery, error
from tests.live import LiveServer, live
from tests.waiting import at_once, until
from tests.web.small import GRAPHQL_RESPONSE, application

NAME = {"query": "{ name }"}


class Busy(Load):
    """The load of a process that has been busy for too long."""

    def is_over(self) -> bool:
        self._latest = time.monotonic() - 0.25
        return True


# ---- what is measured


def test_a_process_that_is_not_watched_is_never_late():
    load = Load(0.05)
    assert not load.is_over()
    with load:
        pass


def test_a_loop_is_late_while_it_is_busy_and_no_longer_once_it_has_turned():
    async def watched() -> list[bool]:
        load = Load(0.1)
        seen = []
        with load.beating():
            await asyncio.sleep(2 * BEAT_SECONDS)
            seen.append(load.is_over())
            time.sleep(0.1 + 2 * BEAT_SECONDS)
            seen.append(load.is_over())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            seen.append(load.is_over())
            time.sleep(0.1 + 2 * BEAT_SECONDS)
        return [*seen, load.is_over()]

    assert asyncio.run(watched()) == [False, True, False, False]


def test_no_more_may_wait_than_there_are_places():
    load = Load(1, most_waiting=2)
    with load, load:
        with pytest.raises(RequestError) as refused, load:
            pass
        assert (refused.value.code, refused.value.status) == ("OVERLOADED", 503)
        assert str(refused.value) == "2 operations wait here; 2 may."
    assert load.waiting == 0
    with load:
        assert load.waiting == 1


# ---- who is turned away


def client(load: Load, counted: list[str], **options) -> TestClient:
    return TestClient(application(load=load, count_refusal=counted.append, **options))


def test_whoever_is_late_is_refused_in_the_shape_of_the_path():
    counted: list[str] = []
    asking = client(Busy(0.5), counted)
    answer = asking.post("/graphql", json=NAME, headers=GRAPHQL_RESPONSE | {"Origin": "https://example.org"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == "application/graphql-response+json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "OVERLOADED",
        "hint": "Ask again in a moment.",
        "requestId": answer.headers["Request-Id"],
    }
    page = asking.get("/versions")
    assert (page.status_code, page.json()["code"], page.headers["Retry-After"]) == (503, "OVERLOADED", "2")
    with pytest.raises(WebSocketDenialResponse) as refused, asking.websocket_connect("/graphql"):
        pass
    assert refused.value.status_code == 503
    assert counted == ["OVERLOADED"] * 3


def test_hooks_health_and_metrics_are_always_answered():
    asking = client(Busy(0.5), [], look=lambda: None, hook_secrets=["a secret of some length"])
    found = {path: asking.request("POST" if "hooks" in path else "GET", path).status_code for path in ALWAYS_ANSWERED}
    assert found == {"/livez": 200, "/readyz": 200, "/metrics": 200, "/hooks/git": 401}


def test_who_is_not_late_is_answered():
    assert client(Load(0.5), []).post("/graphql", json=NAME).json() == {"data": {"name": "small"}}


def test_a_request_whose_body_came_late_is_refused_before_it_is_read():
    documents = Persisted(longest=10_000, place=Busy(0.5))
    reply = at_once(documents.answering(delivery())(Operation("{ this is never parsed")))
    assert (reply.executed, reply.codes) == (False, ("OVERLOADED",))
    told = r"The server has been busy for 0\.7\d s; after 0\.5 s requests are turned away\."
    assert re.fullmatch(told, error(reply)["message"])
    assert documents.refused["OVERLOADED"] == 1


# ---- a real load, over a real socket

# Some 5 ms of work on the shipped content: four hundred at a time are two seconds of it. The name is another one each
# time, since what is known already is answered in no time.
DEAR = """{ NAME: conditions(first: 3) { nodes {
  name requiredCautions { name summary }
  symptoms { frequency symptom { name conditions { condition { name requiredCautions { name } } } } }
  treatments { treatment { name summary sections { aspect text { html markdown } } } }
} } }"""
NAMED = {"query": '{ condition(key: "nobody") { name } }'}
CLIENTS = 400
READERS = 20  # of these, who ask what is light
SECONDS = 4


class Crowd:
    """Clients that ask again as soon as they are answered, whatever `Retry-After` says; seconds by status.

    They are connected before any of them asks: uvloop takes up one connection in each turn of the loop.
    """

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.waited: defaultdict[int, list[float]] = defaultdict(list)
        self.readers: list[float] = []
        self.probed: list[int] = []
        self.numbers = count()

    def request(self) -> bytes:
        return self.posted({"query": DEAR.replace("NAME", f"n{next(self.numbers)}")})

    def posted(self, question: dict[str, str]) -> bytes:
        body = json.dumps(question).encode()
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return head.encode() + b"\r\n\r\n" + body

    async def run(self) -> None:
        place = urlsplit(self.server.url)
        connected = [await asyncio.open_connection(place.hostname, place.port) for _ in range(CLIENTS)]
        until = time.monotonic() + SECONDS
        asking = [self.read(until, *connected.pop()) for _ in range(READERS)]
        asking += [self.ask(until, *streams) for streams in connected]
        await asyncio.gather(self.probe(until), *asking)

    async def ask(self, until: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while time.monotonic() < until:
            status, seconds = await self.asked(self.request(), reader, writer)
            self.waited[status].append(seconds)
        writer.close()

    async def read(self, until: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask what is light and known, and count what is answered."""
        while time.monotonic() < until:
            status, seconds = await self.asked(self.posted(NAMED), reader, writer)
            if status == 200:
                self.readers.append(seconds)
            self.waited[status].append(seconds)
        writer.close()

    async def asked(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, float]:
        begun = time.monotonic()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        [length] = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.split(b":")[1]))
        status = int(head.split()[1])
        assert (b"\r\nretry-after: 2\r\n" in head) == (status == 503)
        return status, time.monotonic() - begun

    async def probe(self, until: float) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as asking:
            while time.monotonic() < until:
                answers = [await asking.get(f"{self.server.url}{path}") for path in ("/livez", "/readyz", "/metrics")]
                self.probed += [answer.status_code for answer in answers]
                await asyncio.sleep(0.3)


def refusals(server: LiveServer) -> float:
    metrics = httpx2.get(f"{server.url}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    found = [one for one in samples if one.name == "content_api_requests_refused_total"]
    return sum(one.value for one in found if one.labels == {"code": "OVERLOADED"})


def answers(server: LiveServer) -> bool:
    return httpx2.post(f"{server.url}/graphql", json={"query": DEAR}, trust_env=False).status_code == 200


class Waits(NamedTuple):
    """In seconds: of 99 of 100 readers, the longest of all who are answered, and until it has passed."""

    reader: float
    longest: float
    after: float

    def are_bounded(self) -> bool:
        """What is light comes between the turns of the lane: 0.1 s where nothing else runs. What is dear waits
        there for 64 others, half a second. Beside other tests both take some times as long."""
        return self.reader < 1.2 and self.longest < 6 and self.after < 2


def overload() -> Waits:
    """Ask more of a server than it can. Whatever else the machine does: nobody gets another answer than these two,
    each refusal is counted, probes are answered, and it passes."""
    with live() as server:
        assert answers(server)
        httpx2.post(f"{server.url}/graphql", json=NAMED, trust_env=False)  # its text is known from here on
        crowd = Crowd(server)
        asyncio.run(crowd.run())
        ended = time.monotonic()
        until(20, lambda: answers(server))
        after = time.monotonic() - ended
        assert all(answers(server) for _ in range(20))
        answered, refused, readers = crowd.waited[200], crowd.waited[503], sorted(crowd.readers)
        assert set(crowd.waited) == {200, 503}
        assert len(answered) > 100
        assert len(refused) > 100
        assert refusals(server) == len(refused)
        assert set(crowd.probed) == {200}
        assert len(crowd.probed) > 5
        assert len(readers) > 100
        return Waits(readers[len(readers) * 99 // 100], max(answered), after)


def test_under_overload_who_is_answered_waits_a_bounded_time_and_it_passes_within_two_seconds():
    """One look of three has to be good: a machine may have no time for seconds, and without a limit none is good."""
    seen: list[Waits] = []
    while not (seen and seen[-1].are_bounded()):
        assert len(seen) < 3, seen
        seen.append(overload())
