"""What may be asked, on the real application with its settings: over HTTP, and by documents that are stored."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from content_api.app import create_app
from content_api.errors import SettingError
from content_api.graph.identifiers import encoded
from content_api.settings import Settings, read_settings
from tests import world
from tests.cli.conftest import write
from tests.live import LiveServer

NEWER = {"Accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("question") / "content"
    write(folder, world.files())
    return folder


@contextmanager
def serving(content: Path, **settings) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(content=content, **settings))) as client:
        yield client


@pytest.fixture(scope="module")
def client(content) -> Iterator[TestClient]:
    with serving(content) as found:
        yield found


def ask(client: TestClient, document: str, **more):
    return client.post("/graphql", json={"query": document, **more}, headers=NEWER)


def refusal(response) -> tuple[int, str, str]:
    """Status, code and message of what was refused."""
    [error] = response.json()["errors"]
    assert "data" not in response.json()
    return response.status_code, error["extensions"]["code"], error["message"]


NAMES = "{ conditions { nodes { name key } } }"
# The settings -> what is refused under them and answered without, and how.
SET: list[tuple[dict[str, int], dict[str, object], tuple[int, str, str]]] = [
    ({"max_body_bytes": 1_000}, {"query": NAMES, "x": "x" * 1_000}, (413, "BODY_TOO_LARGE", "1,000 are read")),
    ({"max_json_depth": 3}, {"query": NAMES, "x": [[[1]]]}, (400, "BAD_REQUEST", "4 or more levels deep; 3 are read")),
    ({"max_json_digits": 10}, {"query": NAMES, "x": 10**10}, (400, "BAD_REQUEST", "11 digits; 10 are read")),
    ({"max_document_characters": 100}, {"query": NAMES + " " * 70}, (400, "DOCUMENT_TOO_LONG", "100 are read")),
    (
        {"max_document_tokens": 10},
        {"query": NAMES.replace("key", "key slug")},
        (400, "DOCUMENT_TOO_LONG", "11 or more tokens in the document; 10 are allowed"),
    ),
    (
        {"max_name_characters": 50},
        {"query": f"query {'a' * 51} {{ __typename }}"},
        (400, "DOCUMENT_TOO_LONG", "51 characters in one name; 50 are allowed"),
    ),
    (
        {"max_document_fragments": 0},
        {"query": "{ ...F } fragment F on Query { __typename }"},
        (400, "DOCUMENT_TOO_LONG", "1 fragments; 0 are allowed"),
    ),
    (
        {"max_document_directives": 0},
        {"query": "{ __typename @skip(if: false) }"},
        (400, "DOCUMENT_TOO_LONG", "1 or more directives; 0 are allowed"),
    ),
    ({"max_operation_depth": 2}, {"query": NAMES}, (400, "TOO_DEEP", "3 or more levels of fields; 2 are allowed")),
    (
        {"max_operation_aliases": 0},
        {"query": "{ a: __typename }"},
        (400, "TOO_MANY_ALIASES", "1 or more aliases"),
    ),
    (
        {"max_operation_root_fields": 1},
        {"query": "{ __typename site { __typename } }"},
        (400, "TOO_MANY_FIELDS", "2 or more fields at the root; 1 are allowed"),
    ),
    ({"max_operation_fields": 3}, {"query": NAMES}, (400, "TOO_MANY_FIELDS", "4 or more fields; 3 are allowed")),
    (
        {"max_comparisons": 100},
        {"query": "{ " + "__typename " * 11 + "}"},
        (400, "TOO_MANY_FIELDS", "102 times or more; 100 are allowed"),
    ),
    (
        {"max_introspection_depth": 2},
        {"query": "{ __schema { types { name } } }"},
        (400, "TOO_DEEP", "3 or more levels of fields below `__schema` and `__type`; 2 are allowed"),
    ),
    ({"max_list_items": 1}, {"query": '{ nodes(ids: ["a", "b"]) { id } }'}, (400, "LIST_TOO_LONG", "2 items")),
    (
        {"max_list_items": 1},
        {"query": "query ($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": {"a": ["a", "b"]}},
        (400, "LIST_TOO_LONG", "2 items in one list of the variables; 1 are allowed"),
    ),
    (
        {"max_variable_values": 10},
        {"query": "{ __typename }", "variables": {"a": {"b": [{}] * 9}}},
        (400, "TOO_MANY_VALUES", "11 or more values in the variables; 10 are allowed"),
    ),
    (
        {"max_page_size": 20},
        {"query": "{ conditions(first: 21) { totalCount } }"},
        (400, "BAD_USER_INPUT", "`first` of `conditions` is 21; 1 to 20 is allowed"),
    ),
    (
        {"max_node_ids": 1},
        {"query": "query ($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": {"a": ["a", "b"]}},
        (400, "BAD_USER_INPUT", "`ids` of `nodes` has 2 ids; 1 are allowed"),
    ),
    (
        {"max_search_characters": 10},
        {"query": '{ search(text: "moon hiccup") { totalCount } }'},
        (400, "BAD_USER_INPUT", "`text` of `search` has 11 characters; 10 are searched for"),
    ),
    ({"max_operation_cost": 40}, {"query": NAMES}, (400, "TOO_COSTLY", "could cost 61; 40 is allowed")),
    (
        {"max_answer_bytes": 10_000},
        {"query": "{ __schema { types { name description } } }"},
        (400, "ANSWER_TOO_LARGE", "10,000 are sent"),
    ),
]


@pytest.mark.parametrize(("settings", "asked", "expected"), SET, ids=[next(iter(row[0])) for row in SET])
def test_a_limit_that_is_set_is_held_and_the_usual_one_no_more(content, client, settings, asked, expected):
    usual = client.post("/graphql", json=asked, headers=NEWER)
    assert usual.status_code == 200
    with serving(content, **settings) as strict:
        for _ in range(3):  # what is known of a text, or of a request, is known with the limit
            status, code, message = refusal(strict.post("/graphql", json=asked, headers=NEWER))
            assert (status, code) == expected[:2]
            assert expected[2] in message


def test_a_limit_may_be_set_higher_as_well(content, client):
    deep = "{ conditions { nodes { " + "requiredCautions { " * 11 + "name" + " }" * 14
    assert refusal(ask(client, deep))[1] == "TOO_DEEP"
    with serving(content, max_operation_depth=20, max_operation_cost=1_000_000_000 // 1_000) as generous:
        assert ask(generous, deep).json()["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    probe = '{ __type(name: "Query") { a: name } }'
    assert refusal(ask(client, probe))[1] == "TOO_MANY_ALIASES"
    with serving(content, max_introspection_aliases=1) as generous:
        assert ask(generous, probe).json() == {"data": {"__type": {"a": "Query"}}}
    with serving(content, max_json_depth=40) as generous:
        wrapped = json.loads("[" * 30 + "]" * 30)
        assert ask(client, "{ __typename }", x=wrapped).status_code == 400
        assert ask(generous, "{ __typename }", x=wrapped).status_code == 200


def test_how_many_errors_are_told_is_set_too(content):
    with serving(content, max_errors=2) as client:
        assert len(ask(client, "{ a b c d }").json()["errors"]) == 2
        assert len(ask(client, "query ($a: Int!, $b: Int!, $c: Int!) { __typename }").json()["errors"]) == 2
        fields = " ".join(f'a{i}: condition(slug: "a", key: "b") {{ name }}' for i in range(5))
        answer = ask(client, f"{{ {fields} }}").json()
        assert (len(answer["errors"]), answer["extensions"]) == (2, {"moreErrors": 3})


def test_an_error_repeats_no_more_of_an_alias_than_a_name_may_have(client):
    def answers(alias: str) -> list:
        document = f'{{ {alias}: condition(slug: "a", key: "b") {{ name }} }}'
        return [ask(client, document), client.get("/graphql", params={"query": document}, headers=NEWER)]

    for answer in answers("a" * 100):
        assert answer.json()["errors"][0]["path"] == ["a" * 100]
    for answer in answers("a" * 9_900):
        assert refusal(answer)[1:] == ("DOCUMENT_TOO_LONG", "There are 9,900 characters in one name; 100 are allowed.")
        assert len(answer.content) < 300


def test_stored_documents_are_held_to_the_limits_too(content, tmp_path):
    (tmp_path / "Names.graphql").write_text(f"query Names {NAMES}")
    by_name = "/graphql?documentId=Names"
    with serving(content, operations=tmp_path) as client:
        assert client.get(by_name, headers=NEWER).status_code == 200
    for limit, code in (
        ({"max_operation_depth": 2}, "TOO_DEEP"),
        ({"max_operation_cost": 40}, "TOO_COSTLY"),
        ({"max_document_tokens": 10}, "DOCUMENT_TOO_LONG"),
    ):
        with serving(content, operations=tmp_path, trusted_only=True, **limit) as client:
            assert refusal(client.get(by_name, headers=NEWER))[1] == code


# ---- nothing of the schema is told where it may not be asked for


MISSPELT = [
    ("query Q($where: ConditionFilter) { conditions(where: $where) { totalCount } }", {"where": {"nam": {"eq": "a"}}}),
    (
        'query Q($kinds: [EntityKind!]) { search(text: "a", kinds: $kinds) { totalCount } }',
        {"kinds": ["CONDITIO"]},
    ),
]


@pytest.mark.parametrize(("document", "variables"), MISSPELT)
def test_values_are_put_right_where_the_schema_may_be_asked_for_and_nowhere_else(
    content, client, tmp_path, document, variables
):
    assert "Did you mean" in ask(client, document, variables=variables).json()["errors"][0]["message"]
    (tmp_path / "Q.graphql").write_text(document)
    with serving(content, operations=tmp_path, trusted_only=True) as trusted:
        response = trusted.post("/graphql", json={"documentId": "Q", "variables": variables}, headers=NEWER)
        assert refusal(response)[1] == "BAD_VARIABLES"
        assert "Did you mean" not in response.text


def test_a_stored_document_that_is_invalid_tells_nothing_of_the_schema_either(content, client, tmp_path):
    document = "query Q { conditions { nodes { nam } } }"
    assert "Did you mean" in ask(client, document).text
    (tmp_path / "Q.graphql").write_text(document)
    with serving(content, operations=tmp_path, trusted_only=True) as trusted:
        for asked in ({"documentId": "Q"}, {"documentId": "q"}, {"query": document}, {"query": "{ conditon }"}):
            response = trusted.post("/graphql", json=asked, headers=NEWER)
            assert response.status_code == 400
            assert "Did you mean" not in response.text


# ---- what a search and a page may be


@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1])
def test_a_page_has_one_to_a_hundred_items(client, size):
    for field in ("conditions(after: null", 'search(text: "moon"', "versions(after: null"):
        status, code, message = refusal(ask(client, f"{{ {field}, first: {size}) {{ totalCount }} }}"))
        assert (status, code) == (400, "BAD_USER_INPUT")
        assert message.endswith(f" is {size:,}; 1 to 100 is allowed.")


def found(client: TestClient, text: str) -> int:
    answer = ask(client, "query ($text: String!) { search(text: $text) { totalCount } }", variables={"text": text})
    return answer.json()["data"]["search"]["totalCount"]


def test_a_search_text_has_two_hundred_characters_at_most(client):
    assert found(client, "moon".ljust(200)) > 0
    told = (400, "BAD_USER_INPUT", "`text` of `search` has 201 characters; 200 are searched for.")
    assert refusal(ask(client, f'{{ search(text: "{"m" * 201}") {{ totalCount }} }}')) == told


SIZED: dict[str, Callable[[int], tuple[str, object]]] = {
    "first": lambda size: ("query ($a: Int) { conditions(first: $a) { totalCount } }", size),
    "last": lambda size: ("query ($a: Int) { conditions(last: $a) { nodes { symptoms { frequency } } } }", size),
    "history": lambda size: ('query ($a: Int) { condition(slug: "moon-hiccups") { history(first: $a) { id } } }', size),
    "ids": lambda size: ("query ($a: [ID!]!) { nodes(ids: $a) { id } }", [MOON] * size),
    "text": lambda size: ("query ($a: String!) { search(text: $a) { totalCount } }", "moon".ljust(size, "x")),
}
MOON = encoded("condition/moon-hiccups", "en", "web")


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize(("page", "ids", "characters"), [(30, 3, 20), (150, 120, 300)])
def test_a_page_and_ids_and_a_text_may_be_as_large_as_is_set(content, plans, page, ids, characters):
    most = {"max_page_size": page, "max_node_ids": ids, "max_search_characters": characters, "max_list_items": 120}
    sizes = {"first": page, "last": page, "history": page, "ids": ids, "text": characters}
    with serving(content, plans=plans, answer_bytes=0, **most) as client:
        for about, size in sizes.items():
            for _ in range(5):  # so that there is a plan
                document, value = SIZED[about](size)
                assert "errors" not in ask(client, document, variables={"a": value}).json()
                assert "errors" not in ask(client, *literally(document, value)).json()
                document, value = SIZED[about](size + 1)
                expected = "LIST_TOO_LONG" if about == "ids" and ids == 120 else "BAD_USER_INPUT"
                assert refusal(ask(client, document, variables={"a": value}))[:2] == (400, expected)
                assert refusal(ask(client, *literally(document, value)))[:2] == (400, expected)


def literally(document: str, value: object) -> tuple[str]:
    """The same document with the value in its text."""
    return (document.partition(") ")[2].replace("$a", json.dumps(value)),)


def test_a_text_that_is_too_long_is_refused_where_others_like_it_share_a_plan(client):
    for number in range(6):
        assert "errors" not in ask(client, f'{{ search(text: "moon {number}") {{ totalCount }} }}').json()
    assert refusal(ask(client, f'{{ search(text: "{"m" * 201}") {{ totalCount }} }}'))[1] == "BAD_USER_INPUT"


def test_more_ids_than_a_list_may_have_items_are_refused_at_the_start(content, monkeypatch):
    monkeypatch.setenv("CONTENT_API_MAX_NODE_IDS", "200")
    with pytest.raises(SettingError) as refused:
        read_settings()
    told = "CONTENT_API_MAX_NODE_IDS is 200, and CONTENT_API_MAX_LIST_ITEMS allows 100: ids are items of a list"
    assert str(refused.value) == told
    monkeypatch.setenv("CONTENT_API_MAX_LIST_ITEMS", "200")
    assert read_settings().question.node_ids == 200
    monkeypatch.setenv("CONTENT_API_MAX_LIST_ITEMS", "50")
    monkeypatch.delenv("CONTENT_API_MAX_NODE_IDS")
    assert read_settings().question.list_items == 50, "what nobody chose keeps nobody from lowering another"


def test_a_page_that_its_cost_would_never_allow_is_refused_at_the_start():
    with pytest.raises(
        SettingError, match="CONTENT_API_MAX_PAGE_SIZE is 200, and CONTENT_API_MAX_OPERATION_COST allows"
    ):
        read_settings(max_page_size=200, max_operation_cost=150)
    assert read_settings(max_operation_cost=50).question.page_size == 100


@pytest.mark.parametrize(
    "text",
    [
        "name:moon", "*", "mo*n", "m?on", "moon~2", "moon^9", "+moon", "-moon", "moon OR socks", "moon AND", "NOT moon",
        '"moon hiccups"', '"moon', "moon)", "((((", "[a TO z]", "{a TO z}", "/mo+n/", "(.*)*x", "^$", "\\",
        "kind:cause", "name:[* TO *]", "$moon", "%25", "_", "%", "'; --", "moon\0", "\0", "\u202emoon", "IN [moon]",
        "text: IN [a b]",
    ],
)  # fmt: skip
def test_no_sign_in_a_search_text_means_anything(client, text):
    words = " ".join("".join(letter if letter.isalnum() else " " for letter in text).split())
    assert found(client, text) == found(client, words)


# ---- what no page of another site can send


def test_there_is_nothing_that_changes_anything(client):
    for document in ("mutation { publish }", "mutation M($a: Int) { a(b: $a) { c } }"):
        status, code, message = refusal(client.get("/graphql", params={"query": document}, headers=NEWER))
        assert (status, code) == (405, "METHOD_NOT_ALLOWED")
        assert "mutation" in message
        posted = ask(client, document)
        assert posted.status_code == 400
        assert posted.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "mutation" in posted.json()["errors"][0]["message"]


SIMPLE = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]


@pytest.mark.parametrize("kind", SIMPLE)
@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
def test_what_a_form_of_another_site_can_send_is_not_read(client, kind, path):
    """Uploads of files, which come as multipart/form-data, among them."""
    body = b'{"query": "{ __typename }"}'
    response = client.post(path, content=body, headers={"Content-Type": kind, "Origin": "https://elsewhere.example"})
    assert refusal(response)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_batches_are_not_answered(client):
    for batch in ([], [{"query": "{ __typename }"}], [{"query": "{ __typename }"}] * 2):
        assert refusal(client.post("/graphql", json=batch, headers=NEWER))[:2] == (400, "BAD_REQUEST")


# ---- the same over a socket


def exchanged(server: LiveServer, *fields: str, body: bytes) -> tuple[int, str]:
    """Status and code of the answer to a POST with these fields of its head."""
    place = urlsplit(server.url)
    head = [
        "POST /graphql HTTP/1.1",
        f"Host: {place.netloc}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *fields,
    ]
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    start, _, found = answer.partition(b"\r\n\r\n")
    errors = json.loads(found).get("errors", [])
    return int(start.split()[1]), errors[0]["extensions"]["code"] if errors else ""


KIND = "Content-Type: application/json"
BODY = b'{"query": "{ __typename }"}'


@pytest.mark.parametrize(
    ("fields", "body", "expected"),
    [
        ([KIND], BODY, (200, "")),
        ([KIND, KIND], BODY, (415, "UNSUPPORTED_MEDIA_TYPE")),
        ([KIND, "Content-Type: text/plain"], BODY, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (["Content-Type: text/plain", KIND], BODY, (415, "UNSUPPORTED_MEDIA_TYPE")),
        ([], BODY, (415, "UNSUPPORTED_MEDIA_TYPE")),
        ([KIND, "Content-Encoding: gzip"], gzip.compress(BODY, mtime=0), (415, "UNSUPPORTED_MEDIA_TYPE")),
        ([KIND], b"\xef\xbb\xbf" + BODY, (400, "BAD_REQUEST")),
        ([KIND], BODY.decode().encode("utf-16"), (400, "BAD_REQUEST")),
        ([KIND], b"[" + BODY + b"]", (400, "BAD_REQUEST")),
        ([KIND], b"[" * 99_000, (400, "BAD_REQUEST")),
        ([KIND], BODY + BODY, (400, "BAD_REQUEST")),
    ],
)
def test_what_may_be_asked_is_the_same_over_a_socket(live_server, fields, body, expected):
    for _ in range(3):  # what is refused is not known the next time
        assert exchanged(live_server, *fields, body=body) == expected
