"""Requests that come again, over real sockets: the short road gives what the application gives, byte for byte."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from content_api.web.tokens import hashed
from tests.cli.command import Serving, serving
from tests.repositories import Repository
from tests.world import edited, files

NAME = '{ condition(slug: "moon-hiccups") { name } }'
PAGE = (
    '{ condition(slug: "moon-hiccups") { name summary sections { heading text { html } } requiredCautions { name } } }'
)
ROADS = 2
"""So many times a request comes before it is known: once, and once more to be learnt."""


def posted(query: str = NAME, *fields: str, path: str = "/graphql", **parameters: object) -> bytes:
    body = json.dumps({"query": query, **parameters}).encode()
    head = [f"POST {path} HTTP/1.1", "Host: test", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, *fields, "", ""]).encode() + body


def got(*fields: str, method: str = "GET", **parameters: str) -> bytes:
    address = f"/graphql?{urlencode(parameters)}"
    return "\r\n".join([f"{method} {address} HTTP/1.1", "Host: test", *fields, "", ""]).encode()


HASH = "a" * 64
TOKEN = "token-of-anna-that-is-long-enough-to-be-one"
SHORT_ROAD = {
    "a POST": posted(),
    "with variables": posted(
        "query Named($slug: String!) { condition(slug: $slug) { name } }", variables={"slug": "moon-hiccups"}
    ),
    "in the newer media type": posted(NAME, "Accept: application/graphql-response+json"),
    "compressed": posted(PAGE, "Accept-Encoding: br, gzip"),
    "of a page of another site": posted(NAME, "Origin: https://clinic.example"),
    "with what nobody reads": posted(variables={"other": 1}, extensions={"other": [[]] * 1_000}),
    "about the content": posted(path="/graphql?extensions=content"),
    "a GET": got(query=PAGE),
    "that the client has": got('If-None-Match: "other", *', query=NAME),
    "of a stored document": got(documentId="ConditionList"),
    "of what is not there": posted('{ condition(slug: "nobody") { name } }'),
    "of a version": posted('{ content(version: "v1") { condition(slug: "moon-hiccups") { name } } }'),
}
LONG_ROAD = {
    "HEAD": got(method="HEAD", query=NAME),
    "an error": posted("{ nothing }"),
    "with variables that take much memory": posted(variables={f"a{number}": {} for number in range(60)}),
    "an error of a field": posted('{ condition(slug: "a", key: "b") { name } }'),
    "not JSON": posted().replace(b'{"query"', b'["query"'),
    "a text that is not known": got(extensions=json.dumps({"persistedQuery": {"version": 1, "sha256Hash": HASH}})),
    "that waits for a version": posted(NAME, "Content-Version-At-Least: VERSION"),
    "that is the last": posted(NAME, "Connection: close"),
    "of HTTP/1.0": posted().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "another path": b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n",
}


def tagged(folder: Path) -> Repository:
    """The content of the tests, whose only version is `v1`."""
    made = Repository(folder / "content.git", bare=True)
    made.commit({f"content/{path}": data for path, data in files().items()})
    made.tag("v1", "main")
    return made


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    return tagged(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def server(repository) -> Iterator[Serving]:
    with serving("--content", str(repository.path), cwd=repository.path, CONTENT_API_IDLE_SECONDS="4") as running:
        yield running


@contextmanager
def connected(server: Serving) -> Iterator[socket.socket]:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def exchange(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    return receive(connection, request.startswith(b"HEAD"))


def receive(connection: socket.socket, without_body: bool = False) -> bytes:
    """One answer, to its last byte."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head)
    while length and not without_body and b" 304 " not in head and len(body) < int(length[1]):
        body += some(connection)
    return head + b"\r\n\r\n" + body


def some(connection: socket.socket) -> bytes:
    chunk = connection.recv(65_536)
    assert chunk, "the connection was closed"
    return chunk


def undated(answer: bytes) -> bytes:
    """Answers without their dates and the ids of their requests."""
    return re.sub(rb'\r\ndate: [^\r]+|\r\nrequest-id: [0-9a-f]{32}|,"requestId":"[0-9a-f]{32}"', b"", answer)


def identity(answer: bytes) -> bytes:
    found = re.search(rb"\r\nrequest-id: ([0-9a-f]{32})\r\n", answer)
    assert found, answer
    return found[1]


def counted(server: Serving, name: str) -> float:
    return sum(float(line.split()[-1]) for line in server.get("/metrics").splitlines() if line.startswith(name))


def recognised(server: Serving) -> float:
    return counted(server, "content_api_requests_recognised_total")


@pytest.mark.parametrize("request_bytes", SHORT_ROAD.values(), ids=SHORT_ROAD)
def test_both_roads_send_the_same_bytes_and_count_the_same(server, request_bytes):
    before, operations = recognised(server), counted(server, "content_api_operations_total")
    with connected(server) as connection:
        answers = [exchange(connection, request_bytes) for _ in range(ROADS + 3)]
    assert recognised(server) - before == 3
    assert counted(server, "content_api_operations_total") - operations == ROADS + 3
    assert {undated(answer) for answer in answers} == {undated(answers[0])}
    assert len({identity(answer) for answer in answers}) == len(answers), "each has an id of its own"
    assert re.search(rb"\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", answers[-1])


def test_a_known_request_that_names_its_trace_has_the_id_of_that(server):
    trace = b"4bf92f3577b34da6a3ce929d0e0e4736"
    request = posted("query Traced { site { defaultLocale } }", f"traceparent: 00-{trace.decode()}-00f067aa0ba902b7-01")
    before = recognised(server)
    with connected(server) as connection:
        assert {identity(exchange(connection, request)) for _ in range(ROADS + 3)} == {trace}
    assert recognised(server) - before == 3


@pytest.mark.parametrize("request_bytes", LONG_ROAD.values(), ids=LONG_ROAD)
def test_what_is_not_sure_to_be_the_same_again_goes_to_the_application(server, repository, request_bytes):
    request_bytes = request_bytes.replace(b"VERSION", repository.git("rev-parse", "main").encode())
    before = recognised(server)
    answers = set()
    for _ in range(ROADS + 2):
        with connected(server) as connection:
            answers.add(undated(exchange(connection, request_bytes)))
    assert recognised(server) == before
    assert len(answers) == 1


def test_a_known_request_is_known_on_every_connection(server):
    request = posted("query OnEveryConnection { site { defaultLocale } }")
    before = recognised(server)
    for _ in range(ROADS + 5):
        with connected(server) as connection:
            assert b" 200 OK" in exchange(connection, request)
    assert recognised(server) - before == 5


def test_what_is_published_is_in_the_next_answer(server, repository):
    request = posted('query Published { condition(slug: "moon-hiccups") { summary } }')
    with connected(server) as connection:
        for number in range(3):
            summary = f"Published {number} times."
            files = edited({"conditions/moon-hiccups.json": {"/text/en/summary": summary}})
            commit = repository.commit({"content/conditions/moon-hiccups.json": files["conditions/moon-hiccups.json"]})
            server.wait_for_status(lambda told, commit=commit: told["version"] == commit)
            for _ in range(ROADS + 1):
                answer = exchange(connection, request)
                assert summary.encode() in answer
                assert f"content-version: {commit}".encode() in answer


# ---- what else may come in one piece, or in several


def learn(connection: socket.socket, request: bytes) -> bytes:
    return [exchange(connection, request) for _ in range(ROADS + 1)][-1]


def test_a_known_request_in_two_pieces_is_read_as_ever(server):
    request = posted("query InPieces { site { defaultLocale } }")
    with connected(server) as connection:
        expected = learn(connection, request)
        for cut in (1, 20, request.index(b"\r\n\r\n") + 4, len(request) - 1):
            connection.sendall(request[:cut])
            time.sleep(0.05)
            assert undated(exchange(connection, request[cut:])) == undated(expected)
            assert undated(exchange(connection, request)) == undated(expected)


def test_a_body_that_looks_like_a_known_request_is_a_body(server):
    request = posted("query InABody { site { defaultLocale } }")
    with connected(server) as connection:
        expected = learn(connection, request)
        head = posted(NAME).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        connection.sendall(re.sub(rb"Length: \d+", b"Length: %d" % len(request), head))
        time.sleep(0.05)
        assert b"is not JSON" in exchange(connection, request)
        assert undated(exchange(connection, request)) == undated(expected)


def test_a_header_that_looks_like_a_known_request_is_a_header(server):
    request = got(query="query InAHeader { site { defaultLocale } }")
    with connected(server) as connection:
        learn(connection, request)
    with connected(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nX-Other: ")
        time.sleep(0.05)
        answer = exchange(connection, request)
    assert b" 200 OK" in answer
    assert b"content-version" not in answer, "it is what /livez says"


def test_a_known_request_waits_for_one_that_takes_long(server):
    known = posted("query WaitsForLong { site { defaultLocale } }")
    waiting = posted(NAME, f"Content-Version-At-Least: {'0' * 40}")
    with connected(server) as connection:
        expected = learn(connection, known)
        connection.sendall(waiting)
        time.sleep(0.2)  # it is being waited for by then, for five seconds
        connection.sendall(known)
        received = b""
        while not undated(received).endswith(undated(expected)):
            received += some(connection)
    assert received.startswith(b"HTTP/1.1 503 ")


def test_several_requests_in_one_piece_are_answered_in_their_order(server):
    one, other = posted("query One { site { defaultLocale } }"), posted("query Other { site { attribution } }")
    with connected(server) as connection:
        first, second = undated(learn(connection, one)), undated(learn(connection, other))
        connection.sendall(one + other + one)
        received = b""
        while len(undated(received)) < len(first + second + first):
            received += some(connection)
        assert undated(received) == first + second + first
        assert undated(exchange(connection, other)) == second


def test_a_known_request_waits_for_the_one_before_it(server):
    slow = posted("query Slow { " + " ".join(f's{n}: search(text: "moon") {{ totalCount }}' for n in range(6)) + " }")
    known = posted("query Waits { site { defaultLocale } }")
    with connected(server) as connection:
        expected = learn(connection, known)
        for number in range(5):  # one that was never seen, and a known one behind it before it is answered
            connection.sendall(slow.replace(b"Slow", b"Sl%02d" % number))
            connection.sendall(known)
            received = b""
            while not undated(received).endswith(undated(expected)):
                received += some(connection)
            assert received.count(b"HTTP/1.1 200 OK") == 2
            assert received.index(b'"s0"') < received.index(b'"site"')


def test_a_connection_on_which_nothing_comes_any_more_is_closed(server):
    request = posted("query ThenNothing { site { defaultLocale } }")
    with connected(server) as connection:
        learn(connection, request)
        time.sleep(3)
        exchange(connection, request)  # it keeps the connection open for as long again
        time.sleep(3)
        exchange(connection, request)
        began = time.monotonic()
        assert connection.recv(1) == b""
        assert 3 < time.monotonic() - began < 8


def test_a_connection_that_only_ever_asked_what_is_known_is_closed_as_well(server):
    request = posted("query Known { site { defaultLocale } }")
    with connected(server) as connection:
        learn(connection, request)
    with connected(server) as connection:
        exchange(connection, request)
        assert connection.recv(1) == b""


def test_a_rate_counts_what_is_known(repository):
    request = posted("query Counted { site { defaultLocale } }")
    with serving("--content", str(repository.path), cwd=repository.path, CONTENT_API_RATE_LIMIT="5/hour") as server:
        with connected(server) as connection:
            answers = [exchange(connection, request).split(b"\r\n")[0] for _ in range(7)]
        assert answers == [b"HTTP/1.1 200 OK"] * 5 + [b"HTTP/1.1 429 Too Many Requests"] * 2
        assert recognised(server) == 0


def test_answers_need_not_be_kept_for_requests_to_be_known(repository):
    request = posted('query NotKept { condition(slug: "moon-hiccups") { name summary } }')
    with serving("--content", str(repository.path), cwd=repository.path, CONTENT_API_ANSWER_BYTES="0") as server:
        with connected(server) as connection:
            answers = {undated(exchange(connection, request)) for _ in range(ROADS + 5)}
        assert len(answers) == 1
        assert (recognised(server), counted(server, "content_api_answers_reused_total")) == (5, 0)


def test_a_server_ends_at_once_with_connections_that_asked_what_is_known(repository):
    request = posted("query Ends { site { defaultLocale } }")
    with serving("--content", str(repository.path), cwd=repository.path) as server, connected(server) as connection:
        learn(connection, request)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3
        assert connection.recv(1) == b""


def test_a_preview_is_for_who_has_a_token_each_time(repository):
    settings = {"CONTENT_API_PREVIEW_BRANCHES": "main", "CONTENT_API_PREVIEW_TOKENS": f"anna:{hashed(TOKEN)}"}
    with serving("--content", str(repository.path), cwd=repository.path, **settings) as server:
        with_token = posted(NAME, f"Authorization: Bearer {TOKEN}", path="/preview/main/graphql")
        without = posted(NAME, path="/preview/main/graphql")
        with connected(server) as connection:
            assert {exchange(connection, with_token).split(b"\r\n")[0] for _ in range(5)} == {b"HTTP/1.1 200 OK"}
            assert {exchange(connection, without).split(b"\r\n")[0] for _ in range(5)} == {b"HTTP/1.1 401 Unauthorized"}
        assert recognised(server) == 0
