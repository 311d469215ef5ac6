"""Work beside the event loop, in a thread, on processors that the event loop keeps off while it goes on.

Linux wakes a thread where it ran last, and lets it wait there until who runs has had a slice of three milliseconds,
though another processor is idle. What makes a version ready would hold up a reader's answer for as long, and so would
git. So half of the processors are for the one and half for the other then; at all other times the event loop may have
any.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Processors:
    """Those that the process may have. Where there is but one, or no system call for it, nothing is kept apart."""

    def __init__(self, all_of_them: Set[int]) -> None:
        ordered = sorted(all_of_them) if len(all_of_them) > 1 else []
        half = len(ordered) // 2
        self.all, self.of_the_loop, self.beside_it = ordered, ordered[:half], ordered[half:]
        self._works = 0

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A block of the event loop's thread during which that keeps off the processors of what is beside it."""
        self._works += 1
        keep_to(self.of_the_loop)
        try:
            yield
        finally:
            self._works -= 1
            if not self._works:
                keep_to(self.all)


PROCESSORS = Processors(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else frozenset())


async def beside(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a function that blocks gives, and raises."""

    def done() -> T:
        keep_to(PROCESSORS.beside_it)
        return work(*arguments, **named)

    with PROCESSORS.apart():
        return await asyncio.to_thread(done)


def begin_beside(work: Callable[[], None]) -> None:
    """Have something done beside the event loop that nobody waits for; where none runs, have it done."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work()
    else:
        loop.run_in_executor(None, work)


def keep_to(processors: list[int]) -> None:
    """Have the calling thread, and all that it starts from now on, run on these alone. Without any, leave it be."""
    if processors:
        with suppress(OSError):  # taken away from the process meanwhile: it has to do with what is left
            os.sched_setaffinity(0, processors)
