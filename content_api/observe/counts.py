"""What is counted of requests, as plain numbers. metrics.py shows them to Prometheus when it asks.

prometheus_client's own counters were refused here: each has a lock, and to count by three of them takes 3 µs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from content_api.observe.exchange import ANSWERED, Exchange

# From a known request to what no client waits for.
SECONDS = (
    *(0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
COSTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)  # the last is what an operation may usually cost
# From a change in a small content to the most that a version may usually take.
PUBLICATION_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

REFUSED = "refused"
OTHER = "other"
WAYS = (*ANSWERED, REFUSED, OTHER)
"""How requests ended: the ways to an answer, none for an error, and what was no operation."""


class Histogram:
    """How often a value was at most each of some bounds, which ascend."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.numbers = [0] * (len(bounds) + 1)
        self.total = 0.0
        """All values together."""

    def add(self, value: float) -> None:
        self.numbers[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Each bound as text, and how many values were not above it; `+Inf` is the last."""
        number = 0
        for bound, more in zip((*map(float, self.bounds), "+Inf"), self.numbers, strict=True):
            number += more
            yield str(bound), number


class Counts:
    """What is counted of the requests of one process."""

    def __init__(self) -> None:
        self.seconds = {way: Histogram(SECONDS) for way in WAYS}
        """Of those that have one answer, by how they ended."""
        self.costs = Histogram(COSTS)
        self.statuses: Counter[int] = Counter()
        self.failed: Counter[str] = Counter()
        """Operations that were executed with an error in a field, by the code of the first."""

    def add(self, exchange: Exchange, seconds: float) -> None:
        self.statuses[exchange.status] += 1
        if not exchange.stays:
            self.seconds[way_of(exchange)].add(seconds)
        if exchange.cost is not None:
            self.costs.add(exchange.cost)
        if exchange.answered and exchange.code:
            self.failed[exchange.code] += 1


def way_of(exchange: Exchange) -> str:
    return exchange.answered or (REFUSED if exchange.code else OTHER)
