"""Standard error while a server runs: written by a thread of its own, so that nobody waits for who reads it.

A pipe whose reader stands still takes 64 kB, and whoever writes then stands still as well: the event loop would, and
with it all requests. logging's own QueueHandler was refused: it hands over record after record, and a line of a request
has no record.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock, Thread

# What may wait to be written: the lines of ten seconds of a busy site, and no more memory than a version's files.
MOST_WAITING_BYTES = 8_000_000
STDERR = 2
SECONDS_TO_END = 1.0  # that the end waits for what is not written yet; a reader that stands still keeps nobody


class Journal:
    """Takes text for a file descriptor. Until it is `running`, and after that, what comes is written at once.

    What finds no room is left out and counted in `lost`; `on_lost` is told of it once there is room again.
    """

    def __init__(self, descriptor: int, most_bytes: int = MOST_WAITING_BYTES) -> None:
        self.lost = 0
        """How many lines were left out."""
        self.on_lost: Callable[[int], None] = lambda lines: None
        self._descriptor = descriptor
        self._most = most_bytes
        self._runs = False
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = Lock()
        self._handed = self._written = 0
        self._untold = 0

    @classmethod
    def of_stderr(cls) -> Journal:
        """One for standard error, wherever that leads."""
        try:
            return cls(sys.stderr.fileno())
        except (OSError, ValueError, AttributeError):  # somebody has put another thing in its place, or closed it
            return cls(STDERR)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have a thread write."""
        thread = Thread(target=self._write_on, name="journal", daemon=True)
        thread.start()
        self._runs = True
        try:
            yield
        finally:
            self._runs = False
            self._waiting.put(None)
            thread.join(SECONDS_TO_END)

    def write(self, text: str) -> None:
        """Have lines written, with their ends. This may be called from any thread."""
        data = text.encode(errors="backslashreplace")
        if not self._runs:
            self._write(data)
            return
        with self._lock:
            has_room = self._handed - self._written + len(data) <= self._most
            if has_room:
                self._handed += len(data)
                self._waiting.put(data)
            else:
                self._untold += text.count("\n")
                self.lost += text.count("\n")
            untold = self._untold if has_room else 0
            self._untold -= untold
        if untold:
            self.on_lost(untold)

    def flush(self) -> None:
        """Nothing is held back. logging asks for this of its streams."""

    def _write_on(self) -> None:
        while (data := self._waiting.get()) is not None:
            self._write(data)
            self._written += len(data)

    def _write(self, data: bytes) -> None:
        """Write all of it. Where nobody will ever read it, it counts as lost: there is nobody to tell."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:  # somebody who has the same descriptor wants it so
                select.select((), (self._descriptor,), ())
            except OSError:  # a full disk, a reader that is gone
                self.lost += bytes(left).count(b"\n")
                return
