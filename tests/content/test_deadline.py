from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from content_api.content.deadline import BATCH, OutOfTime, Within, chosen, look
from content_api.content.fields import EntityKind
from content_api.content.select import Direction, OrderField, select
from content_api.content.view import view_of
from content_api.errors import RequestError
from content_api.graph.connections import Page, cut
from content_api.graph.search import search
from tests.graph.asking import world_edition

VIEW = view_of(world_edition())


def test_without_a_deadline_there_is_time_for_everything():
    look()
    assert chosen(range(1_000), lambda number: number % 2 == 0) == list(range(0, 1_000, 2))


def test_what_is_done_in_time_is_left_as_it_is():
    with Within(5):
        look()
        assert chosen(range(10), lambda number: number > 7) == [8, 9]


def test_the_refusal_says_how_much_time_there_was():
    with pytest.raises(RequestError) as refused, Within(0.001):
        chosen([1], lambda _: time.sleep(0.002) or look() is None)
    assert refused.value.code == "TOOK_TOO_LONG"
    assert str(refused.value) == "The operation was not answered within 0.001 seconds."
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


def test_a_filter_is_left_within_a_batch():
    asked: list[int] = []

    def slow(number: int) -> bool:
        asked.append(number)
        time.sleep(0.0001)
        return True

    with pytest.raises(RequestError), Within(0.005):
        chosen(range(100_000), slow)
    assert 0 < len(asked) <= 2 * BATCH


STEPS: dict[str, Callable[[], object]] = {
    "a filter": lambda: select(VIEW, EntityKind.CONDITION, {"name": {"contains": "a"}}),
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
