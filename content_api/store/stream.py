"""What one long git command says, as it comes: for answers that grow with the age of a repository."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Generator
from contextlib import suppress

from content_api.errors import ObjectUnreadable
from content_api.store.process import Git, end, essence, told_plainly

_READ = 1 << 16  # as much as a pipe holds
_COMPLAINT = 1 << 16  # as much of git's complaining as anybody will read


def records(git: Git, separator: bytes, *arguments: str) -> Generator[bytes]:
    """Yield what a command says, cut at the separator that ends each record. Closing the generator ends the command.

    The deadline is the longest that git may stay silent: how long it talks depends on how much there is to say. What
    is not ended by a separator is left out, and when git fails then all that it said before has been yielded. Raises
    ObjectUnreadable at the end for a failure that is not one of those an operator can mend at once.
    """
    process = git.start(*arguments)
    try:
        talk = _Talk(git, process, arguments[0])
        rest = b""
        with told_plainly(f"git cannot be heard in {git.place}"):
            while data := talk.more():
                *whole, rest = (rest + data).split(separator)
                yield from whole
            talk.refuse_failure()
    finally:
        end(process)


class _Talk:
    """One running command, both of its pipes, and what it has complained of."""

    def __init__(self, git: Git, process: subprocess.Popen[bytes], command: str) -> None:
        self._git = git
        self._process = process
        self._command = command
        self._complaint = b""
        self._stdout, self._stderr = (pipe.fileno() for pipe in (process.stdout, process.stderr) if pipe is not None)
        self._poll = select.poll()
        for pipe in (self._stdout, self._stderr):
            self._poll.register(pipe, select.POLLIN)

    def more(self) -> bytes:
        """Wait for the next bytes; none at the end."""
        while True:
            ready = [pipe for pipe, _ in self._poll.poll(self._git.deadline * 1000)]
            if not ready:
                raise self._git.timeout(self._command)
            if self._stderr in ready:
                self._hear_complaint()
            if self._stdout in ready:
                return os.read(self._stdout, _READ)

    def _hear_complaint(self) -> None:
        data = os.read(self._stderr, _COMPLAINT)
        self._complaint = (self._complaint + data)[:_COMPLAINT]
        if not data:  # at its end a pipe is always ready, and would keep us spinning
            self._poll.unregister(self._stderr)

    def refuse_failure(self) -> None:
        """Raise the reason why git has ended, unless it is that all is said."""
        with suppress(subprocess.TimeoutExpired):
            _, rest = self._process.communicate(timeout=self._git.deadline)
            self._complaint += rest[:_COMPLAINT]
        code = self._process.returncode
        if code is None:
            raise self._git.timeout(self._command)
        if code < 0:
            raise self._git.killed(-code)
        if code:
            complaint = self._complaint.decode(errors="replace")
            raise self._git.failure(complaint) or ObjectUnreadable(
                f"`git {self._command}` could not read all of {self._git.place}. Git says: {essence(complaint)}."
                " `git fsck` lists what is damaged; a fresh, full clone brings it back"
            )
