"""Whatever is asked of any content, a plan answers as graphql-core's executor does, to the byte, or leaves it to that.

CONTENT_API_TEST_PLANS sets how many queries are tried: 300 if it is not set, 2,000 under CI. 10,000 take some minutes.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from functools import cache, lru_cache
from random import Random
from typing import Any

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
from tests.delivery.variation import FORMS, forms, spoken, varied
from tests.generator import generate
from tests.graph.asking import SCHEMA, searchable
from tests.graph.questions import NO_LIMITS, asked, real_ones, served
from tests.world.hushed import hushed_files
from tests.world.snapshot import MemorySnapshot

pytestmark = pytest.mark.usefixtures("turns")

QUERIES = int(os.environ.get("CONTENT_API_TEST_PLANS", "2000" if os.environ.get("CI") else "300"))
VARIATIONS = 4  # of each query that is generated, which takes longer than to ask it
READER = Reader(SCHEMA)
MEMORY = Memory(noting, note_again, least=1)
# Where there is one version alone, what names another is refused: these are asked less.
ASKED = ("versions", "versions", "recalls", "recalls", "drafts", "generated")
CONTENTS = max(QUERIES // 20, 8)  # how many are generated in a run, each asked by four of ten queries
NAMED = ("AnySlug", "AnyKey", "AnyCode", "AnyId")
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


@lru_cache(maxsize=8)
def generated(seed: int) -> tuple[Roads, dict[str, str]]:
    """Content of its own for each seed, up to eight entities of each kind, some of it recalled. And for each name that
    the small world has, one that is there."""
    random = Random(seed)
    kinds = ("conditions", "symptoms", "causes", "treatments", "cautions")
    numbers = {kind: random.randint(1, 8) for kind in kinds}
    edition = searchable(load(MemorySnapshot(generate(seed=seed, **numbers))))
    keys = random.sample(sorted(edition.library.records), k=random.randint(0, 3))
    recalls = [Recall(id=key, reason={"en": "Not so."}, since="2026-11-20T11:00:00Z") for key in keys]
    edition = recalled_as(edition, {recall.id: recall for recall in recalls})
    here, there = real_ones(served().edition), real_ones(edition)
    names = {name: random.choice(there[scalar]) for scalar in NAMED for name in here[scalar]}
    return Roads(live_of(edition, drafts=random.random() < 0.3)), names


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


def switched(variables: dict[str, Any]) -> dict[str, Any]:
    """The same with what is true made false, and the other way round."""
    return {name: not value if isinstance(value, bool) else value for name, value in variables.items()}


def test_a_plan_answers_as_the_executor_does():
    seen: Counter[str] = Counter()
    planned: Counter[str] = Counter()

    @settings(max_examples=-(-QUERIES // VARIATIONS))
    @given(asked(), st.integers(0, 2**32), st.integers(1, CONTENTS))
    def compare(query, seed, content):
        for number in range(seed, seed + VARIATIONS):
            random = Random(number)
            text, variables = varied(query, SCHEMA, random)
            on, names = (roads()[random.choice(ASKED)], {}) if random.random() < 0.6 else generated(content)
            text, variables = spoken(text, variables, names)
            operation = Operation(text, variables, about_content=random.random() < 0.2)
            road = outcome(operation, on)
            seen[road] += 1
            if road == "by a plan":
                planned.update(forms(text, SCHEMA))
                planned["generated content"] += bool(names)
                if (other := switched(variables)) != variables and random.random() < 0.5:
                    planned["switched the other way"] += outcome(replace(operation, variables=other), on) == road

    compare()
    print(dict(seen), dict(planned))
    assert seen.total() >= QUERIES
    assert seen["by a plan"] > seen.total() / 4
    assert seen["by the executor, with errors"] > 0
    assert seen["GRAPHQL_VALIDATION_FAILED"] < seen.total() / 20
    rare = [
        form
        for form in (*FORMS, "generated content", "switched the other way")
        if planned[form] < seen["by a plan"] / 50
    ]
    assert not rare, f"seldom or never among what plans answered: {rare}"
