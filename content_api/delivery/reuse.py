"""Answers that are kept: whoever asks the same of the same edition gets the same, and nothing is read or run for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from sys import getsizeof
from typing import NamedTuple

import orjson

from content_api.delivery.operation import Operation, Reply
from content_api.delivery.present import SMALLEST, line

# Bytes that an answer takes beside its body, its tags and what it was asked with: measured.
OVERHEAD = 2_000
# Bytes of all answers. The pages of 1,500 conditions (20 kB, and as much again for their compressed forms), which are
# most of what is read; and a fifth of what 50,000 entities take themselves.
KEPT_BYTES = 64_000_000


class Key(NamedTuple):
    """All of an operation that its answer depends on.

    Not `safe`: only queries are kept, and a transport that may change nothing may carry those. Not `extensions`, of
    which `about_content` is what anything depends on.
    """

    document: str
    variables: str
    """As JSON, their keys sorted."""
    operation_name: str | None
    about_content: bool

    @property
    def size(self) -> int:
        return getsizeof(self.document) + getsizeof(self.variables)


def key_of(operation: Operation) -> Key | None:
    """What to find an answer by; None for an operation that is not worth one."""
    try:
        variables = orjson.dumps(operation.variables, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # whole numbers of more than 64 bits, and nesting that no schema asks for: there is no answer
        return None
    return Key(operation.document, variables, operation.operation_name, operation.about_content)


class Answers:
    """The answers that were asked for most recently, bounded by bytes.

    All are of one moment: of one edition, and one meaning of its names, on one day. When another moment comes, all of
    them go. The bound holds after every call, compressed forms that are made later included: an answer counts as if it
    had all it may have. It is used from one thread, that of the event loop, and has no lock.
    """

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self.held = 0
        self.reused = 0
        self._limit = limit
        self._moment: Hashable = None
        self._kept: OrderedDict[Key, Reply] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, moment: Hashable, key: Key) -> Reply | None:
        """The answer of a moment, if it is kept."""
        if moment != self._moment:
            self._begin(moment)
            return None
        found = self._kept.get(key)
        if found is not None:
            self.reused += 1
            self._kept.move_to_end(key)
        return found

    def keep(self, moment: Hashable, key: Key, reply: Reply) -> None:
        """Keep an answer, unless its moment has passed; what was asked for longest ago makes room for it."""
        if not self._limit or moment != self._moment or key in self._kept:
            return
        # A copy of the bytes: what orjson gives holds up to ten times the memory that it fills.
        self._kept[key] = reply = replace(reply, body=bytes(memoryview(reply.body)))
        self.held += size_of(key, reply)
        while self.held > self._limit:
            self.held -= size_of(*self._kept.popitem(last=False))

    def _begin(self, moment: Hashable) -> None:
        self._moment = moment
        self._kept.clear()
        self.held = 0


def size_of(key: Key, reply: Reply) -> int:
    """Bytes that an answer takes at most. Its forms together may be as large as its body: delivery/present.py."""
    forms = len(reply.body) if len(reply.body) >= SMALLEST else 0
    return OVERHEAD + key.size + len(line(reply)) + sum(map(len, reply.tags)) + len(reply.body) + forms
