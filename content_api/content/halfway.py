"""Operations that are half way through, and have to begin anew when what they read is put away.

One that pauses refers to the edition that it is answered from. To have the collector look no more at what is in memory,
or to let go of an edition, nothing may be half way through. Operations are pure, so that one can be left and begun once
more; to wait until it has come to its end would keep a version from going live.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Leave = Callable[[], None]


class _Here(threading.local):
    """Each thread's own: only its thread can make an operation leave, and only there it is read what is put away."""

    def __init__(self) -> None:
        self.leave: list[Leave] = []


_HERE = _Here()


@contextmanager
def half_way(leave: Leave) -> Iterator[None]:
    """A block in which an operation may pause. `leave` makes it forget all that it has done."""
    _HERE.leave.append(leave)
    try:
        yield
    finally:
        _HERE.leave.remove(leave)


def begin_anew() -> None:
    """Have all operations of this thread begin anew when it is their turn. Call it where none of them is running."""
    for leave in list(_HERE.leave):
        leave()
