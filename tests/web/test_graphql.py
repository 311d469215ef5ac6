"""GraphQL over HTTP, request by request. The specification's own audit is in test_http_audit.py."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from tests.delivery.small import Root, schema
from tests.web.small import GRAPHQL_RESPONSE, JSON, application, client

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
GET_NAME = "/graphql?query={name}"


def post(document: str, headers: dict | None = None, on=None, **more):
    return (on or client()).post("/graphql", json={"query": document, **more}, headers=headers or {})


def code_of(response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


def test_a_query_is_answered_by_post_and_by_get():
    for response in (post("{ name }"), client().get(GET_NAME)):
        assert response.status_code == 200
        assert response.json() == {"data": {"name": "small"}}
        assert response.headers["content-type"] == "application/json; charset=utf-8"


def test_every_answer_says_its_version_and_its_cost():
    response = post("{ things(first: 4) { totalCount } }")
    assert response.headers["content-version"] == "v1"
    assert response.headers["query-cost"] == "5"
    assert response.headers["query-cost-limit"] == "5000"
    assert "Accept" in response.headers["vary"]
    too_dear = post("{ things(first: 100) { nodes { parts { others { nodes { name } } } } } }", GRAPHQL_RESPONSE)
    assert (too_dear.status_code, code_of(too_dear)) == (400, "TOO_COSTLY")
    assert int(too_dear.headers["query-cost"]) > 5_000
    unread = post("{")
    assert "query-cost" not in unread.headers
    assert unread.headers["query-cost-limit"] == "5000"


def test_the_media_type_is_negotiated():
    assert post("{ name }", GRAPHQL_RESPONSE).headers["content-type"] == (
        "application/graphql-response+json; charset=utf-8"
    )
    both = {"Accept": "application/json, application/graphql-response+json"}
    assert post("{ name }", both).headers["content-type"].startswith("application/graphql-response+json")


def test_several_accept_headers_are_one_list():
    headers = [("Accept", "image/png"), ("Accept", "application/graphql-response+json")]
    assert client().get(GET_NAME, headers=headers).status_code == 200


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/html"])
def test_a_type_that_cannot_be_sent_is_refused_in_json(accept):
    response = post("{ name }", {"Accept": accept})
    assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")
    assert response.headers["content-type"].startswith("application/json")


# What was asked, and the status in the older media type and in the newer one.
STATUSES = [
    ("{ name }", {}, 200, 200),
    ("{ name broken }", {}, 200, 200),
    ("{ required }", {}, 200, 200),
    ("{", {}, 200, 400),
    ("{ nope }", {}, 200, 400),
    ("query A { name } query B { name }", {}, 200, 400),
    ("query ($x: Int!) { picky(size: $x) }", {"variables": {"x": "no"}}, 200, 400),
    ("{ thing { " + "same { " * 12 + "name" + " }" * 14, {}, 200, 400),
]


@pytest.mark.parametrize(("document", "more", "older", "newer"), STATUSES)
def test_the_status_says_whether_it_was_executed_or_in_the_older_type_whether_it_was_well_formed(
    document, more, older, newer
):
    assert post(document, JSON, **more).status_code == older
    response = post(document, GRAPHQL_RESPONSE, **more)
    assert response.status_code == newer
    assert ("data" in response.json()) == (newer == 200)


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
def test_a_mutation_by_get_is_not_allowed(accept):
    response = client().get('/graphql?query=mutation{rename(name:"x")}', headers=accept)
    assert (response.status_code, code_of(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
def test_another_method_is_told_which_there_are(method):
    response = client().request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert code_of(response) == "METHOD_NOT_ALLOWED"


def test_head_is_get_without_the_body():
    response = client().head(GET_NAME)
    assert response.status_code == 200
    assert response.headers["content-length"] == str(len(client().get(GET_NAME).content))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=utf-8; charset=utf-16"},
        {"Content-Type": "application/json; profile=x"},
        {"Content-Type": "application/json, text/plain"},
        {"Content-Type": "text/plain; application/json"},
        {"Content-Type": "text/plain;charset=application/json"},
        {"Content-Type": "application/graphql-response+json"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "identity, br"},
        [("Content-Type", "application/json"), ("Content-Type", "text/plain")],
        [("Content-Type", "text/plain"), ("Content-Type", "application/json")],
        [("Content-Type", "application/json"), ("Content-Type", "application/json")],
        [("Content-Type", "application/json"), ("Content-Encoding", "identity"), ("Content-Encoding", "gzip")],
    ],
)
def test_a_body_that_is_not_plain_json_in_utf_8_is_refused(headers):
    response = client().post("/graphql", content=b'{"query": "{ name }"}', headers=headers)
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        ("text/plain", "sent as text/plain."),
        ("application/json; charset=utf-16", "sent as application/json with charset=utf-16."),
    ],
)
def test_a_refused_body_is_told_what_is_wrong_with_it_and_nothing_else(content_type, found):
    response = client().post("/graphql", content=b'{"query": "{ name }"}', headers={"Content-Type": content_type})
    assert response.json()["errors"][0]["message"] == f"The body is {found}"


@pytest.mark.parametrize("parameters", ["", ";", "; charset=utf-8", ";CHARSET=UTF-8 ", '; charset="utf-8"'])
def test_utf_8_may_be_named(parameters):
    headers = {"Content-Type": f"Application/JSON{parameters}", "Content-Encoding": "identity"}
    response = client().post("/graphql", content='{"query": "{ name } # ü"}'.encode(), headers=headers)
    assert response.json() == {"data": {"name": "small"}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"null", "it is null"),
        (b'[{"query": "{ name }"}]', "Batches"),
        (b'{"query": "\xff"}', "not UTF-8"),
        (b'{"query": "{ name }", "query": "{ broken }"}', "not JSON"),
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
def test_a_request_that_is_not_well_formed_has_status_400_in_either_type(body, words, accept):
    response = client().post("/graphql", content=body, headers={"Content-Type": "application/json", **accept})
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert words in response.json()["errors"][0]["message"]
    assert response.headers["content-type"].startswith(accept["Accept"])


def sized(length: int) -> bytes:
    return b'{"query": "{ name }"' + b" " * (length - 21) + b"}"


def test_a_body_may_be_as_large_as_the_limit_and_no_larger():
    headers = {"Content-Type": "application/json"}
    assert client().post("/graphql", content=sized(100_000), headers=headers).json() == {"data": {"name": "small"}}
    response = client().post("/graphql", content=sized(100_001), headers=headers)
    assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")
    assert response.json()["errors"][0]["message"] == "The body has 100,001 bytes; 100,000 are read."


def test_a_body_of_unknown_length_is_read_to_the_limit_and_no_further():
    def chunks(count: int):
        for _ in range(count):
            yield b" " * 10_000
        yield b'{"query": "{ name }"}'

    headers = {"Content-Type": "application/json"}
    assert client().post("/graphql", content=chunks(9), headers=headers).status_code == 200
    response = client().post("/graphql", content=chunks(11), headers=headers)
    assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")


def test_a_length_that_no_computer_has_is_too_large():
    headers = {"Content-Type": "application/json", "Content-Length": "9" * 5_000}
    response = client().post("/graphql", content=b"{}", headers=headers)
    assert response.status_code == 413


def test_a_browser_that_asks_nothing_gets_graphiql():
    for path in ("/graphql", "/graphql?query=", "/graphql?operationName=A"):
        response = client().get(path, headers=BROWSER)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "GraphiQL" in response.text


def test_a_browser_that_asks_something_gets_the_answer():
    assert client().get(GET_NAME, headers=BROWSER).json() == {"data": {"name": "small"}}


def test_a_program_that_asks_nothing_is_told_so():
    response = client().get("/graphql")
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


def test_without_graphiql_a_browser_is_told_what_to_do(tmp_path):
    response = client(static=tmp_path / "missing").get("/graphql", headers=BROWSER)
    assert response.status_code == 404
    assert "not part of this" in response.text
    assert post("{ name }", on=client(static=tmp_path / "missing")).status_code == 200


class Unencodable(Root):
    name = "\ud800"


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
def test_a_failure_of_a_resolver_is_an_answer_and_any_other_a_500(accept):
    broken = Delivery(schema(), lambda: Live("v1", Unencodable()))
    with capture_logs():
        assert post("{ broken }", accept).status_code == 200
        response = post("{ name }", accept, on=client(application(broken.answer)))
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")


def test_a_long_question_by_get_is_refused_by_its_length():
    response = client().get("/graphql", params={"query": "{ name }" + "," * 20_000}, headers=GRAPHQL_RESPONSE)
    assert (response.status_code, code_of(response)) == (400, "DOCUMENT_TOO_LONG")


def test_nothing_of_a_defect_reaches_the_client():
    def defective(operation):
        raise RuntimeError("secret")

    quiet = TestClient(application(defective), raise_server_exceptions=False)
    response = quiet.post("/graphql", json={"query": "{ name }"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["code"] == "INTERNAL"
