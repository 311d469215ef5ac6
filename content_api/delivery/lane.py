"""The lane: what takes long is worked at a little at a time, one piece after the other, and everybody else goes first.

A piece of work runs in a greenlet. Where it looks at the clock (content/deadline.py) and its turn is over, it switches
back to the event loop, which does all that is ready and then goes on with it. So it is interrupted where it looks and
nowhere else, and nothing needs a lock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from time import monotonic
from typing import Any, Generic, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

from content_api.content.deadline import taking_turns
from content_api.content.halfway import half_way
from content_api.errors import RequestError

# What everybody else waits for: a small answer takes a tenth of it, and a turn of the event loop a fiftieth.
TURN_SECONDS = 0.001
# Of the time, what the lane is given at least. Where small questions are so many, or so many are refused, that the loop
# is busy with them for long, turns become longer: else nothing dear would ever be answered.
LEAST_SHARE = 0.5
# The dearest take 50 ms, so that the last one waits for three seconds. Who comes later would have left before.
MOST_WAITING = 64

T = TypeVar("T")


class Work(Generic[T]):
    """A piece of work, from when it is asked for until it is done or nobody wants it any more."""

    def __init__(self, do: Callable[[], T]) -> None:
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._do = do
        self._context = copy_context()
        self._begun: greenlet | None = None

    def go_on(self, seconds: float) -> None:
        """Work for a turn, from the beginning if it was made to leave. What goes wrong is for who waits."""
        if self._begun is None:
            self._begun = greenlet(self._to_the_end)
            self._begun.gr_context = self._context.copy()
        try:
            self._begun.switch(seconds)
        except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
            self.done.set_exception(error)
        except BaseException:  # the process is told to end
            self.done.cancel()
            raise

    def leave(self) -> None:
        """Forget what was done until now."""
        if self._begun is not None:
            self._begun.throw(GreenletExit)
            self._begun = None

    def _to_the_end(self, seconds: float) -> None:
        with half_way(self.leave), taking_turns(seconds, _pause):
            found = self._do()
        self.done.set_result(found)


class Lane:
    """One piece of work at a time, of those that wait for their turn. Used from one thread, that of the event loop."""

    def __init__(
        self,
        turn_seconds: float = TURN_SECONDS,
        least_share: float = LEAST_SHARE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._turn_seconds = turn_seconds
        self._least_share = least_share
        self._most = most_waiting
        self._work: deque[Work[Any]] = deque()
        self._turning = False
        self._turned = 0.0

    @property
    def waiting(self) -> int:
        """How many wait until another is done."""
        return max(len(self._work) - 1, 0)

    def refusal(self) -> RequestError | None:
        """OVERLOADED, where too many wait. To ask this first is cheaper than to have the work refused."""
        if self.waiting < self._most:
            return None
        message = f"{self.waiting:,} operations that take long wait already; {self._most:,} may."
        return RequestError("OVERLOADED", message, "Ask again in a moment, or ask for less.")

    async def do(self, work: Callable[[], T], *, bounded: bool = True, has_waited: bool = False) -> T:
        """What the work comes to. Raises RequestError, OVERLOADED, where too many wait and this is `bounded`.

        Who `has_waited` here already is the next. The work must be pure: it may be left half way,
        and begun once more. When the one who waits is cancelled, it stops.
        """
        if bounded and (refusal := self.refusal()):
            raise refusal
        if not self._work:
            self._turned = monotonic()
        mine = Work(work)
        self._work.insert(1 if has_waited else len(self._work), mine)
        self._go_on()
        try:
            return await mine.done
        finally:
            mine.leave()
            if mine in self._work:
                self._work.remove(mine)

    def _share_of(self, others: float) -> float:
        """Seconds that are the least share, where the loop had so many for others since the last turn."""
        return others * self._least_share / (1 - self._least_share)

    def _go_on(self) -> None:
        """Twice around the loop: what has come during the last turn is read in the first, and answered in it."""
        if self._work and not self._turning:
            self._turning = True
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._take_turn)

    def _take_turn(self) -> None:
        self._turning = False
        began = monotonic()
        until = began + max(self._turn_seconds, self._share_of(began - self._turned))
        try:
            self._work_until(until)
        finally:
            self._turned = monotonic()
            self._go_on()

    def _work_until(self, until: float) -> None:
        """Work at one after the other: what ends early leaves the rest of the turn to the next."""
        while self._work:
            first = self._work[0]
            try:
                if not first.done.done():
                    first.go_on(until - monotonic())
            finally:
                if first.done.done():
                    self._work.popleft()
            if monotonic() >= until:
                break


def _pause() -> float:
    """Back to who began the turn, until the next one."""
    seconds: float = getcurrent().parent.switch()
    return seconds
