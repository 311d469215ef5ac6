"""Answers that are kept: whoever asks the same of the same edition gets the same, and nothing is read or run for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable
from dataclasses import replace
from sys import getsizeof
from typing import NamedTuple

import orjson

from content_api.content.tags import SITE
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.present import SMALLEST, line, of_body

# Bytes that an answer takes beside its body, its tags and what it was asked with: measured.
OVERHEAD = 2_000
# Bytes of all answers. The pages of 1,500 conditions (20 kB, and as much again for their compressed forms), which are
# most of what is read; and a fifth of what 50,000 entities take themselves.
KEPT_BYTES = 64_000_000
# Publications after which answers are all made anew. What nobody asked for in so long need not stay.
MOST_CARRIED = 100


class Key(NamedTuple):
    """All of an operation that its answer depends on.

    Not `safe`: only queries are kept, and a transport that may change nothing may carry those.
    """

    document: str
    variables: str
    """As JSON, their keys sorted."""
    operation_name: str | None
    about_content: bool

    @property
    def size(self) -> int:
        return sum(map(getsizeof, (self.document, self.variables, self.operation_name)))


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
    them go, unless somebody says which stay as they are. The bound holds after every call, compressed forms that are
    made later included: an answer counts as if it had all it may have. It is used from one thread, that of the event
    loop, and has no lock.
    """

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self.held = 0
        self.reused = 0
        self._limit = limit
        self._moment: Hashable = None
        self._version = ""
        self._kept: OrderedDict[Key, tuple[Reply, int]] = OrderedDict()
        """Each with the number of times that others had been carried over when it was last looked at."""
        self._outdated: list[Collection[str]] = []
        """The tags of what each publication outdated, since all answers were made anew."""

    @property
    def keeps(self) -> bool:
        """Whether any is kept at all."""
        return self._limit > 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, moment: Hashable, key: Key) -> Reply | None:
        """The answer of a moment, if it is kept."""
        if moment != self._moment:
            self._begin(moment)
            return None
        found = self._kept.get(key)
        if found is None:
            return None
        reply, seen = found
        if seen < len(self._outdated):
            if not self._stays(key, reply, seen):
                return None
            reply, _ = self._kept[key]
        self.reused += 1
        self._kept.move_to_end(key)
        return reply

    def keep(self, moment: Hashable, key: Key, reply: Reply) -> None:
        """Keep an answer, unless its moment has passed; what was asked for longest ago makes room for it."""
        if not self._limit or moment != self._moment or key in self._kept:
            return
        # A copy of the bytes: what orjson gives holds up to ten times the memory that it fills.
        reply = replace(reply, body=bytes(memoryview(reply.body)))
        self._kept[key] = reply, len(self._outdated)
        self.held += size_of(key, reply)
        while self.held > self._limit:
            forgotten, (old, _) = self._kept.popitem(last=False)
            self.held -= size_of(forgotten, old)

    def carry(self, before: Hashable, after: Hashable, version: str, outdated: Collection[str]) -> None:
        """Take the answers of one moment for those of the next, of a version, but for those with an outdated tag.

        Each is looked at when it is next asked for: to look at all of them would keep readers waiting.
        """
        if before != self._moment:
            return  # they are of neither moment, and go when somebody asks
        self._moment, self._version = after, version
        if SITE in outdated or len(self._outdated) >= MOST_CARRIED:
            self._begin(after)
        else:
            self._outdated.append(outdated)

    def _stays(self, key: Key, reply: Reply, seen: int) -> bool:
        """Whether an answer is still good that was when others had been carried so many times: then it says so."""
        if all(map(reply.tags.isdisjoint, self._outdated[seen:])):
            self._kept[key] = of_version(reply, self._version), len(self._outdated)
            return True
        del self._kept[key]
        self.held -= size_of(key, reply)
        return False

    def _begin(self, moment: Hashable) -> None:
        self._moment = moment
        self._kept.clear()
        self._outdated.clear()
        self.held = 0


def of_version(reply: Reply, version: str) -> Reply:
    """The same answer from another version that has it too. One that is pinned goes on to say its own."""
    return reply if reply.pinned else replace(reply, version=version, made=of_body(reply))


def size_of(key: Key, reply: Reply) -> int:
    """Bytes that an answer takes at most. Its forms together may be as large as its body: delivery/present.py."""
    forms = len(reply.body) if len(reply.body) >= SMALLEST else 0
    return OVERHEAD + key.size + len(line(reply)) + sum(map(len, reply.tags)) + len(reply.body) + forms
