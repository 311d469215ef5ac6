"""Which fields of the schema an operation asks for."""

from __future__ import annotations

import time

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation
from content_api.delivery.uses import fields_of
from tests.delivery.small import delivery, schema
from tests.waiting import at_once


def asked(text: str) -> set[str]:
    definitions = parse(text).definitions
    [operation] = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    return set(fields_of(schema(), operation, fragments))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{ name }", {"Query.name"}),
        ("{ other: name again: name }", {"Query.name"}),
        ("{ __typename __schema { types { name } } }", set()),
        ("{ thing { name __typename } }", {"Query.thing", "Thing.name"}),
        ("{ named { name } }", {"Query.named", "Named.name", "Thing.name"}),
        ("{ named { ... on Thing { label } } }", {"Query.named", "Thing.label"}),
        ("{ thing { ... { name } } }", {"Query.thing", "Thing.name"}),
        ("{ thing { ...F } } fragment F on Named { name }", {"Query.thing", "Named.name", "Thing.name"}),
        ("{ thing { ...F } } fragment F on Thing { label same { ...G } } fragment G on Thing { name }",
         {"Query.thing", "Thing.label", "Thing.same", "Thing.name"}),
        ("{ name @skip(if: true) }", {"Query.name"}),
        ("subscription { heard { text } }", {"Subscription.heard", "Heard.text"}),
    ],
)  # fmt: skip
def test_the_fields_are_those_of_the_schema_whatever_they_are_called(text, fields):
    assert asked(text) == fields


def test_fragments_within_fragments_are_looked_at_once():
    levels = 300
    chain = " ".join(f"fragment F{n} on Thing {{ same {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(levels))
    began = time.perf_counter()
    found = asked(f"{{ thing {{ ...F0 }} }} {chain} fragment F{levels} on Thing {{ name }}")
    assert found == {"Query.thing", "Thing.same", "Thing.name"}
    assert time.perf_counter() - began < 1


def test_a_reply_says_which_fields_were_asked_for_and_a_refusal_says_none():
    replies: Delivery = delivery()
    assert at_once(replies.answer(Operation("{ thing { name } }"))).fields == {"Query.thing", "Thing.name"}
    assert at_once(replies.answer(Operation("{ broken name }"))).fields == {"Query.broken", "Query.name"}
    assert at_once(replies.answer(Operation("{ nothing }"))).fields == frozenset()


def test_of_two_operations_it_is_the_one_that_ran():
    two = "query A { name } query B { thing { name } }"
    replies = delivery()
    assert at_once(replies.answer(Operation(two, operation_name="A"))).fields == {"Query.name"}
    assert at_once(replies.answer(Operation(two, operation_name="B"))).fields == {"Query.thing", "Thing.name"}
