"""What is being made: whoever asks for the same meanwhile waits for it, and nobody has it made twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

Left = Callable[[], Awaitable[None]]
"""Raises when who asked has left, and does nothing until then."""


async def unless_left(left: Left, answer: Coroutine[Any, Any, T]) -> T:
    """What is waited for. When who asked has left, nobody waits for it any more, and what `left` raises is raised."""
    waiting, watching = asyncio.ensure_future(answer), asyncio.ensure_future(left())
    try:
        await asyncio.wait((waiting, watching), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            watching.result()
        return await waiting
    finally:
        waiting.cancel()
        watching.cancel()
        await asyncio.gather(waiting, watching, return_exceptions=True)


class Coming:
    """Tasks by what they make. Used from one thread, that of the event loop."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._waiting: Counter[asyncio.Task[Any]] = Counter()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._tasks

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What is being made under a key already, or else what `make` makes.

        It goes on when the one who asked first has left, for the others, and is cancelled when all have.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(make())
            task.add_done_callback(lambda done: self._forget(key, done))
        self._waiting[task] += 1
        try:
            found: T = await asyncio.shield(task)
            return found
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                self._forget(key, task)
                task.cancel()

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        """Who asks from now on has it made anew."""
        if self._tasks.get(key) is task:
            del self._tasks[key]
