"""The id of a request: in the head of every answer, in every error, and in what is logged on its way."""

from __future__ import annotations

import re

import pytest
import structlog
from starlette.testclient import TestClient, WebSocketDenialResponse
from structlog.testing import LogCapture

from content_api.delivery.operation import Operation
from content_api.observe.exchange import CURRENT
from content_api.observe.logs import name_request
from tests.delivery.small import delivery
from tests.waiting import at_once
from tests.web.small import GRAPHQL_RESPONSE, application, client

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
NAME = {"query": "{ name }"}
PATHS = ("/", "/graphql?query={name}", "/schema.graphql", "/versions", "/livez", "/readyz", "/metrics", "/nothing")
ORIGIN = {"Origin": "https://clinic.example"}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_an_id_of_its_own(path):
    one = client()
    made = [one.get(path).headers["Request-Id"] for _ in range(3)]
    assert len(set(made)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", identity) for identity in made)


@pytest.mark.parametrize("path", PATHS)
def test_who_names_a_trace_finds_its_id_in_the_answer(path):
    assert client().get(path, headers=TRACEPARENT).headers["Request-Id"] == TRACE


@pytest.mark.parametrize("value", ["", "nonsense", f"00-{TRACE}", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
def test_what_names_no_trace_is_not_repeated(value):
    assert client().get("/livez", headers={"traceparent": value}).headers["Request-Id"] not in ("", value, "0" * 32)


def test_two_traces_in_one_request_are_none():
    twice = [*TRACEPARENT.items(), ("traceparent", f"00-{'b' * 32}-00f067aa0ba902b7-01")]
    assert client().get("/livez", headers=twice).headers["Request-Id"] not in (TRACE, "b" * 32)


def test_a_page_of_another_origin_may_read_it():
    answer = client().post("/graphql", json=NAME, headers=ORIGIN)
    assert "Request-Id" in answer.headers["Access-Control-Expose-Headers"].split(", ")
    preflight = client().options("/graphql", headers=ORIGIN | {"Access-Control-Request-Method": "POST"})
    assert preflight.headers["Request-Id"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"json": {"query": "{ nothing another }"}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"json": {"query": "{"}}, "GRAPHQL_PARSE_FAILED"),
        ({"json": []}, "BAD_REQUEST"),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"json": {"query": "{ broken }"}}, "INTERNAL"),
        ({"json": {"query": "{ name other: broken }"}}, "INTERNAL"),
    ],
)
def test_every_error_of_an_operation_says_which_request_it_is_of(asked, code):
    answer = client().post("/graphql", **asked)
    errors = answer.json()["errors"]
    assert errors[0]["extensions"]["code"] == code
    assert {error["extensions"]["requestId"] for error in errors} == {answer.headers["Request-Id"]}
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_an_error_that_is_compressed_says_it_too():
    wanted = GRAPHQL_RESPONSE | {"Accept-Encoding": "gzip, identity;q=0"}
    answer = client().post("/graphql", json={"query": "{ nothing }"}, headers=wanted)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["errors"][0]["extensions"]["requestId"] == answer.headers["Request-Id"]


def test_a_problem_says_it_as_well():
    answer = client().get("/nothing")
    assert answer.json()["requestId"] == answer.headers["Request-Id"]


def test_what_has_no_error_has_the_same_bytes_and_tag_whoever_asks():
    one = client()
    answers = [one.get("/graphql", params=NAME) for _ in range(3)]
    assert len({(answer.content, answer.headers["ETag"]) for answer in answers}) == 1
    again = one.get("/graphql", params=NAME, headers={"If-None-Match": answers[0].headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Request-Id"] not in {answer.headers["Request-Id"] for answer in answers}


def test_two_who_are_given_one_answer_have_each_their_own_id():
    """Whoever asks the same at the same time is given the same reply: its errors are those of all of them."""
    reply = at_once(delivery().answer(Operation("{ nothing }")))

    async def answer(operation, left):
        return reply

    one = client(answer=answer)
    answers = [one.post("/graphql", json=NAME) for _ in range(3)]
    told = [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers]
    assert told == [answer.headers["Request-Id"] for answer in answers]
    assert len(set(told)) == 3


def test_an_error_over_a_websocket_says_which_connection_it_is_of():
    with client().websocket_connect("/graphql", ["graphql-transport-ws"], headers=TRACEPARENT) as socket:
        assert socket.extra_headers[0] == (b"request-id", TRACE.encode())
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ nothing }"}})
        assert socket.receive_json()["payload"][0]["extensions"]["requestId"] == TRACE


def test_a_websocket_that_is_refused_says_it_as_http_does():
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client(origins=["https://other.example"]).websocket_connect("/graphql", headers=ORIGIN),
    ):
        pass
    told = refused.value.json()["errors"][0]["extensions"]["requestId"]
    assert told == refused.value.headers["Request-Id"]


def test_an_error_in_a_stream_says_which_stream_it_is_of():
    answer = client().get("/graphql/stream", params={"query": "{ nothing }"})
    assert f'"requestId":"{answer.headers["Request-Id"]}"' in answer.text


def test_what_is_logged_on_the_way_says_in_which_request_that_was():
    captured = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[name_request, captured])
    try:
        answer = client().post("/graphql", json={"query": "{ broken }"})
    finally:
        structlog.configure(processors=before)
    failed = [line for line in captured.entries if line["event"] == "a field failed"]
    assert [line["request_id"] for line in failed] == [answer.headers["Request-Id"]]
    assert CURRENT.get() is None, "nothing of it is left behind"


def test_a_request_that_fails_in_an_unforeseen_way_has_an_id_too():
    def fails() -> None:
        raise ZeroDivisionError

    answer = TestClient(application(status=fails), raise_server_exceptions=False).get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert answer.json()["requestId"] == answer.headers["Request-Id"]
