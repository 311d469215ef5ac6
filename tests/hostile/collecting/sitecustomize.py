"""Read by Python when it starts, where PYTHONPATH names this folder: a process that is told to (SIGUSR2) collects its
garbage, gives back to the system what it has no use for, and writes into a file how many bytes of memory it holds then,
and how many of these it uses. The others are holes between them.

PYTHONMALLOC=malloc, so that glibc knows of every object.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
from pathlib import Path

ROWS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"  # of mallinfo2, in glibc's manual
LIBRARY = ctypes.CDLL(None)


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ROWS.split()]


def collect(*_: object) -> None:
    gc.collect()
    LIBRARY.malloc_trim(0)
    held = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    found = LIBRARY.mallinfo2()
    written = Path(os.environ["MEMORY_FILE"])
    partly = written.with_suffix(".part")
    partly.write_text(f"{held} {found.uordblks + found.hblkhd}")
    partly.rename(written)


LIBRARY.mallinfo2.restype = Mallinfo
signal.signal(signal.SIGUSR2, collect)
