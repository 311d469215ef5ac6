"""A client that has an answer already, and asks whether it still holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content_api.delivery.coming import Left
from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation
from content_api.delivery.reuse import Answers
from content_api.web.conditional import has_it
from tests.delivery.small import Root, schema
from tests.web.small import GRAPHQL_RESPONSE, JSON, application, client

NAME = "/graphql?query={name}"
LONG = "/graphql?query={__schema{types{name,description}}}"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (['"a"'], True),
        (['W/"a"'], True),
        (['"b", W/"a" ,"c"'], True),
        (['"b"', '"a"'], True),
        (["*"], True),
        ([" * "], True),
        (['"b,\\"a\\""'], False),
        (['"A"'], False),
        (["a"], False),
        (['"a'], False),
        (["", ",,"], False),
        ([], False),
        (['*, "b"'], False),
    ],
)
def test_a_list_names_an_entity_tag_or_does_not(lines, found):
    assert has_it(lines, '"a"') is found


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_answer_is_told_that_it_holds(accept, method):
    whole = client().request(method, NAME, headers=accept)
    again = client().request(method, NAME, headers=accept | {"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    kept = ("ETag", "Vary", "Cache-Control", "Cache-Tag", "Content-Version", "Query-Cost", "Query-Cost-Limit")
    assert {name: again.headers[name] for name in kept} == {name: whole.headers[name] for name in kept}
    assert "Content-Type" not in again.headers
    assert "Content-Encoding" not in again.headers
    assert "Content-Length" not in again.headers


def test_nothing_is_executed_for_who_has_an_answer_that_is_kept():
    class Counting(Root):
        asked = 0

        def picky(self, info, size):
            Counting.asked += 1
            return size

    live = Live("v1", Counting())
    app = application(Delivery(schema(), lambda: live, answers=Answers()).answer)
    whole = client(app).get("/graphql?query={picky}")
    for _ in range(3):
        again = client(app).get("/graphql?query={picky}", headers={"If-None-Match": whole.headers["ETag"]})
        assert again.status_code == 304
    assert Counting.asked == 1


def test_another_answer_is_sent_whole():
    answer = client().get(NAME, headers={"If-None-Match": '"something-else"'})
    assert (answer.status_code, answer.json()) == (200, {"data": {"name": "small"}})


def test_an_error_has_no_entity_tag_and_is_always_sent():
    for path in ("/graphql?query={nope}", "/graphql?query={broken}", "/graphql"):
        answer = client().get(path, headers=GRAPHQL_RESPONSE | {"If-None-Match": "*"})
        assert "errors" in answer.json()
        assert "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cache-Tag" not in answer.headers


def test_there_is_no_condition_to_look_at_in_what_is_sent_by_post():
    answer = client().post("/graphql", json={"query": "{ name }"}, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.json()) == (200, {"data": {"name": "small"}})
    assert answer.headers["ETag"] == client().get(NAME).headers["ETag"]


def test_every_type_and_coding_has_an_entity_tag_of_its_own():
    """Other bytes are another representation, and so is another type: a cache that mixed them would lie about one."""
    found = {
        client().get(LONG, headers=accept | {"Accept-Encoding": coding}).headers["ETag"]
        for accept in (JSON, GRAPHQL_RESPONSE)
        for coding in ("zstd", "br", "gzip", "identity")
    }
    assert len(found) == 8
    assert all(tag.startswith('"') for tag in found), "all are strong: the bytes are the same each time"
    zipped = client().get(LONG, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    whole = client().get(LONG, headers={"Accept-Encoding": "identity", "If-None-Match": zipped})
    assert whole.status_code == 200
    assert client().get(LONG, headers={"Accept-Encoding": "gzip", "If-None-Match": zipped}).status_code == 304


def test_an_answer_says_how_long_it_is_good_and_for_whom():
    headers = client().get(NAME).headers
    assert headers["Cache-Control"] == "public, max-age=10, stale-while-revalidate=60"
    vary = {name.strip() for name in headers["Vary"].split(",")}
    assert {"Accept", "Accept-Encoding", "Content-Version-At-Least"} <= vary
    assert headers["Cache-Tag"] == "site"


def test_an_answer_that_was_overtaken_is_for_nobody_else():
    async def overtaken(operation: Operation, left: Left):
        live = Live("v1", Root())
        return replace(await Delivery(schema(), lambda: live).answer(operation), reusable=False)

    answer = client(application(overtaken)).get(NAME)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "ETag" not in answer.headers
