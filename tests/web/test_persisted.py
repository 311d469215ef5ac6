"""Documents by id over HTTP: each way to carry one, and what is refused on the way."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from content_api.delivery.operation import Operation
from content_api.delivery.persisted import Persisted
from content_api.delivery.stored import id_of
from content_api.delivery.subscribe import Subscriptions
from content_api.errors import RequestError
from content_api.web.parameters import from_body, from_query_string
from tests.delivery.small import Voice, delivery
from tests.delivery.storing import stored
from tests.web.small import GRAPHQL_RESPONSE, JSON, application

NAME = stored("query Name { name }")
SAID = stored("subscription Said { said(times: 1) }", "Said")
OTHER = "{ things { totalCount } }"
DIGITS = id_of(OTHER).removeprefix("sha256:")
APOLLO = {"persistedQuery": {"version": 1, "sha256Hash": DIGITS}}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def client(trusted_only: bool = False) -> TestClient:
    documents = Persisted([NAME, SAID], longest=10_000, trusted_only=trusted_only)
    return TestClient(
        application(
            documents.answering(delivery()),
            subscribe=documents.subscribing(Subscriptions(delivery(), Voice())),
            trusted_only=trusted_only,
        )
    )


# --- What carries an id -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["Name", NAME.id])
def test_a_document_is_asked_by_its_id_by_get_head_and_post(identifier: str):
    answers = (
        client().get("/graphql", params={"documentId": identifier}),
        client().post("/graphql", json={"documentId": identifier}),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()) == (200, {"data": {"name": "small"}})
        assert answer.headers["query-cost"] == "1"
    head = client().head("/graphql", params={"documentId": identifier})
    assert (head.status_code, head.content, head.headers["query-cost"]) == (200, b"", "1")


def test_an_id_comes_with_variables_an_operation_name_and_extensions():
    document = stored("query Thing($short: Boolean) { thing { label(short: $short) } }", "Thing")
    app = application(Persisted([document], longest=10_000).answering(delivery()))
    parameters = {"documentId": "Thing", "operationName": "Thing", "extensions": "content"}
    answer = TestClient(app).get("/graphql", params=parameters | {"variables": '{"short": true}'})
    assert answer.json() == {"data": {"thing": {"label": "S"}}, "extensions": {"content": {"version": "v1"}}}


def test_apollos_automatic_queries_are_known_once_they_were_sent_by_get():
    one = client()
    by_id = {"extensions": json.dumps(APOLLO)}
    assert one.get("/graphql", params=by_id).json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert one.get("/graphql", params={"query": OTHER, **by_id}).json() == {"data": {"things": {"totalCount": 1}}}
    assert one.get("/graphql", params=by_id).json() == {"data": {"things": {"totalCount": 1}}}


def test_apollos_automatic_queries_are_known_once_they_were_sent_by_post():
    one = client()
    assert one.post("/graphql", json={"extensions": APOLLO}).json()["errors"][0]["message"] == "PersistedQueryNotFound"
    one.post("/graphql", json={"query": OTHER, "extensions": APOLLO})
    assert one.post("/graphql", json={"extensions": APOLLO}).json() == {"data": {"things": {"totalCount": 1}}}
    assert one.get("/graphql", params={"documentId": id_of(OTHER)}).json() == {"data": {"things": {"totalCount": 1}}}


@pytest.mark.parametrize(("headers", "status"), [(JSON, 200), (GRAPHQL_RESPONSE, 400)])
def test_that_a_document_is_not_known_is_never_cached(headers: dict, status: int):
    one = client()
    for answer in (
        one.get("/graphql", params={"extensions": json.dumps(APOLLO)}, headers=headers),
        one.post("/graphql", json={"documentId": "Nmae"}, headers=headers),
        one.get("/graphql", params={"query": "{ name }", "documentId": id_of(OTHER)}, headers=headers),
        client(trusted_only=True).get("/graphql", params={"query": "{ name }"}, headers=headers),
    ):
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")


def test_a_request_that_is_not_well_formed_is_not_cached_either():
    assert client().get("/graphql?documentId=sha256:x").headers["cache-control"] == "no-store"


# --- What is no id ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"documentId": 3}, "`documentId` must be a string or null; it is a number."),
        ({"documentId": ""}, "`documentId` is ``."),
        ({"documentId": "md5:abc"}, "`documentId` is `md5:abc`."),
        ({"documentId": f"sha256:{DIGITS.upper()}"}, f"`documentId` is `sha256:{DIGITS.upper()}`."),
        ({"documentId": f"sha256:{DIGITS[1:]}"}, f"`documentId` is `sha256:{DIGITS[1:]}`."),
        ({"documentId": "a b"}, "`documentId` is `a b`."),
        ({"documentId": "Ä"}, "`documentId` is `Ä`."),
        ({"documentId": "Name\n"}, "`documentId` is `Name\n`."),
        ({"documentId": "x" * 1_000}, f"`documentId` is `{'x' * 100}`."),
        ({"extensions": {"persistedQuery": {}}}, "`extensions.persistedQuery` is not one that is known here."),
        ({"extensions": {"persistedQuery": True}}, "`extensions.persistedQuery` is not one that is known here."),
        (
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": DIGITS}}},
            "`extensions.persistedQuery` is not one that is known here.",
        ),
        (
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": DIGITS + "0"}}},
            "`extensions.persistedQuery` is not one that is known here.",
        ),
        (
            {"documentId": id_of(OTHER), "extensions": APOLLO},
            "`documentId` and `extensions.persistedQuery` are both given.",
        ),
    ],
)
def test_what_is_no_id_is_told_with_what_is_one(given: dict, words: str):
    with pytest.raises(RequestError) as refused:
        from_body(json.dumps(given).encode())
    assert (refused.value.code, str(refused.value)) == ("BAD_REQUEST", words)
    assert refused.value.hint or "must be" in words


def test_what_is_empty_or_null_is_absent():
    assert from_query_string(b"documentId=&query=%7Ba%7D") == Operation("{a}", safe=True)
    assert from_body(b'{"query": "{a}", "documentId": null, "extensions": {"persistedQuery": null}}') == Operation(
        "{a}"
    )


def test_nothing_at_all_is_told_both_ways():
    with pytest.raises(RequestError, match=r"There is no `query`\.") as refused:
        from_body(b"{}")
    assert refused.value.hint == "Set `query` to a GraphQL document, or `documentId` to the id of one."


def test_a_document_that_is_twice_in_an_address_is_refused():
    assert "more than once" in client().get("/graphql?documentId=Name&documentId=Said").text


# --- Who came with a browser ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{"documentId": "Name"}, {"extensions": json.dumps(APOLLO), "query": OTHER}])
def test_a_browser_that_asks_by_id_gets_the_answer(asked: dict):
    answer = client().get(f"/graphql?{urlencode(asked)}", headers=BROWSER)
    assert answer.headers["content-type"].startswith("application/json")
    assert "data" in answer.json()


def test_a_browser_that_asks_by_a_hash_nobody_knows_is_told_so_and_one_that_asks_nothing_gets_graphiql():
    unknown = client().get("/graphql", params={"extensions": json.dumps(APOLLO)}, headers=BROWSER)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert client().get("/graphql?extensions=content", headers=BROWSER).headers["content-type"].startswith("text/html")


def test_graphiql_and_introspection_are_closed_where_only_stored_documents_are_answered():
    one = client(trusted_only=True)
    page = one.get("/graphql", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "It answers stored documents only" in page.text
    introspection = one.post("/graphql", json={"query": "{ __schema { types { name } } }"})
    assert introspection.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    assert one.get("/schema.graphql").status_code == 200
    assert client().get("/graphql", headers=BROWSER).status_code == 200


# --- What stays -------------------------------------------------------------------------------------------------------


def test_an_event_stream_takes_an_id():
    for answer in (
        client().get("/graphql/stream", params={"documentId": "Said"}),
        client().post("/graphql/stream", json={"documentId": SAID.id}),
    ):
        assert 'event: next\ndata: {"data":{"said":"1"}}\n\nevent: complete' in answer.text


def test_an_event_stream_says_that_a_document_is_not_known():
    answer = client().get("/graphql/stream", params={"documentId": "Siad"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert '"code":"PERSISTED_QUERY_NOT_FOUND","hint":"Did you mean `Said`?"' in answer.text


def spoken(one: TestClient, payload: dict) -> list[dict]:
    """What a WebSocket is told of one operation, to its last message."""
    with one.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        told = [socket.receive_json()]
        while told[-1]["type"] == "next":
            told.append(socket.receive_json())
        return told


def test_a_websocket_takes_an_id():
    told = [
        {"id": "1", "type": "next", "payload": {"data": {"said": "1"}}},
        {"id": "1", "type": "complete"},
    ]
    assert spoken(client(), {"documentId": "Said"}) == told
    digits = SAID.id.removeprefix("sha256:")
    assert spoken(client(), {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digits}}}) == told


def test_a_websocket_is_told_what_is_not_trusted():
    [told] = spoken(client(trusted_only=True), {"query": "subscription { said }"})
    assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "DOCUMENT_NOT_TRUSTED")
