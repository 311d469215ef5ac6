"""A version's files from a folder as it stands: an unpacked copy, or work that is not committed yet."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import translate
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from content_api.errors import ObjectUnreadable, RepositoryUnusable
from content_api.store.bounds import Count, too_deep, too_many
from content_api.store.locate import existing_folder
from content_api.store.objects import object_id
from content_api.store.snapshot import Entry, EntryKind, Limits, Version

# What programs leave beside an editor's files, and no person means as content. Whatever else git would ignore is read:
# a folder that is served as it is should hold nothing that its owner does not see.
_LEFT_BY_PROGRAMS: tuple[tuple[str, str], ...] = (
    (".DS_Store", "macOS Finder, in every folder it has shown"),
    ("*~", "Emacs and many others: the file as it was before the last save"),
    ("#*#", "Emacs: what has been typed since the last save"),
    (".#*", "Emacs: a symlink to nowhere, while a file has unsaved changes"),
    (".*.sw?", "Vim: what has been typed, while a file is open"),
)
_LEFT = re.compile("|".join(translate(pattern) for pattern, _ in _LEFT_BY_PROGRAMS))
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderSnapshot:
    """The files below a folder at the moment of listing, under the ids that git would give them.

    Ids are of SHA-1 unless `digits` is 64. A file above the limit, a submodule and what is no file at all have an id of
    zeros only, which nothing can be read by; their size, and kind, say why. Symlinks are listed and never followed.
    Raises RepositoryUnusable for what may not be read, ObjectUnreadable for what changes meanwhile, SnapshotTooLarge.
    """

    def __init__(self, path: Path, limits: Limits | None = None, digits: int = 40) -> None:
        self._limits = limits or Limits()
        self._digits = digits
        self._places: dict[str, tuple[EntryKind, bytes]] = {}
        self.place = str(path)
        self.entries: Mapping[str, Entry] = MappingProxyType(self._listed(os.fsencode(existing_folder(path))))
        self.version = Version(f"folder-{_fingerprint(self.entries)}")

    def touched_since(self, entries: Mapping[str, Entry]) -> None:
        """Nobody tells which files of a folder were written."""

    def read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob id with its bytes, as the protocol says."""
        for blob in blobs:
            if blob not in self._places:
                raise ObjectUnreadable(f"No file of {self.place} that may be read has the id {blob}")
            kind, place = self._places[blob]
            data = _bytes(kind, place)
            if object_id("blob", data, self._digits) != blob:
                raise _changed(place)
            yield blob, data

    def _listed(self, root: bytes) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        count = Count(self._limits)
        for path, kind, place in _Walk(self._limits).below(root):
            entries[path] = entry = self._entry(kind, place)
            count.add(path, entry)
        return entries

    def _entry(self, kind: EntryKind, place: bytes) -> Entry:
        if kind not in (EntryKind.FILE, EntryKind.SYMLINK):
            return Entry(kind, "0" * self._digits, 0)
        with _explained(place):
            size = os.lstat(place).st_size
        if size > self._limits.file_bytes:
            return Entry(kind, "0" * self._digits, size)
        data = _bytes(kind, place)
        blob = object_id("blob", data, self._digits)
        self._places.setdefault(blob, (kind, place))
        return Entry(kind, blob, len(data))


class _Walk:
    """A folder's files in order of their paths, with the folders counted on the way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folders = 0

    def below(self, folder: bytes, path: str = "", parts: int = 0) -> Iterator[tuple[str, EntryKind, bytes]]:
        """Yield path, kind and place of all that stands below a folder. A repository within is one entry."""
        children = self._children(folder)
        if path and any(name == ".git" for name, _, _ in children):
            yield path, EntryKind.SUBMODULE, folder
            return
        self._enter(path, parts)
        for name, kind, place in children:
            below = f"{path}/{name}" if path else name
            if name == ".git":
                continue
            if kind is None:
                yield from self.below(place, below, parts + 1)
            else:
                yield below, kind, place

    def _children(self, folder: bytes) -> list[tuple[str, EntryKind | None, bytes]]:
        """Return name, kind (None for a folder) and place of what a folder holds, in the order of full paths."""
        # A few more than there may be files, and folders, and .git: enough to be refused, whatever they are.
        enough = 2 * self._limits.files + 2
        with _explained(folder), os.scandir(folder) as found:
            children = list(islice(filter(None, map(_child, found)), enough))
        return sorted(children, key=lambda child: child[0] if child[1] else f"{child[0]}/")

    def _enter(self, path: str, parts: int) -> None:
        self._folders += 1
        if parts >= self._limits.depth:
            raise too_deep(path, self._limits)
        if self._folders > self._limits.files:
            raise too_many(path, self._limits)


def _child(found: os.DirEntry[bytes]) -> tuple[str, EntryKind | None, bytes] | None:
    """Return name, kind and place of what was found, without following or opening it; None if a program left it."""
    name = found.name.decode("utf-8", "surrogateescape")
    if found.is_dir(follow_symlinks=False):
        return name, None, found.path
    return None if _LEFT.match(name) else (name, _file_kind(found), found.path)


def _file_kind(found: os.DirEntry[bytes]) -> EntryKind:
    if found.is_symlink():
        return EntryKind.SYMLINK
    return EntryKind.FILE if found.is_file(follow_symlinks=False) else EntryKind.OTHER


def _bytes(kind: EntryKind, place: bytes) -> bytes:
    """Return a file's bytes, or a symlink's target. One that is a pipe by now is not waited for."""
    with _explained(place):
        if kind is EntryKind.SYMLINK:
            return os.readlink(place)  # noqa: PTH115 - Path does not take bytes
        descriptor = os.open(place, _FLAGS)
        try:
            status = os.fstat(descriptor)
            data = os.read(descriptor, status.st_size + 1) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(descriptor)
    if data is None or len(data) != status.st_size:
        raise _changed(place)
    return data


@contextmanager
def _explained(place: bytes) -> Iterator[None]:
    """Turn what the operating system says of a place into an error that names it and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise _changed(place) from None
        raise RepositoryUnusable(
            f"{os.fsdecode(place)!r} cannot be read: {error.strerror}. Give the user that serves it read access"
        ) from None


def _changed(place: bytes) -> ObjectUnreadable:
    return ObjectUnreadable(f"{os.fsdecode(place)!r} changed while it was being read; try again")


def _fingerprint(entries: Mapping[str, Entry]) -> str:
    lines = (f"{path}\0{entry.kind} {entry.blob} {entry.size}\n" for path, entry in entries.items())
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:12]
