"""The time of one operation: past it there is an error and nothing else, and others are answered as ever."""

from __future__ import annotations

import time

import pytest
from starlette.testclient import TestClient

from content_api.app import create_app
from content_api.content.edition import Edition
from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Reply
from content_api.graph.query import root
from content_api.settings import Settings
from content_api.web.errors import RETRY_AFTER, status_of
from content_api.web.negotiation import GRAPHQL_RESPONSE, JSON
from tests.delivery.small import Root, Thing, ask, body, delivery, error, schema
from tests.graph.asking import SCHEMA, edition_with
from tests.live import ROOT

pytestmark = pytest.mark.usefixtures("turns")

EVERYTHING = """{
  conditions(where: { name: { contains: "o" } }, orderBy: [{ field: NAME }]) {
    totalCount
    nodes {
      name requiredCautions { name severity }
      symptoms { frequency symptom { name conditions { condition { name } } } }
      treatments { treatment { name sections { text { html } } } }
    }
  }
  search(text: "moon") { totalCount nodes { ... on Condition { name } } }
}"""


class Slow(Root):
    """Its list takes 5 ms for each of a hundred things."""

    def recent(self, info, first):
        return [SlowThing() for _ in range(100)]


class SlowThing(Thing):
    def label(self, info, short=False, tags=()):
        time.sleep(0.005)
        return "Slow"


def slow(seconds: float) -> Delivery:
    return Delivery(schema(), lambda: Live("v1", Slow()), Limits(seconds=seconds))


def test_an_operation_that_takes_too_long_is_refused_as_a_whole_and_soon():
    begun = time.monotonic()
    reply = ask("{ name broken recent { label } }", on=slow(0.02))
    assert time.monotonic() - begun < 0.4
    assert (reply.executed, reply.codes, reply.cost) == (False, ("TOOK_TOO_LONG",), 1 + 1 + 1 + 3)
    assert body(reply).keys() == {"errors"}
    assert error(reply)["message"] == "The operation was not answered within 0.02 seconds."


def test_it_is_a_503_in_every_media_type_and_says_when_to_come_again():
    reply = ask("{ recent { label } }", on=slow(0.01))
    assert [status_of(reply, media) for media in (JSON, GRAPHQL_RESPONSE)] == [503, 503]
    assert RETRY_AFTER[reply.codes[0]] == 10


def test_the_next_operation_has_its_own_time():
    target = slow(0.02)
    assert ask("{ recent { label } }", on=target).codes == ("TOOK_TOO_LONG",)
    assert ask("{ recent { name } }", on=target).codes == ()


def test_a_second_is_enough_for_what_is_usual():
    assert Limits().seconds == 1
    assert ask("{ recent { label } }", on=delivery()).executed


def answered(edition: Edition, seconds: float) -> Reply:
    return ask(EVERYTHING, on=Delivery(SCHEMA, lambda: Live("v1", root(edition)), Limits(seconds=seconds)))


def test_what_was_begun_and_left_changes_no_later_answer():
    expected = answered(edition_with({}), 60)
    assert expected.codes == ()
    edition = edition_with({})
    codes = [answered(edition, seconds).codes for seconds in (1e-9, *(place * 0.0003 for place in range(1, 40)))]
    assert codes[0] == ("TOOK_TOO_LONG",)
    assert answered(edition, 60).body == expected.body


@pytest.mark.parametrize("document", ["{ name }", "{ thing { name same { name } } }"])
def test_no_time_at_all_is_too_little_for_anything(document):
    assert ask(document, on=slow(1e-9)).codes == ("TOOK_TOO_LONG",)


def test_the_setting_is_what_an_operation_is_given():
    settings = Settings(content=ROOT / "content", operation_seconds=1e-6)
    with TestClient(create_app(settings)) as client:
        answer = client.post("/graphql", json={"query": "{ conditions { nodes { name } } }"})
        assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Query-Cost"]) == (503, "10", "41")
        assert answer.json()["errors"][0]["extensions"]["code"] == "TOOK_TOO_LONG"
