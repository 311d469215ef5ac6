"""Files that are read ahead of who makes models of them, in a copy of this process.

To read a file, to hold its bytes to its id and to see whether it is strict JSON takes nearly as long as to make its
model: with a second processor, both are done at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import NamedTuple

from content_api.content.beside import told_beside
from content_api.content.diagnosis import is_strict
from content_api.errors import StoreError
from content_api.store.snapshot import Snapshot

# Files that are handed over at a time. With files of 3 kB, five batches fit into the pipe.
BATCH = 64
# Of a batch, looked at in the copy: with git, which needs the same processor, it then takes as long as all models do.
LOOKED_AT = 40


class File(NamedTuple):
    """A file as it was read."""

    blob: str
    data: bytes
    strict: bool
    """Whether it is known to be strict JSON. If not, it is something else, or nobody has looked at it."""


def read_ahead(snapshot: Snapshot, blobs: Sequence[str]) -> Iterator[File]:
    """Files in the order asked, and refused as `Snapshot.read` refuses them."""
    came = 0
    with told_beside(partial(batches, snapshot, blobs), len(blobs)) as told:
        for batch in told:
            came += len(batch)
            yield from batch
    # All of them where there was no copy; and if it has met something that cannot be read, that is met again here.
    for blob, data in snapshot.read(blobs[came:]):
        yield File(blob, data, strict=False)


def batches(snapshot: Snapshot, blobs: Sequence[str]) -> Iterator[list[File]]:
    """The files up to the first batch with one that cannot be read."""
    files = snapshot.read(blobs)
    with suppress(StoreError):
        while batch := list(islice(files, BATCH)):
            yield [File(*file, strict=nth < LOOKED_AT and is_strict(file[1])) for nth, file in enumerate(batch)]
