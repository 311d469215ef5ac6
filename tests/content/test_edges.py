"""Edges from either end, on the world and on generated content."""

from __future__ import annotations

from functools import cache

import pytest

from content_api.content import edges
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.load import load
from content_api.content.view import Shown, View, view_of
from tests import generator, world
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind
KINDS = (edges.SYMPTOMS, edges.CAUSES, edges.TREATMENTS)


@cache
def generated_edition() -> Edition:
    return load(MemorySnapshot(generator.generate(200, seed=7)))


@cache
def recalled_edition() -> Edition:
    """Generated content of which a sixth is recalled."""
    files = generator.generate(200, seed=7)
    folders = tuple(kind.folder for kind in EntityKind if kind is not EntityKind.CAUTION)  # they are required
    paths = [path for path in files if path.startswith(folders)]
    keys = [f"{path.partition('s/')[0]}/{path.partition('/')[2].removesuffix('.json')}" for path in paths[::6]]
    recall = {"reason": {"en": "Not so."}, "since": "2026-11-20T10:00:00Z"}
    recalls = {"/recalls": [{"id": key, **recall} for key in keys]}
    return load(MemorySnapshot(world.edited({"recalls.json": recalls}, files)))


VIEWS = {
    "the world": lambda: view_of(world_edition()),
    "the world in German": lambda: view_of(world_edition(), "de"),
    "a preview of the world": lambda: view_of(world_edition(), drafts=True),
    "generated content": lambda: view_of(generated_edition()),
    "generated content with recalls": lambda: view_of(recalled_edition()),
}


@pytest.fixture(params=VIEWS)
def view(request) -> View:
    return VIEWS[request.param]()


def named(entities) -> list[str]:
    return [other.entity.id for other in entities]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.relation)
def test_an_edge_is_the_same_from_either_end(view, kind):
    there = {
        (condition.key, edge.other.key, id(edge.data))
        for condition in view.all(CONDITION)
        for edge in edges.edges(condition, kind)
    }
    back = {
        (edge.other.key, target.key, id(edge.data))
        for target in view.all(kind.to)
        for edge in edges.back_edges(target, kind)
    }
    assert there == back != set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.relation)
def test_edges_stand_in_the_order_of_the_file_and_lead_only_to_what_can_be_seen(view, kind):
    for condition in view.all(CONDITION):
        listed = [kind.target(item) for item in kind.items(condition.entity)]
        found = edges.edges(condition, kind)
        assert named(edge.other for edge in found) == [name for name in listed if view.show(f"{kind.to}/{name}")]
        assert [kind.target(edge.data) for edge in found] == named(edge.other for edge in found)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.relation)
def test_back_edges_stand_in_the_usual_order_of_conditions(view, kind):
    place = {condition: index for index, condition in enumerate(view.all(CONDITION))}
    for target in view.all(kind.to):
        places = [place[edge.other] for edge in edges.back_edges(target, kind)]
        assert places == sorted(places)


def test_related_conditions_are_related_the_other_way_round(view):
    found = {
        (condition.entity.id, related.other.entity.id): related.relation
        for condition in view.all(CONDITION)
        for related in edges.related_conditions(condition)
    }
    assert found
    for (one, other), relation in found.items():
        assert found[other, one] is edges.INVERSE[relation]


def test_related_conditions_stand_once_each_first_its_own_list_and_then_those_that_name_it():
    edition = load(
        MemorySnapshot(
            world.edited(
                {
                    "conditions/moon-hiccups.json": {"/relatedConditions": []},
                    "conditions/star-sneezes.json": {"/relatedConditions": []},
                    "conditions/cloud-yawns.json": {
                        "/relatedConditions": [
                            {"condition": "star-sneezes", "relation": "BROADER"},
                            {"condition": "moon-hiccups", "relation": "NARROWER"},
                        ]
                    },
                }
            )
        )
    )
    preview = view_of(edition, drafts=True)

    def related(key: str) -> list[tuple[str, str]]:
        return [(one.relation.value, one.other.entity.id) for one in edges.related_conditions(preview.show(key))]

    assert related("condition/cloud-yawns") == [("BROADER", "star-sneezes"), ("NARROWER", "moon-hiccups")]
    assert related("condition/star-sneezes") == [("NARROWER", "cloud-yawns")]
    assert related("condition/moon-hiccups") == [("BROADER", "cloud-yawns")]
    assert edges.related_conditions(view_of(edition).show("condition/star-sneezes")) == []


def test_parts_are_the_symptoms_that_say_so(view):
    parts = {(group.entity.id, part.entity.id) for group in view.all(SYMPTOM) for part in edges.parts(group)}
    expected = {
        (symptom.entity.part_of, symptom.entity.id)
        for symptom in view.all(SYMPTOM)
        if symptom.entity.part_of and view.show(f"symptom/{symptom.entity.part_of}")
    }
    assert parts == expected != set()


def test_alternatives_are_alternatives_of_each_other_once_each_and_never_of_themselves(view):
    pairs = []
    for treatment in view.all(TREATMENT):
        others = edges.alternatives(treatment)
        assert len(set(others)) == len(others)
        assert treatment not in others
        pairs += [(treatment.key, other.key) for other in others]
    assert set(pairs) == {(other, one) for one, other in pairs} != set()


def test_a_caution_applies_to_what_requires_it(view):
    applies = {(caution.key, one.key) for caution in view.all(CAUTION) for one in edges.applies_to(caution)}
    required = {
        (caution.key, shown.key)
        for kind in EntityKind
        for shown in view.all(kind)
        for caution in shown.required_cautions()
    }
    assert applies == required != set()


def test_what_a_caution_applies_to_stands_in_the_order_of_the_file():
    caution = view_of(world_edition()).show("caution/ask-first")
    assert isinstance(caution, Shown)
    assert named(edges.applies_to(caution)) == ["moon-hiccups", "star-sneezes", "warm-socks", "quiet-tea"]
