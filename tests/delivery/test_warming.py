"""Making an edition ready: what was asked last is answered, as far as there is time, and nothing fails of it."""

from __future__ import annotations

import time
from collections import deque
from threading import Thread
from typing import Any

import pytest
from graphql.execution.values import VariableValues

from content_api.answers import live_of
from content_api.content.deadline import look
from content_api.content.noted import note_again, noting
from content_api.delivery.delivery import Delivery
from content_api.delivery.memory import OVERHEAD, Memory
from content_api.delivery.operation import Operation
from content_api.delivery.plan import Plan
from content_api.delivery.plans import MOST_RECENT, SIGHTS
from content_api.delivery.warming import warm
from content_api.graph.reader import Reader
from tests.graph.asking import SCHEMA, world_edition
from tests.waiting import at_once

LIVE = live_of(world_edition())
NOTHING = VariableValues({}, {})
NAMED = "query ($key: String!) { condition(key: $key) { name } }"


def delivery() -> Delivery:
    live = live_of(world_edition())
    return Delivery(SCHEMA, lambda: live, reader=Reader(SCHEMA), memory=Memory(noting, note_again))


def ask(answers: Delivery, text: str, times: int = SIGHTS, **variables: object) -> None:
    for _ in range(times):
        at_once(answers.answer(Operation(text, variables)))


def test_what_was_asked_last_comes_first_as_it_was_asked_then():
    answers = delivery()
    ask(answers, NAMED, key="moon-hiccups")
    ask(answers, "{ conditions { totalCount } }")
    ask(answers, NAMED, 1, key="star-sneezes")
    assert answers.plans
    assert [variables.coerced for _, variables in answers.plans.recent()] == [{"key": "star-sneezes"}, {}]


def test_what_comes_seldom_is_not_asked_again():
    answers = delivery()
    ask(answers, NAMED, SIGHTS - 1, key="moon-hiccups")
    assert answers.plans
    assert answers.plans.recent() == []


def test_what_failed_fails_again_and_does_no_harm():
    answers = delivery()
    ask(answers, '{ condition(key: "a", slug: "b") { name } }')
    ask(answers, NAMED, key="moon-hiccups")
    assert answers.plans
    assert len(answers.plans.recent()) == 2
    assert warm(LIVE, answers.plans.recent()) == 1


def test_no_more_are_kept_than_are_of_use():
    answers = delivery()
    for number in range(MOST_RECENT + 5):
        kind = ("conditions", "symptoms")[number % 2]
        ask(answers, f"{{ {kind}(first: {number // 2 + 1}) {{ totalCount }} }}")
    assert answers.plans
    assert len(answers.plans.recent()) == MOST_RECENT


# --- Time ------------------------------------------------------------------------------------------------------------


def plan(run: Any) -> tuple[Plan, VariableValues]:
    return Plan(run, (), 1), NOTHING


def sleeping(root: object, given: object) -> dict[str, Any]:
    for _ in range(100):
        time.sleep(0.001)
        look()
    return {}


def failing(root: object, given: object) -> dict[str, Any]:
    raise LookupError("what a plan does not know")


@pytest.mark.parametrize(
    ("asked", "seconds", "answered"),
    [
        ([lambda root, given: {}] * 3, 1, 3),
        ([failing, lambda root, given: {}], 1, 1),
        ([lambda root, given: {}, sleeping, lambda root, given: {}], 0.01, 1),
        ([lambda root, given: time.sleep(0.02) or {}, lambda root, given: {}], 0.01, 1),
        ([lambda root, given: {}], 0, 0),
        ([], 1, 0),
    ],
)
def test_it_takes_no_longer_than_it_may(asked, seconds, answered):
    started = time.monotonic()
    assert warm(LIVE, [plan(run) for run in asked], seconds) == answered
    assert time.monotonic() - started < seconds + 0.5


class Slow(deque[Any]):
    """Another thread comes between every two steps. `lengths` says how many there were before one was forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: set[int] = set()

    def popleft(self) -> Any:
        time.sleep(0.0001)
        self.lengths.add(len(self))
        return super().popleft()


def test_a_memory_that_two_threads_fill_forgets_no_more_than_it_must():
    """The event loop answers from one edition while another is made ready."""
    piece = OVERHEAD + len('{"number":100}')
    memory = Memory(noting, note_again, most=2 * piece)
    memory._pieces = pieces = Slow()
    made: list[dict[Any, Any]] = [{}, {}]

    def fill(mine: dict[Any, Any]) -> None:
        for number in range(100, 400):
            memory.remembering(lambda source, given: {"number": source}, lambda source: mine)(number, ())

    threads = [Thread(target=fill, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory.bytes == 2 * piece
    assert sum(map(len, made)) == len(pieces) == 2
    assert pieces.lengths == {3}
