"""What is told of every request that was answered, by whichever road.

To look at each as it ends would take three times as long: what is needed for it is in no cache of the processor then.
So they are put aside, and looked at a few hundred at a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from functools import lru_cache
from hashlib import sha256
from time import perf_counter, time
from typing import Literal

from content_api.observe.counts import Counts, Histogram
from content_api.observe.exchange import Exchange
from content_api.observe.lines import INFO, LEVELS, WARNING, Lines
from content_api.observe.tracing import Tracing
from content_api.observe.usage import Usage

Which = Literal["all", "failed", "none"]
"""Of which requests there is a line in the log."""

# As many digits of a hash as tell a hundred million documents apart. A client's own id of a document, `sha256:…`,
# begins with the same.
DIGITS = 16
REMEMBERED = 256  # documents whose hash is known; 2.5 MB at most
LEFT = 499  # in place of a status, as nginx's logs have it: the client left before it was answered

# To look at so many takes half a millisecond, as a small answer does.
TOGETHER = 256
SECONDS_TOGETHER = 0.1  # who watches the log does not see that lines are late


class Observer:
    """Counts each request, and writes a line of those that are to have one. All of it is called on the event loop."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda text: None,
        lines: Lines | None = None,
        which: Which = "none",
        levels: Collection[str] = LEVELS,
        together: int = TOGETHER,
        tracing: Tracing | None = None,
    ) -> None:
        self._write = write
        self._lines = lines or Lines(console=False)
        self._which = which
        self._levels = levels
        self._together = together
        self._tracing = tracing
        self._counts = Counts()
        self._usage = Usage()
        self._ended: list[tuple[Exchange, str, float, float]] = []
        """Of each, besides: its id, when it began and when it ended."""
        self._timer: asyncio.TimerHandle | None = None

    def ended(self, exchange: Exchange, status: int) -> None:
        """A request was answered, or its client has left."""
        exchange.status = status
        self.answered(exchange, exchange.identity, exchange.began)

    def answered(self, exchange: Exchange, identity: str, began: float) -> None:
        """The same, of a request that is like another one in all but these."""
        self._ended.append((exchange, identity, began, perf_counter()))
        if len(self._ended) >= self._together:
            self.settle()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS_TOGETHER, self.settle)

    def settle(self) -> None:
        """Look at all that has ended by now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        ended, self._ended = self._ended, []
        looked_at = {
            exchange: self._look(exchange, times) for exchange, times in Counter([one[0] for one in ended]).items()
        }
        clock = time() - perf_counter()
        lines: list[str] = []
        for exchange, identity, began, end in ended:
            histogram, level, rest = looked_at[exchange]
            if histogram:
                histogram.add(end - began)
            if level:
                lines.append(self._lines.line(level, identity, clock + end, end - began, rest))
        if lines:
            self._write("".join(lines))
        if self._tracing:
            for exchange, identity, began, end in ended:
                if exchange.operation:
                    self._tracing.operation(exchange, identity, clock + began, clock + end)

    def _look(self, exchange: Exchange, times: int) -> tuple[Histogram | None, str | None, str]:
        """Count what ended so many times. Where its seconds belong, and its line: the level, if it has one, and the
        rest."""
        self._usage.add(exchange, times)
        histogram = self._counts.add(exchange, times)
        level = self._level(exchange)
        return histogram, level, self.rest(exchange) if level else ""

    @property
    def counts(self) -> Counts:
        """What is counted, of all that has ended by now."""
        self.settle()
        return self._counts

    @property
    def usage(self) -> Usage:
        """Which client asked for which field, until now."""
        self.settle()
        return self._usage

    def rest(self, exchange: Exchange) -> str:
        """Of the line of a request, all that is the same when it comes again."""
        return self._made(exchange) if exchange.rest is None else exchange.rest

    def _level(self, exchange: Exchange) -> str | None:
        """The level of its line; None where it has none."""
        level = WARNING if exchange.status >= 500 else INFO
        wanted = self._which == "all" or (self._which == "failed" and exchange.has_failed)
        return level if wanted and level in self._levels else None

    def _made(self, exchange: Exchange) -> str:
        found = (
            ("method", exchange.method or None),
            ("path", exchange.shown_path or None),
            ("operation", exchange.operation),
            ("document", exchange.document and hash_of(exchange.document)),
            ("status", exchange.status),
            ("code", exchange.code),
            ("answered", exchange.answered),
            ("cost", exchange.cost),
            ("bytes", exchange.size),
            ("version", exchange.version),
            ("client", exchange.client),
            ("client_version", exchange.client_version),
        )
        return self._lines.rest({name: value for name, value in found if value is not None})


@lru_cache(maxsize=REMEMBERED)
def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:DIGITS]
