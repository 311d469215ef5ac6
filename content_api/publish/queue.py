"""A queue for work beside the event loop: one piece at a time, done once however many wait for it, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

from content_api.errors import RequestError

WAITING = 16  # pieces of work; one takes from milliseconds to seconds, and nobody waits for the last
SECONDS = 20.0  # that a client waits for one; proxies give up after 30 or 60

T = TypeVar("T")


class Queue:
    """All of it is called on the event loop."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._tasks)

    async def result(self, key: Hashable, what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work with a key comes to. Raises RequestError where it cannot be had in time, about `what` it is."""
        task = self._tasks.get(key)
        if task is None:
            if len(self._tasks) >= WAITING:
                raise overloaded(f"{WAITING} versions are waiting to be loaded.")
            task = self._tasks[key] = asyncio.create_task(self._in_turn(work))
            task.add_done_callback(lambda done: self._ended(key, done))
        done, _ = await asyncio.wait([task], timeout=SECONDS)
        if not done:
            raise overloaded(f"{what} is still being loaded.")
        found: T = task.result()
        return found

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._turn:  # one at a time: two would take as long, and twice the memory
            return await work()

    def _ended(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, even if everybody who waited has given up


def overloaded(reason: str) -> RequestError:
    return RequestError("OVERLOADED", reason, "Ask again in a few seconds.")
