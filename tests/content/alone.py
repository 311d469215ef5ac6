"""Programs that run in a process of their own, with one thread: beside threads, no copy of a process is made."""

from __future__ import annotations

import subprocess
import sys

import pytest

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")

_TWO_PROCESSORS = "import os\nos.sched_getaffinity = lambda process: {0, 1}\n"


def ran(program: str) -> subprocess.CompletedProcess[str]:
    """A program that ends by itself and, as far as it can see, has two processors."""
    command = [sys.executable, "-W", "error", "-c", _TWO_PROCESSORS + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
