"""What makes a version ready runs on processors that the event loop keeps off, for as long as it takes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from content_api.publish import beside as module
from content_api.publish.beside import PROCESSORS, Processors, begin_beside, beside

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(PROCESSORS.all) < 2, reason="needs Linux and two processors"
)

HERE = f"{sys.executable} -c 'import os; print(sorted(os.sched_getaffinity(0)))'"


def allowed() -> list[int]:
    """The processors of the calling thread."""
    return sorted(os.sched_getaffinity(0))


def test_the_two_halves_are_all_processors_and_have_none_in_common():
    for number in range(2, 9):
        some = Processors(frozenset(range(3, 3 + number)))
        assert sorted(some.of_the_loop + some.beside_it) == some.all
        assert some.of_the_loop
        assert some.beside_it


def test_the_event_loop_keeps_off_while_work_goes_on_and_may_have_all_of_them_again():
    async def run():
        begun, end = threading.Event(), threading.Event()

        def work():
            begun.set()
            end.wait(10)
            child = subprocess.run(HERE, shell=True, capture_output=True, text=True, check=True)
            return allowed(), child.stdout.strip()

        before = allowed()
        task = asyncio.create_task(beside(work))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        meanwhile = allowed()
        end.set()
        return before, meanwhile, await task, allowed()

    before, meanwhile, (of_the_thread, of_a_child), after = asyncio.run(run())
    assert before == after == PROCESSORS.all
    assert meanwhile == PROCESSORS.of_the_loop
    assert of_the_thread == PROCESSORS.beside_it
    assert of_a_child == str(PROCESSORS.beside_it), "git runs where the thread does that has begun it"


def test_of_two_works_the_last_to_end_gives_the_processors_back():
    async def run():
        ends = [threading.Event(), threading.Event()]
        tasks = [asyncio.create_task(beside(end.wait, 10)) for end in ends]
        await asyncio.sleep(0)
        seen = [allowed()]
        for end, task in zip(ends, tasks, strict=True):
            end.set()
            assert await task
            seen.append(allowed())
        return seen

    assert asyncio.run(run()) == [PROCESSORS.of_the_loop, PROCESSORS.of_the_loop, PROCESSORS.all]


def test_work_that_fails_or_is_given_up_gives_the_processors_back():
    async def run():
        with pytest.raises(ZeroDivisionError):
            await beside(divmod, 1, 0)
        assert allowed() == PROCESSORS.all
        end = threading.Event()
        task = asyncio.create_task(beside(end.wait, 10))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        end.set()
        return allowed()

    assert asyncio.run(run()) == PROCESSORS.all


@pytest.mark.parametrize(
    "processors",
    [Processors(frozenset({0})), Processors(frozenset()), Processors(frozenset({9_000, 9_001}))],
    ids=["one processor", "a system that does not tell", "processors that were taken away"],
)
def test_where_nothing_can_be_kept_apart_the_work_is_done_all_the_same(monkeypatch, processors):
    monkeypatch.setattr(module, "PROCESSORS", processors)
    before = allowed()

    async def run():
        return await beside(allowed), allowed()

    assert asyncio.run(run()) == (before, before)


def test_what_nobody_waits_for_is_done_in_a_thread_where_an_event_loop_runs_and_at_once_where_none_does():
    done = []

    def work():
        done.append(threading.current_thread() is threading.main_thread())

    begin_beside(work)
    assert done == [True]

    async def run():
        begin_beside(work)
        while len(done) < 2:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(run(), 10))
    assert done == [True, False]
