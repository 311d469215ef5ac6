"""What was selected is kept, within a bound, for whoever asks for the same, and for nobody else."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from content_api.content import select as selecting
from content_api.content.fields import Channel, EntityKind
from content_api.content.load import load
from content_api.content.models import Recall, Severity
from content_api.content.noted import Noted, noting
from content_api.content.recalled import recalled_as
from content_api.content.select import CautionOrderField, Direction, OrderField, select
from content_api.content.selections import Asked, Selection, Selections, size_of
from content_api.content.view import View, view_of
from content_api.publish.making import retire
from tests import generator, world
from tests.content.criteria import Asking, operands
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind
HICCUPS: Mapping[str, Any] = {"name": {"contains": "hiccups"}}
BY_NAME = [(OrderField.NAME, Direction.DESC)]


@pytest.fixture
def view() -> View:
    return view_of(load(MemorySnapshot(world.files())))


@pytest.fixture
def worked_out(monkeypatch) -> list[object]:
    """What was not found in memory."""
    asked: list[object] = []
    selected = selecting.selected

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return selected(*arguments)

    monkeypatch.setattr(selecting, "selected", counted)
    return asked


def test_the_same_filter_is_worked_out_once(view, worked_out):
    first = select(view, CONDITION, HICCUPS, BY_NAME)
    assert select(view, CONDITION, {"name": {"contains": "hiccups"}}, [*BY_NAME, *BY_NAME]) is first
    assert len(worked_out) == 1


def test_all_in_the_usual_order_are_the_list_of_the_view_and_no_copy(view):
    assert select(view, CONDITION) is view.all(CONDITION)
    assert select(view, CONDITION, {}) is view.all(CONDITION)


def test_everything_that_a_selection_depends_on_tells_it_from_others(view, worked_out):
    edition = view.edition
    asked: list[tuple[Any, ...]] = [
        (view, CONDITION, HICCUPS),
        (view_of(edition, "de"), CONDITION, HICCUPS),
        (view_of(edition, channel=Channel.CHATBOT), CONDITION, HICCUPS),
        (view_of(edition, drafts=True), CONDITION, HICCUPS),
        (view, SYMPTOM, HICCUPS),
        (view, CONDITION, {"name": {"starts_with": "hiccups"}}),
        (view, CONDITION, HICCUPS, BY_NAME),
        (view, CONDITION, HICCUPS, [(OrderField.NAME, Direction.ASC)]),
        (view, CONDITION, HICCUPS, [(OrderField.KEY, Direction.DESC)]),
        (view, CONDITION, HICCUPS, [*BY_NAME, (OrderField.KEY, Direction.DESC)]),
        (view, CAUTION, {"must_display": {"eq": True}}),
        (view, CAUTION, {"must_display": {"eq": 1}}),
        (view, CAUTION, {"severity": {"eq": Severity.CRITICAL}}),
        (view, CAUTION, {"severity": {"eq": "CRITICAL"}}),
        (view, CAUTION, {"severity": {"eq": "Severity.CRITICAL"}}),
        (view, CAUTION, {"severity": {"in": ["CRITICAL", "INFO"]}}),
        (view, CAUTION, {"severity": {"in": ["CRITICAL, INFO"]}}),
        (view, CAUTION, {"severity": {"in": ["CRITICAL', 'INFO"]}}),
        (view, CAUTION, {"and": [{"severity": {"eq": "INFO"}}]}),
        (view, CAUTION, {"or": [{"severity": {"eq": "INFO"}}]}),
        (view, CAUTION, {}, [(CautionOrderField.NAME, Direction.ASC)]),
    ]
    for each in asked:
        select(*each)
    assert len(worked_out) == len(asked)


KNOWN = operands(world_edition())
CRITERIA = st.sampled_from(EntityKind).flatmap(Asking(KNOWN).criteria)


def exact(value: Any) -> Any:
    """A value that equals another only if their types do, all the way down."""
    if isinstance(value, dict):
        return [(name, exact(inner)) for name, inner in value.items()]
    return [exact(inner) for inner in value] if isinstance(value, list) else (type(value), value)


@given(CRITERIA, CRITERIA)
def test_what_tells_criteria_apart_is_exact(one, other):
    assert (repr(one) == repr(other)) == (exact(one) == exact(other))


def test_what_was_noted_is_noted_again_for_whoever_comes_later(worked_out):
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "Not so."}, "since": "2026-11-01T00:00:00Z"}
    view = view_of(load(MemorySnapshot(world.edited({"recalls.json": {"/recalls": [recall]}}))))
    select(view, TREATMENT, {"name": {"contains": "tea"}})  # nobody notes
    noted = []
    for _ in range(2):
        with noting() as found:
            assert select(view, TREATMENT, {"name": {"contains": "tea"}}) == ()
        noted.append(found)
    assert len(worked_out) == 1
    assert [list(each.recalled) for each in noted] == [[("treatment/quiet-tea",) * 2]] * 2
    assert noted[0].tags == noted[1].tags == {"treatment:list", "treatment:all", "treatment/quiet-tea", "recalls"}


def test_what_a_filter_walks_past_is_not_noted(view):
    asked = {"symptoms": {"some": {"symptom": {"name": {"contains": "e"}}}}}
    for _ in range(2):
        with noting() as noted:
            assert select(view, CONDITION, asked)
        assert noted.tags == {"condition:list", "condition:all", "symptom:all"}


def keep(selections: Selections, name: str, found: int) -> Asked:
    asked = Asked(view_of(world_edition()), CONDITION, name, ())
    selections.keep(asked, Selection(range(found), Noted()))  # type: ignore[arg-type]
    return asked


def test_what_was_asked_for_longest_ago_makes_room():
    one = size_of(Asked(view_of(world_edition()), CONDITION, "1", ()), Selection(range(100), Noted()))  # type: ignore[arg-type]
    selections = Selections(3 * one)
    first, second, third = (keep(selections, name, 100) for name in "123")
    assert selections.get(first)
    fourth = keep(selections, "4", 100)
    assert [bool(selections.get(each)) for each in (first, second, third, fourth)] == [True, False, True, True]
    selections.keep(fourth, Selection(range(100), Noted()))  # type: ignore[arg-type]  # as by one that paused meanwhile
    assert selections.held == 3 * one
    large = keep(selections, "5", 10_000)
    assert selections.get(large) is None
    assert selections.held == 0


def test_the_bound_is_kept_in_bytes_whatever_is_asked():
    """A thousand filters, of which some find nothing and some find two hundred."""
    view = view_of(load(MemorySnapshot(generator.generate(conditions=200))))
    selections = view.edition.memo[Selections] = Selections(300_000)
    select(view, CONDITION, {"name": {"contains": "x"}})  # the names are folded now
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1_000):
            select(view, CONDITION, {"name": {"contains": str(number)}})
            select(view, CONDITION, {"name": {"ne": str(number)}}, BY_NAME)
            assert selections.held <= 300_000
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 150_000 < used <= 300_000


def test_selections_go_with_their_edition():
    edition = load(MemorySnapshot(world.files()))
    select(view_of(edition), CONDITION, HICCUPS, BY_NAME)
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "No."}, "since": "2026-11-01T00:00:00Z"}
    under = recalled_as(edition, {"treatment/quiet-tea": TypeAdapter(Recall).validate_python(recall)})
    assert Selections not in under.memo
    gc.collect()
    gc.freeze()  # as a publication does: what is left in a circle now stays for ever
    try:
        gone = weakref.ref(Selections.of(edition))
        retire(edition)
        assert gone() is None
    finally:
        gc.unfreeze()
