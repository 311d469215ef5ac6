"""A Snapshot of files in memory, for tests that need no store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from content_api.store.snapshot import Entry, EntryKind, Version

COMMITTED_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class MemorySnapshot:
    """A version made of path -> bytes. `kinds` says which paths are not plain files; `blobs_read` is what was read."""

    def __init__(
        self, files: Mapping[str, bytes], *, message: str | None = None, kinds: Mapping[str, EntryKind] | None = None
    ) -> None:
        blobs = {path: blob_id(data) for path, data in files.items()}
        kinds = kinds or {}
        self.entries = {
            path: Entry(kinds.get(path, EntryKind.FILE), blobs[path], len(files[path])) for path in sorted(files)
        }
        listing = "".join(f"{path}\0{entry.blob}\0" for path, entry in self.entries.items())
        commit = hashlib.sha1(listing.encode("utf-8", "surrogateescape")).hexdigest()
        self.version = Version(commit, (), COMMITTED_AT, "Test Editor", message)
        self.place = f"memory at {commit[:12]}"
        self.blobs_read: list[str] = []
        self._bytes = {blobs[path]: data for path, data in files.items()}

    def touched_since(self, entries: Mapping[str, Entry]) -> None:
        """It knows of no other."""

    def read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for blob in blobs:
            self.blobs_read.append(blob)
            yield blob, self._bytes[blob]


def blob_id(data: bytes) -> str:
    """The id that git gives these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
