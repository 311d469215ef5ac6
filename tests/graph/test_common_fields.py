"""What all kinds of entities have in common: interfaces, edges that agree both ways, cautions and review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from graphql import GraphQLObjectType

from content_api.content.fields import EntityKind
from content_api.content.models import ConditionRelation
from tests.graph.asking import SCHEMA, ask, edition_with, world_edition


def test_an_interface_gives_what_all_have_and_fragments_what_one_has():
    [caution] = ask(
        """{ cautions(where: { key: { eq: "ask-first" } }) { nodes { appliesTo {
            __typename ... on Node { id } key name
            ... on Condition { symptoms { frequency } } ... on Treatment { role } ... on Cause { category }
        } } } }"""
    )["cautions"]["nodes"]
    kinds = [(entity["__typename"], entity["key"], sorted(entity)) for entity in caution["appliesTo"]]
    every = ["__typename", "id", "key", "name"]
    assert kinds == [
        ("Condition", "moon-hiccups", [*every, "symptoms"]),
        ("Condition", "star-sneezes", [*every, "symptoms"]),
        ("Treatment", "warm-socks", [*every, "role"]),
        ("Treatment", "quiet-tea", [*every, "role"]),
    ]


@pytest.mark.parametrize("kind", EntityKind)
def test_an_entity_has_all_that_the_interfaces_promise(kind):
    shown = SCHEMA.type_map[kind.capitalize()]
    assert isinstance(shown, GraphQLObjectType)
    assert [interface.name for interface in shown.interfaces] == ["Entity", "Node"]


@pytest.mark.parametrize(
    ("edges", "other", "data"),
    [
        ("symptoms", "symptom", "frequency"),
        ("causes", "cause", "certainty"),
        ("treatments", "treatment", "line"),
    ],
)
def test_edges_and_back_references_agree_both_ways(edges, other, data):
    answer = ask(
        f"""{{ conditions {{ nodes {{ key {edges} {{ {data} {other} {{ key }} }} }} }}
            {other}s {{ nodes {{ key conditions {{ {data} condition {{ key }} }} }} }} }}"""
    )
    there = {
        (node["key"], edge[other]["key"], edge[data]) for node in answer["conditions"]["nodes"] for edge in node[edges]
    }
    back = {
        (edge["condition"]["key"], node["key"], edge[data])
        for node in answer[f"{other}s"]["nodes"]
        for edge in node["conditions"]
    }
    assert there == back != set()


@pytest.mark.parametrize("relation", ConditionRelation)
def test_a_related_condition_is_related_the_other_way_round(relation):
    inverse = {"BROADER": "NARROWER", "NARROWER": "BROADER", "OVERLAPS": "OVERLAPS"}[relation]
    edition = edition_with(
        {
            "conditions/moon-hiccups.json": {"/relatedConditions": []},
            "conditions/star-sneezes.json": {"/relatedConditions/0/relation": relation.value},
        }
    )
    text = """query($key: String) { condition(key: $key) { relatedConditions { relation condition { key } } } }"""
    related = {key: ask(text, edition, key=key)["condition"] for key in ("moon-hiccups", "star-sneezes")}
    assert related["star-sneezes"]["relatedConditions"] == [
        {"relation": relation.value, "condition": {"key": "moon-hiccups"}}
    ]
    assert related["moon-hiccups"]["relatedConditions"] == [{"relation": inverse, "condition": {"key": "star-sneezes"}}]


def test_required_cautions_come_the_gravest_first_whatever_the_file_says():
    edition = edition_with(
        {
            "conditions/moon-hiccups.json": {"/requiredCautions": ["all-made-up", "ask-first", "not-near-fire"]},
            "cautions/all-made-up.json": {"/appliesTo": ["condition/moon-hiccups"]},
        }
    )
    text = '{ condition(key: "moon-hiccups") { requiredCautions { key } } }'
    keys = [caution["key"] for caution in ask(text, edition)["condition"]["requiredCautions"]]
    assert keys == ["not-near-fire", "ask-first", "all-made-up"]
    field = SCHEMA.type_map["Entity"].fields["requiredCautions"]
    assert (str(field.type), field.args) == ("[Caution!]!", {})


@pytest.mark.parametrize(
    ("today", "overdue"), [(date(2026, 11, 22), False), (date(2027, 1, 15), False), (date(2027, 1, 16), True)]
)
def test_a_review_is_overdue_from_the_day_after_it_was_due(today, overdue):
    edition = replace(world_edition(), clock=lambda: today, memo={})
    text = """{ treatments { nodes { key review {
        status lastReviewedOn nextReviewDueOn isOverdue reviewers { name qualifications profile }
    } } } }"""
    tea, socks = (node["review"] for node in ask(text, edition)["treatments"]["nodes"])
    assert tea == {
        "status": "CLINICALLY_REVIEWED",
        "lastReviewedOn": "2026-01-15",
        "nextReviewDueOn": "2027-01-15",
        "isOverdue": overdue,
        "reviewers": [{"name": "Nobody in particular", "qualifications": "None: made up for tests", "profile": None}],
    }
    assert (socks["isOverdue"], socks["reviewers"]) == (False, [])
