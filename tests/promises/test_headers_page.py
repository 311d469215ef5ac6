"""The tables of headers in docs/reference/http.md, the code, and what a real server sends."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
import starlette.middleware.cors
import uvicorn.middleware.proxy_headers
import uvicorn.protocols.http.httptools_impl
import websockets.server

from tests.hostile.asked import ASKED, HANDSHAKE, answered, fields_of, guarded, line
from tests.hostile.peer import Peer
from tests.live import ROOT

TEXT = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
HEADER = re.compile(r"[A-Za-z]\w*(-\w+)+", re.ASCII)
# Names of headers without a hyphen, as the IANA's registry has them: one that the code begins to read is found by this.
SIMPLE = {
    "accept", "age", "allow", "authorization", "baggage", "connection", "cookie", "date", "etag", "expect", "expires",
    "forwarded", "from", "host", "link", "location", "origin", "pragma", "priority", "range", "referer", "server", "te",
    "traceparent", "tracestate", "trailer", "upgrade", "vary", "via", "warning",
}  # fmt: skip
NO_HEADERS = {"graphql-transport-ws", "latin-1", "no-referrer", "no-store", "utf-8", "x-gzip"}
"""Other words of the code that look like one."""
LEVELS = {"warning"}
"""Words of a log, in observe/."""
BY_LIBRARIES: dict[str, ModuleType] = {
    "connection": uvicorn.protocols.http.httptools_impl,
    "access-control-request-method": starlette.middleware.cors,
    "access-control-request-headers": starlette.middleware.cors,
    "access-control-request-private-network": starlette.middleware.cors,
    "sec-websocket-key": websockets.server,
    "sec-websocket-version": websockets.server,
    "sec-websocket-protocol": websockets.server,
    "x-forwarded-for": uvicorn.middleware.proxy_headers,
    "x-forwarded-proto": uvicorn.middleware.proxy_headers,
}
"""Headers of a request that a library reads for us -> where."""
SENT = {"allow"}
"""What the code looks for in an answer of its own."""


class Row(NamedTuple):
    name: str
    value: str | None
    where: str


def table(heading: str) -> list[Row]:
    """A row for each header of each row below a heading."""
    below = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = []
    for names, where in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", below, re.MULTILINE):
        for name, value in re.findall(r"`([\w-]+)(?:: ([^`]+))?`", names):
            found.append(Row(name.lower(), value or None, where))
    return found


def names(heading: str) -> set[str]:
    return {row.name for row in table(heading)}


OF_ANSWERS, OF_REQUESTS = "Headers of an answer", "Headers of a request"


# ---- what stands in the code


def sources() -> list[ast.Module]:
    code = ROOT / "content_api"
    files = chain((code / "web").glob("*.py"), (code / "observe").glob("*.py"), [code / "app.py"])
    return [ast.parse(Path(file).read_text(encoding="utf-8")) for file in files]


def header(node: ast.AST | None) -> str | None:
    """What a constant of the code names, if it can be a header."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, (str, bytes)):
        return None
    text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    found = text.lower()
    if found in NO_HEADERS | LEVELS or not (HEADER.fullmatch(text) or found in SIMPLE):
        return None
    return found


def named() -> set[str]:
    return {found for tree in sources() for node in ast.walk(tree) if (found := header(node))}


def looked_for(node: ast.AST) -> Iterator[ast.AST]:
    """What is read by name: `headers.get("…")`, `"…" in headers`, `name == b"…"`, `headers["…"]` and the like."""
    match node:
        case ast.Call(func=ast.Attribute(attr="get" | "getlist" | "encode"), args=[first, *_]):
            yield first
        case ast.Call(func=ast.Name(id="_only"), args=[first, *_]):
            yield first
        case ast.Compare(left=left, comparators=others):
            yield from (left, *others)
        case ast.Subscript(slice=inside, ctx=ast.Load()):
            yield inside
        case ast.BinOp(op=ast.BitAnd(), right=ast.Set(elts=inside)):
            yield from inside


def read() -> set[str]:
    nodes = (found for tree in sources() for node in ast.walk(tree) for found in looked_for(node))
    return {found for node in nodes if (found := header(node))}


def test_every_header_that_the_code_names_has_a_row():
    assert named() <= names(OF_ANSWERS) | names(OF_REQUESTS)


def test_every_header_that_the_code_reads_has_a_row_among_those_of_requests():
    assert read() >= {"accept", "host", "expect", "upgrade", "transfer-encoding", "webhook-id"}, "or nothing was found"
    assert read() - SENT <= names(OF_REQUESTS)


def test_every_header_of_a_request_is_read_by_the_code_or_by_a_library():
    by_us = names(OF_REQUESTS) - BY_LIBRARIES.keys()
    assert by_us <= named()
    assert not BY_LIBRARIES.keys() - names(OF_REQUESTS)
    for name, module in BY_LIBRARIES.items():
        assert name in inspect.getsource(module).lower(), name


# ---- what a server sends


class Sent(NamedTuple):
    path: str
    name: str
    value: str


@pytest.fixture(scope="module", name="sent")
def _sent() -> list[Sent]:
    """Every header of every kind of answer."""
    with guarded() as server:
        requests = [sent for _, sent in ASKED.values()]
        requests += [line("GET /graphql", *HANDSHAKE), pinned(server), server.post_slow()]
        return [found for request in requests for found in received(server, request)]


def pinned(server: Peer) -> bytes:
    """A question whose answer is good for ever."""
    head = answered(server, line("GET /graphql?query={site{version}}"))
    [version] = fields_of(head)["content-version"]
    return line(f'GET /graphql?query={{content(version:"{version}"){{conditions{{totalCount}}}}}}'.replace('"', "%22"))


def received(server: Peer, request: bytes) -> Iterator[Sent]:
    path = request.split(b" ")[1].decode().partition("?")[0] if request.count(b" ") > 1 else ""
    for name, values in fields_of(answered(server, request, 10)).items():
        yield from (Sent(path, name, value) for value in values if name)


ADDED_TO_VARY = {"origin", "authorization"}
"""By what stands around the endpoints, each with a row of its own."""


def values(name: str, value: str) -> set[str]:
    """The values of a header that rows may have, in small letters: `Vary` is one of an endpoint, and what is added."""
    if name != "vary":
        return {value.lower()}
    parts = [one.strip().lower() for one in value.split(",")]
    own = ", ".join(one for one in parts if one not in ADDED_TO_VARY)
    return {one for one in (own, *(ADDED_TO_VARY & set(parts))) if one}


def fits(row: Row, sent: Sent, value: str) -> bool:
    if row.name != sent.name or (row.value and not value.startswith(row.value.lower())):
        return False
    paths = re.findall(r"`(/[^`]*)`", row.where)
    if not paths or "error" in row.where or row.where.startswith("all"):
        return True
    below = re.sub(r"^/preview/[^/]+", "", sent.path)
    return any(below == path or (path.endswith("/") and sent.path.startswith(path)) for path in paths)


def test_every_header_of_every_answer_has_a_row_where_it_is_sent(sent: list[Sent]):
    rows = table(OF_ANSWERS)
    found = [(one, value) for one in sent for value in values(one.name, one.value)]
    assert not [each for each in found if not any(fits(row, *each) and exact(row, each[1]) for row in rows)]


def exact(row: Row, value: str) -> bool:
    """Of `Vary` and `Cache-Control` each value is another promise. A challenge has words behind its own."""
    return row.name not in ("vary", "cache-control") or row.value is None or row.value.lower() == value


def test_every_row_is_sent_by_some_answer(sent: list[Sent]):
    found = [(one, value) for one in sent for value in values(one.name, one.value)]
    rows = table(OF_ANSWERS)
    assert not [row for row in rows if not any(fits(row, *each) and exact(row, each[1]) for each in found)]
