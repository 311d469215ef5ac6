"""Work that takes turns as often as it can, without an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from greenlet import getcurrent, greenlet

from content_api.content.deadline import taking_turns

T = TypeVar("T")


def in_turns(work: Callable[[], T], between: Callable[[], object] = lambda: None) -> T:
    """What the work comes to when it pauses at every look; `between` is done each time."""
    outer = getcurrent()

    def turning() -> T:
        with taking_turns(-1, outer.switch):
            return work()

    inner = greenlet(turning)
    found = inner.switch()
    while not inner.dead:
        between()
        found = inner.switch(-1)
    return found
