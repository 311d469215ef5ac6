"""graphql-transport-ws over real sockets, spoken by clients that keep to it and by those that do not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from content_api.web.websocket import CLOSE_CODES, LONGEST_REASON, SocketLimits
from tests.live import LiveServer
from tests.needs import needs_folder
from tests.web.hearing import SAID, listening, say, wait_until

LIMITS = SocketLimits()
OPEN_FILES = Path("/proc/self/fd")
INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


def socket_url(server: LiveServer) -> str:
    return server.url.replace("http", "ws", 1) + "/graphql"


@contextmanager
def connected(server: LiveServer, **options) -> Iterator[ClientConnection]:
    given = {"subprotocols": ["graphql-transport-ws"], "proxy": None, "close_timeout": 2} | options
    with connect(socket_url(server), **given) as client:
        yield client


@contextmanager
def greeted(server: LiveServer, **options) -> Iterator[ClientConnection]:
    with connected(server, **options) as client:
        assert exchange(client, INIT) == ACK
        yield client


def send(client: ClientConnection, *messages: object) -> None:
    for message in messages:
        client.send(message if isinstance(message, str | bytes) else json.dumps(message))


def receive(client: ClientConnection) -> dict:
    return json.loads(client.recv(timeout=10))


def exchange(client: ClientConnection, message: object) -> dict:
    send(client, message)
    return receive(client)


def subscribe(name: str, query: str = SAID, **payload) -> dict:
    return {"id": name, "type": "subscribe", "payload": {"query": query, **payload}}


def closed(client: ClientConnection) -> tuple[int, str]:
    """The code and reason that the server closes with, whatever it sends before."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(timeout=10)
    return client.close_code, client.close_reason


def settled(client: ClientConnection) -> None:
    """Return when all that was sent before is heeded: messages are read in their order."""
    while exchange(client, {"type": "ping"})["type"] != "pong":
        pass


# --- By the protocol


def test_a_subscription_is_told_what_happens_until_the_client_completes_it(server):
    with greeted(server) as client:
        assert client.subprotocol == "graphql-transport-ws"
        send(client, subscribe("a"))
        settled(client)
        first = say(server)
        assert receive(client) == {"id": "a", "type": "next", "payload": {"data": {"said": f"{first} "}}}
        send(client, {"id": "a", "type": "complete"})
        settled(client)
        say(server)
        assert exchange(client, {"type": "ping"}) == {"type": "pong"}


def test_a_query_is_answered_once_and_completed(server):
    with greeted(server) as client:
        send(client, subscribe("q", "query ($n: Int!) { picky(size: $n) }", variables={"n": 3}, operationName=None))
        assert receive(client) == {"id": "q", "type": "next", "payload": {"data": {"picky": 3}}}
        assert receive(client) == {"id": "q", "type": "complete"}


def test_an_id_is_free_again_when_its_operation_is_complete(server):
    with greeted(server) as client:
        for _ in range(3):
            send(client, subscribe("same", "{ name }"))
            assert [receive(client)["type"] for _ in range(2)] == ["next", "complete"]
        for _ in range(3):
            send(client, subscribe("same"), {"id": "same", "type": "complete"})
        settled(client)


def test_a_subscription_that_ends_by_itself_is_completed(server):
    with greeted(server) as client:
        send(client, subscribe("h", "subscription { heard { text } }"))
        texts = [receive(client)["payload"]["data"]["heard"]["text"] for _ in range(2)]
        assert texts == ["one", "two"]
        assert receive(client) == {"id": "h", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { colour }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { unheard }", "BAD_USER_INPUT"),
    ],
)
def test_what_cannot_be_executed_is_one_error_and_no_complete(server, query, code):
    with greeted(server) as client:
        answer = exchange(client, subscribe("e", query))
        assert (answer["id"], answer["type"]) == ("e", "error")
        assert [error["extensions"]["code"] for error in answer["payload"]] == [code]
        assert exchange(client, {"type": "ping"}) == {"type": "pong"}


def test_a_ping_is_answered_with_what_it_carries_even_before_the_greeting(server):
    with connected(server) as client:
        send(client, {"type": "pong"})
        assert exchange(client, {"type": "ping", "payload": {"a": 1}}) == {"type": "pong", "payload": {"a": 1}}
        assert exchange(client, {"type": "connection_init", "payload": {"token": "x"}}) == ACK


# --- Against the protocol

BEFORE_GREETING = {
    "an operation before the greeting": (subscribe("a"), 4401, "Unauthorized"),
    "no JSON": ("{", 4400, "not JSON"),
    "a key twice": ('{"type": "ping", "type": "pong"}', 4400, "not JSON"),
    "no object": ([INIT], 4400, "must be a JSON object"),
    "no type": ({}, 4400, "No message has the type None"),
    "an unknown type": ({"type": "start"}, 4400, "No message has the type 'start'"),
    "a type that is no text": ({"type": ["ping"]}, 4400, "No message has the type"),
    "a type of the server": ({"type": "connection_ack"}, 4400, "No message has the type"),
    "bytes": (json.dumps(INIT).encode(), 4400, "must be text"),
    "a payload that is no object": ({"type": "connection_init", "payload": [1]}, 4400, "`payload` must be an object"),
    "a long unknown type": ({"type": "ü" * 1_000}, 4400, "No message has the type"),
}


@pytest.mark.parametrize("case", BEFORE_GREETING)
def test_what_is_no_message_of_the_protocol_closes_the_connection(server, case):
    message, code, reason = BEFORE_GREETING[case]
    with connected(server) as client:
        send(client, message)
        found, words = closed(client)
        assert (found, reason in words) == (code, True), words
        assert len(words.encode()) <= LONGEST_REASON


AFTER_GREETING = {
    "a second greeting": (INIT, 4429, "Too many initialisation requests"),
    "no id": ({"type": "subscribe", "payload": {"query": "{ name }"}}, 4400, "`id` must be"),
    "an empty id": (subscribe(""), 4400, "`id` has 0 characters; 1 to 100"),
    "a long id": (subscribe("x" * 101), 4400, "`id` has 101 characters; 1 to 100 are allowed."),
    "an id that is a number": ({"type": "complete", "id": 1}, 4400, "`id` must be"),
    "no query": ({"type": "subscribe", "id": "a", "payload": {}}, 4400, "There is no `query`"),
    "no payload": ({"type": "subscribe", "id": "a"}, 4400, "There is no `query`"),
    "a query that is no text": (subscribe("a", ["{ name }"]), 4400, "`query` must be a string"),
    "variables that are no object": (subscribe("a", variables=[1]), 4400, "`variables` must be an object"),
}


@pytest.mark.parametrize("case", AFTER_GREETING)
def test_so_does_what_comes_at_the_wrong_time_or_incomplete(server, case):
    message, code, reason = AFTER_GREETING[case]
    with greeted(server) as client:
        send(client, message)
        found, words = closed(client)
        assert (found, reason in words) == (code, True), words


def test_an_id_that_is_in_use_closes_the_connection(server):
    with greeted(server) as client:
        send(client, subscribe("a"), subscribe("a"))
        assert closed(client) == (4409, "Subscriber for a already exists")


def test_a_client_that_does_not_greet_is_closed(hasty):
    with connected(hasty) as client:
        assert closed(client) == (4408, "Connection initialisation timeout: none came in 0.3 s; 0.3 s are given.")


def test_a_client_that_pings_instead_of_greeting_is_closed_as_well(hasty):
    with connected(hasty) as client, suppress(ConnectionClosed):
        while True:
            exchange(client, {"type": "ping"})
            time.sleep(0.05)
    assert client.close_code == 4408


def test_one_that_greeted_may_be_silent_for_longer(hasty):
    with greeted(hasty) as client:
        time.sleep(0.5)
        assert exchange(client, {"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["soap"]])
def test_a_client_that_offers_another_protocol_is_told_which(server, offered):
    with connected(server, subprotocols=offered) as client:
        assert client.subprotocol is None
        assert closed(client) == (4406, "Offer the subprotocol graphql-transport-ws.")


def test_a_message_that_is_too_large_closes_the_connection_whole_or_in_pieces(server):
    for message, size in (
        ("x" * (LIMITS.message_bytes + 1), "16,385"),
        (["x" * 10_000] * 2, "20,000"),
        ("ü" * (LIMITS.message_bytes // 2 + 1), "16,386"),
    ):
        with greeted(server) as client:
            client.send(message)
            assert closed(client) == (1009, f"The message has {size} bytes; 16,384 are read.")


def test_one_operation_too_many_is_refused_and_the_others_go_on(server):
    with greeted(server) as client:
        send(client, *(subscribe(f"s{number}") for number in range(LIMITS.operations)))
        answer = exchange(client, subscribe("more"))
        assert (answer["id"], answer["type"]) == ("more", "error")
        assert answer["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
        say(server)
        told = {receive(client)["id"] for _ in range(LIMITS.operations)}
        assert told == {f"s{number}" for number in range(LIMITS.operations)}
        send(client, {"id": "s0", "type": "complete"})
        assert exchange(client, subscribe("more", "{ name }"))["type"] == "next"


def test_a_page_of_another_origin_may_not_connect(server):
    own = server.url
    for origin in ("https://example.org", own, None):
        with greeted(server, origin=origin):
            pass
    for origin in ("https://example.com", "null", "https://example.org.evil.example", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused, greeted(server, origin=origin):
            pass
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["errors"][0]["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"


def test_all_close_codes_are_tried_here_but_that_of_our_own_failures():
    tried = {code for _, code, _ in (*BEFORE_GREETING.values(), *AFTER_GREETING.values())}
    assert set(CLOSE_CODES) == tried | {4406, 4408, 4409, 1009, 1011}


# --- Clients that do not read, or leave


def deaf(server: LiveServer) -> ClientConnection:
    """A client with a small window that takes nothing from it before it is asked to, and no compression to fill it."""
    address = urlsplit(server.url)
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    small.connect((address.hostname, address.port))
    return connect(
        socket_url(server),
        sock=small,
        subprotocols=["graphql-transport-ws"],
        compression=None,
        max_queue=1,
        max_size=None,
        close_timeout=1,
    )


def test_a_slow_listener_hears_the_newest_and_no_backlog(server):
    with deaf(server) as client:
        assert exchange(client, INIT) == ACK
        send(client, subscribe("a"))
        settled(client)
        newest = say(server, times=300, size=100_000)
        heard = [receive(client)["payload"]["data"]["said"].partition(" ")[0]]
        while heard[-1] != newest:
            heard.append(receive(client)["payload"]["data"]["said"].partition(" ")[0])
    assert heard == sorted(heard, key=int)
    assert len(heard) < 100, "what the network's own buffers hold, and the newest"


@needs_folder(OPEN_FILES, made_by="Linux")
def test_a_listener_that_reads_nothing_loses_its_place_and_its_connection(hasty):
    wait_until(lambda: listening(hasty) == 0)
    before = open_files(hasty)
    with deaf(hasty) as client:
        assert exchange(client, INIT) == ACK
        send(client, subscribe("a"))
        settled(client)
        say(hasty, times=200, size=100_000)
        wait_until(lambda: listening(hasty) == 0)
        wait_until(lambda: open_files(hasty) <= before)


def open_files(server: LiveServer) -> int:
    """How many files and connections the server has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_whoever_leaves_gives_up_the_place_politely_or_not(server):
    wait_until(lambda: listening(server) == 0)
    for leave in (
        lambda client: client.close(),
        lambda client: client.socket.shutdown(socket.SHUT_WR),
        lambda client: client.socket.shutdown(socket.SHUT_RDWR),
    ):
        with greeted(server) as client:
            send(client, subscribe("a"), subscribe("b"))
            settled(client)
            assert listening(server) == 1
            leave(client)
            wait_until(lambda: listening(server) == 0)
    assert "Traceback" not in server.log.read_text()


def test_beyond_the_last_place_a_client_is_asked_to_come_back(server):
    wait_until(lambda: listening(server) == 0)
    with ExitStack() as clients:
        for _ in range(30):
            clients.enter_context(connected(server))
        with pytest.raises(InvalidStatus) as refused, connected(server):
            pass
        response = refused.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "TOO_MANY_LISTENERS"
        assert httpx2.get(f"{server.url}/graphql/stream?query={{name}}", trust_env=False).status_code == 503
