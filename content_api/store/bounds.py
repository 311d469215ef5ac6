"""Where a snapshot breaks a limit, said in the same words for every store."""

from __future__ import annotations

from collections.abc import Mapping

from content_api.errors import SnapshotTooLarge
from content_api.store.snapshot import Entry, Limits


def too_deep(path: str, limits: Limits) -> SnapshotTooLarge:
    """Return the error about a folder whose files have more parts in their path than the limit."""
    return SnapshotTooLarge(_shown(path), "folders are nested too deep", f"a path has at most {limits.depth} parts")


def too_many(path: str, limits: Limits) -> SnapshotTooLarge:
    """Return the error about more files, or more folders, than the limit."""
    return SnapshotTooLarge(
        _shown(path), "too many files or folders up to here", f"at most {limits.files:,} of each are read"
    )


def too_much(path: str, limits: Limits) -> SnapshotTooLarge:
    """Return the error about more bytes in all files together than the limit."""
    return SnapshotTooLarge(
        _shown(path), "too many bytes in all files up to here", f"at most {limits.content_bytes:,} bytes are read"
    )


class Count:
    """How much of the limits is left while entries are added, in order of their paths."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files = limits.files
        self._bytes = limits.content_bytes

    def add(self, path: str, entry: Entry) -> None:
        """Count one entry. Raises SnapshotTooLarge, with its path, when it is the one too many."""
        self._files -= 1
        if self._files < 0:
            raise too_many(path, self._limits)
        self._bytes -= counted(entry, self._limits)
        if self._bytes < 0:
            raise too_much(path, self._limits)


def check(entries: Mapping[str, Entry], bytes_in_all: int, limits: Limits) -> None:
    """Raise SnapshotTooLarge if these are too many. They are counted one by one only to find out which one it is."""
    if len(entries) > limits.files or bytes_in_all > limits.content_bytes:
        count = Count(limits)
        for path, entry in sorted(entries.items()):
            count.add(path, entry)


def counted(entry: Entry, limits: Limits) -> int:
    """Return an entry's bytes; none for a file too large by itself, which is refused by its name and never read."""
    return entry.size if entry.size <= limits.file_bytes else 0


def _shown(path: str) -> str:
    """Return a path fit for a terminal and a log: names can hold line feeds, and marks that turn the text around."""
    return path if path.isprintable() else ascii(path)
