"""Each row of docs/reference/limits.md: who is over a limit is told what it is, and what was found."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from content_api.bounds import SocketBounds
from content_api.delivery.lane import Lane
from content_api.delivery.limits import Limits, hold_versions
from content_api.delivery.price import hold_text
from content_api.errors import RequestError
from content_api.publish.publisher import Publisher
from content_api.publish.queue import Queue
from content_api.publish.waits import Waits
from content_api.store.names import Names
from content_api.web.body import refuse_read
from content_api.web.frames import SocketProtocol
from content_api.web.listeners import Listeners
from content_api.web.load import Load
from content_api.web.parameters import read_query_string
from content_api.web.places import Places
from content_api.web.protocol import HttpProtocol
from content_api.web.rates import Rate
from content_api.web.strict_json import strict_json
from content_api.web.websocket import Close, Conversation, SocketLimits
from tests.delivery.small import ask, body, delivery
from tests.promises.test_limits_page import rows

Told = Callable[[], Any]
"""Does what is refused: raises it, or returns its words."""


def asked(document: str, **limits: Any) -> Told:
    """What an operation is answered under limits."""
    variables = limits.pop("variables", {})
    return lambda: body(ask(document, on=delivery(Limits(**limits)), variables=variables))["errors"][0]["message"]


def read(text: str, **limits: Any) -> Told:
    return lambda: strict_json(text, "The body", Limits(**limits))


def head(**bounds: Any) -> SimpleNamespace:
    """As much of a connection as its refusals look at: one request, of which four seconds ago the head began."""
    return SimpleNamespace(
        bounds=SocketBounds(**bounds),
        begun=1,
        headed=0,
        headers=[(b"a", b"b")] * 8,
        begun_at=0.0,
        loop=SimpleNamespace(time=lambda: 4.0),
    )


def behind_its_head(**bounds: Any) -> SimpleNamespace:
    found = head(**bounds)
    found.headed = 1
    return found


def place(**bounds: Any) -> str:
    places = Places(SocketBounds(**bounds))
    taken = [places.take("192.0.2.1") for _ in range(4)]
    return str(taken[-1] and taken[-1].refusal)


def listened() -> None:
    listeners = Listeners(2)
    with listeners.place(), listeners.place(), listeners.place():
        pass


def waited_for(**waits: Any) -> Any:
    """What a client is told whose version is not live."""

    async def look(seconds: float) -> None:
        await asyncio.sleep(seconds)

    publisher = SimpleNamespace(
        branch=SimpleNamespace(waits=Waits(**waits)),
        current=SimpleNamespace(edition=SimpleNamespace(version=SimpleNamespace(id="live"))),
        _covers=lambda commit: False,
        _refusals={},
        _waiting=7,
        _next_look=look,
    )
    return asyncio.run(Publisher.at_least(publisher, "0" * 40))  # type: ignore[arg-type]


async def loaded(number: int, waits: Waits) -> None:
    queue = Queue(waits)
    others = [asyncio.create_task(queue.result(place, "This", forever)) for place in range(number)]
    await asyncio.sleep(0)
    try:
        await queue.result("mine", "This", forever)
    finally:
        for task in (*others, *queue._tasks.values()):
            task.cancel()


async def forever() -> None:
    await asyncio.Event().wait()


async def in_lane() -> None:
    lane = Lane(turn_seconds=0, most_waiting=2)
    lane._work.extend([SimpleNamespace(done=None)] * 3)  # type: ignore[list-item]
    await lane.do(lambda: None)


def overloaded() -> None:
    load = Load(1, most_waiting=2)
    with load, load, load:
        pass


def conversation(text: str = "", running: int = 0, **limits: Any) -> SimpleNamespace:
    async def receive() -> dict[str, str]:
        if not text:
            await forever()
        return {"type": "websocket.receive", "text": text}

    found = SimpleNamespace(
        limits=SocketLimits(**limits),
        question=Limits(),
        running=dict.fromkeys(map(str, range(running))),
        greeted=False,
        websocket=SimpleNamespace(receive=receive),
        heed=None,
    )
    found.receive = lambda: Conversation.receive(found)  # type: ignore[arg-type]
    return found


def framed() -> str:
    said: list[str] = []
    conn = SimpleNamespace(fail=lambda code, reason: said.append(reason))
    socket = SimpleNamespace(frames=[b""] * 64, conn=conn, handle_parser_exception=lambda: None)
    SocketProtocol.handle_cont(socket, None)  # type: ignore[arg-type]
    return said[0]


def rated() -> str:
    rate = Rate("2/hour")
    for _ in range(3):
        rate.wait("192.0.2.1")
    return str(rate.refusal("192.0.2.1"))


FRAGMENTS = "".join(f" fragment F{place} on Thing {{ name }}" for place in range(3))
DEEP = "{ thing { same { same { name } } } }"
TYPES = "{ __schema { types { fields { type { name } } } } }"

REFUSED: dict[str, tuple[Told, str, str]] = {
    "body_bytes": (lambda: refuse_read(1_001, 1_000), "1,001", "1,000"),
    "json_depth": (read("[[[[]]]]", json_depth=3), "4 or more", "3"),
    "json_digits": (read("1234567", json_digits=5), "7", "5"),
    "characters": (asked("{ name }" + " " * 93, characters=100), "101", "100"),
    "name_characters": (asked("{ " + "a" * 11 + ": name }", name_characters=10), "11", "10"),
    "tokens": (asked("{ name name name }", tokens=3), "4 or more", "3"),
    "fragments": (asked("{ name }" + FRAGMENTS, fragments=2), "3", "2"),
    "directives": (asked("{ name @skip(if: true) same: name @skip(if: true) }", directives=1), "2 or more", "1"),
    "depth": (asked(DEEP, depth=3), "4 or more", "3"),
    "aliases": (asked("{ a: name b: name }", aliases=1), "2 or more", "1"),
    "root_fields": (asked("{ name broken alsoBroken }", root_fields=2), "3 or more", "2"),
    "fields": (asked(DEEP, fields=3), "4 or more", "3"),
    "comparisons": (asked("{ " + "name " * 9 + "}", comparisons=10), r"\d\d times or more", "10"),
    "introspection_depth": (asked(TYPES, introspection_depth=3), "4 or more", "3"),
    "introspection_aliases": (asked("{ __schema { a: types { name } } }"), "1 or more", "0"),
    "list_items": (asked('{ nodes(ids: ["a", "b", "c"]) { name } }', list_items=2), "3", "2"),
    "values": (
        asked("query ($a: [ID!]!) { nodes(ids: $a) { name } }", values=3, variables={"a": ["b"] * 3}),
        "4 or more",
        "3",
    ),
    "page_size": (asked("{ things(first: 101) { totalCount } }"), "101", "100"),
    "node_ids": (asked('{ nodes(ids: ["a", "b", "c"]) { name } }', node_ids=2), "3", "2"),
    "search_characters": (lambda: hold_text("search", "abc", 2), "3", "2"),
    "cost": (asked(DEEP, cost=3), "4", "3"),
    "versions": (lambda: hold_versions(Limits(versions=1), ["a", "b"]), "2", "1"),
    "answer_bytes": (asked("{ name }", answer_bytes=10), "25", "10"),
    "bytes of a query string": (lambda: read_query_string(b"a" * 100_001), "100,001", "100,000"),
    "parameters of a query string": (lambda: read_query_string(b"&".join([b"a=1"] * 21)), "21", "20"),
    "characters of the name of a version": (lambda: Names.resolve(None, "a" * 256), "256", "255"),  # type: ignore[arg-type]
    "bytes of a delivery": (lambda: refuse_read(26_214_401, 26_214_400), "26,214,401", "26,214,400"),
    "head_seconds": (lambda: HttpProtocol.too_slow(head(head_seconds=3)), r"4\.0 s", "3 s"),  # type: ignore[arg-type]
    "request_seconds": (
        lambda: HttpProtocol.too_slow(behind_its_head(request_seconds=3)),  # type: ignore[arg-type]
        r"4\.0 s",
        "3 s",
    ),
    "head_bytes": (
        lambda: HttpProtocol.too_large(head(head_bytes=1_000), 1_001),  # type: ignore[arg-type]
        "1,001",
        "1,000",
    ),
    "head_fields": (lambda: HttpProtocol.on_header(head(head_fields=8), b"a", b"b"), "9 or more", "8"),  # type: ignore[arg-type]
    "connections": (lambda: place(connections=3), "3 connections", "3 may"),
    "connections_per_address": (lambda: place(connections_per_address=2), "2 connections", "2 are"),
    "operations that wait in the lane": (lambda: asyncio.run(in_lane()), "2 operations", "2 may"),
    "operations_waiting": (overloaded, "2 operations", "2 may"),
    "loads_waiting": (lambda: asyncio.run(loaded(2, Waits(loads=2))), "2 versions", "2 may"),
    "load_seconds": (lambda: asyncio.run(loaded(0, Waits(load_seconds=0.1))), r"0\.\d s this", r"0\.1 s are"),
    "versions_waiting": (lambda: waited_for(clients=6), "7 wait", "6 may"),
    "version_seconds": (lambda: waited_for(clients=9, seconds=0.1), r"0\.\d s were", r"0\.1 s may"),
    "listeners": (listened, "2 listen", "2 may"),
    "message_bytes": (
        lambda: asyncio.run(Conversation.receive(conversation("a" * 1_001, message_bytes=1_000))),  # type: ignore[arg-type]
        "1,001",
        "1,000",
    ),
    "frames": (framed, "65 or more", "64"),
    "operations": (
        lambda: orjson.dumps(Conversation.refusal(conversation(running=3, operations=2))).decode(),  # type: ignore[arg-type]
        "3 operations",
        "2 are",
    ),
    "id_characters": (lambda: Conversation.id_of(conversation(), {"id": "a" * 101}), "101", "100"),  # type: ignore[arg-type]
    "init_seconds": (
        lambda: asyncio.run(Conversation.greet(conversation(init_seconds=0.1))),  # type: ignore[arg-type]
        r"in 0\.1 s",
        r"0\.1 s are",
    ),
    "a client's requests": (rated, "3 requests", "2 are"),
}
"""How a row begins -> what is over it, and as patterns what was found and what is allowed."""

NO_LESS = "it is a default, or what is longer is left out, and nothing is refused"
ENDS = "the connection ends, to a client that does not read or has nothing to ask"
WAITS = "nobody is refused: who is over it waits"
BEGINS = "the server does not start, or forgets: tests/delivery/test_stored.py, test_persisted.py"
EDITORS = "a problem of the version, which an editor reads: tests/store, tests/content/test_budget.py"
UNTOLD = {
    "seconds": "it is left as soon as its time is over, so that it took as long as is allowed",
    "errors": "`moreErrors` says how many there are",
    "items of a page, if": NO_LESS,
    "words of a search": NO_LESS,
    "characters of `Accept`": NO_LESS,
    "signatures of such": "whoever is refused there is told one and the same",
    "versions with problems": "as many were looked at as are allowed: tests/publish/test_dates.py",
    "pipelined": "tests/hostile/acts.py: it is counted on a socket",
    "idle_seconds": ENDS,
    "take_seconds": ENDS,
    "drain_seconds": ENDS,
    "end_seconds": ENDS,
    "send_seconds": ENDS,
    "events of dear": WAITS,
    "bodies of over": WAITS,
    "share of a worker": WAITS,
    "pages of `/versions`": WAITS,
    "bytes of all WebSockets": WAITS,
    "stored documents": BEGINS,
    "bytes of a stored": BEGINS,
    "characters of a name": BEGINS,
    "texts that clients": BEGINS,
    "bytes of these": BEGINS,
    "bytes of one file": EDITORS,
    "bytes of all files": EDITORS,
    "files, and folders": EDITORS,
    "parts of a file": EDITORS,
    "seconds to read": EDITORS,
}
"""How a row begins of which nobody is told both numbers -> why not."""

SECTIONS = (
    "A query",
    "Pages and requests",
    "Connections",
    "Overload",
    "Documents by id",
    "Listening",
    "Content",
)


def test_each_row_of_the_page_has_its_refusal_or_a_reason():
    named = [row[0] for section in SECTIONS for row in rows(section) if row[0] not in ("limit", "---")]
    known = [*REFUSED, *UNTOLD]
    assert [name for name in named if not any(matches(name, one) for one in known)] == []
    assert [
        one for one in known if one != "a client's requests" and not any(matches(name, one) for name in named)
    ] == []


def matches(name: str, start: str) -> bool:
    return name == start or (" " in start and name.startswith(start))


@pytest.mark.parametrize("limit", REFUSED)
def test_who_is_over_a_limit_is_told_what_was_found_and_what_is_allowed(limit: str):
    refused, found, allowed = REFUSED[limit]
    try:
        words = str(refused())
    except (RequestError, Close) as error:
        words = str(error)
    assert re.search(rf"(?<![\d,.]){found}(?![\d,]).*[;,].*(?<![\d,.]){allowed}(?![\d,])", words), words
