"""What answers an operation once more that was answered."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from functools import partial

import pytest

from content_api.answers import live_in
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.noted import note_again, noting
from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation
from content_api.delivery.plans import SIGHTS
from content_api.delivery.reuse import Answers
from content_api.graph.reader import Reader
from content_api.publish.current import Current
from tests.graph.asking import SCHEMA
from tests.waiting import at_once
from tests.world import edited
from tests.world.snapshot import MemorySnapshot

NAME = Operation('{ condition(slug: "moon-hiccups") { name } }')
DEAR = Operation("{ conditions(first: 50) { nodes { treatments { treatment { sections { text { html } } } } } } }")


def edition(name: str = "Moon hiccups") -> Edition:
    return load(MemorySnapshot(edited({"conditions/moon-hiccups.json": {"/text/en/name": name}})))


def delivery(current: Current, kept: int = 0, lane: Lane | None = None) -> Delivery:
    return Delivery(
        SCHEMA,
        live_in(current),
        reader=Reader(SCHEMA),
        memory=Memory(noting, note_again),
        answers=Answers(kept),
        lane=lane,
    )


def test_an_answer_that_is_kept_is_given_as_it_is():
    on = delivery(Current(edition()), kept=1_000_000)
    at_once(on.answer(NAME))
    again = on.again(NAME)
    assert again() is again() is at_once(on.answer(NAME))


def test_where_none_is_kept_it_is_made_anew_and_what_came_out_the_same_is_the_same():
    current = Current(edition())
    on = delivery(current)
    for _ in range(SIGHTS):
        at_once(on.answer(NAME))
    again = on.again(NAME)
    first = again()
    assert first == at_once(on.answer(NAME))
    assert again() is first
    current.edition = edition("Renamed")
    assert again().body == b'{"data":{"condition":{"name":"Renamed"}}}'
    assert again() == at_once(on.answer(NAME))


@pytest.mark.parametrize("lane", [None, Lane()], ids=["no lane", "a lane"])
def test_what_takes_long_is_left_to_the_lane(lane: Lane | None):
    on = delivery(Current(edition()), lane=lane)
    on.documents.get(DEAR.document)
    found = on.again(DEAR)()
    assert found is None if lane else found.executed


def test_a_text_that_nobody_has_read_is_not_read_for_this():
    on = delivery(Current(edition()), kept=1_000_000)
    again = on.again(NAME)
    assert again() is None
    reply = at_once(on.answer(NAME))
    assert again() == reply, "but its answer is found when it is kept"


def test_it_keeps_no_edition():
    old = edition()
    current = Current(replace(old, clock=partial(old.clock), memo={}))
    before = weakref.ref(current.edition.clock)  # which nothing else refers to
    on = delivery(current)
    for _ in range(SIGHTS):
        at_once(on.answer(NAME))
    again = on.again(NAME)
    assert again().executed
    current.edition = edition("Renamed")
    gc.collect()
    assert before() is None
    assert b"Renamed" in again().body


def test_among_other_numbers_of_entities_it_costs_what_it_costs_there_or_is_left():
    filtered = Operation('{ conditions(where: { name: { contains: "o" } }, orderBy: [{ field: KEY }]) { totalCount } }')
    current, thousands = Current(edition()), 0
    live = live_in(current)
    on = delivery(current)
    on.live = lambda: replace(live(), thousands=thousands)
    for _ in range(SIGHTS):
        at_once(on.answer(filtered))
    again = on.again(filtered)
    assert again().cost == 96
    thousands = 45
    assert again().cost == at_once(on.answer(filtered)).cost == 96 + 45 * 20
    thousands = 10_000
    assert again() is None
    assert at_once(on.answer(filtered)).codes == ("TOO_COSTLY",)
    assert on.again(filtered)() is None, "it became too dear while it was answered"
    thousands = 0
    assert again().cost == 96
