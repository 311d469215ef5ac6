"""Filters and orders as clients send them: in the document, in variables, and with nulls."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import graphql_sync
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.utils.str_converters import to_camel_case

from content_api.content.fields import EntityKind
from content_api.content.select import Direction, OrderField, select
from content_api.content.view import view_of
from content_api.graph.query import root
from tests.content.criteria import Asking, operands
from tests.graph.asking import SCHEMA, ask, world_edition

ASKING = Asking(operands(world_edition()))


def as_variable(value: Any) -> Any:
    """Criteria as JSON has them. Enums need no care: they are texts, and named as their values are."""
    if isinstance(value, dict):
        return {to_camel_case(name): as_variable(item) for name, item in value.items()}
    return [as_variable(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", EntityKind)
@settings(max_examples=25)
@given(st.data())
def test_a_filter_in_a_variable_finds_what_select_finds(kind, data):
    asked = data.draw(ASKING.criteria(kind))
    order = data.draw(st.lists(st.tuples(st.sampled_from(OrderField), st.sampled_from(Direction)), max_size=2))
    name, by = kind.capitalize(), "CautionOrder" if kind is EntityKind.CAUTION else "EntityOrder"
    found = ask(
        f"""query($where: {name}Filter, $orderBy: [{by}!]) {{
            {kind}s(where: $where, orderBy: $orderBy) {{ totalCount nodes {{ key }} }} }}""",
        where=as_variable(asked),
        orderBy=[{"field": field.value, "direction": direction.value} for field, direction in order],
    )[f"{kind}s"]
    expected = [shown.entity.id for shown in select(view_of(world_edition()), kind, asked, order)]
    assert [node["key"] for node in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)


def keys(arguments: str = "", variables: str = "", **values: Any) -> list[str]:
    text = f"query{variables} {{ conditions{arguments} {{ nodes {{ key }} }} }}"
    return [node["key"] for node in ask(text, **values)["conditions"]["nodes"]]


BOTH = ["moon-hiccups", "star-sneezes"]


@pytest.mark.parametrize(
    "arguments",
    [
        "(where: null)",
        "(where: {})",
        "(where: { name: null })",
        "(where: { name: {} })",
        "(where: { name: { contains: null } })",
        "(where: { kind: { in: null, notIn: null, exists: null } })",
        "(where: { and: null, or: null, not: null })",
        "(where: { symptoms: null })",
        "(where: { symptoms: { some: null, every: null, none: null } })",
        "(where: { symptoms: { some: { symptom: null } } })",
        "(orderBy: null)",
        "(orderBy: [])",
    ],
)
def test_a_null_asks_for_nothing(arguments):
    assert keys(arguments) == BOTH


@pytest.mark.parametrize(
    ("declared", "used", "value", "found"),
    [
        ("ConditionFilter", "where: $v", {"key": {"ne": "moon-hiccups"}}, ["star-sneezes"]),
        ("ConditionFilter", "where: { not: $v }", {"kind": {"eq": "DISEASE"}}, ["star-sneezes"]),
        ("[ConditionFilter!]", "where: { or: $v }", [{"kind": {"eq": "DISEASE"}}], ["moon-hiccups"]),
        ("ConditionFilter!", "where: { and: [$v, {}] }", {"kind": {"eq": "DISEASE"}}, ["moon-hiccups"]),
        ("StringFilter", "where: { name: $v }", {"contains": "STÄR"}, ["star-sneezes"]),
        ("String", "where: { name: { startsWith: $v } }", "moon", ["moon-hiccups"]),
        ("[String!]", "where: { key: { in: $v } }", ["star-sneezes", "x"], ["star-sneezes"]),
        ("[String!]", "where: { key: { in: $v } }", "star-sneezes", ["star-sneezes"]),
        ("String!", "where: { key: { in: [$v, $v] } }", "star-sneezes", ["star-sneezes"]),
        ("ConditionKindEnumFilter", "where: { kind: $v }", {"notIn": ["DISEASE"]}, ["star-sneezes"]),
        ("ConditionKind", "where: { kind: { eq: $v } }", "SYNDROME", ["star-sneezes"]),
        ("[ConditionKind!]", "where: { kind: { in: $v } }", ["SYNDROME"], ["star-sneezes"]),
        ("Boolean", "where: { alternateName: { exists: $v } }", False, []),
        ("ConditionSymptomListFilter", "where: { symptoms: $v }", {"none": {"frequency": {"eq": "COMMON"}}}, BOTH[1:]),
        ("ConditionSymptomFilter", "where: { symptoms: { some: $v } }", {"frequency": {"eq": "SOME"}}, BOTH[:1]),
        ("SymptomFilter", "where: { symptoms: { some: { symptom: $v } } }", {"kind": {"eq": "SIGN"}}, BOTH[:1]),
        ("CodingFilter", "where: { codings: { some: $v } }", {"system": {"eq": "MESH"}}, BOTH[:1]),
        ("[EntityOrder!]", "orderBy: $v", [{"field": "KEY", "direction": "DESC"}], BOTH[::-1]),
        ("EntityOrder!", "orderBy: [$v]", {"field": "SLUG", "direction": "DESC"}, BOTH[::-1]),
        ("EntityOrder!", "orderBy: [$v]", {"field": "SLUG"}, BOTH),
        ("EntityOrderField!", "orderBy: { field: $v, direction: DESC }", "NAME", BOTH[::-1]),
        ("OrderDirection! = DESC", "orderBy: { field: NAME, direction: $v }", "ASC", BOTH),
    ],
)
def test_a_variable_can_stand_at_any_depth(declared, used, value, found):
    assert keys(f"({used})", f"($v: {declared})", v=value) == found
    if not declared.endswith("!") and "!" not in declared.partition("=")[0].replace("!]", ""):
        assert set(keys(f"({used})", f"($v: {declared})", v=None)) <= set(BOTH)
        assert set(keys(f"({used})", f"($v: {declared})")) <= set(BOTH)


@pytest.mark.parametrize("declared", ["OrderDirection! = DESC", "OrderDirection = DESC", "OrderDirection"])
def test_an_order_is_ascending_unless_it_is_said(declared):
    found = keys("(orderBy: { field: KEY, direction: $v })", f"($v: {declared})")
    assert found == (BOTH[::-1] if "DESC" in declared else BOTH)


@pytest.mark.parametrize(
    "arguments",
    [
        "(where: { key: { in: [null] } })",
        "(where: { and: [null] })",
        "(orderBy: [null])",
        "(orderBy: { field: null })",
        "(orderBy: { field: NAME, direction: null })",
        "(where: { kind: { eq: disease } })",
        "(where: { kind: { contains: DISEASE } })",
        "(where: { colour: {} })",
        "(orderBy: { field: SEVERITY })",
    ],
)
def test_what_the_schema_does_not_allow_is_refused_before_anything_runs(arguments):
    answer = graphql_sync(SCHEMA, f"{{ conditions{arguments} {{ totalCount }} }}", root_value=root(world_edition()))
    assert answer.data is None
    assert [error.original_error for error in answer.errors] == [None]


def test_a_list_of_values_may_be_long():
    assert keys("(where: $where)", "($where: ConditionFilter)", where={"key": {"in": ["x"] * 500 + BOTH}}) == BOTH
