"""What memory a server holds, which its process says when it is told to: collecting/sitecustomize.py."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from pathlib import Path

from tests.waiting import until

IS_KNOWN = hasattr(ctypes.CDLL(None), "mallinfo2")
"""Whether that can be known here: by glibc 2.33 and newer."""


def telling(file: Path) -> dict[str, str]:
    """The environment of a process that says it in a file."""
    folder = str(Path(__file__).with_name("collecting"))
    path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "PYTHONMALLOC": "malloc", "MEMORY_FILE": str(file)}


def memory(process: subprocess.Popen, file: Path) -> tuple[int, int]:
    """Bytes that a process holds, and those of them that it uses, without its garbage."""
    file.unlink(missing_ok=True)
    process.send_signal(signal.SIGUSR2)
    until(10, file.exists)
    held, used = file.read_text().split()
    return int(held), int(used)
