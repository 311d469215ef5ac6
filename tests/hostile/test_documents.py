"""A document is held to the same limits whichever way it comes: by POST, over a WebSocket, as an event stream."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest

from tests.hostile.acts import conversing
from tests.hostile.peer import Peer, failing

DEEP = "a { " * 13 + "id" + " }" * 13
DOCUMENTS = {
    "too long": ("versionPublished { id } #" + "x" * 10_000 + "\n", "DOCUMENT_TOO_LONG"),
    "too many tokens": ("versionPublished { " + "id " * 1_000 + "}", "DOCUMENT_TOO_LONG"),
    "too long a name": (f"versionPublished {{ {'a' * 101}: id }}", "DOCUMENT_TOO_LONG"),
    "too deep": (f"versionPublished {{ {DEEP} }}", "TOO_DEEP"),
    "too many aliases": (
        "versionPublished { " + " ".join(f"a{number}: id" for number in range(51)) + " }",
        "TOO_MANY_ALIASES",
    ),
    "too many fields": ("versionPublished { " + "id " * 401 + "}", "TOO_MANY_FIELDS"),
    "too many directives": ("versionPublished { id " + "@include(if: true) " * 21 + "}", "DOCUMENT_TOO_LONG"),
    "no field of the schema": ("nothing", "GRAPHQL_VALIDATION_FAILED"),
    "no GraphQL": ("versionPublished {", "GRAPHQL_PARSE_FAILED"),
}
QUERIES = {
    "too dear": (
        "{ conditions(first: 100) { nodes { symptoms { symptom { conditions { condition { name } } } } } } }",
        "TOO_COSTLY",
    ),
    "too many at the root": ("{ " + "__typename " * 21 + "}", "TOO_MANY_FIELDS"),
}
ALL = {name: (f"subscription {{ {text} }}", code) for name, (text, code) in DOCUMENTS.items()} | QUERIES


def by_socket(server: Peer, query: str) -> str:
    with conversing(server) as client:
        client.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        told = json.loads(client.recv(timeout=10))
    assert told["type"] == "error"
    return told["payload"][0]["extensions"]["code"]


def by_stream(server: Peer, query: str) -> str:
    asked = {"json": {"query": query}, "trust_env": False}
    with httpx2.stream("POST", f"{server.url}/graphql/stream", **asked) as answer:
        data = next(line for line in answer.iter_lines() if line.startswith("data: "))
    return json.loads(data.removeprefix("data: "))["errors"][0]["extensions"]["code"]


def by_post(server: Peer, query: str) -> str:
    answer = httpx2.post(f"{server.url}/graphql", json={"query": query}, trust_env=False)
    return answer.json()["errors"][0]["extensions"]["code"]


WAYS = (by_socket, by_stream, by_post)


@pytest.mark.parametrize(
    "server", ["ours", failing("plain", "it takes it, or refuses it without a code")], indirect=True
)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", ALL)
def test_what_is_too_much_by_post_is_too_much_to_listen_to(server: Peer, name: str, way: Callable[[Peer, str], str]):
    query, code = ALL[name]
    assert way(server, query) == code
