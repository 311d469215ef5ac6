"""What the store asks of the outside world, operation by operation, and harm that is done to one of them.

An operation is a call by a module of the store, itself or through `pathlib` and the like, of what is in OPERATIONS.

SWEEP_SHARE is the share of the operations that are harmed though another of their kind is: 1 for every one of them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import select
import selectors
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

OURS = f"{os.sep}content_api{os.sep}"
STORE = f"{OURS}store{os.sep}"
# Modules of Python, as they are called in its versions; what stands in angle brackets is built in.
THROUGH = ("pathlib.py", "pathlib/__init__.py", "pathlib/_local.py", "shutil.py", "contextlib.py")
THROUGH += ("genericpath.py", "posixpath.py", "<frozen os>", "<frozen genericpath>", "<frozen posixpath>")

NEVER = 0  # refused: nothing that the store does could make the operating system do that
# Where it is found, what it is called, and what the operating system says when it refuses it.
OPERATIONS: tuple[tuple[Any, str, int], ...] = (
    (subprocess, "Popen", errno.EAGAIN),
    (subprocess.Popen, "communicate", errno.EIO),
    (subprocess.Popen, "wait", NEVER),
    (selectors.DefaultSelector, "select", errno.EIO),
    (fcntl, "flock", errno.ENOLCK),
    (fcntl, "fcntl", errno.EPERM),
    *((os, name, errno.ENOSPC) for name in ("open", "mkdir", "rename", "pwrite")),
    *((os, name, errno.EIO) for name in ("read", "write", "pread", "unlink", "rmdir", "scandir", "listdir")),
    *((os, name, errno.EIO) for name in ("stat", "lstat")),
    *((os, name, NEVER) for name in ("close", "killpg")),
)
# Where answers of git are heard. What is harmed in there is the same for whoever asked.
HEARING = ("process", "objects", "stream", "supervise")

SHARE = float(os.environ.get("SWEEP_SHARE", "0.02"))
TODAY = datetime.now(UTC).date()

Key = tuple[str, str, int]
"""An operation: on which occasion, the way to it, and how many were done before. Or a kind of them: ("", kind, 0)."""


def fails(result: Callable[[], Any], reason: int) -> Any:
    """The operating system refuses the operation."""
    raise OSError(reason, os.strerror(reason))


def dies(result: Callable[[], Any], reason: int) -> Any:
    """The process that was started is killed at once."""
    process = result()
    process.kill()
    return process


def kills(result: Callable[[], Any], reason: int) -> Any:
    """All is over before the operation: this process is killed, with those that it has started."""
    for child in children():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Way:
    """The functions of ours that led to an operation, the nearest first: (module, function and line)."""

    name: str
    steps: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " < ".join((self.name, *(f"{module}.{step}" for module, step in self.steps)))

    @property
    def heard(self) -> str:
        """The operation, and how those who hear git come to it; of other files, the operation alone."""
        return " < ".join((self.name, *(f"{module}.{step}" for module, step in self.steps if module in HEARING)))

    @property
    def asked(self) -> str:
        """Which question to git it belongs to, asked where and for what; or which file is touched."""
        return " < ".join(f"{module}.{step}" for module, step in self.steps if module not in HEARING)


@dataclass
class Outside:
    """Does harm to one operation: the first that was not harmed before, if it is of a new kind or in the sample."""

    harm: Callable[[Callable[[], Any], int], Any]
    tried: set[Key]
    only: tuple[str, ...] = ()
    """Names that the way to an operation must have in it, to be harmed."""
    occasion: str = ""
    """What is being done. The kinds of operations are the same whatever that is."""
    before_harm: Callable[[tuple[set[Key], str]], object] = lambda said: None
    """Is told the keys of what is harmed, and the way to it."""
    harmed: Way | None = None
    _done: Counter[str] = field(default_factory=Counter)

    def asked(self, way: Way, reason: int, result: Callable[[], Any]) -> Any:
        operation = (self.occasion, str(way), self._done[str(way)])
        kinds = {("", kind, 0) for kind in (way.asked, way.heard)}
        self._done[str(way)] += 1
        can_be = all(each in str(way) for each in self.only) and (reason != NEVER or self.harm is not fails)
        is_next = not kinds <= self.tried or (operation not in self.tried and in_sample(operation))
        if self.harmed or not can_be or not is_next:
            return result()
        self.harmed = way
        self.tried |= {operation, *kinds}
        self.before_harm(({operation, *kinds}, str(way)))
        return self.harm(result, reason)


def in_sample(operation: Key) -> bool:
    """Whether it is one of those that are harmed today though another of its kind is."""
    return random.Random(f"{TODAY} {operation}").random() < SHARE


@contextmanager
def watched(outside: Outside) -> Iterator[Outside]:
    """Have the store's operations go through `outside` while the block runs."""
    real_poll = select.poll
    with ExitStack() as stack:
        for place, name, reason in OPERATIONS:
            stack.enter_context(patch.object(place, name, through(outside, getattr(place, name), name, reason)))
        stack.enter_context(patch.object(select, "poll", lambda: Poll(outside, real_poll())))
        yield outside


def through(outside: Outside, real: Callable[..., Any], name: str, reason: int) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        way = way_from_store(name, sys._getframe(1))
        if way is None:
            return real(*arguments, **named)
        return outside.asked(way, reason, lambda: real(*arguments, **named))

    return call


class Poll:
    """A poll object whose waits are operations."""

    def __init__(self, outside: Outside, real: Any) -> None:
        self.register, self.unregister = real.register, real.unregister
        self.poll = through(outside, real.poll, "poll", errno.EIO)


def way_from_store(name: str, frame: FrameType | None) -> Way | None:
    """The way to a call, if it is the store that called, itself or through Python's modules."""
    while frame is not None and frame.f_code.co_filename.endswith(THROUGH):
        frame = frame.f_back
    if frame is None or STORE not in frame.f_code.co_filename:
        return None
    steps = []
    while frame is not None:
        file = frame.f_code.co_filename
        if OURS in file:
            steps.append((Path(file).stem, f"{frame.f_code.co_name}:{frame.f_lineno}"))
        frame = frame.f_back
    return Way(name, tuple(steps))


def children() -> list[int]:
    """The processes that this one has started and that are still there, those that wait to be reaped included."""
    parent, found = str(os.getpid()), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            if stat.read_text().rpartition(")")[2].split()[1] == parent:
                found.append(int(stat.parent.name))
    return found


def locks(repository: Path) -> list[str]:
    """What git has left locked, or half written."""
    return [path.name for path in repository.rglob("*") if path.suffix == ".lock" or path.name.startswith("tmp_")]
