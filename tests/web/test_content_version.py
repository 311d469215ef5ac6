"""Every answer of a scope says its version: what comes from no version, as most errors do, the one that is served. And
what one operation may cost, where one may be asked."""

from __future__ import annotations

import pytest

from content_api.delivery.limits import Limits
from content_api.web.listeners import Listeners
from tests.web.small import GRAPHQL_RESPONSE, client
from tests.web.small import JSON as ACCEPTS_JSON

JSON = {"Content-Type": "application/json"}
ASKED = {"query": "{ name }"}
ANSWERS = {
    "an answer": (200, "POST", "/graphql", {"json": ASKED}),
    "no JSON": (400, "POST", "/graphql", {"content": b"{", "headers": JSON}),
    "no document": (400, "GET", "/graphql", {"headers": ACCEPTS_JSON}),
    "a document that is refused": (400, "POST", "/graphql", {"json": {"query": "{"}, "headers": GRAPHQL_RESPONSE}),
    "another method": (405, "DELETE", "/graphql", {}),
    "another media type": (406, "POST", "/graphql", {"json": ASKED, "headers": {"Accept": "image/png"}}),
    "a coding that there is not": (
        406,
        "POST",
        "/graphql",
        {"json": ASKED, "headers": {"Accept-Encoding": "identity;q=0"}},
    ),
    "a body that is too large": (413, "POST", "/graphql", {"json": {"query": "#" * 200_000}}),
    "another type of body": (415, "POST", "/graphql", {"content": b"{"}),
    "a stream": (200, "POST", "/graphql/stream", {"json": ASKED}),
    "a stream of what is refused": (200, "POST", "/graphql/stream", {"json": {"query": "{"}}),
    "no JSON for a stream": (400, "POST", "/graphql/stream", {"content": b"{", "headers": JSON}),
    "another method for a stream": (405, "PUT", "/graphql/stream", {}),
    "another media type than a stream": (
        406,
        "POST",
        "/graphql/stream",
        {"json": ASKED, "headers": {"Accept": "image/png"}},
    ),
    "the schema": (200, "GET", "/schema.graphql", {}),
    "another method for the schema": (405, "POST", "/schema.graphql", {}),
    "the editors' page": (200, "GET", "/versions", {}),
}


@pytest.mark.parametrize(("status", "method", "path", "given"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_of_the_public_scope_says_its_version_once(status, method, path, given):
    answer = client().request(method, path, **given)
    assert answer.status_code == status
    assert answer.headers.get_list("Content-Version") == ["v1"]


@pytest.mark.parametrize("name", [name for name, (_, _, path, _) in ANSWERS.items() if path.startswith("/graphql")])
def test_each_answer_of_graphql_and_of_a_stream_says_what_an_operation_may_cost_once(name):
    _, method, path, given = ANSWERS[name]
    answer = client(limits=Limits(cost=4_321)).request(method, path, **given)
    told = "5000" if name in ("an answer", "a document that is refused") else "4321"  # what answers here has its own
    assert answer.headers.get_list("Query-Cost-Limit") == [told]
    assert answer.headers.get("Query-Cost") == ("1" if name == "an answer" else None)


def test_a_page_of_versions_that_is_not_there_says_it_too():
    answer = client(overlook=lambda after: None).get("/versions?after=none")
    assert (answer.status_code, answer.headers["Content-Version"]) == (404, "v1")


def test_who_finds_no_place_to_listen_is_told_the_version_as_the_hint_says():
    answer = client(listeners=Listeners(most=0)).post("/graphql/stream", json=ASKED)
    assert (answer.status_code, answer.headers["Content-Version"]) == (503, "v1")
    assert "`Content-Version`" in answer.json()["errors"][0]["extensions"]["hint"]
