"""Entities keep two classes, the file's model and the GraphQL type. These tests hold them together."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from graphql import is_non_null_type
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from content_api.content import fields, models
from content_api.graph import entities, site, values
from tests.graph.asking import SCHEMA

# Content class -> the GraphQL type that shows it.
SHOWN: dict[type, str] = {
    models.Condition: "Condition",
    models.ConditionSymptom: "ConditionSymptom",
    models.ConditionCause: "ConditionCause",
    models.ConditionTreatment: "ConditionTreatment",
    models.RelatedCondition: "RelatedCondition",
    models.Symptom: "Symptom",
    models.Timing: "Timing",
    models.CareAdvice: "CareAdvice",
    models.Cause: "Cause",
    models.CauseExample: "CauseExample",
    models.Mechanism: "Mechanism",
    models.SameAsCondition: "SameAsCondition",
    models.Treatment: "Treatment",
    models.Amount: "Amount",
    models.VagueRange: "VagueRange",
    models.Plan: "Plan",
    models.Regulatory: "Regulatory",
    models.Evidence: "Evidence",
    models.Caution: "Caution",
    models.Source: "Source",
    models.Person: "Person",
    models.Publisher: "Publisher",
    models.Licence: "Licence",
    models.Site: "Site",
    models.SiteLocale: "SiteLocale",
    models.SiteChannel: "SiteChannel",
    models.Recall: "Recall",
    fields.EntityText: "Entity",
    fields.AlternateName: "AlternateName",
    fields.Section: "Section",
    fields.Statement: "Statement",
    fields.Audience: "Audience",
    fields.Coding: "Coding",
    fields.Verification: "Verification",
    fields.Citation: "Citation",
    fields.Review: "Review",
}

KEPT_INSIDE: dict[type, str] = {
    models.EntityFields: "the base of the five kinds, which stand above",
    models.EntityTranslation: "laid over its entity when it is read",
    models.Redirect: "followed, never shown",
    models.Redirects: "followed, never shown",
    models.Recalls: "the file of the recalls, which are shown one by one",
    fields.Translation: "drafts are never served, and staleness is for editors",
    fields.SectionChannels: "the channel asked for decides which text is `Section.text`",
    fields.Body: "given in all three forms by `Text`",
}

SCHEMA_LINE = "for the editor's tool"
FACTS = "the editors' facts, for the tests of content"
INTERNAL: dict[str, str] = {
    "*.schema_": SCHEMA_LINE,
    "*.statements": FACTS,
    "*.withdrawn_reason": "what is withdrawn is not served",
    "EntityText.translation": "drafts are never served, and staleness is for editors",
    "Person.id": "a reviewer is shown, not looked up",
    "Site.model_version": "a matter between the content and the server",
}

# Fields that go by another name in the schema.
RENAMED: dict[str, str] = {
    "*.id": "key",
    "*.text": "text",
    "Condition.text": "name",
    "Symptom.text": "name",
    "Cause.text": "name",
    "Treatment.text": "name",
    "Caution.text": "name",
    "Section.channels": "text",
    "VagueRange.citation": "source",
    "Regulatory.citation": "source",
    "Evidence.citation": "source",
}


def content_classes() -> set[type]:
    return {
        found
        for module in (fields, models)
        for found in vars(module).values()
        if isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__ == module.__name__
    }


def looked_up(table: dict[str, str], content: type, field: str) -> str | None:
    return table.get(f"{content.__name__}.{field}") or table.get(f"*.{field}")


def test_every_class_of_content_is_shown_or_kept_inside_for_a_reason():
    assert content_classes() == SHOWN.keys() | KEPT_INSIDE.keys()
    assert not SHOWN.keys() & KEPT_INSIDE.keys()


@pytest.mark.parametrize("content", SHOWN, ids=lambda content: content.__name__)
def test_every_field_of_content_can_be_reached_or_is_internal_for_a_reason(content):
    shown = SCHEMA.type_map[SHOWN[content]].fields
    missing = {
        field.name
        for field in dataclasses.fields(content)
        if looked_up(INTERNAL, content, field.name) is None
        and (looked_up(RENAMED, content, field.name) or to_camel_case(field.name)) not in shown
    }
    assert not missing


def test_the_lists_of_exceptions_name_nothing_that_is_not_there():
    names = {content.__name__: {field.name for field in dataclasses.fields(content)} for content in content_classes()}
    every = set().union(*names.values())
    for coordinate in (*INTERNAL, *RENAMED):
        content, _, field = coordinate.partition(".")
        assert field in (every if content == "*" else names[content]), coordinate


# --- Types that are filled attribute by attribute --------------------------------------------------------------------


def filled() -> dict[str, Any]:
    """Name -> Strawberry type of those of whose fields none has a resolver, so that graphql-core reads attributes."""
    found = {}
    for module in (entities, values, site):
        for name, kind in vars(module).items():
            definition = get_object_definition(kind) if isinstance(kind, type) else None
            if definition and not any(field.base_resolver for field in definition.fields):
                found[name] = definition
    return found


CONTENT = {name: content for content, name in SHOWN.items()}
MADE_BY_HAND = {"SiteLocale", "SiteChannel"}  # their resolvers put them together


def test_the_types_that_are_filled_by_attribute_are_these():
    assert set(filled()) - MADE_BY_HAND == {
        *("AlternateName", "Coding", "Verification", "Person", "Amount", "Publisher", "Licence")
    }


def may_be_none(annotation: Any) -> bool:
    if get_origin(annotation) is typing.Annotated:
        return may_be_none(get_args(annotation)[0])
    return get_origin(annotation) in (types.UnionType, typing.Union) and type(None) in get_args(annotation)


@pytest.mark.parametrize("name", sorted(set(filled()) - MADE_BY_HAND))
def test_a_type_filled_by_attribute_has_the_attributes_of_the_content_and_their_nullability(name):
    annotations = get_type_hints(CONTENT[name], include_extras=True)
    for field in filled()[name].fields:
        assert field.python_name in annotations, f"{CONTENT[name].__name__} has no `{field.python_name}`"
        shown = SCHEMA.type_map[name].fields[to_camel_case(field.python_name)].type
        assert is_non_null_type(shown) is not may_be_none(annotations[field.python_name]), field.python_name


@pytest.mark.parametrize("content", SHOWN, ids=lambda content: content.__name__)
def test_what_content_requires_is_not_null_in_the_schema(content):
    annotations = get_type_hints(content, include_extras=True)
    shown = SCHEMA.type_map[SHOWN[content]].fields
    for field in dataclasses.fields(content):
        name = looked_up(RENAMED, content, field.name) or to_camel_case(field.name)
        if looked_up(INTERNAL, content, field.name) is None:
            assert is_non_null_type(shown[name].type) is not may_be_none(annotations[field.name]), field.name
