"""Git's objects by name, through one long-lived `git cat-file --batch-command` per repository."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import subprocess
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from content_api.errors import SnapshotTooLarge, StoreError
from content_api.store.pipe import WIDE, widen
from content_api.store.process import Git, end, told_plainly, unreadable

Answer = TypeVar("Answer")

# Contents are held in memory one batch at a time: at the default file limit that is 64 MB at the worst, and with files
# of 3 kB larger batches are no faster.
_BATCH = 64
_COMPLAINT = 1 << 16  # as much of git's complaining as anybody will read


@dataclass(frozen=True, slots=True)
class Found:
    """What git knows of an object before reading it: id, kind (blob, tree, commit or tag) and size in bytes."""

    id: str
    kind: str
    size: int


def object_id(kind: str, data: bytes, digits: int = 40) -> str:
    """Return the id git gives to an object: SHA-1 for ids of 40 hex digits, SHA-256 for ids of 64."""
    header = f"{kind} {len(data)}\0".encode()
    digest = (hashlib.sha1 if digits == 40 else hashlib.sha256)(header, usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


class Objects:
    """A repository's objects. Safe to share between threads; the process starts at need, and again after any failure.

    The deadline is the longest that git may stay silent, not the length of a whole answer: a slow disk may take its
    time over 50,000 files, but a read that hangs must end.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = threading.Lock()
        self._conversation: _Conversation | None = None

    @property
    def place(self) -> Path:
        """The git directory that the objects are in."""
        return self._git.place

    def find(self, names: Sequence[str]) -> list[Found | None]:
        """Return what each full id or full ref name names, in order; None for one that names nothing here."""
        return self._ask("info", names, _Conversation.found)

    def sizes(self, ids: Sequence[str], kind: str) -> list[int]:
        """Return each object's size in bytes, in order. Raises ObjectUnreadable if one is missing or not of `kind`."""
        return self._ask("info", ids, lambda talk, name: talk.required(name, kind).size)

    def contents(self, ids: Sequence[str], kind: str, largest: int) -> Iterator[tuple[str, bytes]]:
        """Yield each id with its bytes, in order, each checked against its id.

        Raises ObjectUnreadable for one that is missing, damaged or not of `kind`, and SnapshotTooLarge, before reading
        it, for one of more than `largest` bytes.
        """
        if len(ids) > _BATCH:
            yield from self._contents_in_advance(ids, kind, largest)
        else:
            yield from zip(
                ids, self._ask("contents", ids, lambda talk, name: talk.content(name, kind, largest)), strict=True
            )

    def _contents_in_advance(self, ids: Sequence[str], kind: str, largest: int) -> Iterator[tuple[str, bytes]]:
        """Read with a batch always asked for in advance: git looks for it while the caller works on the one before.

        For that it has a process of its own. The one that is shared must owe nobody an answer when the next one asks.
        """
        batches = [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
        talk = _Conversation(self._git)
        try:
            talk.ask("contents", batches[0])
            for batch, following in zip_longest(batches, batches[1:], fillvalue=()):
                talk.ask_more("contents", following)
                for name in batch:
                    yield name, talk.content(name, kind, largest)
        finally:
            talk.end()

    def close(self) -> None:
        """End the process. Another question would start another."""
        with self._lock:
            if self._conversation is not None:
                self._conversation.end()

    def _ask(self, command: str, names: Sequence[str], answer: Callable[[_Conversation, str], Answer]) -> list[Answer]:
        """Ask about all names at once and return the answers, in order."""
        with self._lock:
            if self._conversation is None or not self._conversation.is_alive:
                self._conversation = _Conversation(self._git)
            talk = self._conversation
            try:
                with told_plainly(f"git cannot be heard in {self.place}"):
                    talk.ask(command, names)
                    return [answer(talk, name) for name in names]
            except BaseException:  # what git still has to say would be taken for the answer to the next question
                talk.end()
                raise


class _Conversation:
    """One running process, and the bytes on their way to it and from it. After a failure it is of no more use."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process = git.start("cat-file", "--batch-command", "--buffer")
        self.end = weakref.finalize(self, end, self._process)  # called, too, when nobody closes us
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._stdin, self._stdout, self._stderr = (pipe.fileno() for pipe in pipes if pipe is not None)
        self._poll = select.poll()
        for pipe in (self._stdout, self._stderr):
            self._poll.register(pipe, select.POLLIN)
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe, False)
        widen(self._stdout)
        self._questions = memoryview(b"")
        self._answers = bytearray()
        self._complaint = b""

    @property
    def is_alive(self) -> bool:
        return self.end.alive and self._process.poll() is None

    def ask(self, command: str, names: Sequence[str]) -> None:
        self._hear_complaint()
        self._complaint = b""
        self.ask_more(command, names)

    def ask_more(self, command: str, names: Sequence[str]) -> None:
        """Ask before the last answers are read. What git complained of meanwhile is kept."""
        questions = "".join(f"{command} {name}\n" for name in names).encode()
        if questions.count(b"\n") != len(names):  # no caller lets one through; here it would be a command of its own
            raise ValueError("a name has a line feed in it")
        # What is left of the last questions goes first: git may have said all before it has read our last flush.
        self._questions = memoryview(bytes(self._questions) + questions + b"flush\n")
        self._poll.register(self._stdin, select.POLLOUT)
        self._write()  # at once, so that git has something to do before the first answer is awaited

    def found(self, name: str) -> Found | None:
        """Read the answer about `name`: None if there is no such thing, and nothing that git complains about."""
        found = self._header(name)
        if found is None and (failure := self._git.failure(self._hear_complaint())):
            raise failure
        return found

    def required(self, name: str, kind: str) -> Found:
        found = self._header(name)
        if found is None:
            raise self._unreadable(name, "is missing")
        if found.kind != kind:
            raise self._unreadable(name, f"is a {found.kind}, where a {kind} was expected")
        return found

    def content(self, name: str, kind: str, largest: int) -> bytes:
        size = self.required(name, kind).size
        if size > largest:
            raise SnapshotTooLarge(f"object {name}", f"it has {size:,} bytes", f"at most {largest:,} are read")
        while len(self._answers) <= size:
            self._exchange(name)
        with memoryview(self._answers) as view:
            data = bytes(view[:size])
        del self._answers[: size + 1]
        if object_id(kind, data, len(name)) != name:
            raise self._unreadable(name, "has bytes that do not match its id")
        return data

    def _header(self, name: str) -> Found | None:
        while (stop := self._answers.find(b"\n")) < 0:
            self._exchange(name)
        words = self._answers[:stop].decode().rsplit(" ", 2)
        del self._answers[: stop + 1]
        return Found(words[0], words[1], int(words[2])) if words[-1].isdigit() else None

    def _exchange(self, awaited: str) -> None:
        """Move bytes whichever way they will go. One loop for all three pipes, so that none of them can jam."""
        ready = self._poll.poll(self._git.deadline * 1000)
        if not ready:
            raise self._git.timeout(f"cat-file, asked for {awaited},")
        for pipe, _ in ready:
            if pipe == self._stdin:
                self._write()
            elif pipe == self._stderr:
                self._hear_complaint()
            elif data := os.read(self._stdout, WIDE):
                self._answers += data
            else:
                raise self._ended(awaited)

    def _write(self) -> None:
        try:
            self._questions = self._questions[os.write(self._stdin, self._questions) :]
        except BlockingIOError:  # the pipe is full: the rest goes when git has read some of it
            return
        except BrokenPipeError:  # git has ended; the end of its answers will say so, after those it still gave
            self._questions = memoryview(b"")
        if not self._questions:
            self._poll.unregister(self._stdin)

    def _hear_complaint(self) -> str:
        """Take in what there is on standard error without waiting for more, and return all of it."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._stderr, _COMPLAINT):
                self._complaint = (self._complaint + data)[:_COMPLAINT]
            with contextlib.suppress(KeyError):  # at its end a pipe is always ready, and would keep us spinning
                self._poll.unregister(self._stderr)
        return self._complaint.decode(errors="replace")

    def _unreadable(self, name: str, found: str) -> StoreError:
        complaint = self._hear_complaint()
        return self._git.failure(complaint) or unreadable(name, self._git.place, found, complaint)

    def _ended(self, awaited: str) -> StoreError:
        """Return the reason why git ended while `awaited` was awaited."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        code = self._process.returncode
        if code is not None and code < 0:
            return self._git.killed(-code)
        return self._unreadable(awaited, "could not be read")
