"""Requests of which no two are the same, by what it is in them that is another each time.

Each is as long as is still looked at, so that it shows in the server's memory if anything of it is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from content_api.web.tokens import hashed
from tests.hostile.acts import conversing
from tests.hostile.peer import JSON, Peer, exchange, request, until_closed

Ask = Callable[[str], object]
"""Sends the request for a word that comes in no other, and takes the answer."""

ONE = 'condition(slug: "moon-hiccups") { name }'
TOKEN = "a token that is good"
SETTINGS = {
    "CONTENT_API_ANSWER_BYTES": "1000000",  # else it takes thousands of requests until answers make room for others
    "CONTENT_API_PREVIEW_BRANCHES": "*",
    "CONTENT_API_PREVIEW_TOKENS": f"anna:{hashed(TOKEN)}",
}


@dataclass(frozen=True)
class Kind:
    """`fill` is how many requests it takes until all is full that is kept of them. Where `is_kept`, a plain Strawberry
    server keeps it as people run one; else nothing does but a dict that is added for that purpose: plain_keeping.py."""

    asking: Callable[[Peer], Iterator[Ask]]
    fill: int = 800
    is_kept: bool = True


def sent(write: Callable[[str], bytes], times: int = 1) -> Callable[[Peer], Iterator[Ask]]:
    """On one connection, each so many times."""

    def asking(peer: Peer) -> Iterator[Ask]:
        with peer.connected() as connection:
            yield lambda word: [exchange(connection, write(word)) for _ in range(times)]

    return asking


def on_new_connections(peer: Peer) -> Iterator[Ask]:
    def ask(word: str) -> None:
        with peer.connected() as connection:
            connection.sendall(headed(f"X-Word: {word}", "Connection: close"))
            until_closed(connection, 5)

    yield ask


def over_a_socket(peer: Peer) -> Iterator[Ask]:
    """Operations, each with an id and a text of its own."""
    with conversing(peer) as client:

        def ask(word: str) -> None:
            payload = {"query": f"{{ {ONE} }} #{long(word, 1_000)}"}
            client.send(json.dumps({"id": long(word, 90), "type": "subscribe", "payload": payload}))
            while json.loads(client.recv(timeout=10))["type"] not in ("complete", "error"):
                pass

        yield ask


def posted(query: str, *fields: str, **more: object) -> bytes:
    body = json.dumps({"query": query} | more).encode()
    return request("POST /graphql HTTP/1.1", "Host: test", JSON, *fields, body=body)


def got(path: str, *fields: str) -> bytes:
    return request(f"GET {path} HTTP/1.1", "Host: test", *fields)


def headed(*fields: str) -> bytes:
    """What everybody asks, with header fields that nobody else sends."""
    return posted(f"{{ {ONE} }}", *fields)


def given(kind: str, asked: str, value: object) -> bytes:
    """The same text each time, with another value."""
    return posted(f"query ($given: {kind}) {{ {asked} }}", variables={"given": value})


def long(word: str, length: int = 4_000) -> str:
    return word.ljust(length, "x")


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def extended(hashed: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashed}}


def registered(word: str) -> bytes:
    text = f"{{ {ONE} }} #{long(word, 8_000)}"
    return posted(text, extensions=extended(hash_of(text)))


def filtered(word: str) -> bytes:
    many = [{"name": {"contains": long(f"{word} {number}", 400)}} for number in range(15)]
    return given("ConditionFilter", "conditions(where: $given) { totalCount }", {"or": many})


def looked_up(word: str) -> bytes:
    return given("String", "content(version: $given) { conditions { totalCount } }", long(word))


def unasked(word: str) -> bytes:
    """With much that nobody asked for. It comes more than once, so that it is worth to be known."""
    return posted(f"{{ {ONE} }}", variables={long(word): 1}, extensions={word: [[]] * 2_000})


KINDS = {
    # --- what is in a body
    "texts": Kind(sent(lambda word: posted(f"{{ {ONE} }} #{long(word)}"))),
    "texts that are like others": Kind(sent(lambda word: posted(f'{{ condition(slug: "{long(word)}") {{ name }} }}'))),
    "texts that are not valid": Kind(sent(lambda word: posted(f"{{ {ONE} {long(word, 100)} }}"))),
    "texts that are no GraphQL": Kind(sent(lambda word: posted(f"{{ {ONE} #{long(word)}")), is_kept=False),
    "aliases": Kind(sent(lambda word: posted(f"{{ {long(word, 100)}: {ONE} }}"))),
    "names of operations": Kind(
        sent(lambda word: posted(f"query {long(word, 100)} {{ {ONE} }}", operationName=long(word, 100)))
    ),
    "variables": Kind(sent(lambda word: given("String", "condition(slug: $given) { name }", long(word)))),
    "filters": Kind(sent(filtered), fill=1_200),
    "texts of searches": Kind(
        sent(lambda word: given("String!", "search(text: $given) { totalCount }", long(word, 200)))
    ),
    "cursors": Kind(sent(lambda word: given("String", "conditions(after: $given) { totalCount }", long(word)))),
    "ids": Kind(sent(lambda word: given("ID!", "node(id: $given) { id }", long(word)))),
    "names of versions": Kind(sent(looked_up)),
    "texts with their hashes": Kind(sent(registered), fill=700),
    "requests that come again": Kind(sent(unasked, times=2), fill=1_200, is_kept=False),
    # --- what is in an address
    "ids of documents": Kind(sent(lambda word: got(f"/graphql?documentId={long(word)}")), is_kept=False),
    "hashes": Kind(
        sent(lambda word: got(f"/graphql?extensions={quote(json.dumps(extended(hash_of(word))))}")), is_kept=False
    ),
    "paths": Kind(sent(lambda word: got(f"/{long(word)}"))),
    "parameters of a page": Kind(sent(lambda word: got(f"/versions?after={long(word)}")), is_kept=False),
    "branches": Kind(sent(lambda word: got(f"/preview/{long(word)}/schema.graphql", f"Authorization: Bearer {TOKEN}"))),
    # --- what is in a head
    "header fields": Kind(sent(lambda word: headed(f"X-{long(word, 3_000)}: {long(word, 3_000)}")), is_kept=False),
    "names of clients": Kind(sent(lambda word: headed(f"GraphQL-Client-Name: {long(word)}"))),
    "versions of clients": Kind(sent(lambda word: headed(f"GraphQL-Client-Version: {long(word)}"))),
    "traces": Kind(
        sent(lambda word: headed(f"traceparent: 00-{hash_of(word)[:32]}-{hash_of(word)[:16]}-01")), is_kept=False
    ),
    "hosts": Kind(sent(lambda word: request("GET /livez HTTP/1.1", f"Host: {long(word, 250)}"))),
    "Accept": Kind(sent(lambda word: headed(f"Accept: application/json, text/{long(word, 900)}")), is_kept=False),
    "Accept-Encoding": Kind(sent(lambda word: headed(f"Accept-Encoding: gzip, {long(word, 900)}")), is_kept=False),
    "entity tags": Kind(
        sent(lambda word: got(f"/graphql?query={quote(f'{{ {ONE} }}')}", f'If-None-Match: "{long(word)}"')),
        is_kept=False,
    ),
    "versions to wait for": Kind(sent(lambda word: headed(f"Content-Version-At-Least: {long(word)}")), is_kept=False),
    "origins": Kind(sent(lambda word: headed(f"Origin: https://{long(word, 200)}.example")), is_kept=False),
    "tokens": Kind(
        sent(lambda word: got("/preview/main/schema.graphql", f"Authorization: Bearer {long(word, 190)}")),
        is_kept=False,
    ),
    # --- ways to come
    "connections": Kind(on_new_connections, is_kept=False),
    "operations over a socket": Kind(over_a_socket),
}
"""What it is that no two have in common -> how they ask."""
