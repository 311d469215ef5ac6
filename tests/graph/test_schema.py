"""What holds of the whole schema, whatever is in it."""

from __future__ import annotations

import builtins
import json
import keyword
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    is_specified_scalar_type,
    validate_schema,
)
from strawberry.utils.str_converters import to_camel_case

from content_api.content import askable, select
from content_api.content.fields import Described, EntityKind
from content_api.content.view import view_of
from content_api.graph.enums import ENUMS
from content_api.graph.schema import possible_types, sdl
from tests.graph.asking import SCHEMA, world_edition

TYPES = {name: kind for name, kind in SCHEMA.type_map.items() if not is_introspection_type(kind)}
OBJECTS = {name: kind for name, kind in TYPES.items() if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)}
INPUTS = {name: kind for name, kind in TYPES.items() if isinstance(kind, GraphQLInputObjectType)}


def described() -> Iterator[tuple[str, str | None]]:
    """(coordinate, description) of all that a frontend developer can look up."""
    for name, kind in TYPES.items():
        if not is_specified_scalar_type(kind):
            yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", found.description) for value, found in kind.values.items())
        for field, found in getattr(kind, "fields", {}).items():
            yield f"{name}.{field}", found.description
            for argument, given in getattr(found, "args", {}).items():
                yield f"{name}.{field}({argument}:)", given.description


def says_little(coordinate: str, description: str | None) -> bool:
    words = (description or "").rstrip(".").split()
    own = "".join(words).lower().removeprefix("the").removeprefix("its")
    name = coordinate.rstrip(":)").replace("(", ".").rpartition(".")[2].lower().replace("_", "")
    return len(words) < 3 or own == name or not (description or "").endswith(".")


def test_everything_is_described_in_more_than_its_own_name():
    assert {coordinate: text for coordinate, text in described() if says_little(coordinate, text)} == {}


STANDS_WHERE_THERE_IS_ONE = "content may not have it, and says so by leaving it out"
NULLABLE = {
    "Amount.value": "the source names only a unit",
    "Audience.minAgeYears": "most content has no limit of age",
    "Audience.note": STANDS_WHERE_THERE_IS_ONE,
    "CareAdvice.contact": "not every country has a number that anybody looked up",
    "*.attributedTo": "most statements are nobody's claim but ours",
    "Cause.sameAsCondition": "most causes are no illness in their own right",
    "CauseExample.condition": "the illness may not be in this content",
    "SameAsCondition.condition": "the illness may not be in this content",
    "Caution.trigger": "some cautions always hold",
    "Citation.locator": STANDS_WHERE_THERE_IS_ONE,
    "Licence.url": "there may be no licence yet",
    "Publisher.url": STANDS_WHERE_THERE_IS_ONE,
    "Person.profile": STANDS_WHERE_THERE_IS_ONE,
    "PageInfo.startCursor": "an empty page has no item",
    "PageInfo.endCursor": "an empty page has no item",
    "Plan.route": STANDS_WHERE_THERE_IS_ONE,
    "Plan.setting": STANDS_WHERE_THERE_IS_ONE,
    "Plan.sessions": STANDS_WHERE_THERE_IS_ONE,
    "Plan.sessionLength": STANDS_WHERE_THERE_IS_ONE,
    "Plan.tradeOff": STANDS_WHERE_THERE_IS_ONE,
    "Review.lastReviewedOn": "there was no review",
    "Review.nextReviewDueOn": "there was no review",
    "Source.doi": "not every source has one",
    "Source.note": STANDS_WHERE_THERE_IS_ONE,
    "Source.pmcId": "not every source has one",
    "Source.published": "not every source says when",
    "Source.publisher": "not every source says who",
    "Source.pubmedId": "not every source has one",
    "Source.url": "not every source has one",
    "Symptom.nerveFunction": "it does not apply to every symptom",
    "Symptom.partOf": "most symptoms belong to no group",
    "Symptom.timing": "the sources may not say",
    "Text.channel": "the summary, which is of no channel, may stand in",
    "Treatment.duration": "the sources may not say",
    "Treatment.onset": "the sources may not say",
    "Treatment.partOfCombinedPlan": "the sources may not say",
    "Treatment.plan": "the sources may not say",
    "VagueRange.high": "the source may give one end only",
    "VagueRange.low": "the source may give one end only",
    "Change.entity": "it may be gone",
    "Change.previousKey": "most changes are no renaming",
    "Change.reason": "most changes take nothing back",
    "FieldChange.after": "the field may be gone",
    "FieldChange.before": "the field may be new",
    "Query.version": "the name may be no version's",
    "Version.changed": "what came by a merge is no version of the branch, and a history may be cut",
    "Version.refused": "to know it, all versions would have to be loaded",
    "Version.author": "a folder has none, and a commit may not say",
    "Version.committedAt": "a folder has none, and a commit may not say",
    "Version.message": "a folder has none",
    "Verification.on": "no coder has confirmed the code",
    "*.condition": "nothing may have that slug or key",
    "*.symptom": "nothing may have that slug or key",
    "*.cause": "nothing may have that slug or key",
    "*.treatment": "nothing may have that slug or key",
    "*.caution": "nothing may have that slug or key",
    "Recall.replacement": "nothing need stand in for what is recalled",
    "Replacement.entity": "the entity may have been withdrawn since",
    "Query.node": "the entity may be gone",
    "Query.nodes[]": "the entity may be gone",
}
SHARED = {
    "*.attributedTo": (
        *("Section", "Statement", "Timing", "CareAdvice", "Mechanism", "CauseExample", "SameAsCondition"),
        *("VagueRange", "Regulatory"),
    ),
    **{f"*.{kind}": ("Query", "Content") for kind in EntityKind},
    "*.updatedAt": ("Entity", *(kind.capitalize() for kind in EntityKind)),
}


def nullables(name: str, kind: Any) -> Iterator[str]:
    """`name` where a value of this type may be null, `name[]` where the members of a list may."""
    if not is_non_null_type(kind):
        yield name
    inner = getattr(kind, "of_type", None) if is_non_null_type(kind) else kind
    if is_list_type(inner):
        yield from nullables(f"{name}[]", inner.of_type)


def test_nothing_is_null_without_a_reason():
    found = {
        coordinate
        for name, kind in OBJECTS.items()
        for field, definition in kind.fields.items()
        for coordinate in nullables(f"{name}.{field}", definition.type)
    }
    expected = {coordinate for coordinate in NULLABLE if not coordinate.startswith("*")}
    expected |= {name + shared[1:] for shared, names in SHARED.items() for name in names}
    assert found == expected


def test_arguments_are_not_called_what_clients_would_have_to_rename():
    arguments = {argument for kind in OBJECTS.values() for field in kind.fields.values() for argument in field.args}
    taken = {name for name in arguments if keyword.iskeyword(name) or hasattr(builtins, name)}
    assert taken == {"id", "from"}, "`id` is Relay's name for it, and no other word says `from`"
    assert {"where", "orderBy"} <= arguments
    assert not arguments & {"filter", "order", "sort", "type", "input", "format"}


@pytest.mark.parametrize("kind", EntityKind)
def test_every_list_takes_the_same_arguments(kind):
    field = SCHEMA.query_type.fields[f"{kind}s"]
    name = kind.capitalize()
    order = "CautionOrder" if kind is EntityKind.CAUTION else "EntityOrder"
    assert {argument: str(given.type) for argument, given in field.args.items()} == {
        "where": f"{name}Filter",
        "orderBy": f"[{order}!]",
        "first": "Int",
        "after": "String",
        "last": "Int",
        "before": "String",
    }
    assert str(field.type) == f"{name}Connection!"


def test_the_root_answers_all_that_a_scope_answers():
    query, content = (SCHEMA.type_map[name].fields for name in ("Query", "Content"))
    assert {name: str(content[name].type) for name in content} == {name: str(query[name].type) for name in content}
    assert set(query) - set(content) == {"content", "node", "nodes", "recalls", "changes", "version", "versions"}


def test_there_is_no_scalar_that_each_client_would_have_to_map_but_three():
    scalars = {name for name, kind in TYPES.items() if is_scalar_type(kind) and not is_specified_scalar_type(kind)}
    assert scalars <= {"Locale", "Date", "DateTime"}


def test_every_enum_of_content_says_the_same_in_the_schema():
    content = {name: (enum, description) for enum, name, description in ENUMS}
    for kind in TYPES.values():
        if isinstance(kind, GraphQLEnumType):
            enum, description = content[kind.name]
            assert kind.description == description
            assert {value: found.description for value, found in kind.values.items()} == {
                member.name: member.description for member in enum
            }


def test_the_exported_schema_is_valid_sorted_and_says_the_same_again():
    text = sdl(SCHEMA)
    again = build_schema(text)
    assert validate_schema(again) == []
    assert sdl(again) == text
    assert list(again.type_map["Condition"].fields) == sorted(again.type_map["Condition"].fields)


def test_possible_types_are_the_five_kinds_of_both_interfaces():
    kinds = ["Cause", "Caution", "Condition", "Symptom", "Treatment"]
    assert json.loads(possible_types(SCHEMA)) == {"Entity": kinds, "Node": kinds}


def shape(kind: Any) -> str:
    """What two fields of one name must have in common: lists, nulls, and the type itself where it is a leaf."""
    return str(kind).replace(
        get_named_type(kind).name, get_named_type(kind).name if is_leaf_type(get_named_type(kind)) else "…"
    )


def test_fragments_on_different_kinds_can_ask_for_the_same_names():
    """GraphQL refuses two fields of one name in one place whose types differ, even in fragments on different types."""
    shapes: dict[str, set[str]] = {}
    for kind in EntityKind:
        for name, field in OBJECTS[kind.capitalize()].fields.items():
            shapes.setdefault(name, set()).add(shape(field.type))
    conflicts = {name for name, found in shapes.items() if len(found) > 1}
    assert conflicts == {"kind"}, "each kind of entity has kinds of its own, and needs an alias beside another's"


# --- Filters ---------------------------------------------------------------------------------------------------------

ENUM_NAMES = {enum: name for enum, name, _ in ENUMS}


def filter_name(table: str) -> str:
    return "".join(part.capitalize() for part in table.split("_")) + "Filter"


def things(table: str) -> list[Any]:
    """Everything of the world that a table's fields can be asked of."""
    view = view_of(world_edition())
    if table in list(EntityKind):
        return list(view.all(EntityKind(table)))
    return [
        element
        for kind in EntityKind
        for field in askable.FIELDS[kind].values()
        if isinstance(field, askable.Elements) and field.table == table
        for shown in view.all(kind)
        for element in field.read(shown)
    ]


def values_of(field: askable.One | askable.Values) -> Iterator[Any]:
    """The values that the world has in a field, in whichever tables it stands."""
    for table, fields in askable.FIELDS.items():
        if any(field is other for other in fields.values()):
            for thing in things(table):
                yield from [field.read(thing)] if isinstance(field, askable.One) else field.read(thing)


def expected_filter(field: askable.Field) -> str:
    """The input type for a field: by its table, or by the type of the values that the world has there."""
    match field:
        case askable.Target():
            return filter_name(field.table)
        case askable.Elements():
            return filter_name(field.table).removesuffix("Filter") + "ListFilter"
    [kind] = {type(value) for value in values_of(field)}
    if issubclass(kind, Described):
        return f"{ENUM_NAMES[kind]}EnumFilter"
    return {str: "StringFilter", bool: "BooleanFilter"}[kind]


@pytest.mark.parametrize("table", askable.FIELDS)
def test_what_can_be_asked_in_the_schema_is_what_select_answers(table):
    expected = {to_camel_case(name): expected_filter(field) for name, field in askable.FIELDS[table].items()}
    name = filter_name(table)
    if table in list(EntityKind):
        expected |= {"and": f"[{name}!]", "or": f"[{name}!]", "not": name}
    assert {field: str(found.type) for field, found in INPUTS[name].fields.items()} == expected


def test_operators_in_the_schema_are_those_of_select():
    operators = {to_camel_case(name) for name in select.OPERATORS}
    assert set(INPUTS["StringFilter"].fields) == operators
    for name, kind in INPUTS.items():
        if name.endswith("EnumFilter"):
            assert set(kind.fields) == operators - {"contains", "startsWith"}
        if name.endswith("ListFilter"):
            assert set(kind.fields) == set(select.QUANTIFIERS)
    assert set(INPUTS["BooleanFilter"].fields) == {"eq", "exists"}


def test_there_is_no_filter_that_select_does_not_answer():
    filters = {name for name in INPUTS if name.endswith("Filter") and not name.endswith(("EnumFilter", "ListFilter"))}
    assert filters == {filter_name(table) for table in askable.FIELDS} | {"StringFilter", "BooleanFilter"}


def test_every_order_can_be_asked_for():
    assert set(TYPES["EntityOrderField"].values) < set(TYPES["CautionOrderField"].values) == set(select.ORDERS)
