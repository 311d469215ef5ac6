"""Waiting: for a coroutine that does not, and for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# What is promised in seconds is promised on a machine that has time. Here everything else runs as well.
PATIENCE = 6.0


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of something that could wait and does not; an error where it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise AssertionError("it waits for something")


def until(seconds: float, found: Callable[[], Any]) -> Any:
    """What is found once it is something, in so many seconds."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, f"after {seconds} s: {result!r}"
        time.sleep(0.02)
    return result
