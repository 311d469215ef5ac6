"""Work beside the event loop, in a thread, on processors that the event loop keeps off while it goes on.

Linux wakes a thread where it ran last, and lets it wait there until who runs has had a slice of three milliseconds,
though another processor is idle. What makes a version ready would hold up a reader's answer for as long, and so would
git. So half of the processors are for the one and half for the other then; at all other times the event loop may have
any. What waits for the network, or takes a minute, is not done by this.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, ParamSpec, TypeVar

import structlog

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger("content_api.publish")


class Halves(NamedTuple):
    """Those that the event loop keeps to, and those for what goes on beside it. Neither has any where there is but one
    processor, or where the system does not tell."""

    loop: frozenset[int]
    beside: frozenset[int]


class _Here(threading.local):
    """Of an event loop's thread: which processors it may have, how they are divided, and how many works go on."""

    def __init__(self) -> None:
        self.own: frozenset[int] = frozenset()
        self.halves = Halves(frozenset(), frozenset())
        self.works = 0


_HERE = _Here()
_GOING_ON: set[asyncio.Task[None]] = set()


async def beside(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a function that blocks gives, and raises. It takes the processor or git's time, and not for long."""

    def done(processors: Collection[int]) -> T:
        keep_to(processors)
        return work(*arguments, **named)

    with apart() as halves:
        return await asyncio.to_thread(done, halves.beside)


def begin_beside(work: Callable[[], None]) -> None:
    """Do something beside the event loop that nobody waits for; here and now, where none runs."""
    try:
        task = asyncio.get_running_loop().create_task(beside(work))
    except RuntimeError:
        work()
    else:
        _GOING_ON.add(task)
        task.add_done_callback(_ended)


def _ended(task: asyncio.Task[None]) -> None:
    _GOING_ON.discard(task)
    if not task.cancelled() and (error := task.exception()):
        log.error("what goes on beside the event loop failed", exc_info=error)


@contextmanager
def apart() -> Iterator[Halves]:
    """A block during which an event loop's thread keeps to its half, and whoever else is in such a block with it.

    Afterwards it may have what it had before, but for what somebody (`taskset`) has said about it meanwhile.
    """
    if not _HERE.works:
        _HERE.own = allowed()
        _HERE.halves = halves_of(_HERE.own)
        keep_to(_HERE.halves.loop)
    _HERE.works += 1
    try:
        yield _HERE.halves
    finally:
        _HERE.works -= 1
        if not _HERE.works and allowed() == _HERE.halves.loop:
            keep_to(_HERE.own)


def halves_of(processors: Collection[int]) -> Halves:
    ordered = sorted(processors) if len(processors) > 1 else []
    middle = len(ordered) // 2
    return Halves(frozenset(ordered[:middle]), frozenset(ordered[middle:]))


def allowed() -> frozenset[int]:
    """The processors that the calling thread may have."""
    return frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())


def keep_to(processors: Collection[int]) -> None:
    """Have the calling thread, and all that it starts from now on, run on these alone. Without any, leave it be."""
    if processors:
        with suppress(OSError):  # taken away from the process meanwhile: it has to do with what is left
            os.sched_setaffinity(0, processors)
