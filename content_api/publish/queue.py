"""A queue for work beside the event loop: one piece at a time, done once however many wait for it, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from time import monotonic
from typing import Any, TypeVar

from content_api.errors import RequestError
from content_api.publish.waits import USUAL_WAITS, Waits

T = TypeVar("T")


class Queue:
    """All of it is called on the event loop."""

    def __init__(self, waits: Waits = USUAL_WAITS) -> None:
        self.waits = waits
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._tasks)

    async def result(self, key: Hashable, what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work with a key comes to. Raises RequestError where it cannot be had in time, about `what` it is."""
        task = self._tasks.get(key)
        if task is None:
            if len(self._tasks) >= self.waits.loads:
                number, most = len(self._tasks), self.waits.loads
                raise overloaded(f"{number:,} versions are being loaded or wait for it; {most:,} may.")
            task = self._tasks[key] = asyncio.create_task(self._in_turn(work))
            task.add_done_callback(lambda done: self._ended(key, done))
        began = monotonic()
        done, _ = await asyncio.wait([task], timeout=self.waits.load_seconds)
        if not done:
            raise self.too_slow(f"{what[0].lower()}{what[1:]} is still being loaded", began)
        found: T = task.result()
        return found

    def too_slow(self, what: str, began: float) -> RequestError:
        """The refusal of a client that has waited since then; `what` is the case."""
        return overloaded(f"After {monotonic() - began:.1f} s {what}; {self.waits.load_seconds:g} s are waited.")

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._turn:  # one at a time: two would take as long, and twice the memory
            return await work()

    def _ended(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, even if everybody who waited has given up


def overloaded(reason: str) -> RequestError:
    return RequestError("OVERLOADED", reason, "Ask again in a few seconds.")
