"""Filters and orders: the same as the naive ones, whatever is asked, and quick."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.content import askable
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.load import load
from content_api.content.select import CautionOrderField, Direction, OrderField, select
from content_api.content.view import View, view_of
from tests import generator, world
from tests.content.criteria import Asking, operands
from tests.content.naive import Library
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


@cache
def generated_files() -> dict[str, bytes]:
    """Sixty entities, some of which share a name but for accents and case, and some of which are recalled."""
    files = generator.generate(60, seed=3)
    paths = [path for path in files if path.startswith(tuple(kind.folder for kind in EntityKind))]
    recall = {"reason": {"en": "Not so."}, "since": "2026-11-20T10:00:00Z"}
    free = [path for path in paths[5::9] if not path.startswith(CAUTION.folder)]  # cautions are required by others
    recalled = [f"{path.partition('s/')[0]}/{path.partition('/')[2].removesuffix('.json')}" for path in free]
    names = ("Idle foot glow", "idle fôot glow", "IDLE FOOT GLÖW", "Ankle ache")
    changes: dict[str, world.Edit] = {
        path: {"/text/en/name": names[index % 4]} for index, path in enumerate(paths) if index % 3
    }
    return world.edited(changes | {"recalls.json": {"/recalls": [{"id": key, **recall} for key in recalled]}}, files)


@cache
def generated_edition() -> Edition:
    return load(MemorySnapshot(generated_files()))


@cache
def library(source: str) -> tuple[View, Library]:
    """A view, and the same the long way."""
    if source == "generated":
        return view_of(generated_edition()), Library(generated_files(), ["en"])
    view = view_of(world_edition(), source)
    return view, Library(world.files(), view.locales)


SOURCES = ("generated", "en", "de-AT")
KNOWN = {
    place: [*values, *operands(generated_edition()).get(place, ())]
    for place, values in operands(world_edition()).items()
}
ASKING = Asking(KNOWN)
ORDERS = st.lists(st.tuples(st.sampled_from(OrderField), st.sampled_from(Direction)), max_size=4)
CAUTION_ORDERS = st.lists(st.tuples(st.sampled_from(CautionOrderField), st.sampled_from(Direction)), max_size=4)


def ids(view: View, kind: EntityKind, asked: Mapping[str, Any], order: Any = ()) -> list[str]:
    return [shown.entity.id for shown in select(view, kind, asked, order)]


@pytest.mark.parametrize("kind", EntityKind)
@settings(max_examples=100)
@given(st.data(), st.sampled_from(SOURCES))
def test_every_filter_equals_the_naive_one(kind, data, source):
    asked = data.draw(ASKING.criteria(kind))
    view, naive = library(source)
    assert ids(view, kind, asked) == naive.select(kind, asked, ())


@pytest.mark.parametrize("kind", EntityKind)
@settings(max_examples=40)
@given(st.data(), st.sampled_from(SOURCES))
def test_every_order_equals_the_naive_one(kind, data, source):
    order = data.draw(CAUTION_ORDERS if kind is CAUTION else ORDERS)
    view, naive = library(source)
    assert ids(view, kind, {}, order) == naive.select(kind, {}, [(by.value, way.value) for by, way in order])


@pytest.mark.parametrize("kind", EntityKind)
@settings(max_examples=25)
@given(st.data(), st.sampled_from(SOURCES))
def test_a_filter_and_its_negation_share_out_everything(kind, data, source):
    asked = data.draw(ASKING.criteria(kind, depth=2))
    view, _ = library(source)
    these, others = ids(view, kind, asked), ids(view, kind, {"not": asked})
    assert sorted(these + others) == sorted(shown.entity.id for shown in view.all(kind))
    assert ids(view, kind, {"or": [asked, {"not": asked}]}) == ids(view, kind, {})


def test_the_strategies_ask_for_every_field_and_operator():
    """The property above is worth what it draws: every value field has operands that are really there."""
    fields = {
        (table, name)
        for table, found in askable.FIELDS.items()
        for name, field in found.items()
        if isinstance(field, askable.One | askable.Values)
    }
    assert set(KNOWN) == fields
    empty = {place for place, values in KNOWN.items() if not values}
    assert empty == set()


# --- Examples, for a reader ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        (CONDITION, {}, ["moon-hiccups", "star-sneezes"]),
        (CONDITION, {"name": {"contains": "HÍCCUPS"}}, ["moon-hiccups"]),
        (CONDITION, {"name": {"starts_with": "moon"}, "kind": {"ne": "DISEASE"}}, []),
        (CONDITION, {"name": {"eq": "moon hiccups"}}, []),
        (CONDITION, {"alternate_name": {"in": ["MH", "nothing"]}}, ["moon-hiccups"]),
        (CONDITION, {"alternate_name": {"ne": "MH"}}, ["star-sneezes"]),
        (CONDITION, {"jurisdiction": {"not_in": ["GB"]}}, ["moon-hiccups"]),
        (CONDITION, {"aspect": {"eq": "SEE_DOCTOR"}}, ["moon-hiccups"]),
        (CONDITION, {"codings": {"some": {"system": {"eq": "ICD_10"}, "match": {"eq": "BROADER"}}}}, []),
        (CONDITION, {"symptoms": {"every": {"frequency": {"eq": "NOT_STATED"}}}}, ["star-sneezes"]),
        (CONDITION, {"causes": {"every": {"certainty": {"eq": "CAN_CAUSE"}}}}, ["star-sneezes"]),
        (CONDITION, {"causes": {"none": {}}}, ["star-sneezes"]),
        (CONDITION, {"required_cautions": {"some": {"severity": {"eq": "CRITICAL"}}}}, ["moon-hiccups"]),
        (CONDITION, {"or": []}, []),
        (CONDITION, {"and": []}, ["moon-hiccups", "star-sneezes"]),
        (CONDITION, {"not": {}}, []),
        (SYMPTOM, {"nerve_function": {"exists": False}}, ["left-ear-glow"]),
        (SYMPTOM, {"nerve_function": {"ne": "MOTOR"}}, ["left-ear-glow", "glowing-ears"]),
        (SYMPTOM, {"parts": {"some": {"kind": {"eq": "SIGN"}}}}, ["glowing-ears"]),
        (CAUSE, {"codings": {"some": {"code": {"starts_with": "testdust"}}}}, ["late-comets"]),
        (TREATMENT, {"review_status": {"eq": "CLINICALLY_REVIEWED"}}, ["quiet-tea"]),
        (TREATMENT, {"part_of_combined_plan": {"eq": True}}, ["warm-socks"]),
        (TREATMENT, {"alternatives": {"some": {"key": {"eq": "warm-socks"}}}}, ["quiet-tea"]),
        (CAUTION, {"must_display": {"eq": False}}, ["ask-first"]),
    ],
)
def test_a_filter_finds(kind, asked, found):
    assert ids(view_of(world_edition()), kind, asked) == found


def test_a_filter_looks_at_the_locale_served():
    german = view_of(world_edition(), "de")
    assert ids(german, CONDITION, {"name": {"contains": "schluckauf"}}) == ["moon-hiccups"]
    assert ids(german, CONDITION, {"name": {"contains": "hiccups"}}) == []
    assert ids(german, CONDITION, {"name": {"contains": "star"}}) == ["star-sneezes"]
    assert ids(german, CONDITION, {"name": {"contains": "sternenniesen"}}) == []


@pytest.mark.parametrize(("direction", "first"), [(Direction.ASC, "CRITICAL"), (Direction.DESC, "INFO")])
def test_ties_keep_the_usual_order_in_either_direction(direction, first):
    view = view_of(generated_edition())
    found = select(view, CAUTION, None, [(CautionOrderField.SEVERITY, direction)])
    assert found[0].entity.severity == first
    for severity in ("CRITICAL", "WARNING", "INFO"):
        usual = [shown for shown in view.all(CAUTION) if shown.entity.severity == severity]
        assert [shown for shown in found if shown.entity.severity == severity] == usual
        assert len(usual) > 1


def test_a_field_that_is_ordered_by_twice_counts_the_first_time():
    view = view_of(world_edition())
    once = [(OrderField.KEY, Direction.DESC)]
    assert ids(view, CONDITION, {}, [*once, (OrderField.KEY, Direction.ASC)]) == ids(view, CONDITION, {}, once)


# --- Time ------------------------------------------------------------------------------------------------------------


def ring(length: int) -> dict[str, bytes]:
    """Treatments that are all alternatives of one another."""
    files = generator.generate(conditions=1, symptoms=1, causes=1, treatments=length, cautions=1)
    paths = [path for path in files if path.startswith("treatments/")]
    names = {path: path.partition("/")[2].removesuffix(".json") for path in paths}
    return world.edited(
        {path: {"/alternatives": [name for other, name in names.items() if other != path]} for path in paths}, files
    )


def test_a_deep_filter_among_entities_that_know_one_another_ends():
    view = view_of(load(MemorySnapshot(ring(8))))
    asked: dict[str, Any] = {"name": {"eq": "nothing"}}
    for _ in range(8):
        asked = {"alternatives": {"some": asked}}
    started = time.process_time()
    assert ids(view, TREATMENT, asked) == []
    assert time.process_time() - started < 1, "it walks the same ways again and again: 7 ** 8 of them"
