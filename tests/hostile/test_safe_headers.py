"""The headers that every answer has and the one that none has, over a real socket: at each path, in each refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from content_api.web.headers import ALWAYS, CONTENT_SECURITY_POLICY
from content_api.web.tokens import hashed
from tests.hostile import peer
from tests.hostile.peer import LATE, SHOWN, Peer, exchange, failing, request, some

TOKEN = "a-token-for-tests"
SOCKET = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
BROWSER = "Accept: text/html"
BEARER = f"Authorization: Bearer {TOKEN}"
PREFLIGHT = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Peer]:
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


on_both = pytest.mark.parametrize(
    "server", ["guarded", failing("plain", "it has its banner and no more")], indirect=True
)


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_has_the_safe_headers_and_no_banner(guarded: Peer, name: str):
    status, sent = ASKED[name]
    is_safe(answered(guarded, sent), str(status))


@pytest.mark.parametrize("name", ASKED)
def test_no_answer_of_a_plain_server_has_them(plain: Peer, name: str):
    """It never says that half of a request is too late: there nothing comes that could have any."""
    with pytest.raises(SHOWN):
        is_safe(answered(plain, ASKED[name][1]), "")


@on_both
def test_an_answer_that_the_client_has_is_no_exception(server: Peer):
    asked = "GET /graphql?query={__typename}"
    tags = fields_of(answered(server, line(asked))).get("etag", ["*"])
    is_safe(answered(server, line(asked, f"If-None-Match: {tags[0]}")), "304")


@on_both
def test_an_answer_to_what_is_known_by_its_bytes_is_no_exception(server: Peer):
    with server.connected() as connection:
        for _ in range(5):
            head, _, body = exchange(connection, server.post()).decode().partition("\r\n\r\n")
            assert '"data"' in body
            is_safe(head, "200")


@on_both
def test_who_finds_no_place_is_told_so_with_them(server: Peer):
    with server.connected() as one, server.connected() as two, server.connected() as three:
        for connection in (one, two, three):
            exchange(connection, line("GET /livez"))
        is_safe(answered(server, line("GET /livez")), "429")


@on_both
def test_a_websocket_has_no_banner_either(server: Peer):
    handshake = (*SOCKET, KEY, "Sec-WebSocket-Protocol: graphql-transport-ws")
    with server.connected() as connection:
        head = exchange(connection, line("GET /graphql", *handshake)).decode()
    assert head.startswith("HTTP/1.1 101 ")
    has_no_banner(head)


@on_both
@pytest.mark.parametrize("missing", [KEY, SOCKET[2]])
def test_a_handshake_that_is_none_is_no_exception(server: Peer, missing: str):
    handshake = [one for one in (*SOCKET, KEY) if one != missing]
    is_safe(answered(server, line("GET /graphql", *handshake)), "4")


def answered(server: Peer, sent: bytes) -> str:
    """The head of an answer to what is sent on a connection of its own."""
    with server.connected(peer.BOUNDS["IDLE_SECONDS"] + LATE) as connection:
        connection.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            received += some(connection)
    return received.partition(b"\r\n\r\n")[0].decode("latin-1")


def is_safe(head: str, status: str) -> None:
    """The status is looked at last, so that a plain server does not fail for its sake."""
    fields = fields_of(head)
    for name, value in ALWAYS:
        assert fields.get(name.decode()) == [value.decode()], head
    page = fields.get("content-type", [""])[0].startswith("text/html")
    assert fields.get("content-security-policy", []) == [CONTENT_SECURITY_POLICY[1].decode()] * page
    has_no_banner(head)
    assert head.startswith(f"HTTP/1.1 {status}"), head


def has_no_banner(head: str) -> None:
    assert fields_of(head).keys().isdisjoint({"server", "x-powered-by", "set-cookie"}), head


def fields_of(head: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in head.split("\r\n")[1:]:
        name, _, value = one.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return found
