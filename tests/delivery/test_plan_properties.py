"""Whatever is asked, a plan answers it as graphql-core's executor does, to the byte, or leaves it to the executor.

CONTENT_API_TEST_PLANS sets how many queries are tried: 300 if it is not set, 2,000 under CI. 10,000 take some minutes.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.answers import live_of
from content_api.content.load import load
from content_api.content.models import Recall
from content_api.content.noted import note_again, noting
from content_api.content.recalled import recalled_as
from content_api.delivery.answering import Answering
from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.pipeline import ANSWERING, Steps
from content_api.delivery.plans import Plans
from content_api.graph.reader import Reader
from tests.delivery.variation import varied
from tests.generator import generate
from tests.graph.asking import SCHEMA, searchable
from tests.graph.questions import NO_LIMITS, asked, served
from tests.world.hushed import hushed_files
from tests.world.snapshot import MemorySnapshot

pytestmark = pytest.mark.usefixtures("turns")

QUERIES = int(os.environ.get("CONTENT_API_TEST_PLANS", "2000" if os.environ.get("CI") else "300"))
VARIATIONS = 4  # of each query that is generated, which takes longer than to ask it
READER = Reader(SCHEMA)
MEMORY = Memory(noting, note_again, least=1)
# Where there is one version alone, what names another is refused: these are asked less.
ASKED = ("versions", "versions", "recalls", "recalls", "drafts", "generated")
RECALLED = ("symptom/glowing-ears", "caution/ask-first", "treatment/quiet-tea")


class Watched(Delivery):
    """Answers, and remembers whether a plan gave the last answer."""

    planned = False

    def attempt(self, work: Answering, steps: Steps = ANSWERING) -> Reply:
        reply = super().attempt(work, steps)
        self.planned = work.planned
        return reply


class Roads:
    """The same content by both roads."""

    def __init__(self, live: Live) -> None:
        holding = served().archive.holding
        self.executor = Delivery(SCHEMA, lambda: live, NO_LIMITS, holding)
        self.compiled = Watched(SCHEMA, lambda: live, NO_LIMITS, holding, READER)
        self.compiled.plans = Plans(READER, MEMORY, sights=1)
        self.compiled.documents = self.executor.documents  # to read a text takes longer than all else here

    def replies(self, operation: Operation) -> list[Reply]:
        """The executor's, and that of a plan, the second time with what it remembers of the first."""
        run = served().loop.run_until_complete
        return [run(road.answer(operation)) for road in (self.executor, self.compiled, self.compiled)]


@cache
def roads() -> dict[str, Roads]:
    return {name: Roads(live) for name, live in lives().items()}


@cache
def lives() -> dict[str, Live]:
    small = searchable(load(MemorySnapshot(generate(60))))
    recalls = [Recall(id=key, reason={"en": "Not so."}, since="2026-11-20T11:00:00Z") for key in RECALLED]
    recalling = recalled_as(served().edition, {recall.id: recall for recall in recalls})
    drafts = searchable(load(MemorySnapshot(hushed_files())))
    return {
        "versions": served().live(),
        "recalls": live_of(recalling),
        "drafts": live_of(drafts, drafts=True),
        "generated": live_of(small),
    }


def outcome(operation: Operation, on: Roads) -> str:
    """Compare what both roads say, and tell which one it was that answered."""
    reference, reply, again = on.replies(operation)
    assert reply == reference, (operation, reference.body, reply.body)
    assert again == reference, (operation, reference.body, again.body)
    if on.compiled.planned:
        assert not reply.codes
        return "by a plan"
    assert reply.codes, f"there is no error, and no plan: {operation}"
    return "by the executor, with errors" if reply.executed else reply.codes[0]


def test_a_plan_answers_as_the_executor_does():
    seen: Counter[str] = Counter()

    @settings(max_examples=-(-QUERIES // VARIATIONS))
    @given(asked(), st.integers(0, 2**32))
    def compare(query, seed):
        for number in range(seed, seed + VARIATIONS):
            random = Random(number)
            text, variables = varied(query, SCHEMA, random)
            operation = Operation(text, variables, about_content=random.random() < 0.2)
            seen[outcome(operation, roads()[random.choice(ASKED)])] += 1

    compare()
    print(dict(seen))
    assert seen.total() >= QUERIES
    assert seen["by a plan"] > seen.total() / 4
    assert seen["by the executor, with errors"] > 0
    assert seen["GRAPHQL_VALIDATION_FAILED"] < seen.total() / 20
