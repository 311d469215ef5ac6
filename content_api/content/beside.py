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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TypeVar

import structlog

T = TypeVar("T")

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
    copy = _begun(work) if size >= ENOUGH and may_copy() else None
    if copy is None:
        yield cache(work)
        return
    process, ear = copy
    try:
        yield cache(lambda: _heard(process, ear, work))
    finally:
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


def _begun(work: Callable[[], object]) -> tuple[ForkProcess, Connection] | None:
    """A copy that does the work, and where it is heard; None where the system allows no further process."""
    context = multiprocessing.get_context("fork")
    ear, mouth = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(work, mouth), daemon=True)
    try:
        process.start()
    except OSError as error:
        log.warning("this process cannot be copied, so all work is done here", reason=str(error))
        return None
    finally:
        mouth.close()
    return process, ear


def _tell(work: Callable[[], object], mouth: Connection) -> None:
    """In the copy: do the work and tell the result."""
    signal.set_wakeup_fd(-1)  # or a signal for us would wake the event loop of the process that we are a copy of
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process hears it, too, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    mouth.send(work())


def _heard(process: ForkProcess, ear: Connection, work: Callable[[], T]) -> T:
    try:
        if ear.poll(DEADLINE):
            result: T = ear.recv()
            return result
        reason = f"it was silent for {DEADLINE:g} seconds"
    except (EOFError, OSError):  # before its result, or in the middle of it
        process.join(1)
        reason = f"it ended with exit code {process.exitcode}"
    log.warning("a copy of this process gave no result, so its work is done again here", reason=reason)
    return work()
