"""Pipes between processes."""

from __future__ import annotations

import contextlib
import fcntl

WIDE = 1 << 20
"""Bytes that a wide pipe holds."""


def widen(pipe: int) -> None:
    """Let a pipe hold 1 MB: with 64 kB who writes files to it would wait for who reads them on every twentieth."""
    if set_size := getattr(fcntl, "F_SETPIPE_SZ", None):  # Linux has it
        with contextlib.suppress(OSError):  # and refuses it to a user who has many wide pipes already
            fcntl.fcntl(pipe, set_size, WIDE)
