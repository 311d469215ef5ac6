"""Server-sent events over real sockets: distinct connections mode of graphql-sse, and clients that keep to nothing."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from tests.live import LiveServer, live
from tests.web.hearing import SAID, listening, say, wait_until


@contextmanager
def posted(server: LiveServer, query: str = SAID, **headers: str) -> Iterator[httpx2.Response]:
    given = {"Accept": "text/event-stream", **headers}
    with httpx2.stream(
        "POST", f"{server.url}/graphql/stream", json={"query": query}, headers=given, trust_env=False, timeout=10
    ) as response:
        yield response


def events(response: httpx2.Response) -> Iterator[tuple[str, str]]:
    """(event, data) of each event, and ("", "") for each comment."""
    event, data = "", ""
    for line in response.iter_lines():
        name, _, value = line.partition(":")
        if name == "event":
            event = value.strip()
        elif name == "data":
            data = value.strip()
        elif not line:
            yield event, data
            event, data = "", ""


def told(response: httpx2.Response) -> list[tuple[str, str]]:
    return [found for found in events(response) if found != ("", "")]


@contextmanager
def raw(server: LiveServer, *, window: int | None = None) -> Iterator[socket.socket]:
    """A connection that has asked to listen, and reads nothing by itself."""
    address = urlsplit(server.url)
    with socket.socket() as client:
        if window:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        client.settimeout(10)
        client.connect((address.hostname, address.port))
        client.sendall(f"GET /graphql/stream?query={quote(SAID)} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        wait_until(lambda: listening(server) == 1)
        yield client


@pytest.mark.parametrize("encodings", ["identity", "gzip, br, zstd"])
def test_each_event_comes_as_it_happens_uncompressed_and_unheld(server, encodings):
    with posted(server, **{"Accept-Encoding": encodings}) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in response.headers
        coming = events(response)
        assert next(coming) == ("", "")
        for _ in range(3):
            number = say(server)
            assert next(coming) == ("next", json.dumps({"data": {"said": f"{number} "}}, separators=(",", ":")))


def test_a_query_is_answered_with_one_result_and_completed(server):
    with posted(server, "{ name }") as response:
        assert told(response) == [("next", '{"data":{"name":"small"}}'), ("complete", "")]


def test_a_get_asks_by_its_address_as_a_browsers_event_source_does(server):
    asked = {"query": "query ($n: Int!) { picky(size: $n) }", "variables": '{"n": 4}'}
    response = httpx2.get(f"{server.url}/graphql/stream", params=asked, trust_env=False)
    assert response.text == ':\n\nevent: next\ndata: {"data":{"picky":4}}\n\nevent: complete\ndata:\n\n'


def test_a_subscription_that_ends_by_itself_is_completed(server):
    with posted(server, "subscription { heard { text } }") as response:
        assert [event for event, _ in told(response)] == ["next", "next", "complete"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("subscription { colour }", "GRAPHQL_VALIDATION_FAILED"), ("subscription { unheard }", "BAD_USER_INPUT")],
)
def test_what_is_wrong_with_an_operation_is_told_in_the_stream(server, query, code):
    with posted(server, query) as response:
        [(first, data), last] = told(response)
    assert (response.status_code, first, last) == (200, "next", ("complete", ""))
    assert [error["extensions"]["code"] for error in json.loads(data)["errors"]] == [code]


@pytest.mark.parametrize(
    ("method", "asked", "status", "code"),
    [
        ("POST", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "BAD_REQUEST"),
        ("POST", {"content": b"query"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"json": {"query": "#" * 200_000}}, 413, "BODY_TOO_LARGE"),
        ("GET", {}, 400, "BAD_REQUEST"),
        ("GET", {"params": {"query": SAID}, "headers": {"Accept": "text/html"}}, 406, "NOT_ACCEPTABLE"),
        ("PUT", {}, 405, "METHOD_NOT_ALLOWED"),
        ("HEAD", {"params": {"query": SAID}}, 405, None),
    ],
)
def test_what_is_no_request_for_a_stream_gets_a_status_instead(server, method, asked, status, code):
    response = httpx2.request(method, f"{server.url}/graphql/stream", trust_env=False, **asked)
    assert response.status_code == status
    assert response.headers.get("Allow") == ("GET, POST" if status == 405 else None)
    if code:
        assert response.json()["errors"][0]["extensions"]["code"] == code


def test_a_mutation_by_get_changes_nothing(server):
    asked = {"query": 'mutation { rename(name: "x") }'}
    response = httpx2.get(f"{server.url}/graphql/stream", params=asked, trust_env=False)
    assert "METHOD_NOT_ALLOWED" in response.text


def test_a_page_of_an_allowed_origin_can_listen(server):
    with posted(server, "{ name }", Origin="https://example.org") as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://example.org"


def test_silence_is_filled_with_comments(hasty):
    with posted(hasty) as response:
        coming = events(response)
        assert [next(coming) for _ in range(4)] == [("", "")] * 4


def test_whoever_leaves_gives_up_the_place(server):
    for leave in (
        lambda client: client.close(),
        lambda client: client.shutdown(socket.SHUT_WR),
        lambda client: client.shutdown(socket.SHUT_RDWR),
    ):
        wait_until(lambda: listening(server) == 0)
        with raw(server) as client:
            leave(client)
            wait_until(lambda: listening(server) == 0)
    assert "Traceback" not in server.log.read_text()


def test_a_slow_listener_hears_the_newest_and_no_backlog(server):
    wait_until(lambda: listening(server) == 0)
    with raw(server, window=4_096) as client:
        newest = say(server, times=300, size=100_000)
        received = b""
        while f'"said":"{newest} x'.encode() not in received:
            received += client.recv(1_000_000)
    assert received.count(b"event: next") < 100, "what the network's own buffers hold, and the newest"


def test_a_listener_that_reads_nothing_loses_its_place(hasty):
    wait_until(lambda: listening(hasty) == 0)
    with raw(hasty, window=4_096):
        say(hasty, times=200, size=100_000)
        wait_until(lambda: listening(hasty) == 0)
    assert "Traceback" not in hasty.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_end_ends_its_streams_uncompleted_and_then_itself(number):
    asked = {"query": "subscription { versionPublished { id } }"}
    with live() as server:
        url = f"{server.url}/graphql/stream"
        with httpx2.stream("GET", url, params=asked, trust_env=False, timeout=10) as response:
            coming = response.iter_bytes()
            assert next(coming) == b":\n\n"
            server.process.send_signal(number)
            assert b"".join(coming) == b"", "a client that is told `complete` would not connect again"
        server.process.wait(timeout=5)
        assert "Traceback" not in server.log.read_text().partition("KeyboardInterrupt")[0]
