"""What becomes of a newer version: live when it is good, refused and remembered when it is not."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from structlog.testing import capture_logs

from content_api.publish.current import Current
from content_api.publish.files import take
from content_api.publish.making import make_edition
from content_api.store.snapshot import Limits
from tests import world
from tests.world.snapshot import MemorySnapshot

LIMITS = Limits()
GOOD = MemorySnapshot(world.files())
BETTER = MemorySnapshot(world.edited({"conditions/moon-hiccups.json": {"/text/en/name": "Better"}}))
BROKEN = MemorySnapshot(world.edited({"conditions/moon-hiccups.json": {"/state": "DONE"}}))
SHRUNK = MemorySnapshot(
    world.edited(
        {"treatments/quiet-tea.json": world.REMOVED, "conditions/moon-hiccups.json": {"/treatments/1": world.REMOVED}}
    )
)


@pytest.fixture
def current() -> Current:
    return Current(make_edition(GOOD, LIMITS))


def judge(current: Current, snapshot: MemorySnapshot) -> list[dict]:
    with capture_logs() as logged:
        take(current, snapshot, PurePath("content"), LIMITS)
    return logged


def test_a_good_version_goes_live_reusing_what_did_not_change(current: Current):
    BETTER.blobs_read.clear()
    assert [entry["event"] for entry in judge(current, BETTER)] == ["live"]
    assert current.edition.version is BETTER.version
    assert len(BETTER.blobs_read) == 1


def test_a_version_with_problems_is_refused_and_what_was_live_stays(current: Current):
    before = current.edition
    [entry] = judge(current, BROKEN)
    assert current.edition is before
    assert current.refusal is not None
    assert current.refusal.version is BROKEN.version
    assert [problem.pointer for problem in current.refusal.problems] == ["/state"]
    assert "content/conditions/moon-hiccups.json:" in entry["report"]
    assert (entry["event"], entry["live"], entry["log_level"]) == ("refused", before.version.id, "warning")
    assert entry["seconds"] > 0


def test_an_entity_that_vanished_from_what_is_live_is_a_problem(current: Current):
    judge(current, SHRUNK)
    assert current.refusal is not None
    assert ("ids_kept", "treatments/quiet-tea.json") in [(found.rule, found.path) for found in current.refusal.problems]


def test_a_version_that_was_refused_is_not_read_again(current: Current):
    judge(current, BROKEN)
    BROKEN.blobs_read.clear()
    assert judge(current, BROKEN) == []
    assert BROKEN.blobs_read == []


def test_a_later_good_version_goes_live_and_the_refusal_is_past(current: Current):
    judge(current, BROKEN)
    judge(current, BETTER)
    assert (current.edition.version, current.refusal) == (BETTER.version, None)


def test_a_refusal_is_past_when_what_is_live_is_the_newest_again(current: Current):
    judge(current, BROKEN)
    assert judge(current, GOOD) == []
    assert current.refusal is None
