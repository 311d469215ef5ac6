"""What a server's processes take: CPU time and memory, summed over all of them; and on which core they run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import resident_bytes

PROC = Path("/proc")


def tree(process: int) -> list[int]:
    """A process and those that it started, and so on."""
    parents = {int(folder.name): parent_of(folder) for folder in PROC.iterdir() if folder.name.isdigit()}
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def parent_of(process: Path) -> int | None:
    """The parent's number; None for a process that has ended meanwhile."""
    try:
        text = (process / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(text.rpartition(")")[2].split()[1])  # a process may have spaces and brackets in its name


def cpu_seconds(process: int) -> float:
    """CPU time that all threads of a process and its children have had. `stat` counts in hundredths of a second, which
    is too coarse for short loads; `schedstat` counts nanoseconds, but forgets threads that have ended."""
    schedules = [file for each in tree(process) for file in (PROC / str(each) / "task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in schedules) / 1e9


def memory_bytes(process: int) -> int:
    """Resident memory of a process and its children; what they share is counted for each."""
    return sum(map(resident_bytes, tree(process)))


def cores() -> tuple[int, int]:
    """One core for the server and one for the load: the same, if there is only one."""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Have what is started in the block run on one core, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
