"""Requests whose heads came before, over real sockets: of which only the body is read, with the same answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import count
from types import SimpleNamespace

import pytest

from content_api.web.previews import OfBranch
from content_api.web.scoped import Scoped, Served
from content_api.web.tokens import hashed
from tests.cli.command import Serving, serving
from tests.repositories import Repository
from tests.test_known_requests import (
    NAME,
    PAGE,
    TOKEN,
    connected,
    counted,
    exchange,
    posted,
    recognised,
    tagged,
    undated,
)
from tests.test_request_lines import lines
from tests.world import edited

NUMBERS = count()
SEARCH = 'search(text: "x") { totalCount }'
BY_SLUG = "query ($slug: String!) { condition(slug: $slug) { name summary sections { heading text { html } } } }"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    return tagged(tmp_path_factory.mktemp("heads"))


@pytest.fixture(scope="module")
def server(repository) -> Iterator[Serving]:
    with serving("--content", str(repository.path), cwd=repository.path) as running:
        yield running


def by_head(server: Serving) -> float:
    return counted(server, "content_api_request_heads_recognised_total")


def new() -> str:
    """A text that nobody has sent, and that has no document in common with another."""
    return f"query New{next(NUMBERS)} {{ site {{ defaultLocale }} }}"


def learn(server: Serving, *fields: str, path: str = "/graphql") -> None:
    """Have a head known: it comes once, and once more to be learnt, with other bodies."""
    with connected(server) as connection:
        for _ in range(2):
            assert b" 200 OK" in exchange(connection, posted(new(), *fields, path=path))


def hash_of(text: str) -> dict:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}


HEADS = {
    "plain": (),
    "the newer media type": ("Accept: application/graphql-response+json",),
    "compressed": ("Accept-Encoding: zstd, br, gzip",),
    "compressed in any case": ("Accept-Encoding: gzip, identity;q=0",),
    "a page of another site": ("Origin: https://clinic.example",),
    "a client with a name": ("GraphQL-Client-Name: website", "GraphQL-Client-Version: 1.4"),
    "a trace": ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",),
}
REGISTERED = "query Registered { site { defaultLocale } }"
ANSWERED = {
    "one field": {"query": NAME},
    "a page": {"query": PAGE},
    "by variable": {"query": BY_SLUG, "variables": {"slug": "moon-hiccups"}},
    "what is not there": {"query": BY_SLUG, "variables": {"slug": "nobody"}},
    "a list": {"query": "{ conditions { nodes { name summary } totalCount } }"},
    "a stored document": {"documentId": "ConditionList"},
    "a text with its hash": {"query": REGISTERED, "extensions": hash_of(REGISTERED)},
    "that hash": {"extensions": hash_of(REGISTERED)},
    "about the content": {"query": NAME, "extensions": {"content": True}},
    "the version that is live": {"query": '{ content(version: "v1") { condition(slug: "moon-hiccups") { name } } }'},
    "a field that is not there": {"query": "{ nothing }"},
    "an error of a field": {"query": '{ condition(slug: "a", key: "b") { name } }'},
    "two operations": {"query": "query A { site { defaultLocale } } query B { site { defaultLocale } }"},
    "a variable of the wrong type": {"query": BY_SLUG, "variables": {"slug": 1}},
    "too dear": {"query": f"{{ {' '.join(f'a{place}: {SEARCH}' for place in range(20))} }}"},
}
LEFT = {
    "no document": {},
    "a list of requests": [{"query": NAME}],
    "an unknown hash": {"extensions": hash_of("never sent")},
    "a wrong hash": {"query": NAME, "extensions": hash_of("another text")},
    "too deep": {"query": NAME, "variables": {"a": json.loads("[" * 30 + "]" * 30)}},
    "a text that nobody has read": {"query": "{ site { defaultLocale } causes(first: 3) { totalCount } }"},
    "a body that takes a turn of its own": {"query": NAME, "variables": {"a": "a" * 10_000}},
}


@pytest.mark.parametrize("fields", HEADS.values(), ids=HEADS)
def test_what_is_answered_by_its_head_is_answered_as_by_the_application(server, fields):
    learn(server, *fields)
    with connected(server) as connection:
        for body in ANSWERED.values():
            text = json.dumps(body)
            for _ in range(3):  # its document is read, and then known
                exchange(connection, bodied(text, *fields, f"X-Aside: {next(NUMBERS)}"))
            whole = exchange(connection, bodied(text, *fields, f"X-Aside: {next(NUMBERS)}"))
            before = by_head(server)
            short = exchange(connection, bodied(text + " " * next(NUMBERS), *fields))
            assert by_head(server) == before + 1, body
            assert told(short) == told(whole)
            assert re.search(rb"\r\nrequest-id: [0-9a-f]{32}\r\n", short)


def told(answer: bytes) -> bytes:
    """What does not differ by the id of the request, which makes a compressed error longer or shorter."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if b"content-encoding: gzip" not in head:
        return undated(answer)
    return undated(re.sub(rb"content-length: \d+", b"", head) + end + gzip.decompress(body))


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
def test_what_cannot_be_answered_at_once_goes_to_the_application_and_is_counted_once(server, body):
    learn(server)
    with connected(server) as connection:
        before = by_head(server), counted(server, "content_api_operations_total")
        refused = counted(server, "content_api_requests_refused_total")
        short = exchange(connection, bodied(json.dumps(body) + " " * next(NUMBERS)))
        operations = counted(server, "content_api_operations_total") - before[1]
        refused_short = counted(server, "content_api_requests_refused_total") - refused
        whole = exchange(connection, bodied(json.dumps(body), f"X-Aside: {next(NUMBERS)}"))
        assert by_head(server) == before[0]
        assert undated(short) == undated(whole)
        assert counted(server, "content_api_operations_total") - before[1] == 2 * operations
        assert counted(server, "content_api_requests_refused_total") - refused == 2 * refused_short


def test_a_body_has_the_limit_that_a_setting_says(repository):
    with serving("--content", str(repository.path), cwd=repository.path, CONTENT_API_MAX_BODY_BYTES="1000") as server:
        learn(server)
        before = by_head(server)
        with connected(server) as connection:
            assert b" 413 " in exchange(connection, posted(new(), variables={"a": "a" * 1_000})).split(b"\r\n")[0]
            assert by_head(server) == before


def test_where_only_stored_documents_are_trusted_no_others_are(repository):
    setting = {"CONTENT_API_TRUSTED_ONLY": "true"}
    with (
        serving("--content", str(repository.path), cwd=repository.path, **setting) as server,
        connected(server) as connection,
    ):
        for number in range(4):
            body = json.dumps({"documentId": "ConditionList", "variables": {"n": number}})
            assert b" 200 OK" in exchange(connection, bodied(body))
        assert by_head(server) > 0
        assert b"DOCUMENT_NOT_TRUSTED" in exchange(connection, posted(new()))


def test_a_preview_is_never_offered_what_is_public():
    public = Served(*[object()] * 6, *[object()] * 4)  # type: ignore[arg-type]
    seen: list[Served] = []

    async def answered(scope, receive, send) -> None:
        """Answers nothing."""

    def row(served: Served):
        seen.append(served)
        return answered

    @asynccontextmanager
    async def opening(branch: str):
        yield SimpleNamespace(answer=None, subscribe=None, version=None)

    preview = OfBranch(Scoped("/graphql", row), opening, public)  # type: ignore[arg-type]
    asyncio.run(preview({"type": "http", "path_params": {"branch": "main"}}, None, None))  # type: ignore[arg-type]
    [served] = seen
    own = {"answer", "subscribe", "version", "at_least", "again", "at_once"}
    assert {name for name in own if getattr(served, name) is None} == own


def bodied(body: str, *fields: str, length: int | str | None = None) -> bytes:
    said = len(body.encode()) if length is None else length
    head = ["POST /graphql HTTP/1.1", "Host: test", "Content-Type: application/json", f"Content-Length: {said}"]
    return "\r\n".join([*head, *fields, "", ""]).encode() + body.encode()


def test_a_text_that_nobody_has_read_is_answered_by_the_shape_of_others(server):
    learn(server)
    before = by_head(server)
    with connected(server) as connection:
        for number in range(8):
            text = f'query Shape{number} {{ c{number}: condition(slug: "moon-hiccups") {{ n{number}: name }} }}'
            assert f'"n{number}":"'.encode() in exchange(connection, posted(text))
    assert by_head(server) - before >= 4


def test_the_line_in_the_log_is_the_same_and_every_operation_is_counted_once(tmp_path, repository):
    fields = HEADS["a client with a name"]
    with serving("--content", str(repository.path), cwd=tmp_path) as server, connected(server) as connection:
        bodies = [f"{NAME}{' ' * number}" for number in range(6)]
        for body in bodies:
            exchange(connection, posted(f"query Same {body.strip()}", *fields, variables={"n": len(body)}))
        assert by_head(server) == len(bodies) - 2
        logged = lines(server, len(bodies), path="/graphql")
        for line in logged:
            for own in ("request_id", "seconds", "timestamp", "answered"):
                line.pop(own)
        assert all(line == logged[0] for line in logged)
        assert (logged[0]["client"], logged[0]["status"]) == ("website", 200)
        assert counted(server, "content_api_operations_total") == len(bodies)


def test_what_comes_again_whole_is_known_whole(server):
    learn(server)
    request = posted("query Whole { site { defaultLocale } }")
    before = recognised(server)
    with connected(server) as connection:
        answers = {undated(exchange(connection, request)) for _ in range(5)}
    assert len(answers) == 1
    assert recognised(server) - before == 3


def test_what_is_published_is_in_the_next_answer(server, repository):
    learn(server)
    with connected(server) as connection:
        for number in range(3):
            summary = f"Published {number} times."
            content = edited({"conditions/moon-hiccups.json": {"/text/en/summary": summary}})
            commit = repository.commit(
                {"content/conditions/moon-hiccups.json": content["conditions/moon-hiccups.json"]}
            )
            server.wait_for_status(lambda told, commit=commit: told["version"] == commit)
            for _ in range(2):
                variables = {"slug": "moon-hiccups", "n": next(NUMBERS)}
                answer = exchange(connection, posted(BY_SLUG, variables=variables))
                assert summary.encode() in answer
                assert f"content-version: {commit}".encode() in answer


# ---- what may look like a head that is known


def test_a_body_of_another_length_than_the_head_says_is_read_as_ever(server):
    learn(server)
    body = json.dumps({"query": NAME})
    before = by_head(server)
    with connected(server) as connection:  # two requests in one piece: the second is no body of the first
        connection.sendall(bodied(body) + bodied(body))
        received = b""
        while received.count(b'"name":') < 2:
            received += connection.recv(65_536)
    with connected(server) as connection:  # in two pieces
        connection.sendall(bodied(body)[:-3])
        time.sleep(0.2)
        connection.sendall(bodied(body)[-3:])
        assert b" 200 OK" in connection.recv(65_536)
    for length in (f"+{len(body)}", f"{len(body)}, {len(body)}", f"{len(body)}\r\nContent-Length: {len(body)}", " 1"):
        with connected(server) as connection:
            connection.sendall(bodied(body, length=length))
            assert b" 400 Bad Request" in connection.recv(65_536)
    assert by_head(server) == before


def test_a_chunked_body_is_never_looked_at_by_its_head(server):
    head = posted(NAME).partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    before = by_head(server)
    with connected(server) as connection:
        for _ in range(4):
            body = json.dumps({"query": new()}).encode()
            assert b" 200 OK" in exchange(connection, head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert by_head(server) == before


@pytest.mark.parametrize(
    "field",
    ["Content-Version-At-Least: VERSION", "Connection: close", "Expect: 100-continue", "X-Long: " + "a" * 4_000],
)
def test_heads_that_are_not_learnt(server, repository, field):
    field = field.replace("VERSION", repository.git("rev-parse", "main"))
    before = by_head(server)
    for _ in range(4):
        with connected(server) as connection:
            connection.sendall(posted(new(), field))
            received = b""
            while b"defaultLocale" not in received:
                received += connection.recv(65_536)
    assert by_head(server) == before


def test_a_rate_counts_every_body(repository):
    with serving("--content", str(repository.path), cwd=repository.path, CONTENT_API_RATE_LIMIT="5/hour") as server:
        with connected(server) as connection:
            answers = [exchange(connection, posted(new())).split(b"\r\n")[0] for _ in range(7)]
        assert answers == [b"HTTP/1.1 200 OK"] * 5 + [b"HTTP/1.1 429 Too Many Requests"] * 2
        assert by_head(server) == 0


def test_a_preview_is_for_who_has_a_token_each_time(repository):
    settings = {"CONTENT_API_PREVIEW_BRANCHES": "main", "CONTENT_API_PREVIEW_TOKENS": f"anna:{hashed(TOKEN)}"}
    with serving("--content", str(repository.path), cwd=repository.path, **settings) as server:
        with connected(server) as connection:
            for _ in range(4):
                request = posted(new(), f"Authorization: Bearer {TOKEN}", path="/preview/main/graphql")
                assert b" 200 OK" in exchange(connection, request)
        assert by_head(server) == 0
