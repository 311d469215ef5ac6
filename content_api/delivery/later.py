"""Why an operation cannot be answered at once, while nobody else is, and what must come first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, nullcontext

from content_api.delivery.documents import Document
from content_api.errors import NotInMemory

# An operation that costs so much takes 2.5 ms where it has no plan. A filter through one relation is among these, and a
# search is not.
LIGHT = 250
# A plan takes less than a tenth of what a field costs, but no less of what it costs to look at every entity. Pages of
# one thing, and lists, are light by their plans; lists of whole pages, and searches, are not.
PLANNED = 10

Fetch = Callable[[Collection[NotInMemory]], AbstractAsyncContextManager[None]]
"""Gets what is wanted into memory, and keeps it there until the block ends. Raises RequestError where it cannot be."""

# What may come first for one operation, one after the other. Its text has to be read. A field that may not be null ends
# the execution, so that each version it has loaded can take a round, and what is made of them another; and what was
# loaded may be replaced meanwhile, by a recall.
MOST_ROUNDS = 10


class Later(Exception):
    """The operation, which costs so much if that is known, can be answered when something has been seen to."""

    def __init__(self, cost: int | None = None) -> None:
        super().__init__("not at once")
        self.cost = cost
        self.read: Document | None = None
        """Its document, where it has been read: it may be kept nowhere else."""


class Unread(Later):
    """Its text has to be read, which takes from one to forty milliseconds."""


class Dear(Later):
    """It takes too long for everybody else to wait meanwhile."""


class Lacking(Later):
    """Something must be loaded into memory."""

    def __init__(self, wanted: Collection[NotInMemory], cost: int | None) -> None:
        super().__init__(cost)
        self.wanted = wanted


def fetch_nothing(wanted: Collection[NotInMemory]) -> AbstractAsyncContextManager[None]:
    return nullcontext()
