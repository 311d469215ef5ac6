"""How often things were seen, by their hashes: to know what comes again, nothing of what came once has to be kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Sights:
    """How often things were seen, the most recent ones. Two that have one hash are taken for one."""

    def __init__(self, number: int, least: int) -> None:
        self._number = number
        self._least = least
        self._counts: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def would_be_enough(self, what: Hashable) -> bool:
        """Whether the next sight is, without counting one."""
        return self._counts.get(hash(what), 0) + 1 >= self._least

    def enough(self, what: Hashable) -> bool:
        """Count a sight, and begin anew once there have been enough."""
        key = hash(what)
        count = self._counts.pop(key, 0) + 1
        if count >= self._least:
            return True
        self._counts[key] = count
        if len(self._counts) > self._number:
            self._counts.popitem(last=False)
        return False
