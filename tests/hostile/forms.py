"""Requests that two readers could read in two ways, or that are none at all, and what becomes of each.

A proxy in front reads a request as well. Where it sees one request and the server two, somebody's question can be
answered with another's, or kept in a cache under another's name. So whatever is not plainly one request is refused and
its connection closed; and what is taken is taken as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile.peer import JSON, Peer, request

HOST = "Host: test"
SECOND = request("GET /second HTTP/1.1", HOST)
CHUNKED = "Transfer-Encoding: chunked"
H2C = ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__")
SOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


@dataclass(frozen=True)
class Form:
    """`sent` is made for a server's question. `ours` are the statuses of our answers, of which 400 and above closes the
    connection, and `plain` those of a plain server's; none, where it never answers."""

    sent: Callable[[Peer], bytes]
    ours: tuple[int, ...] = (400,)
    plain: tuple[int, ...] = (400,)


def posted(*fields: str, version: str = "1.1", host: tuple[str, ...] = (HOST,)) -> Callable[[Peer], bytes]:
    """A question with these header fields, LENGTH standing for its length, and its body as it is."""

    def sent(peer: Peer) -> bytes:
        body = peer.body()
        lines = [one.replace("LENGTH", str(len(body))) for one in (*host, JSON, *fields)]
        return request(f"POST /graphql HTTP/{version}", *lines) + body

    return sent


def chunked(
    *fields: str,
    before: bytes = b"",
    size: str = "%x",
    end: bytes = b"\r\n",
    after: bytes = b"\r\n",
    trailer: bytes = b"",
    version: str = "1.1",
) -> Callable[[Peer], bytes]:
    """A question in one chunk, and the signs around it."""

    def sent(peer: Peer) -> bytes:
        body = peer.body()
        chunk = before + size.replace("%x", f"{len(body):x}").encode() + end + body + after
        return request(f"POST /graphql HTTP/{version}", HOST, JSON, *fields) + chunk + b"0\r\n" + trailer + b"\r\n"

    return sent


def raw(text: bytes) -> Callable[[Peer], bytes]:
    return lambda peer: text


def spoilt(old: str, new: str) -> Callable[[Peer], bytes]:
    """A good question, with a part of it replaced."""

    def sent(peer: Peer) -> bytes:
        good = peer.post("X-Other: y")
        assert old.encode() in good
        return good.replace(old.encode(), new.encode("latin-1"), 1)

    return sent


def followed(by: bytes, *fields: str, version: str = "1.1") -> Callable[[Peer], bytes]:
    return lambda peer: posted(*fields, "Content-Length: LENGTH", version=version)(peer) + by


def got(*lines: str, then: bytes = b"") -> Callable[[Peer], bytes]:
    return raw(request(*lines) + then)


ANSWERED = (200,)

FORMS = {
    # whom it is for
    "no Host": Form(posted("Content-Length: LENGTH", host=()), plain=ANSWERED),
    "two Hosts": Form(posted("Content-Length: LENGTH", host=(HOST, HOST)), plain=ANSWERED),
    "two Hosts, in two spellings": Form(posted("HOST: other", "Content-Length: LENGTH"), plain=ANSWERED),
    "an empty Host": Form(posted("Content-Length: LENGTH", host=("Host:",)), plain=ANSWERED),
    "a Host with a space": Form(posted("Content-Length: LENGTH", host=("Host: a b",)), plain=ANSWERED),
    "a Host with a list": Form(posted("Content-Length: LENGTH", host=("Host: a, b",)), plain=ANSWERED),
    "a Host with a user": Form(posted("Content-Length: LENGTH", host=("Host: a@b",)), plain=ANSWERED),
    "a Host with a path": Form(posted("Content-Length: LENGTH", host=("Host: a/b",)), plain=ANSWERED),
    "a Host with a port that is none": Form(posted("Content-Length: LENGTH", host=("Host: a:b",)), plain=ANSWERED),
    "a Host that is a word of HTML": Form(posted("Content-Length: LENGTH", host=("Host: <b>",)), plain=ANSWERED),
    "another host in the address": Form(lambda peer: spoilt("/graphql", "http://other/graphql")(peer), plain=ANSWERED),
    "a user in the address": Form(spoilt("/graphql", "http://a@test/graphql"), plain=ANSWERED),
    "no Host in HTTP/1.0": Form(posted("Content-Length: LENGTH", version="1.0", host=()), plain=ANSWERED),
    # where its body ends
    "a length and chunks": Form(chunked(CHUNKED, "Content-Length: 5")),
    "chunks and a length": Form(chunked("Content-Length: 5", CHUNKED)),
    "chunks and no length at all": Form(chunked("Content-Length: 0", CHUNKED)),
    "chunks in HTTP/1.0": Form(chunked(CHUNKED, version="1.0"), plain=ANSWERED),
    "one length twice": Form(posted("Content-Length: LENGTH", "Content-Length: LENGTH")),
    "two lengths": Form(posted("Content-Length: LENGTH", "Content-Length: 0")),
    "a list of lengths": Form(posted("Content-Length: LENGTH, LENGTH")),
    "a length with a sign": Form(posted("Content-Length: +LENGTH")),
    "a negative length": Form(posted("Content-Length: -1")),
    "a hexadecimal length": Form(posted("Content-Length: 0x18")),
    "a length with a space in it": Form(posted("Content-Length: 2 4")),
    "a length with an underscore": Form(posted("Content-Length: 2_4")),
    "an empty length": Form(posted("Content-Length: ")),
    "a length beyond 64 bits": Form(posted("Content-Length: 99999999999999999999999")),
    "a length with zeros before it": Form(posted("Content-Length: 000LENGTH"), ours=ANSWERED, plain=ANSWERED),
    "another coding before chunked": Form(chunked("Transfer-Encoding: gzip, chunked"), plain=ANSWERED),
    "no coding before chunked": Form(chunked("Transfer-Encoding: identity, chunked"), plain=ANSWERED),
    "another coding behind chunked": Form(chunked("Transfer-Encoding: chunked, gzip")),
    "chunked twice in a list": Form(chunked("Transfer-Encoding: chunked, chunked")),
    "chunked in two fields": Form(chunked(CHUNKED, CHUNKED)),
    "chunked, and then identity": Form(chunked(CHUNKED, "Transfer-Encoding: identity")),
    "identity alone": Form(chunked("Transfer-Encoding: identity")),
    "almost chunked": Form(chunked("Transfer-Encoding: xchunked")),
    "chunked with a quality": Form(chunked("Transfer-Encoding: chunked;q=1")),
    "chunked behind a vertical tab": Form(chunked("Transfer-Encoding: \x0bchunked")),
    "an empty coding": Form(chunked("Transfer-Encoding: ")),
    "chunked in capitals": Form(chunked("Transfer-Encoding: CHUNKED"), ours=ANSWERED, plain=ANSWERED),
    "a name that is almost the one": Form(
        posted("Transfer_Encoding: chunked", "Content-Length: LENGTH"), ours=ANSWERED, plain=ANSWERED
    ),
    # lines
    "a space before the colon": Form(posted("Content-Length : LENGTH")),
    "a space before another colon": Form(chunked("Transfer-Encoding : chunked")),
    "a folded line": Form(spoilt("X-Other: y", "X-Other: y\r\n z")),
    "a folded coding": Form(chunked("Transfer-Encoding:\r\n chunked")),
    "a first field that is folded": Form(spoilt("Host:", " Host:")),
    "lines without CR": Form(lambda peer: peer.post().replace(b"\r\n", b"\n")),
    "one line without CR": Form(spoilt("X-Other: y\r\n", "X-Other: y\n")),
    "one line without LF": Form(spoilt("X-Other: y\r\n", "X-Other: y\r")),
    "a line with two CRs": Form(spoilt("X-Other: y\r\n", "X-Other: y\r\r\n")),
    "a head that ends without CR": Form(spoilt("\r\n\r\n", "\r\n\n")),
    "a NUL in a value": Form(spoilt("X-Other: y", "X-Other: \0")),
    "a control character in a value": Form(spoilt("X-Other: y", "X-Other: \x01")),
    "a name that is not ASCII": Form(spoilt("X-Other", "X-Öther")),
    "an empty name": Form(spoilt("X-Other", "")),
    "a line without a colon": Form(spoilt("X-Other: y", "X-Other y")),
    "bytes in a value": Form(spoilt("X-Other: y", "X-Other: \xff\xfe"), ours=ANSWERED, plain=ANSWERED),
    # chunks
    "chunks that end without CR": Form(chunked(CHUNKED, end=b"\n")),
    "a chunk's size with a sign": Form(chunked(CHUNKED, before=b"+")),
    "a chunk's size with 0x": Form(chunked(CHUNKED, before=b"0x")),
    "a chunk's size behind a space": Form(chunked(CHUNKED, before=b" ")),
    "a chunk's size before a space": Form(chunked(CHUNKED, size="%x ")),
    "a chunk's size with an underscore": Form(chunked(CHUNKED, size="1_8")),
    "a chunk's size beyond 64 bits": Form(chunked(CHUNKED, size="f" * 17)),
    "a chunk that ends at once": Form(chunked(CHUNKED, after=b"")),
    "a chunk that is longer than it says": Form(chunked(CHUNKED, after=b"xx\r\n")),
    "an extension that ends without CR": Form(chunked(CHUNKED, size="%x;a=b", end=b"\n")),
    "an extension": Form(chunked(CHUNKED, size="%x;a=b"), ours=ANSWERED, plain=ANSWERED),
    "a field behind the body": Form(chunked(CHUNKED, trailer=b"X-Other: y\r\n"), plain=ANSWERED),
    "a Host behind the body": Form(chunked(CHUNKED, trailer=b"Host: other\r\n"), plain=ANSWERED),
    "an address behind the body": Form(chunked(CHUNKED, trailer=b"X-Forwarded-For: 192.0.2.1\r\n"), plain=ANSWERED),
    "a length behind the body": Form(chunked(CHUNKED, trailer=b"Content-Length: 5\r\n")),
    # what comes behind
    "bytes behind the body": Form(followed(b"xx"), ours=(200, 400)),
    "a body without a length": Form(lambda peer: peer.get("/second") + peer.body(), ours=(404, 400)),
    "a request behind the last one": Form(followed(SECOND, "Connection: close"), ours=ANSWERED, plain=ANSWERED),
    "a request behind one of HTTP/1.0": Form(followed(SECOND, version="1.0"), ours=ANSWERED, plain=ANSWERED),
    "a request behind one that would change to HTTP/2": Form(followed(SECOND, *H2C), ours=(200, 404)),
    "one of HTTP/1.0 that would change to HTTP/2": Form(got("GET /second HTTP/1.0", HOST, *H2C), ours=(404,)),
    # the first line
    "HTTP/0.9": Form(raw(b"GET /graphql?query={name}\r\n\r\n"), plain=ANSWERED),
    "HTTP/0.9 by name": Form(spoilt("HTTP/1.1", "HTTP/0.9"), plain=ANSWERED),
    "HTTP/2.0 by name": Form(spoilt("HTTP/1.1", "HTTP/2.0"), plain=ANSWERED),
    "HTTP/1.2": Form(spoilt("HTTP/1.1", "HTTP/1.2")),
    "the beginning of HTTP/2": Form(raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
    "the beginning of TLS": Form(raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40))),
    "a method that is none": Form(spoilt("POST", "PUSH")),
    "a method in small letters": Form(spoilt("POST", "post")),
    "a tunnel": Form(got("CONNECT test:80 HTTP/1.1", HOST)),
    "a tunnel to a path": Form(got("CONNECT /graphql HTTP/1.1", HOST, then=SECOND), plain=(405,)),
    "a tab in the first line": Form(spoilt("POST ", "POST\t")),
    "a space in the address": Form(spoilt("/graphql", "/graph ql")),
    "an address that is not ASCII": Form(spoilt("/graphql", "/gräphql")),
    "an address that is no path": Form(spoilt("/graphql", "graphql")),
    "a space before the method": Form(spoilt("POST", " POST")),
    "empty lines before it": Form(lambda peer: b"\r\n\r\n" + peer.post(), ours=ANSWERED, plain=ANSWERED),
    # what is not quite a WebSocket
    "a POST that would be a WebSocket": Form(followed(SECOND, *SOCKET), ours=(200, 404), plain=()),
    "a WebSocket with a body": Form(
        got("GET /second HTTP/1.1", HOST, *SOCKET, "Content-Length: 5", then=b"hello" + SECOND),
        ours=(404, 404),
        plain=(),
    ),
    "a WebSocket with a field that is too long for it": Form(
        got("GET /graphql HTTP/1.1", HOST, *SOCKET, f"Cookie: {'x' * 9_000}"), plain=()
    ),
    "a WebSocket of HTTP/1.0": Form(got("GET /second HTTP/1.0", HOST, *SOCKET), ours=(404,), plain=(101,)),
}
