"""Any valid query is answered: never by an INTERNAL error, and always in the shape that was asked for.

CONTENT_API_TEST_QUERIES sets how many queries are tried (200 if it is not set); 5,000 take some minutes.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import graphql
from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLObjectType,
    IntValueNode,
    ListValueNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from content_api.app import live_in
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.view import view_of
from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.pipeline import Delivery
from content_api.errors import ERROR_CODES
from content_api.graph.identifiers import cursor, node_id
from content_api.graph.schema import sdl
from tests.graph.asking import SCHEMA
from tests.publish.world import following, moon, new_repository

QUERIES = int(os.environ.get("CONTENT_API_TEST_QUERIES", "200"))
FAR = 10**9
NO_LIMITS = Limits(
    **dict.fromkeys(
        ("characters", "tokens", "fragments", "directives", "depth", "aliases", "root_fields", "fields"), FAR
    ),
    **dict.fromkeys(("introspection_depth", "introspection_aliases", "list_items", "cost"), FAR),
)

# --- What is asked with ----------------------------------------------------------------------------------------------

# Arguments that random text would never hit get a scalar of their own, which the real schema knows nothing of: the
# queries hold literals, and those are as valid where the schema says String, ID or Int.
ARGUMENTS = (
    (r"\bslug: String\n", "slug: AnySlug\n"),
    (r"\bkey: String\n", "key: AnyKey\n"),
    (r"\bcode: String!\n", "code: AnyCode!\n"),
    (r"\b(after|before): String\n", r"\1: AnyCursor\n"),
    (r"\b(first|last): Int\n", r"\1: AnySize\n"),
    (r"\bid: ID!\n(\s*\): Node)", r"id: AnyId!\n\1"),
    (r"\bids: \[ID!\]!", "ids: [AnyId!]!"),
    (r"\btext: String!\n(?=.*?\): SearchConnection)", "text: AnyWords!\n"),
    (r"\b(version|ref|to): String\n", r"\1: AnyVersion\n"),
    (r"\bfrom: String!\n", "from: AnyVersion!\n"),
)
SCALARS = ("AnySlug", "AnyKey", "AnyCode", "AnyCursor", "AnySize", "AnyId", "AnyWords", "AnyVersion")


def asking_schema() -> str:
    text = sdl(SCHEMA)
    for pattern, replacement in ARGUMENTS:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL if "Search" in pattern else 0)
    return text + "".join(f"\nscalar {name}" for name in SCALARS)


def half_real(real: list[str]) -> st.SearchStrategy[StringValueNode]:
    """Mostly something that is there, sometimes anything else."""
    there = st.sampled_from(real)
    return (there | there | there.map(str.upper) | st.text(max_size=20)).map(lambda text: StringValueNode(value=text))


def real_ones(edition: Edition) -> dict[str, list[str]]:
    """Slugs, keys, codes, cursors and ids of what an edition has, hidden things included."""
    library = edition.library
    records = library.records.values()
    views = [view_of(edition, locale) for locale in library.site.locales]
    return {
        "AnySlug": [text.slug for record in records for text in record.entity.text.values()] + ["bright-ears"],
        "AnyKey": [record.entity.id for record in records],
        "AnyCode": [code for _, code in library.indexes.codes],
        "AnyCursor": [cursor(edition.version.id, key) for key in library.records] + [cursor("0" * 40, "condition/x")],
        "AnyVersion": [*served().versions, "edition-1", "2026-11-22T10:00:00Z"],
        "AnyId": [node_id(shown) for view in views for kind in EntityKind for shown in view.all(kind)],
        "Locale": list(library.site.locales),
        "AnyWords": ["moon hiccups", "glowign ears", "X00.1", "schluckauf", '"', "a:b", "*", "AND OR NOT"],
    }


class Mended(graphql.Visitor):
    """Takes back what most random arguments are refused for, so that the rest of the query gets its turn."""

    def __init__(self, real: dict[str, list[str]]) -> None:
        super().__init__()
        self.real = real

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        given = self.mended({argument.name.value: argument.value for argument in node.arguments})
        arguments = [ArgumentNode(name=NameNode(value=name), value=value) for name, value in given.items()]
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=tuple(arguments),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def mended(self, given: dict[str, Any]) -> dict[str, Any]:
        texts = {name: value.value for name, value in given.items() if isinstance(value, StringValueNode)}
        if "first" in given:
            size = getattr(given["first"], "value", "20")
            kept = ["where", "orderBy", "text", "kinds", "from", "to", "since"] + ["first"] * (1 <= int(size) <= 100)
            return {name: value for name, value in given.items() if name in kept}
        if "key" in given:
            chosen = next((name for name in ("key", "slug") if texts.get(name)), None)
            return {chosen: given[chosen]} if chosen else {"key": StringValueNode(value="nothing")}
        if "id" in given and texts.get("id") not in self.real["AnyId"]:
            return {"id": StringValueNode(value=self.real["AnyId"][0])}
        if "ids" in given:
            return {"ids": ListValueNode(values=[i for i in given["ids"].values if i.value in self.real["AnyId"]])}
        if "locale" in given and texts.get("locale") not in self.real["Locale"]:
            return {name: value for name, value in given.items() if name != "locale"}
        return given


@cache
def asked() -> st.SearchStrategy[str]:
    """Queries, three of four of them mended."""
    real = real_ones(served().edition)
    scalars = {name: half_real(known) for name, known in real.items()}
    sizes = st.integers(1, 100) | st.integers(-1, 101)
    scalars["AnySize"] = sizes.map(lambda size: IntValueNode(value=str(size)))
    found = queries(asking_schema(), custom_scalars=scalars, print_ast=lambda ast: ast)
    mended = found.map(lambda ast: graphql.visit(ast, Mended(real)))
    return st.one_of(mended, mended, mended, found).map(graphql.print_ast)


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


class Served:
    """Three versions of the world in a repository, the last of them live."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.open = ExitStack()
        folder = self.open.enter_context(tempfile.TemporaryDirectory(prefix="content-api-queries-"))
        repository = new_repository(Path(folder) / "content.git")
        repository.tag("edition-1")
        for name in ("Second", "Third"):
            repository.commit(moon(f"Hiccups of the {name.lower()} moon"))
        self.versions = repository.git("rev-list", "main").split()
        followed = self.open.enter_context(following(repository))
        self.edition, self.archive = followed.current.edition, followed.publisher.archive
        self.live = live_in(followed.current)

    def answer(self, operation: Operation, limits: Limits) -> Reply:
        return self.loop.run_until_complete(self.delivery(limits).answer(operation))

    @cache  # noqa: B019 - there is one of us
    def delivery(self, limits: Limits) -> Delivery:
        return Delivery(SCHEMA, self.live, limits, self.archive.holding)

    def close(self) -> None:
        self.open.close()
        self.loop.close()


@cache
def served() -> Served:
    made = Served()
    atexit.register(made.close)
    return made


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


def contradicts_itself(body: dict[str, Any]) -> bool:
    """Whether a query was refused because it asks for two things by one name: one in a thousand here is not valid."""
    messages = [error["message"] for error in body.get("errors", ())]
    return "data" not in body and all(re.match("Fields '.*' conflict because", message) for message in messages)


@settings(max_examples=QUERIES)
@given(asked())
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
