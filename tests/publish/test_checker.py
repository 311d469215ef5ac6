"""Seeded histories of pushes, faults and kills, with readers on all the time: see the package `checker`.

`CHECKER_SECONDS=3600 python -m pytest tests/publish/test_checker.py` checks so much longer, seeds that nobody chose.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from itertools import islice
from pathlib import Path
from statistics import median

import pytest

from tests.publish.checker import broken_server
from tests.publish.checker.client import Answer
from tests.publish.checker.history import History, check
from tests.publish.checker.ledger import Findings, Ledger
from tests.publish.checker.readers import Reader, ask_until_mended
from tests.publish.checker.stage import SECONDS_TO_LIVE
from tests.publish.checker.steps import LOCAL_ONLY, MIRRORED_ONLY, STEPS, script
from tests.waiting import PATIENCE

SEEDS = [(827, False, 14), (1103, False, 14), (711, True, 13), (797, True, 13)]
"""(seed, whether the server mirrors a remote repository, steps). With their beginnings and ends the four of them take a
minute. Among the two of each kind there is every step of that kind, and few of the slow ones twice: whoever adds a step
has to look for other seeds, which takes a loop over `script`."""
MEDIAN = 2.0
"""Seconds until half of the good pushes of a history are live. That all but the slowest are in the seconds that are
promised is asserted without PATIENCE, of the slowest with it alone. On a machine with five times as much to do as it
has processors, the median was 0.7 s, and the slowest of all 1.5 s."""
FAILED_ONCE = [(11, True, 2)]
"""(seed, mirrored, steps) of histories that showed a defect, with as many steps as that takes: an older version stayed
unreadable in a mirror that was damaged. What else was found has a shorter test of its own."""

# The defect -> the steps that show it, how many of them, and what the checker says.
SEEN = {
    "swap_half_way": (("good push",), 3, "a search for all of them finds others|the answer has the numbers"),
    "serve_what_is_refused": (("broken push",), 3, "never passed its checks"),
    "wait_for_a_good_tip": (("good and broken, one push",), 6, "the newest good one below"),
    "go_backwards": (("good push",), 3, "It went backwards|something else is live"),
    "miss_a_push": (("good push",), 3, "is not live after"),
    "say_old_news": (("good push",), 3, "out of order|not heard over"),
    "keep_everything": (("good push",), 22, "Its memory grew"),
    "leave_processes": (("good push",), 3, "Zombies stay"),
}


def offences(history: History) -> str:
    return "\n".join(offence.what for offence in history.offences)


@pytest.mark.parametrize("mirrored", [False, True])
def test_every_step_that_there_is_comes_in_what_is_checked_each_time(mirrored: bool):
    scripts = [islice(script(seed, kind), steps) for seed, kind, steps in SEEDS if kind == mirrored]
    assert {step.name for one in scripts for step in one} == STEPS.keys() - (LOCAL_ONLY if mirrored else MIRRORED_ONLY)


@pytest.mark.parametrize(("seed", "mirrored", "steps"), SEEDS)
def test_whatever_happens_readers_get_whole_good_versions_in_their_order(
    seed: int, mirrored: bool, steps: int, tmp_path: Path
):
    history = check(seed, tmp_path, mirrored=mirrored, steps=steps, patience=PATIENCE)
    print(history)  # how long the slowest took: pytest shows it with -rP
    assert not history.offences, str(history)
    assert history.steps == list(islice(script(seed, mirrored), steps))
    assert history.asked > 100
    assert history.heard
    waits = sorted(history.waits)
    assert len(waits) > 2
    assert waits[-2] < SECONDS_TO_LIVE, waits
    assert median(waits) < MEDIAN, waits


def test_what_failed_once_holds(tmp_path: Path):
    for seed, mirrored, steps in FAILED_ONCE:
        history = check(seed, tmp_path / str(seed), mirrored=mirrored, steps=steps, patience=PATIENCE)
        assert not history.offences, str(history)


def test_a_reader_allows_for_damage_that_was_done_while_it_was_waiting_for_its_answer():
    ledger = Ledger()
    answers = iter(["VERSION_NOT_AVAILABLE", "VERSION_NOT_AVAILABLE", None])

    class Asked:
        def ask(self, query: str, **variables: object) -> Answer:
            ledger.mends_in = 60.0  # as `damage_mirror` sets it
            code = next(answers)
            errors = [{"extensions": {"code": code}}] if code else []
            return Answer(query, 400 if code else 200, {}, json.dumps({"errors": errors}).encode(), 0)

    reader = Reader(random.Random(1), Asked(), ledger, Findings(), threading.Event())  # type: ignore[arg-type]
    answer = ask_until_mended(reader, "{ a }")
    assert answer
    assert answer.status == 200


@pytest.mark.parametrize("defect", sorted(broken_server.DEFECTS))
def test_the_checker_sees_a_defect(defect: str, tmp_path: Path):
    only, steps, expected = SEEN[defect]
    command = broken_server.command(defect)
    history = check(1, tmp_path, steps=steps, only=only, command=command)
    assert any(words in offences(history) for words in expected.split("|")), str(history)


def test_seeds_that_nobody_chose(tmp_path: Path):
    """None at all if not for as long as CHECKER_SECONDS says."""
    until = time.monotonic() + float(os.environ.get("CHECKER_SECONDS", "0"))
    while (left := until - time.monotonic()) > 0:
        seed = random.randrange(1_000_000)
        scratch = tmp_path / str(seed)
        scratch.mkdir()
        history = check(seed, scratch, mirrored=seed % 2 == 1, seconds=min(left, 60), patience=PATIENCE)
        assert not history.offences, str(history)
