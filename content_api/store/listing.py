"""All files below a tree of git: walked from the root, or from what is already known of an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from immutables import Map

from content_api.errors import SnapshotTooLarge
from content_api.store.bounds import check, counted, too_deep, too_many
from content_api.store.objects import Objects
from content_api.store.process import unreadable
from content_api.store.snapshot import Entry, EntryKind, Limits
from content_api.store.tree import NO_TREE, RECORD_BYTES, Tree, compared, fields

_HAVE_BYTES = (EntryKind.FILE, EntryKind.SYMLINK)


@dataclass(frozen=True, slots=True)
class Listing:
    """All files below one tree, in no particular order."""

    entries: Map[str, Entry]
    trees: MappingProxyType[str, Tree]
    """Each folder's tree by its path, to compare with."""
    bytes_in_all: int
    before: Map[str, Entry] = field(default_factory=Map, repr=False, compare=False)
    """The entries from which these were made."""
    touched: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The paths that came, went or changed meanwhile."""

    def touched_since(self, entries: Mapping[str, Entry]) -> frozenset[str] | None:
        """All paths at which these entries differ from its own, where it was made from them; else None."""
        return self.touched if entries is self.before else frozenset() if entries is self.entries else None


EMPTY = Listing(Map(), MappingProxyType({}), 0)


def listed(objects: Objects, root: str | None, limits: Limits, before: Listing = EMPTY) -> Listing:
    """List all files below the tree `root`, reading only those folders that differ from `before`.

    A root of None is an absent folder. Raises SnapshotTooLarge as soon as a count is above a limit, and
    ObjectUnreadable for a tree that is missing or damaged.
    """
    if root is None:
        return EMPTY
    walk = _Walk(objects, len(root), limits, before)
    level: dict[str, str | None] = {"": root}
    for _ in range(limits.depth):
        if not level:
            break
        level = walk.level(level)
    if level:
        raise too_deep(next(iter(level)), limits)
    return walk.finished()


class _Walk:
    """What is gone and what has come, found one level of folders at a time, so that git is asked seldom."""

    def __init__(self, objects: Objects, digits: int, limits: Limits, before: Listing) -> None:
        self._objects = objects
        self._digits = digits
        self._limits = limits
        self._before = before
        self._trees = before.trees.copy()
        self._gone: set[str] = set()
        self._come: dict[str, tuple[EntryKind, str]] = {}
        self._bytes = 0

    def level(self, folders: Mapping[str, str | None]) -> dict[str, str | None]:
        """Compare these folders (path -> tree id, or None where it is gone); return those below that differ."""
        data = self._read({tree for tree in folders.values() if tree})
        below: dict[str, str | None] = {}
        for path, tree in folders.items():
            if tree is None:
                below |= self._leave(path)
            else:
                below |= self._enter(path, tree, data[tree])
            if max(len(self._come), len(self._trees), len(below)) > self._limits.files:
                raise too_many(path, self._limits)
        return below

    def _read(self, trees: set[str]) -> dict[str, bytes]:
        """Read each tree once, however many folders it stands for."""
        ids = sorted(trees)
        self._bytes += sum(self._objects.sizes(ids, "tree"))
        allowed = self._limits.files * RECORD_BYTES
        if self._bytes > allowed:
            raise SnapshotTooLarge("", f"listing the folders takes {self._bytes:,} bytes", f"{allowed:,} are read")
        return dict(self._objects.contents(ids, "tree", allowed))

    def _leave(self, path: str) -> dict[str, str | None]:
        return self._remove(path, self._trees.pop(path).records())

    def _enter(self, path: str, tree: str, data: bytes) -> dict[str, str | None]:
        found = compared(self._trees.get(path, NO_TREE), data, self._digits)
        if found is None:
            raise unreadable(tree, self._objects.place, "is not a well-formed tree")
        self._trees[path] = found.tree
        left = self._remove(path, found.gone)
        return left | self._add(path, tree, found.come, left)

    def _remove(self, folder: str, gone: Iterable[bytes]) -> dict[str, str | None]:
        below: dict[str, str | None] = {}
        for path, kind, _ in self._fields(folder, gone):
            if kind is None:
                below[path] = None
            else:
                self._gone.add(path)
        return below

    def _add(
        self, folder: str, tree: str, come: Iterable[bytes], left: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        below: dict[str, str | None] = {}
        files, folders = self._before.entries, self._before.trees
        for path, kind, found in self._fields(folder, come):
            stays = (path in files and path not in self._gone) or (path in folders and path not in left)
            if stays or path in below or path in self._come:
                raise unreadable(tree, self._objects.place, f"lists {path!r} twice")
            if kind is None:
                below[path] = found
            else:
                self._come[path] = (kind, found)
        return below

    def _fields(self, folder: str, found: Iterable[bytes]) -> Iterator[tuple[str, EntryKind | None, str]]:
        prefix = f"{folder}/" if folder else ""
        for record in found:
            kind, name, named = fields(record, self._digits)
            yield prefix + name, kind, named

    def finished(self) -> Listing:
        """Apply what was found to the entries of before."""
        come, before = self._come_with_sizes(), self._before.entries
        gone = [before[path] for path in self._gone]
        with before.mutate() as changed:
            for path in self._gone - come.keys():
                del changed[path]
            changed.update(come)
            entries = changed.finish()
        bytes_in_all = self._before.bytes_in_all + self._sum(come.values()) - self._sum(gone)
        check(entries, bytes_in_all, self._limits)
        touched = frozenset((*self._gone, *come))
        return Listing(entries, MappingProxyType(self._trees), bytes_in_all, before, touched)

    def _sum(self, entries: Iterable[Entry]) -> int:
        return sum(counted(entry, self._limits) for entry in entries)

    def _come_with_sizes(self) -> dict[str, Entry]:
        ids = [found for kind, found in self._come.values() if kind in _HAVE_BYTES]
        sizes = dict(zip(ids, self._objects.sizes(ids, "blob"), strict=True))
        return {path: Entry(kind, found, sizes.get(found, 0)) for path, (kind, found) in self._come.items()}
