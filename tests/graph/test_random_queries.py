"""Any valid query is answered: never by an INTERNAL error, and always in the shape that was asked for.

CONTENT_API_TEST_QUERIES sets how many queries are tried (200 if it is not set); 5,000 take some minutes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import graphql
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLObjectType,
    NameNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import assume, given, settings

from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation
from content_api.errors import ERROR_CODES
from tests.graph.asking import SCHEMA
from tests.graph.questions import NO_LIMITS, SCALARS, asked, asking_schema, contradicts_itself, served

QUERIES = int(os.environ.get("CONTENT_API_TEST_QUERIES", "200"))


def test_the_queries_ask_with_values_that_are_there():
    text = asking_schema()
    for name in SCALARS:
        assert text.count(f": {name}") + text.count(f"[{name}") >= 1, name
    assert text.count(": AnySlug\n") == text.count(": AnyKey\n") == 10


# --- The shape of an answer ------------------------------------------------------------------------------------------


class Names(graphql.Visitor):
    """Asks for `__typename` everywhere, so that the shape of an answer can be told from the answer."""

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        name = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        return SelectionSetNode(selections=(*node.selections, name))


def shape_faults(text: str, data: dict[str, Any]) -> list[str]:
    """Where an answer is not what the query asks for. Queries of hypothesis-graphql have no named fragments."""
    [operation] = graphql.parse(text).definitions
    return list(object_faults(SCHEMA.query_type, [operation.selection_set], data, "data"))


def object_faults(kind: Any, selections: list[SelectionSetNode], value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    if is_abstract_type(kind):
        concrete = SCHEMA.get_type(value["__typename"])
        if concrete not in SCHEMA.get_possible_types(kind):
            yield f"{path}: {concrete} is no {kind}"
        kind = concrete
    if value["__typename"] != kind.name:
        yield f"{path}: is called {value['__typename']}, not {kind}"
    fields = fields_of(kind, selections)
    if list(value) != list(fields):
        yield f"{path}: has {list(value)}, not {list(fields)}"
    for key, nodes in fields.items():
        if key in value and nodes[0].name.value != "__typename":
            below = [node.selection_set for node in nodes if node.selection_set]
            field = kind.fields[nodes[0].name.value]
            yield from value_faults(field.type, below, value[key], f"{path}.{key}")


def fields_of(kind: GraphQLObjectType, selections: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
    """Response key -> the fields that it stands for, as the specification collects them."""
    found: dict[str, list[FieldNode]] = {}
    for selection_set in selections:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            else:
                condition = SCHEMA.get_type(node.type_condition.name.value) if node.type_condition else kind
                if kind is condition or (is_abstract_type(condition) and SCHEMA.is_sub_type(condition, kind)):
                    for key, nodes in fields_of(kind, [node.selection_set]).items():
                        found.setdefault(key, []).extend(nodes)
    return found


def value_faults(kind: Any, selections: list[SelectionSetNode], value: Any, path: str) -> Iterator[str]:
    if is_non_null_type(kind):
        if value is None:
            yield f"{path}: null, but it is {kind}"
            return
        kind = kind.of_type
    if value is None:
        return
    if is_list_type(kind):
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for index, item in enumerate(value):
            yield from value_faults(kind.of_type, selections, item, f"{path}[{index}]")
    elif is_leaf_type(get_named_type(kind)):
        if not LEAVES[kind.name](value) if kind.name in LEAVES else not is_of_enum(kind, value):
            yield f"{path}: {value!r} is no {kind}"
    else:
        yield from object_faults(kind, selections, value, path)


def is_of_enum(kind: Any, value: Any) -> bool:
    return isinstance(kind, GraphQLEnumType) and value in kind.values


LEAVES = {
    "Boolean": lambda value: isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "ID": lambda value: isinstance(value, str) and value != "",
    "Int": lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31,
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Locale": lambda value: value in ("en", "de", "de-AT"),
    "DateTime": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None,
    "Date": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None,
}


def with_names(text: str) -> str:
    return graphql.print_ast(graphql.visit(graphql.parse(text), Names()))


# --- The promise -----------------------------------------------------------------------------------------------------


def answer(text: str, limits: Limits) -> dict[str, Any]:
    reply = served().answer(Operation(text), limits)
    body = json.loads(reply.body)
    codes = [error["extensions"]["code"] for error in body.get("errors", [])]
    assert "INTERNAL" not in codes, text
    assert set(codes) <= set(ERROR_CODES), codes
    assert codes == list(reply.codes)
    assert reply.executed is ("data" in body)
    assert "data" in body or codes
    assert "errors" not in body or codes
    return body


@settings(max_examples=QUERIES)
@given(asked().map(graphql.print_ast))
def test_any_valid_query_is_answered_in_the_shape_that_was_asked_for(text):
    named = with_names(text)
    body = answer(named, NO_LIMITS)
    assume(not contradicts_itself(body))
    assert "data" in body, body
    if body["data"] is None:
        assert body["errors"]
    else:
        assert shape_faults(named, body["data"]) == []
    within_limits = answer(text, Limits())
    assert "data" in within_limits or within_limits["errors"]


def test_a_wrong_shape_would_be_noticed():
    text = with_names(
        '{ condition(key: "moon-hiccups") { key kind symptoms { symptom { name } } } nodes(ids: []) { id } }'
    )
    data = answer(text, NO_LIMITS)["data"]
    assert shape_faults(text, data) == []

    def faults(**changes: Any) -> list[str]:
        return shape_faults(text, {**data, "condition": {**data["condition"], **changes}})

    assert faults(key=None) == ["data.condition.key: null, but it is String!"]
    assert faults(kind="COLOUR") == ["data.condition.kind: 'COLOUR' is no ConditionKind"]
    assert faults(symptoms={}) == ["data.condition.symptoms: no list"]
    assert faults(__typename="Symptom") == ["data.condition: is called Symptom, not Condition"]
    assert len(faults(more=1)) == 1
    assert faults(symptoms=[None]) == ["data.condition.symptoms[0]: null, but it is ConditionSymptom!"]
