"""Whatever bytes come in, an answer of the documented shape goes out: the real application over a real repository.

By Hypothesis, which shows the smallest input that fails. Atheris was refused: it finds its way by the lines of Python
that are reached, and what reads bytes here is written in Rust and C.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest
from graphql import TokenKind
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from content_api.app import create_app
from content_api.settings import Settings
from content_api.web.websocket import CLOSE_CODES
from tests import world
from tests.attacks import TEXTS
from tests.documented import assert_answer, assert_documented, assert_errors, assert_problem
from tests.repositories import Repository

SECRET = "a-secret-of-the-git-host"
JSON = {"Content-Type": "application/json"}
MANY = settings(max_examples=200)


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[TestClient]:
    repository = Repository(tmp_path_factory.mktemp("fuzzed") / "content.git", bare=True)
    repository.commit({f"content/{path}": data for path, data in world.files().items()})
    repository.tag("v1", "main")
    given_ = Settings(
        content=repository.path, ref="main", hook_secrets=(SECRET,), operation_seconds=60, busy_seconds=60
    )
    with TestClient(create_app(given_)) as found:
        yield found


def asked(client: TestClient, document: str, **variables: object):
    body = json.dumps({"query": document, "variables": variables})
    response = client.post("/graphql", content=body, headers=JSON)
    assert_documented(response)
    return response.json()


def codes(answer: dict) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


# ---- the reader of JSON

SEEDS = [
    b'{"query": "{ __typename }", "variables": {"a": [1, 2.5, null]}}',
    b"[]",
    b"{}",
    b'{"query": "{"}',
    *TEXTS.values(),
]


@st.composite
def torn(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Bytes that nearly are one of these: with a piece of it replaced by another."""
    whole = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(whole)))
        whole[start : start + draw(st.integers(0, 5))] = draw(st.binary(max_size=5))
    return bytes(whole)


@MANY
@given(st.binary() | torn(SEEDS))
@example(b"")
@example(b"\xef\xbb\xbf{}")
def test_a_body_of_any_bytes(client, body):
    assert_documented(client.post("/graphql", content=body, headers=JSON))


@MANY
@given(
    st.binary(max_size=300), st.sampled_from(["query", "variables", "extensions", "operationName", "documentId", "x"])
)
def test_an_address_of_any_bytes(client, value, name):
    encoded = quote_from_bytes(value)
    for query_string in (f"{name}={encoded}", f"query=%7B__typename%7D&{name}={encoded}", encoded):
        response = client.get(f"/graphql?{query_string}")
        assert_documented(response)


# ---- the guard of documents

DOCUMENTS = [
    b'{condition(key:"moon-hiccups"){name requiredCautions{...F}}}fragment F on Caution{key}',
    b"query Q($a:Int=3,$b:Boolean!){a:conditions(first:$a)@include(if:$b){nodes{name}}}",
    b'''{search(text:"""a\n"b""",kinds:[CONDITION]){totalCount}} # c''',
]
WORDS = [kind.value for kind in TokenKind if len(kind.value) <= 3] + [
    "query", "mutation", "subscription", "fragment", "on", "true", "null", "conditions", "condition", "nodes", "name",
    "requiredCautions", "search", "__schema", "types", "first", "where", "text", "F", "Condition", "Query", "@include",
    "@skip", "if", '"a"', '"""b"""', "1", "-2.5e3", "...", "...F", "$a", "# c\n", ",", "\ufeff", "CAUSE", "{", "}",
]  # fmt: skip


@MANY
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join) | st.text(max_size=200))
def test_a_document_of_any_words(client, document):
    asked(client, document)


@MANY
@given(st.binary(max_size=200) | torn(DOCUMENTS))
@example(b"{a\xed\xa0\x80}")
def test_a_document_of_any_bytes(client, document):
    """In an address, where they are bytes, and in JSON, as the characters that have their numbers."""
    assert_documented(client.get(f"/graphql?query={quote_from_bytes(document)}"))
    asked(client, document.decode("latin-1"))


@MANY
@given(st.from_regex(r"\A[A-Za-z_]\w{0,20}\Z"), st.integers(1, 400))
def test_an_alias_of_any_length_in_the_path_of_an_error(client, name, times):
    answer = asked(client, f'{{ {name * times}: condition(slug: "a", key: "b") {{ name }} }}')
    assert codes(answer) <= {"BAD_USER_INPUT", "DOCUMENT_TOO_LONG", "GRAPHQL_PARSE_FAILED"}


@st.composite
def selections(draw: st.DrawFn, depth: int = 4) -> str:
    """Selections that nest, repeat, alias and spread, valid or not."""
    inner = f" {{ {draw(selections(depth - 1))} }}" if depth and draw(st.booleans()) else ""
    pieces = draw(
        st.lists(st.sampled_from(["name", "a: key", "...F", "...G", "... { id }", "x @skip(if: $v)"]), min_size=1)
    )
    return f"{' '.join(pieces)} requiredCautions{inner}"


@MANY
@given(selections(), selections(), selections())
def test_a_document_of_fragments_in_one_another(client, whole, one, other):
    asked(
        client,
        f'query Q($v: Boolean = true) {{ condition(key: "moon-hiccups") {{ {whole} }} }}'
        f" fragment F on Condition {{ {one} }} fragment G on Condition {{ {other} }}",
    )


# ---- what a client gives back


def tokens() -> st.SearchStrategy[str]:
    """What looks like an id or a cursor, more or less."""
    parts = st.lists(st.none() | st.integers() | st.text(max_size=20), max_size=4)
    made = parts.map(lambda found: base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("="))
    real = st.sampled_from(['["condition/moon-hiccups","en","WEB"]', '["v1","condition/moon-hiccups"]', '["v1","0"]'])
    cut = torn([b'["condition/moon-hiccups","en","WEB"]', b'["v1","3"]']).map(
        lambda found: base64.b64encode(found).decode()
    )
    return st.text(max_size=60) | made | cut | real.map(lambda found: base64.urlsafe_b64encode(found.encode()).decode())


@MANY
@given(tokens())
def test_a_cursor_of_any_text(client, token):
    document = (
        "query ($a: String) { conditions(after: $a) { totalCount } b: conditions(last: 2, before: $a) { totalCount }"
        ' search(text: "moon", after: $a) { totalCount } versions(after: $a) { totalCount } }'
    )
    assert codes(asked(client, document, a=token)) <= {"BAD_CURSOR", "VERSION_NOT_AVAILABLE"}


@MANY
@given(tokens())
def test_an_id_of_any_text(client, token):
    assert codes(asked(client, "query ($a: ID!) { node(id: $a) { id } nodes(ids: [$a, $a]) { id } }", a=token)) <= {
        "BAD_USER_INPUT",
        "LOCALE_NOT_AVAILABLE",
    }


# In the form of a date, whether the calendar has it or not.
DATES = st.from_regex(r"\A20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|[+-][0-9]{2}:[0-9]{2})\Z")
NAMES = DATES | st.text(max_size=80) | st.from_regex(r"\A[0-9a-f]{1,64}\Z") | st.datetimes().map(str) | st.sampled_from(
    [
        "HEAD", "main", "v1", "v1^{}", "refs/heads/main", "main~1", "@{-1}", ":/fix", "--all", "../..", "v1..main",
        "2026-11-22T10:00:00Z",
    ]
)  # fmt: skip


@MANY
@given(NAMES)
def test_a_version_of_any_name(client, name):
    document = "query ($a: String!) { version(ref: $a) { id } content(version: $a) { site { __typename } } }"
    assert codes(asked(client, document, a=name)) <= {"VERSION_NOT_AVAILABLE"}
    changes = "query ($a: String!) { changes(from: $a) { totalCount } }"
    assert codes(asked(client, changes, a=name)) <= {"VERSION_NOT_AVAILABLE", "BAD_USER_INPUT"}


FIELDS = {
    'conditions(after: $a) { totalCount } search(text: "moon", after: $a) { totalCount }': "String",
    'changes(from: "v1", after: $a) { totalCount } versions(after: $a) { totalCount }': "String",
    "node(id: $a) { id }": "ID!",
    "version(ref: $a) { id } content(version: $a) { site { __typename } }": "String!",
    "search(text: $a) { totalCount }": "String!",
}
"""Fields with a cursor, an id, a version's name or a text -> its type."""
GIVEN = [b"v1", b"2026-11-22T10:00:00Z", base64.urlsafe_b64encode(b'["v1","condition/moon-hiccups"]')]


@MANY
@given(st.sampled_from(sorted(FIELDS)), st.binary(max_size=60) | torn(GIVEN))
@example(min(FIELDS), b'"')
def test_a_cursor_an_id_and_a_version_of_any_bytes(client, fields, value):
    """As they stand in JSON, in a body and in an address: no UTF-8, control characters, quotes."""
    document = f"query ($a: {FIELDS[fields]}) {{ {fields} }}"
    variables = b'{"a":"' + value + b'"}'
    body = b'{"query":' + json.dumps(document).encode() + b',"variables":' + variables + b"}"
    by_body = client.post("/graphql", content=body, headers=JSON)
    by_address = client.get(f"/graphql?query={quote(document)}&variables={quote_from_bytes(variables)}")
    for response in (by_body, by_address):
        assert_documented(response)
        assert "GRAPHQL_VALIDATION_FAILED" not in codes(response.json()), "or nothing was looked at"


@MANY
@given(st.text(max_size=300))
def test_a_search_for_any_text(client, text):
    assert codes(asked(client, "query ($a: String!) { search(text: $a) { totalCount } }", a=text)) <= {"BAD_USER_INPUT"}


# ---- headers

HEADER = st.binary(max_size=80).map(lambda found: bytes(each for each in found if each not in b"\r\n\0"))
PIECES = st.lists(
    st.sampled_from([
        "application/json", "text/html", "*/*", "*", ";q=", "q=0", "1", "0.5", ",", ";", "gzip", "br", '"', "=", " ",
        "utf-8", "identity",
    ]),
    max_size=12,
).map(lambda found: "".join(found).encode())  # fmt: skip


@MANY
@given(
    HEADER | PIECES, st.sampled_from(["Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "If-None-Match"])
)
def test_a_header_of_any_bytes(client, value, name):
    headers = [(key.encode(), each.encode()) for key, each in JSON.items() if key != name] + [(name.encode(), value)]
    assert_documented(client.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers))
    response = client.get("/graphql?query=%7B__typename%7D", headers=headers)
    if response.status_code != 304:
        assert_documented(response)


@MANY
@given(HEADER | PIECES)
def test_an_accept_of_any_bytes_wherever_it_decides(client, value):
    headers = [(b"Accept", value)]
    page = client.get("/graphql", headers=headers)
    if page.status_code == 200:
        assert page.headers["content-type"] == "text/html; charset=utf-8"
    else:
        assert_documented(page)
    stream = client.get("/graphql/stream?query=%7B__typename%7D", headers=headers)
    if stream.status_code == 200:
        event = re.search(r"^event: next\ndata: (.*)$", stream.text, re.MULTILINE)
        assert_answer(json.loads(event[1]), stream.headers["request-id"])
    else:
        assert_documented(stream)


@settings(max_examples=30)  # who scrapes waits for a share of the loop
@given(HEADER | PIECES)
def test_an_accept_of_any_bytes_of_who_scrapes(client, value):
    response = client.get("/metrics", headers=[(b"Accept", value)])
    assert (response.status_code, response.text.startswith("# HELP ")) == (200, True)


@settings(max_examples=30)
@given(HEADER)
def test_a_commit_to_wait_for_of_any_bytes(client, value):
    headers = [(b"Content-Version-At-Least", value.replace(b" ", b""))]
    response = client.get("/graphql?query=%7B__typename%7D", headers=headers)
    assert_documented(response)


# ---- hooks

SIGNATURES = (
    "X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gitlab-Token", "webhook-id",
    "webhook-timestamp", "webhook-signature",
)  # fmt: skip
MARKED = st.builds(bytes.__add__, st.sampled_from([b"v1,", b"v1,AAAA v1,", b"sha256=", b"v2,"]), HEADER)
SIGNED = (
    HEADER
    | MARKED
    | st.sampled_from([b"sha256=" + b"0" * 64, b"0" * 64, b"v1,AAAA", b"v1,", b"1764230400", b"9" * 400, b"\xff"])
)


@MANY
@given(st.dictionaries(st.sampled_from(SIGNATURES), SIGNED), st.binary(max_size=100))
def test_a_hook_of_any_headers_and_bytes(client, headers, body):
    given_ = [(name.encode(), value) for name, value in headers.items()]
    response = client.post("/hooks/git", content=body, headers=given_)
    assert_problem(response)
    assert response.json()["code"] == "SIGNATURE_REFUSED"


@MANY
@given(st.binary(max_size=200), st.binary(min_size=8, max_size=8))
def test_a_hook_of_any_bytes_that_is_signed(client, body, unique):
    """What the body says is nobody's business, so that there is nothing in it to be read in the wrong way."""
    body += unique
    signature = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    response = client.post("/hooks/git", content=body, headers={"X-Hub-Signature-256": f"sha256={signature}"})
    assert (response.status_code, response.json()) in ((202, {"looking": True}), (401, response.json()))
    assert response.status_code == 202 or "used before" in response.json()["detail"]


# ---- WebSockets

MESSAGES = [
    b'{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":{"a":[1,null]}}}',
    b'{"id":"1","type":"complete"}',
    b'{"type":"pong","payload":{}}',
]


@MANY
@given(st.binary(max_size=200) | torn(MESSAGES), st.booleans())
def test_a_message_of_any_bytes(client, message, is_text):
    with client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        request_id = dict(socket.extra_headers)[b"request-id"].decode()
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        if is_text:
            socket.send_text(message.decode("utf-8", "replace"))
        else:
            socket.send_bytes(message)
        socket.send_json({"type": "ping"})
        while (told := received(socket))["type"] not in ("pong", "closed"):
            assert told["type"] in ("next", "error", "complete")
            if told["type"] == "next":
                assert_answer(told["payload"], request_id)
            elif told["type"] == "error":
                assert_errors(told["payload"], request_id)
        assert told.get("code", 4400) in CLOSE_CODES.keys() - {1011}


def received(socket: WebSocketTestSession) -> dict:
    try:
        return socket.receive_json()
    except WebSocketDisconnect as closed:
        return {"type": "closed", "code": closed.code}
