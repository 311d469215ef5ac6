"""What makes a version ready runs on processors that the event loop keeps off, for as long as it takes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from content_api.publish import processors
from content_api.publish.processors import allowed, begin_beside, beside, halves_of
from content_api.publish.sight import see
from tests.cli.command import serving
from tests.needs import needs_processors
from tests.publish.world import following, moon, new_repository
from tests.waiting import PATIENCE, until

ALL = allowed()
HALVES = halves_of(ALL)

pytestmark = needs_processors(2)

HERE = f"{sys.executable} -c 'import os; print(sorted(os.sched_getaffinity(0)))'"


def test_the_two_halves_are_all_processors_and_have_none_in_common():
    for number in range(2, 9):
        some = halves_of(range(3, 3 + number))
        assert sorted([*some.loop, *some.beside]) == list(range(3, 3 + number))
        assert some.loop
        assert some.beside


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
    assert before == after == ALL
    assert meanwhile == HALVES.loop
    assert of_the_thread == HALVES.beside
    assert of_a_child == str(sorted(HALVES.beside)), "git runs where the thread does that has begun it"


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

    assert asyncio.run(run()) == [HALVES.loop, HALVES.loop, ALL]


def test_work_that_fails_or_is_given_up_gives_the_processors_back():
    async def run():
        with pytest.raises(ZeroDivisionError):
            await beside(divmod, 1, 0)
        assert allowed() == ALL
        end = threading.Event()
        task = asyncio.create_task(beside(end.wait, 10))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        end.set()
        return allowed()

    assert asyncio.run(run()) == ALL


@pytest.mark.parametrize("some", [{0}, set(), {9_000, 9_001}], ids=["one processor", "not told", "taken away"])
def test_where_nothing_can_be_kept_apart_the_work_is_done_all_the_same(monkeypatch, some):
    monkeypatch.setattr(processors, "halves_of", lambda own: halves_of(some))

    async def run():
        return await beside(allowed), allowed()

    assert asyncio.run(run()) == (ALL, ALL)


def test_what_somebody_says_of_the_processors_meanwhile_holds():
    """As `taskset` does, to a server that runs."""
    [one, *_] = sorted(HALVES.beside)
    seen = []

    async def run():
        task = asyncio.create_task(beside(time.sleep, 0.05))
        await asyncio.sleep(0)
        os.sched_setaffinity(0, {one})
        await task
        seen.append(allowed())
        await beside(time.sleep, 0)
        seen.append(allowed())

    thread = threading.Thread(target=asyncio.run, args=(run(),))  # not of this one, which others go on in
    thread.start()
    thread.join()
    assert seen == [{one}, {one}]


def test_each_event_loop_gives_back_its_own():
    both, ends = threading.Barrier(3), [threading.Event(), threading.Event()]
    afterwards = {}

    def work(number):
        both.wait(10)
        ends[number].wait(10)

    async def run(number):
        await beside(work, number)
        afterwards[number] = allowed()

    threads = [threading.Thread(target=lambda number: asyncio.run(run(number)), args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    both.wait(10)
    for end, thread in zip(ends, threads, strict=True):
        end.set()
        thread.join()
    assert afterwards == {0: ALL, 1: ALL}


def test_the_git_that_a_server_reads_with_keeps_to_its_half(tmp_path):
    repository = new_repository(tmp_path / "repository")
    with serving("--content", str(repository.path), "--ref", "main", cwd=tmp_path) as server:
        repository.commit(moon("Second"))
        until(PATIENCE, lambda: '"event": "live"' in server.log.read_text())
        found = until(PATIENCE, lambda: children_of(server.process.pid, "cat-file"))
    assert [each for each in found if each != HALVES.beside] == []


def children_of(parent: int, word: str) -> list[frozenset[int]]:
    """The processors of each child whose command has a word."""
    found = []
    for child in Path(f"/proc/{parent}/task").glob("*/children"):
        for pid in child.read_text().split():
            with suppress(OSError):
                if word in Path(f"/proc/{pid}/cmdline").read_text():
                    found.append(frozenset(os.sched_getaffinity(int(pid))))
    return found


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


def test_what_goes_wrong_in_it_is_logged():
    async def run():
        begin_beside(partial(divmod, 1, 0))
        while processors._GOING_ON:
            await asyncio.sleep(0.001)

    with capture_logs() as logs:
        asyncio.run(run())
    assert [type(line["exc_info"]) for line in logs] == [ZeroDivisionError]


@pytest.mark.anyio
@pytest.mark.parametrize("mirrored", [False, True])
async def test_only_a_look_that_somebody_asked_for_keeps_the_event_loop_off_processors(
    repository, monkeypatch, mirrored
):
    apart = []

    async def noting(work, *arguments):
        apart.append(work)
        return await beside(work, *arguments)

    monkeypatch.setattr("content_api.publish.publisher.beside", noting)
    with following(repository) as seen:
        if mirrored:
            monkeypatch.setattr(seen.publisher, "mirror", Unmoved())
        await seen.publisher.look()
        apart.clear()
        await seen.publisher.look()
        assert apart == []
        seen.publisher.look_now()
        await seen.publisher.look()
        assert apart == [see]
        await seen.publisher.look()
        assert apart == [see]


class Unmoved:
    """Stands for a mirror that is up to date: what it is asked for is done."""

    def fetch(self) -> None:
        pass
