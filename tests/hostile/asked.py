"""A request for each kind of answer that there is, and the head of what comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from content_api.web.tokens import hashed
from tests.hostile import peer
from tests.hostile.peer import LATE, Peer, request, some

TOKEN = "a-token-for-tests"
SOCKET = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (*SOCKET, KEY, "Sec-WebSocket-Protocol: graphql-transport-ws")
BROWSER = "Accept: text/html"
BEARER = f"Authorization: Bearer {TOKEN}"
PREFLIGHT = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")


@contextmanager
def guarded() -> Iterator[Peer]:
    """Our server with everything open that a setting opens, and few connections."""
    settings = {
        "CONTENT_API_CORS_ORIGINS": "https://example.org",
        "CONTENT_API_HOOK_SECRETS": "a-secret-of-the-git-host",
        "CONTENT_API_PREVIEW_BRANCHES": "*",
        "CONTENT_API_PREVIEW_TOKENS": f"anna:{hashed(TOKEN)}",
        "CONTENT_API_CONNECTIONS_PER_ADDRESS": "3",
    }
    with peer.ours(**settings) as found:
        yield found


def line(first: str, *fields: str, body: bytes | None = None) -> bytes:
    return request(f"{first} HTTP/1.1", "Host: test", *fields, body=body)


ASKED = {
    "the front page": (200, line("GET /", BROWSER)),
    "a head alone": (200, line("HEAD /")),
    "an answer": (200, line("GET /graphql?query={site{version}}")),
    "a stored document": (200, line("GET /graphql?documentId=Versions")),
    "GraphiQL": (200, line("GET /graphql", BROWSER)),
    "a file of it": (200, line("HEAD /static/graphiql.js")),
    "the schema": (200, line("GET /schema.graphql")),
    "the schema, compressed": (200, line("GET /schema.graphql", "Accept-Encoding: gzip")),
    "versions": (200, line("GET /versions")),
    "livez": (200, line("GET /livez")),
    "readyz": (200, line("GET /readyz")),
    "metrics": (200, line("GET /metrics")),
    "an event stream": (200, line("GET /graphql/stream?query={site{version}}")),
    "a preview": (200, line("GET /preview/main/graphql?query={site{version}}", BEARER)),
    "a page of another origin": (200, line("GET /livez", "Origin: https://example.org")),
    "a preflight": (200, line("OPTIONS /graphql", "Origin: https://example.org", *PREFLIGHT)),
    "a preflight that is refused": (400, line("OPTIONS /graphql", "Origin: https://example.com", *PREFLIGHT)),
    "a slash too many": (307, line("GET /versions/")),
    "a document with a mistake": (200, line("GET /graphql?query={nothing}")),
    "no query": (400, line("GET /graphql")),
    "no JSON": (400, line("POST /graphql", "Content-Type: application/json", body=b"{")),
    "a form": (415, line("POST /graphql", "Content-Type: text/plain", body=b"{}")),
    "too large a body": (413, line("POST /graphql", "Content-Type: application/json", body=b" " * 200_000)),
    "no media type of ours": (406, line("GET /graphql?query={site{version}}", "Accept: image/png")),
    "no coding of ours": (406, line("GET /graphql?query={site{version}}", "Accept-Encoding: identity;q=0")),
    "a version that is not live": (400, line("GET /graphql?query={site{version}}", "Content-Version-At-Least: x")),
    "a method too many": (405, line("DELETE /graphql")),
    "a method too many elsewhere": (405, line("POST /livez", body=b"")),
    "nothing": (404, line("GET /nothing")),
    "no file": (404, line("GET /static/nothing")),
    "no token": (401, line("GET /preview/main/graphql?query={site{version}}")),
    "no such preview": (404, line("GET /preview/nothing/graphql?query={site{version}}", BEARER)),
    "a hook without a signature": (401, line("POST /hooks/git", body=b"{}")),
    "a socket of another origin": (403, line("GET /graphql", *SOCKET, KEY, "Origin: https://example.com")),
    "a socket where there is none": (403, line("GET /versions", *SOCKET, KEY)),
    "a request of two hosts": (400, line("GET /", "Host: other")),
    "no request at all": (400, b"hello\r\n\r\n"),
    "too large a head": (431, line("GET /", f"Cookie: {'x' * 20_000}")),
    "half a head": (408, b"GET / HTTP/1.1\r\n"),
    "half a body": (408, line("POST /graphql", "Content-Length: 100", "Content-Type: application/json")),
}


def answered(server: Peer, sent: bytes, seconds: float = peer.BOUNDS["IDLE_SECONDS"] + LATE) -> str:
    """The head of an answer to what is sent on a connection of its own."""
    with server.connected(seconds) as connection:
        connection.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            received += some(connection)
    return received.partition(b"\r\n\r\n")[0].decode("latin-1")


def fields_of(head: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in head.split("\r\n")[1:]:
        name, _, value = one.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return found
