"""Answers that are made in turns are the answers that are made in one go, whatever happens between two turns."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import replace
from functools import partial
from itertools import cycle

import pytest

from content_api.answers import live_in
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.noted import note_again, noting
from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.plans import SIGHTS, Plans
from content_api.graph.reader import Reader
from content_api.publish.current import Current
from content_api.publish.making import freeze, retire
from tests.delivery.turns import in_turns
from tests.generator import generate
from tests.graph.asking import SCHEMA, searchable
from tests.world.snapshot import MemorySnapshot

PAGE = "name sections { text { html plain } } requiredCautions { name } symptoms { symptom { name slug } }"
DEAR = [
    f"{{ conditions(first: 60) {{ totalCount nodes {{ {PAGE} }} }} }}",
    "{ symptoms(first: 50) { nodes { name conditions { condition { name symptoms { symptom { name } } } } } } }",
    '{ conditions(where: { symptoms: { some: { symptom: { name: { contains: "a" } } } } }, orderBy: [{ field: NAME }])'
    " { totalCount nodes { name slug summary kind state key } } }",
    '{ search(text: "burning amber", first: 50) { totalCount edges { score highlights { text } } } }',
    "{ a: conditions(first: 50) { nodes { key nobody } } }",
    "{ conditions(first: 50) { nodes { causes(first: 1) } } } {",
    f"query ($first: Int = 60) {{ treatments(first: $first) {{ nodes {{ {PAGE.split('symptoms')[0]} }} }} }}",
]
LIGHT = ["{ conditions(first: 2) { nodes { name sections { text { html } } } } }", '{ condition(key: "x") { name } }']


def edition() -> Edition:
    return searchable(load(MemorySnapshot(generate(100))))


def delivery(current: Current, lane: Lane | None) -> Delivery:
    return Delivery(SCHEMA, live_in(current), reader=Reader(SCHEMA), memory=Memory(noting, note_again), lane=lane)


def restless() -> Lane:
    return Lane(turn_seconds=0, least_share=0)


def test_answers_in_turns_are_the_same_with_others_between():
    current = Current(edition())
    plain, turning = delivery(current, None), delivery(current, restless())

    def told(reply: Reply) -> tuple[object, ...]:
        return reply.body, reply.cost, reply.tags

    async def asked(text: str) -> None:
        others = cycle(LIGHT)
        task = asyncio.create_task(turning.answer(Operation(text)))
        while not task.done():
            between = Operation(next(others))
            assert told(await turning.answer(between)) == told(await plain.answer(between))
            await asyncio.sleep(0)
        assert told(await task) == told(await plain.answer(Operation(text)))

    async def all_asked() -> None:
        for text in DEAR * 4:  # by an executor, and by a plan that is made meanwhile
            await asked(text)

    asyncio.run(all_asked())


@pytest.mark.parametrize(
    ("text", "then"),
    [
        (f"{{ conditions(first: 20) {{ nodes {{ {PAGE} }} }} }}", True),  # it costs 300 or so, nearly all of it fields
        (f"{{ conditions(first: 100) {{ nodes {{ {PAGE} }} }} }}", False),  # more than a plan makes light
        ('{ search(text: "burning amber", first: 10) { totalCount } }', False),  # a plan searches as long as anybody
    ],
)
def test_what_costs_fields_is_light_once_it_has_a_plan(text: str, then: bool):
    taken = []

    class Watched(Lane):
        async def do(self, work, **options):
            taken.append(work)
            return await super().do(work, **options)

    on = delivery(Current(edition()), Watched())

    async def asked(number: int) -> int:
        taken.clear()
        for _ in range(number):
            assert (await on.answer(Operation(text))).executed
        return len(taken)

    assert asyncio.run(asked(SIGHTS)) >= SIGHTS
    assert asyncio.run(asked(3)) == (0 if then else 3)


def test_a_dear_question_that_several_ask_is_answered_once():
    attempts = []

    class Counted(Delivery):
        def attempt(self, work, *steps):
            reply = super().attempt(work, *steps)
            attempts.append(work.operation.document)
            return reply

    turning = Counted(SCHEMA, live_in(Current(edition())), lane=restless())

    async def several() -> list[Reply]:
        return await asyncio.gather(*(turning.answer(Operation(DEAR[0])) for _ in range(5)))

    replies = asyncio.run(several())
    assert len({reply.body for reply in replies}) == 1
    assert attempts == [DEAR[0]]


def test_what_two_compile_and_make_at_the_same_time_is_kept_once():
    text, current = (
        "{ conditions(first: 2) { nodes { key slug name summary id kind state revision } } }",
        Current(edition()),
    )

    def asked(pause: int) -> tuple[int, tuple[int, int, int]]:
        """Ask, and once more at one of the pauses. How many pauses there were, and what is kept then."""
        memory, pauses, replies = Memory(noting, note_again), [], []
        on = delivery(current, None)
        on.plans = plans = Plans(Reader(SCHEMA), memory, sights=1)

        def ask() -> None:
            replies.append(on.attempt(on.begin(Operation(text))).body)

        def between() -> None:
            pauses.append(None)
            if len(pauses) == pause:
                ask()

        in_turns(ask, between)
        return len(pauses), (len(set(replies)), plans.fields, memory.bytes)

    number, alone = asked(0)
    assert number > 5
    for pause in range(1, number + 1):
        assert asked(pause)[1] == alone


@pytest.mark.parametrize("lets_go", [freeze, None])
def test_a_version_that_goes_live_half_way_is_the_one_that_is_answered_from(lets_go):
    old = edition()
    current = Current(replace(old, clock=partial(old.clock)))
    before = weakref.ref(current.edition.clock)  # which nothing else refers to
    turning = delivery(current, restless())

    async def published() -> Reply:
        task = asyncio.create_task(turning.answer(Operation(DEAR[0])))
        for _ in range(400):  # it has been read, and is being executed
            await asyncio.sleep(0)
        assert not task.done()
        retired, current.edition = current.edition, edition()
        retire(retired)
        if lets_go:
            lets_go()
        del retired
        return await task

    try:
        reply = asyncio.run(published())
        assert (reply.codes, reply.reusable) == ((), True)
        expected = asyncio.run(delivery(current, None).answer(Operation(DEAR[0])))
        assert reply.body == expected.body
        gc.collect()
        assert before() is None, "what was half way through keeps nothing of it"
    finally:
        gc.unfreeze()
