"""A git command that talks to another machine: watched, and ended with everything it started when it takes too long."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from content_api.errors import ContentApiError, RepositoryUnusable
from content_api.store.process import Commands, Finished, end, told_plainly

_READ = 1 << 16
# A list of 100,000 refs has 7 MB. What a remote says beyond this is not a list of refs.
_OUTPUT_BYTES = 50_000_000
# Progress goes to standard error too, by the megabyte; what git says last is why it stopped.
_COMPLAINT_BYTES = 1 << 16


class TookTooLong(ContentApiError):
    """The command was ended. `limit` is the name of the limit that it broke, `seconds` its value."""

    def __init__(self, limit: str, seconds: float) -> None:
        super().__init__(f"ended after {seconds:g} seconds")
        self.limit = limit
        self.seconds = seconds


class SaidTooMuch(ContentApiError):
    """The command was ended: it printed more than anybody wants to read."""


def supervised(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    silence: float,
    overall: float,
    commands: Commands | None = None,
) -> Finished:
    """Run git to its end. `silence` is how long it may say nothing at all, `overall` how long it may take; in seconds.

    It can be ended with the `commands` that it is one of. Raises TookTooLong with the name of one of the limits, or
    SaidTooMuch; then nothing that git started is left.
    """
    program = shutil.which("git")
    if program is None:
        raise RepositoryUnusable("The git command was not found. Install git")
    with told_plainly("git cannot be started"):
        process = (commands or Commands()).start([program, *arguments], environment, subprocess.DEVNULL)
    try:
        with told_plainly("git cannot be heard"):
            output, complaint = _heard(process, silence, overall)
    except BaseException:
        _end_group(process)
        raise
    finally:
        end(process)
    return Finished(process.returncode, output, complaint.decode(errors="replace"))


def _heard(process: subprocess.Popen[bytes], silence: float, overall: float) -> tuple[bytes, bytes]:
    """What a process says on standard output and standard error until it ends."""
    output, complaint, began = bytearray(), bytearray(), time.monotonic()
    with selectors.DefaultSelector() as selector:
        for pipe, heard in ((process.stdout, output), (process.stderr, complaint)):
            assert pipe is not None
            selector.register(pipe, selectors.EVENT_READ, heard)
        while selector.get_map():
            left = began + overall - time.monotonic()
            ready = selector.select(max(0.0, min(silence, left)))
            if not ready or left <= 0:
                raise TookTooLong("overall", overall) if left <= silence else TookTooLong("silence", silence)
            for key, _ in ready:
                if data := os.read(key.fd, _READ):
                    key.data.extend(data)
                else:
                    selector.unregister(key.fileobj)
            if len(output) > _OUTPUT_BYTES:
                raise SaidTooMuch(f"it printed more than {_OUTPUT_BYTES:,} bytes")
            del complaint[:-_COMPLAINT_BYTES]
    try:
        process.wait(max(0.0, began + overall - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TookTooLong("overall", overall) from None
    return bytes(output), bytes(complaint)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what git has started, even where git itself has ended: a helper of it may wait for the network still."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
