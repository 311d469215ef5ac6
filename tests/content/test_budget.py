"""A version that takes too long to be read and checked is refused, wherever the time has gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from content_api.content import budget
from content_api.content.budget import Budget
from content_api.content.load import load
from content_api.content.problems import ContentRefused
from content_api.store.snapshot import Limits
from tests import world
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

LIMITS = Limits(seconds=90)
WORDS = "The content was not read and checked within 90 seconds"


def clock(monkeypatch: pytest.MonkeyPatch, late_after: float = float("inf")) -> Iterator[int]:
    """A clock that stands still and, when it has been looked at so often, jumps. What it returns counts the looks."""
    looks = count()
    monkeypatch.setattr(budget, "monotonic", lambda: 91.0 if next(looks) >= late_after else 0.0)
    return looks


def test_time_that_runs_out_at_any_step_is_a_problem_that_names_the_setting(monkeypatch):
    looks = clock(monkeypatch)
    load(MemorySnapshot(world.files()), limits=LIMITS)
    steps = next(looks)
    assert steps > len(world.files()), "each file is a step, and more"
    for late_after in range(1, steps):
        clock(monkeypatch, late_after)
        with pytest.raises(ContentRefused) as refused:
            load(MemorySnapshot(world.files()), limits=LIMITS)
        [problem] = refused.value.problems
        assert (problem.path, problem.rule, problem.found) == ("site.json", "build_time", WORDS)
        assert "CONTENT_API_BUILD_SECONDS" in problem.expected


def test_what_did_not_change_takes_none_of_it(monkeypatch):
    from_nothing = clock(monkeypatch)
    load(MemorySnapshot(world.files()), limits=LIMITS)
    from_before = clock(monkeypatch)
    load(MemorySnapshot(world.files()), known=world_edition(), limits=LIMITS)
    assert next(from_nothing) - next(from_before) >= len(world.files())


def test_nothing_is_begun_when_there_is_no_time_left(monkeypatch):
    clock(monkeypatch, late_after=3)
    steps = Budget.from_now("here", 90).over(iter("abc"))
    assert (next(steps), next(steps)) == ("a", "b")
    with pytest.raises(ContentRefused, match="here"):
        next(steps)
