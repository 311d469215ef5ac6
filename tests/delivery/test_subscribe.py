"""A stream of replies: the same steps as one reply, and what belongs to a stream."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.subscribe import MOST_EVENTS, Subscriptions
from tests.delivery.small import Root, Voice, ask, body, delivery, error, schema


def replies(document: str, on: Delivery | None = None, **operation) -> list[Reply]:
    """All replies to an operation that ends by itself."""

    async def collected() -> list[Reply]:
        subscriptions = Subscriptions(on or delivery(), Voice())
        return [reply async for reply in subscriptions.subscribe(Operation(document, **operation))]

    return asyncio.run(collected())


def only(found: list[Reply]) -> Reply:
    [reply] = found
    return reply


def test_a_subscription_is_answered_once_for_each_event():
    found = replies("subscription ($times: Int!) { said(times: $times) }", variables={"times": 3})
    assert [body(reply) for reply in found] == [{"data": {"said": number}} for number in ("1", "2", "3")]
    assert {(reply.executed, reply.cost, reply.version) for reply in found} == {(True, 1, "v1")}


def test_a_query_is_answered_once_and_in_the_same_words():
    assert body(only(replies("{ name }"))) == body(ask("{ name }")) == {"data": {"name": "small"}}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { colour }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { said silent }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($times: Int!) { said(times: $times) }", "BAD_VARIABLES"),
        ("subscription { heard { others(first: 100) { nodes { others(first: 100) { totalCount } } } } }", "TOO_COSTLY"),
        ("subscription A { said } subscription B { said }", "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { unheard }", "BAD_USER_INPUT"),
        ("#" * 10_001, "DOCUMENT_TOO_LONG"),
    ],
)
def test_what_is_wrong_with_a_subscription_is_one_reply_with_a_code(document: str, code: str):
    reply = only(replies(document))
    assert reply.codes == (code,)
    assert not reply.executed
    assert "data" not in body(reply)


def test_the_limits_are_those_of_queries():
    reply = only(replies("subscription { heard { text } }", delivery(Limits(depth=1))))
    assert reply.codes == ("TOO_DEEP",)


def test_a_field_that_fails_is_masked_and_the_next_event_is_told():
    with capture_logs() as logged:
        first, second = replies("subscription { heard { text broken } }")
    assert body(first)["data"] == {"heard": {"text": "one", "broken": None}}
    assert first.codes == ("INTERNAL",)
    assert b"passwd" not in first.body
    assert body(second) == {"data": {"heard": {"text": "two", "broken": None}}}
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["a field failed"]


def test_a_source_that_fails_ends_the_stream_and_tells_nothing_of_ours():
    with capture_logs() as logged:
        first, last = replies("subscription { unlistenable }")
    assert body(first) == {"data": {"unlistenable": "one"}}
    assert (last.executed, last.codes) == (False, ("INTERNAL",))
    assert b"passwd" not in last.body
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["an operation failed"]


def test_each_reply_says_the_version_that_was_live_when_it_was_made():
    versions = iter(["v1", "v2", "v3"])
    target = Delivery(schema(), lambda: Live(next(versions), Root()))
    assert [reply.version for reply in replies("subscription { said }", target)] == ["v2", "v3"]


def test_it_listens_from_the_call_on_and_lets_go_when_it_is_closed():
    voice = Voice()

    async def listen() -> None:
        stream = Subscriptions(delivery(), voice).subscribe(Operation("subscription { silent }"))
        assert voice.log == ["listening"]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert voice.log == ["listening", "gone"]
        await stream.aclose()

    asyncio.run(listen())


def test_of_many_who_listen_to_what_is_dear_a_few_are_in_the_lane_at_a_time_and_each_is_told():
    listeners, waiting = 100, []

    class Watched(Lane):
        async def do(self, work, **options):
            waiting.append(self.waiting)
            return await super().do(work, **options)

    lane = Watched(turn_seconds=0, least_share=0, most_waiting=MOST_EVENTS)
    target = Delivery(schema(), lambda: Live("v1", Root()), lane=lane)
    dear = "others(first: 100) { nodes { name label } totalCount }"

    async def told(subscriptions: Subscriptions) -> list[Reply]:
        return [reply async for reply in subscriptions.subscribe(Operation(f"subscription {{ heard {{ {dear} }} }}"))]

    async def asked() -> Reply:
        while not waiting:
            await asyncio.sleep(0)
        return await target.answer(Operation(f"{{ thing {{ {dear} }} }}"))

    async def scene() -> tuple[list[list[Reply]], Reply]:
        subscriptions = Subscriptions(target, Voice())
        await told(subscriptions)  # from here on its text is known
        waiting.clear()
        *heard, answer = await asyncio.gather(*(told(subscriptions) for _ in range(listeners)), asked())
        return heard, answer

    heard, answer = asyncio.run(scene())
    assert [len(replies) for replies in heard] == [2] * listeners
    assert all(reply.executed and not reply.codes for replies in heard for reply in replies)
    assert len(waiting) >= 2 * listeners
    assert max(waiting) < MOST_EVENTS
    assert answer.codes == (), "there was a place for who asks"


def test_where_one_answer_is_given_a_subscription_is_told_where_to_go():
    refused = ask("subscription { said }")
    assert refused.codes == ("STREAM_NEEDED",)
    assert "/graphql/stream" in error(refused)["extensions"]["hint"]
    assert not refused.executed
