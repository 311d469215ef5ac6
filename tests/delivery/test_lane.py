"""The lane: one piece of work at a time, a turn at a time; who leaves stops it; nothing is left behind or swallowed."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from contextvars import ContextVar

import pytest

from content_api.content.deadline import OutOfTime, Within, look
from content_api.content.halfway import begin_anew
from content_api.content.noted import noted_by, noting, touch
from content_api.delivery.coming import Coming, unless_left
from content_api.delivery.lane import MOST_WAITING, Lane
from content_api.errors import RequestError


class Counting:
    """Work that looks so many times, and counts how far it has come."""

    def __init__(self, looks: int = 5) -> None:
        self.looks = looks
        self.done = 0

    def __call__(self) -> int:
        for _ in range(self.looks):
            self.done += 1
            look()
        return self.done


def endless() -> None:
    while True:
        look()


def restless() -> Lane:
    """A lane whose turns are over at the first look."""
    return Lane(turn_seconds=0, least_share=0)


async def turns_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def alone(lane: Lane, work):
    return asyncio.run(lane.do(work))


# ---- turns


def test_what_is_done_in_one_turn_is_done():
    assert alone(Lane(), Counting()) == 5


def test_the_loop_goes_on_between_two_looks():
    async def watched() -> list[int]:
        work, seen = Counting(), []
        task = asyncio.create_task(restless().do(work))
        while not task.done():
            await asyncio.sleep(0)
            seen.append(work.done)
        return seen

    seen = asyncio.run(watched())
    assert set(seen) >= {0, 1, 2, 3, 4, 5}
    assert sorted(seen) == seen


def test_one_is_worked_at_and_the_others_wait_in_the_order_they_came():
    async def several() -> list[str]:
        lane, ended = restless(), []

        async def one(name: str, looks: int) -> None:
            await lane.do(Counting(looks))
            ended.append(name)

        tasks = [asyncio.create_task(one(*each)) for each in (("long", 50), ("short", 1), ("none", 0))]
        await turns_of_the_loop(3)
        assert lane.waiting == 2
        await asyncio.gather(*tasks)
        assert lane.waiting == 0
        return ended

    assert asyncio.run(several()) == ["long", "short", "none"]


def test_a_turn_lasts_as_long_as_it_may():
    async def timed() -> int:
        turns = 0

        def work() -> None:
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                look()

        task = asyncio.create_task(Lane(turn_seconds=0.01).do(work))
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(timed()) < 40  # five turns; the loop turns a few times for each


def test_what_ends_early_leaves_the_rest_of_its_turn_to_the_next():
    async def turns() -> int:
        lane, seen = Lane(turn_seconds=10), 0
        waiting = asyncio.gather(*(lane.do(Counting()) for _ in range(20)))
        while not waiting.done():
            await asyncio.sleep(0)
            seen += 1
        assert await waiting == [5] * 20
        return seen

    assert asyncio.run(turns()) < 10


def test_the_lane_has_half_of_the_time_where_the_loop_is_busy():
    async def shares() -> tuple[float, float]:
        worked = others = 0.0

        def work() -> None:
            nonlocal worked
            last = time.monotonic()
            while worked < 0.2:
                look()
                now = time.monotonic()
                worked += now - last if now - last < 0.005 else 0  # what is longer was the turn of others
                last = now

        task = asyncio.create_task(Lane().do(work))
        while not task.done():
            time.sleep(0.01)
            others += 0.01
            await asyncio.sleep(0)
        return worked, others

    worked, others = asyncio.run(shares())
    assert others < 1.5 * worked  # each turn comes after two of the loop, and is as long as both


# ---- how many


def test_as_many_wait_as_may_and_the_next_is_refused():
    async def crowd() -> None:
        lane = restless()
        tasks = [asyncio.create_task(lane.do(endless)) for _ in range(1 + MOST_WAITING)]
        await turns_of_the_loop(3)
        assert lane.waiting == MOST_WAITING == 64
        with pytest.raises(RequestError) as refused:
            await lane.do(Counting())
        assert (refused.value.code, refused.value.status) == ("OVERLOADED", 503)
        assert str(refused.value) == "64 operations that take long wait already; 64 may."
        listener = asyncio.create_task(lane.do(Counting(), bounded=False))
        await turns_of_the_loop(3)
        assert lane.waiting == MOST_WAITING + 1
        for task in tasks:
            task.cancel()
        assert await listener == 5
        assert await lane.do(Counting()) == 5

    asyncio.run(crowd())


# ---- who leaves


@pytest.mark.parametrize("place", [0, 1])
def test_work_that_nobody_waits_for_is_not_gone_on_with(place):
    async def leaving() -> None:
        lane, works = restless(), [Counting(10**9), Counting(10**9)]
        tasks = [asyncio.create_task(lane.do(work)) for work in works]
        await turns_of_the_loop(20)
        assert (works[0].done > 1, works[1].done) == (True, 0)
        tasks[place].cancel()
        await turns_of_the_loop(20)
        assert tasks[place].cancelled()
        seen = works[place].done
        await turns_of_the_loop(20)
        assert works[place].done == seen
        assert works[1 - place].done > 1
        tasks[1 - place].cancel()
        await turns_of_the_loop(20)
        assert await lane.do(Counting()) == 5

    asyncio.run(leaving())


def test_it_leaves_by_every_finally_on_its_way():
    left = []

    def work() -> None:
        try:
            endless()
        except Exception:  # noqa: BLE001 - what must not happen
            left.append("caught")
        finally:
            left.append("left")

    async def leaving() -> None:
        task = asyncio.create_task(restless().do(work))
        await turns_of_the_loop(5)
        assert left == []
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(leaving())
    assert left == ["left"]


class Held:
    """Something that work refers to while it is half way through."""


@pytest.mark.parametrize("end", ["done", "failed", "left", "left while it waits", "the loop ends"])
def test_nothing_is_left_of_it(end):
    found: list[weakref.ref[Held]] = []

    def work() -> None:
        held = Held()
        found.append(weakref.ref(held))
        look()
        if end == "failed":
            raise ValueError(held)
        while end not in ("done", "failed"):
            look()

    async def run() -> None:
        lane = restless()
        first = asyncio.create_task(lane.do(endless)) if end == "left while it waits" else None
        task = asyncio.create_task(lane.do(work))
        await turns_of_the_loop(15)
        if end == "the loop ends":
            return
        if end.startswith("left"):
            task.cancel()
        await asyncio.wait([task])
        if first:
            first.cancel()
        if end == "failed":
            assert isinstance(task.exception(), ValueError)

    asyncio.run(run())
    gc.collect()
    assert len(found) == (end != "left while it waits")
    assert [one() for one in found] == [None] * len(found)


# ---- what goes wrong


def test_an_error_is_raised_where_the_result_is_awaited_and_the_next_goes_on():
    def broken() -> None:
        look()
        raise KeyError("here")

    async def both() -> int:
        lane = restless()
        task = asyncio.create_task(lane.do(broken))
        after = asyncio.create_task(lane.do(Counting()))
        with pytest.raises(KeyError, match="here"):
            await task
        return await after

    assert asyncio.run(both()) == 5


def test_what_ends_the_process_ends_it():
    def told_to_end() -> None:
        look()
        raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        asyncio.run(restless().do(told_to_end))


# ---- time, and what else belongs to an operation


def test_an_operation_is_given_its_time_for_what_it_works_and_not_for_what_it_waits():
    def patient() -> str:
        with Within(0.05):
            for _ in range(4):
                look()
        return "in time"

    async def slow_others() -> str:
        task = asyncio.create_task(restless().do(patient))
        while not task.done():
            time.sleep(0.03)
            await asyncio.sleep(0)
        return await task

    assert asyncio.run(slow_others()) == "in time"


def test_an_operation_that_works_for_too_long_is_out_of_time():
    def impatient() -> None:
        with Within(0.02):
            while True:
                look()

    with pytest.raises(RequestError) as refused:
        alone(Lane(), impatient)
    assert refused.value.code == "TOOK_TOO_LONG"
    assert not isinstance(refused.value.__cause__, OutOfTime)


def test_an_operation_that_is_out_of_time_is_not_given_the_rest_of_a_long_turn():
    def impatient() -> None:
        with Within(0.02):
            while True:
                look()

    begun = time.monotonic()
    with pytest.raises(RequestError):
        alone(Lane(turn_seconds=10), impatient)
    assert time.monotonic() - begun < 5


NAME: ContextVar[str] = ContextVar("name", default="nobody's")


def test_each_has_its_own_context():
    def noted(tag: str) -> set[str]:
        with noting() as found:
            for number in range(5):
                touch(f"{tag}/{number}")
                look()
        assert NAME.get() == tag
        return found.tags

    async def one(lane: Lane, tag: str) -> set[str]:
        NAME.set(tag)
        return await lane.do(lambda: noted(tag))

    async def both() -> list[set[str]]:
        lane = restless()
        tasks = [asyncio.create_task(one(lane, tag)) for tag in ("a", "b")]
        while not all(task.done() for task in tasks):
            assert noted_by() is None
            assert NAME.get() == "nobody's"
            with noting() as here:
                touch("c")
                await asyncio.sleep(0)
            assert here.tags == {"c"}
        return [task.result() for task in tasks]

    a, b = asyncio.run(both())
    assert a == {f"a/{number}" for number in range(5)}
    assert b == {f"b/{number}" for number in range(5)}


# ---- beginning anew


def test_what_is_half_way_through_begins_anew_when_what_it_reads_is_put_away():
    read: list[str] = []
    current = ["old"]

    def work() -> list[str]:
        version = current[0]
        read.append(version)
        for _ in range(10):
            look()
        return [version, current[0]]

    async def publish() -> list[str]:
        task = asyncio.create_task(restless().do(work))
        await turns_of_the_loop(8)
        assert read == ["old"]
        current[0] = "new"
        begin_anew()
        return await task

    assert asyncio.run(publish()) == ["new", "new"]
    assert read == ["old", "new"]
    begin_anew()  # there is nobody left


# ---- once for all


def test_what_several_wait_for_stops_when_the_last_has_left():
    async def leaving() -> None:
        coming, lane, work = Coming(), restless(), Counting(10**9)

        def ask() -> asyncio.Task[int]:
            return asyncio.create_task(coming.once("the same", lambda: lane.do(work)))

        first, second = ask(), ask()
        await turns_of_the_loop(10)
        first.cancel()
        await turns_of_the_loop(10)
        seen = work.done
        await turns_of_the_loop(10)
        assert work.done > seen
        second.cancel()
        await turns_of_the_loop(10)
        seen = work.done
        await turns_of_the_loop(10)
        assert work.done == seen
        assert await coming.once("the same", lambda: lane.do(Counting())) == 5

    asyncio.run(leaving())


def test_what_says_that_the_client_has_left_is_raised_and_the_work_stops():
    class Gone(Exception):
        pass

    async def leaving() -> None:
        lane, work, gone = restless(), Counting(10**9), asyncio.Event()

        async def left() -> None:
            await gone.wait()
            raise Gone

        assert await unless_left(left, lane.do(Counting())) == 5
        task = asyncio.create_task(unless_left(left, lane.do(work)))
        await turns_of_the_loop(10)
        assert work.done > 1
        gone.set()
        with pytest.raises(Gone):
            await task
        seen = work.done
        await turns_of_the_loop(10)
        assert (work.done, lane.waiting) == (seen, 0)

    asyncio.run(leaving())
