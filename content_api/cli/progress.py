"""A bar for reading that takes a while: on standard error, and only where a person is looking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, TaskID

from content_api.store.snapshot import Entry, Snapshot, Version

WORTH_A_BAR = 2_000  # files; fewer are read before the eye has found the bar


@contextmanager
def watched(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The same snapshot, with a bar that fills as it is read."""
    console = Console(stderr=True)
    if len(snapshot.entries) < WORTH_A_BAR or not console.is_terminal:
        yield snapshot
        return
    with Progress(console=console, transient=True) as progress:
        yield _Watched(snapshot, progress, progress.add_task("Reading", total=len(snapshot.entries)))


@dataclass(frozen=True, slots=True)
class _Watched:
    """A snapshot that says how far its reader has come."""

    snapshot: Snapshot
    progress: Progress
    task: TaskID

    @property
    def version(self) -> Version:
        return self.snapshot.version

    @property
    def place(self) -> str:
        return self.snapshot.place

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self.snapshot.entries

    def touched_since(self, entries: Mapping[str, Entry]) -> frozenset[str] | None:
        return self.snapshot.touched_since(entries)

    def read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for found in self.snapshot.read(blobs):
            yield found
            self.progress.advance(self.task)
