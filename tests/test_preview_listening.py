"""From a push to a branch to those who listen to its preview: the real command, real git, real connections."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.sync.client import connect

from content_api.web.tokens import hashed
from tests.cli.command import Serving, serving
from tests.publish.world import broken, moon, new_repository
from tests.repositories import Repository

TOKEN = "token-of-anna-that-is-long-enough-to-be-one"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DOCUMENT = "subscription { versionPublished { id message changed { changed } } }"
DRAFT = '{ condition(key: "cloud-yawns") { name } }'
SECONDS = 15.0


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    made = new_repository(tmp_path_factory.mktemp("heard") / "content.git")
    for name in ("review/moon", "review/broken", "review/mended"):
        made.branch(name, "main")
    made.commit(broken(), branch="review/broken")
    return made


@pytest.fixture(scope="module")
def server(repository: Repository) -> Iterator[Serving]:
    settings = {"PREVIEW_BRANCHES": "review/*", "PREVIEW_TOKENS": f"anna:{hashed(TOKEN)}", "LISTENERS": "3"}
    given = {f"CONTENT_API_{name}": value for name, value in settings.items()}
    with serving("--content", str(repository.path), cwd=repository.path, **given) as running:
        yield running


class Stream:
    """An event stream that is open."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.head = self._until(rb"(.*?)\r\n\r\n", SECONDS).decode().lower()

    def next(self, seconds: float = SECONDS) -> dict:
        """What the next event says. Raises TimeoutError where none comes."""
        return json.loads(self._until(rb"data: (\{.*?\})\n", seconds))

    def is_silent(self, seconds: float) -> bool:
        try:
            return not self.next(seconds)
        except TimeoutError:
            return True

    def _until(self, pattern: bytes, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.received, re.DOTALL)):
            self.connection.settimeout(max(0.001, deadline - time.monotonic()))
            more = self.connection.recv(65_536)
            assert more, f"the stream has ended: {self.received.decode()}"
            self.received += more
        self.received = self.received[found.end() :]
        return found[1]


@contextmanager
def streaming(server: Serving, path: str, query: str = DOCUMENT, **headers: str) -> Iterator[Stream]:
    address = urlsplit(server.url)
    body = json.dumps({"query": query, "extensions": {"content": True}}).encode()
    given = {"Host": "test", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        stream = Stream(connection)
        assert stream.head.startswith("http/1.1 200"), stream.head
        yield stream


def refused(server: Serving, path: str, **headers: str) -> tuple[int, str]:
    answer = httpx2.post(f"{server.url}{path}", json={"query": DOCUMENT}, headers=headers, trust_env=False)
    assert answer.headers["Cache-Control"] == "private, no-store"
    body = answer.json()
    return answer.status_code, body["errors"][0]["extensions"]["code"] if "errors" in body else body["code"]


def test_a_preview_tells_of_its_own_versions_and_the_public_address_of_none_of_them(server, repository):
    own = "/preview/review/moon/graphql/stream"
    address = server.url.replace("http", "ws", 1) + "/graphql"
    with (
        streaming(server, own, **BEARER) as preview,
        streaming(server, "/graphql/stream") as public,
        connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as over_socket,
    ):
        for message in (
            {"type": "connection_init"},
            {"id": "1", "type": "subscribe", "payload": {"query": DOCUMENT}},
        ):
            over_socket.send(json.dumps(message))
        assert json.loads(over_socket.recv(timeout=SECONDS)) == {"type": "connection_ack"}
        assert "\r\ncache-control: private, no-store\r\n" in preview.head
        assert "\r\ncontent-type: text/event-stream; charset=utf-8\r\n" in preview.head
        pushed = repository.commit(moon("On a branch"), branch="review/moon", message="Reviewed")
        told = preview.next()
        assert told["data"]["versionPublished"] == {"id": pushed, "message": "Reviewed", "changed": {"changed": 1}}
        assert told["extensions"]["content"]["version"] == pushed
        assert public.is_silent(1.5)

        live = repository.commit(moon("Live"), message="Published")
        assert public.next()["data"]["versionPublished"]["id"] == live, "and that is the first it hears"
        assert live in over_socket.recv(timeout=SECONDS), "and this too"
        assert preview.is_silent(1.5)


def test_no_token_no_event(server):
    for headers in ({}, {"Authorization": "Bearer none"}):
        for branch in ("review/moon", "review/none", "main"):
            assert refused(server, f"/preview/{branch}/graphql/stream", **headers) == (401, "TOKEN_REQUIRED")
    assert refused(server, "/preview/main/graphql/stream", **BEARER) == (404, "NOT_FOUND")


def test_a_branch_with_problems_is_not_listened_to_but_told(server):
    assert refused(server, "/preview/review/broken/graphql/stream", **BEARER) == (422, "BRANCH_HAS_PROBLEMS")


def test_problems_that_come_later_are_not_heard_and_what_mends_them_is(server, repository):
    with streaming(server, "/preview/review/mended/graphql/stream", **BEARER) as preview:
        repository.commit(broken(), branch="review/mended")
        assert preview.is_silent(2.0)
        mended = repository.commit(moon("Mended"), branch="review/mended")
        assert preview.next()["data"]["versionPublished"]["id"] == mended


def test_a_query_is_answered_there_with_drafts(server):
    with streaming(server, "/preview/review/moon/graphql/stream", DRAFT, **BEARER) as preview:
        assert preview.next()["data"] == {"condition": {"name": "Cloud yawns"}}
    with streaming(server, "/graphql/stream", DRAFT) as public:
        assert public.next()["data"] == {"condition": None}


def test_places_are_those_of_all_who_listen(server):
    path = "/preview/review/moon/graphql/stream"
    deadline = time.monotonic() + SECONDS
    while "content_api_listeners 0.0" not in server.get("/metrics"):
        assert time.monotonic() < deadline, "of another test"
        time.sleep(0.05)
    with streaming(server, path, **BEARER), streaming(server, path, **BEARER), streaming(server, "/graphql/stream"):
        assert refused(server, path, **BEARER) == (503, "TOO_MANY_LISTENERS")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/graphql", "by server-sent events at `/graphql/stream`"),
        ("/preview/review/moon/graphql", "by server-sent events at `/preview/review/moon/graphql/stream`"),
        ("/preview/review%2Fmoon/graphql", "by server-sent events at `/preview/review/moon/graphql/stream`"),
    ],
)
def test_who_asks_where_one_answer_is_given_is_told_the_address_where_he_can_listen(server, path, named):
    answer = httpx2.post(f"{server.url}{path}", json={"query": DOCUMENT}, headers=BEARER, trust_env=False)
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "STREAM_NEEDED"
    assert named in error["extensions"]["hint"]
    assert ("WebSocket" in error["extensions"]["hint"]) == (path == "/graphql")
