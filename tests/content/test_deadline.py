from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from content_api.content.askable import FIELDS
from content_api.content.deadline import OutOfTime, Within, look
from content_api.content.edges import SYMPTOMS, edges
from content_api.content.fields import EntityKind
from content_api.content.load import load
from content_api.content.select import Direction, OrderField, select
from content_api.content.selections import Selections
from content_api.content.view import Shown, view_of
from content_api.errors import RequestError
from content_api.graph.connections import Page, cut
from content_api.graph.search import search
from tests import generator
from tests.graph.asking import world_edition
from tests.world.snapshot import MemorySnapshot

VIEW = view_of(world_edition())


def test_without_a_deadline_there_is_time_for_everything():
    look()


def test_what_is_done_in_time_is_left_as_it_is():
    with Within(5):
        look()
        assert [shown.entity.id for shown in select(VIEW, EntityKind.CONDITION)] == ["moon-hiccups", "star-sneezes"]


def test_the_refusal_says_how_much_time_there_was():
    with pytest.raises(RequestError) as refused, Within(-0.001):
        look()
    assert refused.value.code == "TOOK_TOO_LONG"
    assert str(refused.value) == "The operation was not answered within -0.001 seconds."
    assert refused.value.hint == "Ask for less, or in several requests."


def test_a_field_cannot_fail_by_itself_when_there_is_no_time_left():
    assert not issubclass(OutOfTime, Exception)


def test_a_deadline_ends_with_its_block_however_that_ends():
    with Within(-1):
        pass
    look()
    with pytest.raises(KeyError), Within(-1):
        raise KeyError
    look()


def test_a_filter_that_is_left_leaves_what_it_read_and_no_answer(monkeypatch):
    """What it has found out of each entity is right; what it would have chosen, nobody gets."""
    view = view_of(load(MemorySnapshot(generator.generate(conditions=300))))
    symptoms = FIELDS[EntityKind.CONDITION]["symptoms"]
    slowly = replace(symptoms, read=lambda shown: time.sleep(0.0005) or symptoms.read(shown))
    monkeypatch.setitem(FIELDS[EntityKind.CONDITION], "symptoms", slowly)
    asked = {"symptoms": {"some": {"frequency": {"eq": "COMMON"}}}}
    with pytest.raises(RequestError), Within(0.02):
        select(view, EntityKind.CONDITION, asked)
    assert 0 < len(view.edition.memo[view, slowly]) <= 42, "it is left within an entity"
    assert Selections.of(view.edition).held == 0
    expected = [shown for shown in view.all(EntityKind.CONDITION) if "COMMON" in frequencies(shown)]
    assert list(select(view, EntityKind.CONDITION, asked)) == expected


def frequencies(shown: Shown) -> list[str]:
    return [edge.data.frequency for edge in edges(shown, SYMPTOMS)]


STEPS: dict[str, Callable[[], object]] = {
    "a filter that was asked before": lambda: select(VIEW, EntityKind.CONDITION, {"name": {"contains": "a"}}),
    "an order": lambda: select(VIEW, EntityKind.CONDITION, order=[(OrderField.NAME, Direction.DESC)]),
    "a page": lambda: cut(Page(first=1), VIEW.all(EntityKind.CONDITION), "v"),
    "a search": lambda: search(VIEW, "moon", None, Page()),
}


@pytest.mark.parametrize("step", STEPS)
def test_what_can_take_long_looks_at_the_clock(step):
    STEPS[step]()
    with pytest.raises(RequestError) as refused, Within(-1):
        STEPS[step]()
    assert refused.value.code == "TOOK_TOO_LONG"
