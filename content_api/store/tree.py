"""Git's tree objects: the records of one folder, and which of them differ between two versions of it.

We read trees ourselves instead of through `git ls-tree` and `git diff-tree`. Those do not check that a tree's bytes
match its id, cannot count while they walk, and would be a second way to talk to git beside the one for blobs; and what
they answer costs as much to take apart as the trees themselves.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from content_api.store.snapshot import EntryKind

_KINDS: dict[int, EntryKind | None] = {
    0o040000: None,
    0o100000: EntryKind.FILE,
    0o120000: EntryKind.SYMLINK,
    0o160000: EntryKind.SUBMODULE,
}
# A record is `<mode> <name>\0<id in bytes>`; a name has no slash, or one record could pretend to be in another folder.
_RECORD = {digits: re.compile(rb"[0-7]{5,6} [^/\0]+\0.{%d}" % (digits // 2), re.DOTALL) for digits in (40, 64)}

# The bytes of one record at the most: mode, space, a name as long as file systems allow, NUL, and a SHA-256.
RECORD_BYTES = 6 + 1 + 255 + 1 + 32


class Tree(NamedTuple):
    """A tree's bytes, and where in them each of its records ends."""

    data: bytes
    ends: array[int]

    def records(self, first: int = 0, last: int | None = None) -> list[bytes]:
        """All of them, or those of a slice."""
        ends = [self.start(first), *self.ends[first:last]]
        return [self.data[start:end] for start, end in pairwise(ends)]

    def start(self, number: int) -> int:
        return self.ends[number - 1] if number else 0


NO_TREE = Tree(b"", array("Q"))


class Difference(NamedTuple):
    """The records that only what a tree was and that only what it is has, and what it is."""

    gone: list[bytes]
    come: list[bytes]
    tree: Tree


def records(data: bytes, digits: int) -> list[bytes] | None:
    """Cut a tree into its records, of ids with so many hex digits; None if it is not well formed."""
    found = _RECORD[digits].findall(data)
    return found if sum(map(len, found)) == len(data) else None


def fields(record: bytes, digits: int) -> tuple[EntryKind | None, str, str]:
    """Return a record's kind (None for a folder), its name and its object id."""
    mode, _, rest = record.partition(b" ")
    end = -digits // 2
    return _kind(mode), rest[: end - 1].decode("utf-8", "surrogateescape"), rest[end:].hex()


@lru_cache(maxsize=64)
def _kind(mode: bytes) -> EntryKind | None:
    return _KINDS.get(int(mode, 8) & 0o170000, EntryKind.OTHER)


def compared(old: Tree, data: bytes, digits: int) -> Difference | None:
    """Compare what a tree was with its bytes of now; None if these are not well formed.

    Only what stands between the ends that both have in common is cut into records. That of all 20,000 files of a folder
    would take 4 ms in which no other thread runs, for the one that was edited; and as long again for what was.
    """
    was, shift = old.data, len(data) - len(old.data)
    most = min(len(was), len(data))
    first = bisect_right(old.ends, _most(most, lambda size: was.startswith(memoryview(data)[:size])))
    start = old.start(first)
    tail = _most(most - start, lambda size: was.endswith(memoryview(data)[len(data) - size :]))
    last = min(bisect_left(old.ends, len(was) - tail) + 1, len(old.ends))
    come = records(data[start : old.start(last) + shift], digits)
    if come is None:  # the ends only look alike, or it is not well formed
        last = len(old.ends)
        come = records(data[start:], digits)
    if come is None:
        return None
    ends = array("Q", accumulate(map(len, come), initial=start))[1:]
    rest = old.ends[last:]
    tree = Tree(data, old.ends[:first] + ends + (array("Q", (end + shift for end in rest)) if shift else rest))
    gone = old.records(first, last)
    before, after = set(gone), set(come)
    return Difference(
        [record for record in gone if record not in after], [record for record in come if record not in before], tree
    )


def _most(limit: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to a limit for which something holds, that holds for all smaller ones."""
    return bisect_left(range(1, limit + 1), True, key=lambda number: not holds(number))
