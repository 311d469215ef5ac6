"""Git's tree objects: the records of one folder, and which of them differ between two versions of it.

We read trees ourselves instead of through `git ls-tree` and `git diff-tree`. Those do not check that a tree's bytes
match its id, cannot count while they walk, and would be a second way to talk to git beside the one for blobs; and what
they answer costs as much to take apart as the trees themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from operator import eq

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


def differing(old: list[bytes], new: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the records that only the old and that only the new folder has.

    Equal ends are cut off first: one change among 50,000 files then costs 3 ms, not the 20 ms of two large sets.
    """
    head = sum(1 for _ in takewhile(bool, map(eq, old, new)))
    old, new = old[head:], new[head:]
    tail = sum(1 for _ in takewhile(bool, map(eq, reversed(old), reversed(new))))
    old, new = old[: len(old) - tail], new[: len(new) - tail]
    before, after = set(old), set(new)
    return [record for record in old if record not in after], [record for record in new if record not in before]
