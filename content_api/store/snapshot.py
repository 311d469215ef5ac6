"""The protocol of a version's files: a frozen folder, path -> blob id, and bytes by blob id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class EntryKind(StrEnum):
    """What stands at a path. Content is plain files only; the rest is named so that it can be refused by name."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a snapshot. `size` is in bytes and known before anything is read.

    `blob` is git's id of the bytes: of a file, or of a symlink's target. For a submodule it is a commit's. A folder has
    no id for a file above the limit, a submodule or a pipe: there it is zeros only. Content reads none of these.
    """

    kind: EntryKind
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Version:
    """What editors publish and clients name: one commit, or an unversioned folder.

    `id` is the full commit id (40 or 64 hex digits); for a folder it is `folder-` and 12 hex digits of a hash over its
    paths and blob ids, so that the same files have the same id. The rest is as git gives it, and None for a folder.
    """

    id: str
    tags: tuple[str, ...] = ()
    committed_at: datetime | None = None
    author: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a snapshot may be, and how long it may take to become an edition.

    Each is far above real content and far below what would hurt the server. They bound the memory, too, that one takes.
    """

    file_bytes: int = 1_000_000  # the largest file of the first set has 20 kB; a person edits these
    content_bytes: int = 200_000_000  # 50,000 entities of 4 kB; a file above its own limit is never read or counted
    files: int = 100_000  # and as many folders; git itself can describe 10**12 paths with 13 objects
    depth: int = 16  # parts of a path; the layout needs 2
    seconds: float = 120.0  # nine times what 50,000 entities take from nothing; a change among them takes 0.1


class Snapshot(Protocol):
    """A version's files. Immutable: every method gives the same answer for ever."""

    @property
    def version(self) -> Version: ...

    @property
    def place(self) -> str:
        """Where the files are, for a message to a person: a folder, or a repository and commit."""
        ...

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every path below the content folder, `/` between parts, folders themselves left out, in no particular order.

        A path is given as it stands, decoded as UTF-8 with surrogateescape: names are checked by `content`, not here.
        """
        ...

    def touched_since(self, entries: Mapping[str, Entry]) -> frozenset[str] | None:
        """All paths at which these entries may differ from its own; None where only a comparison of all can tell."""
        ...

    def read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob id with its bytes, in the order asked, checked against the id.

        Raises ObjectUnreadable, naming the object, when one is missing or its bytes do not hash to its id; a folder
        names the file, when it has changed since it was listed.
        """
        ...
