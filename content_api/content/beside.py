"""Work that is done beside this process, in a copy of it: a second processor at last has something to do.

Python runs one thread at a time, so a thread would not help; and a copy needs nothing carried to it, however many
objects there are. Only its result is carried back. Nothing depends on the copy: if it cannot be made, or ends before it
has told its result, the work is done here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import structlog

from content_api.store.pipe import widen

T = TypeVar("T")
Copy: TypeAlias = tuple[ForkProcess, Connection]
"""A copy of this process, and where it is heard."""

log = structlog.get_logger("content_api.content")

# To copy a process that holds so many entities takes 10 ms, and to look at them 30 ms.
ENOUGH = 1_000
# Seconds. To look at 50,000 entities takes two; a copy that is silent for longer will not speak any more.
DEADLINE = 60.0
_TASKS = Path("/proc/self/task")


@contextmanager
def beside(work: Callable[[], T], size: int) -> Iterator[Callable[[], T]]:
    """Begin some work on so many entities beside this process; the function that is yielded waits for its result.

    The result must be small, and such as can be pickled. Whatever comes, no process is left behind at the end.
    """
    with _copied(lambda mouth: mouth.send(work()), size) as copy:
        yield cache(lambda: _heard(copy, work)) if copy else cache(work)


@contextmanager
def told_beside(work: Callable[[], Iterable[T]], size: int) -> Iterator[Iterator[T]]:
    """Begin to make so many things beside this process, piece by piece; yields the pieces as they come.

    They end where the copy does, be it early: what is missing then is to be made here. They may be large, but few.
    """

    def tell(mouth: Connection) -> None:
        for piece in work():
            mouth.send(piece)

    with _copied(tell, size) as copy:
        yield _told(copy) if copy else iter(())


@contextmanager
def _copied(tell: Callable[[Connection], None], size: int) -> Iterator[Copy | None]:
    """A copy that tells something, where it pays; none is left at the end."""
    copy = _begun(tell) if size >= ENOUGH and may_copy() else None
    try:
        yield copy
    finally:
        if copy:
            process, ear = copy
            process.kill()
            process.join()
            process.close()
            ear.close()


def may_copy() -> bool:
    """Whether this process can be copied and a processor is there for the copy.

    A copy has one thread; a lock that another held would stay locked in it for ever. Other systems than Linux do not
    tell of threads that are not Python's own, and macOS has libraries that do not survive being copied.
    """
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and len(list(_TASKS.iterdir())) == 1
        and not multiprocessing.current_process().daemon  # such a process may have no children
    )


def _begun(tell: Callable[[Connection], None]) -> Copy | None:
    """A copy, and where it is heard; None where the system allows no further process."""
    context = multiprocessing.get_context("fork")
    ear, mouth = context.Pipe(duplex=False)
    widen(mouth.fileno())
    process = context.Process(target=_tell, args=(tell, mouth, ear), daemon=True)
    try:
        process.start()
    except OSError as error:
        log.warning("this process cannot be copied, so all work is done here", reason=str(error))
        ear.close()
        return None
    finally:
        mouth.close()
    return process, ear


def _tell(tell: Callable[[Connection], None], mouth: Connection, ear: Connection) -> None:
    """In the copy: do the work and tell of it, as long as there is somebody to hear it."""
    ear.close()
    signal.set_wakeup_fd(-1)  # or a signal for us would wake the event loop of the process that we are a copy of
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process hears it, too, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError):
        tell(mouth)


def _heard(copy: Copy, work: Callable[[], T]) -> T:
    """The result, from the copy or else from here."""
    result: T
    for result in _told(copy):
        return result
    return work()


def _told(copy: Copy) -> Iterator[Any]:
    """What the copy tells until it ends. If it does not end as it should, that is logged."""
    process, ear = copy
    try:
        while ear.poll(DEADLINE):
            yield ear.recv()
        reason = f"it was silent for {DEADLINE:g} seconds"
    except (EOFError, OSError):  # between two pieces, or in the middle of one
        process.join(1)
        if process.exitcode == 0:
            return
        reason = f"it ended with exit code {process.exitcode}"
    log.warning("a copy of this process gave no result, so its work is done again here", reason=reason)
