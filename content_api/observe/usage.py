"""Which client asks for which field: so that one can be retired when nobody asks for it any more.

A request counts once, by its client and its set of fields, which is known of its document and the same object each
time. What that comes to for each field is worked out when there are many such counts, or somebody asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from content_api.observe.exchange import Exchange, printable

NOT_NAMED = "(not named)"
OTHERS = "(others)"

# Clients that are told apart: a website, apps of two systems, a chatbot, and others that one knows by name. Each has up
# to as many numbers as the schema has fields, some 430, and to show 8,000 to Prometheus takes 80 ms.
MOST_CLIENTS = 16
# Counts by client and set of fields. A site has a few dozen of those; to work out as many as this takes a millisecond.
MOST_COUNTS = 200


class Usage:
    """Counts requests by client and field. No request is ever forgotten: of too many clients, the one with the fewest
    requests goes to the others, with all that was counted of it."""

    def __init__(self, most_clients: int = MOST_CLIENTS, most_counts: int = MOST_COUNTS) -> None:
        self._most_clients = most_clients
        self._most_counts = most_counts
        self._counts: dict[tuple[bytes | None, frozenset[str]], int] = {}
        self._clients: dict[str, Counter[str]] = {}
        self._requests: Counter[str] = Counter()

    def add(self, exchange: Exchange, times: int = 1) -> None:
        """Count what ended so many times."""
        if not exchange.fields:
            return
        key = exchange.named, exchange.fields
        self._counts[key] = self._counts.get(key, 0) + times
        if len(self._counts) >= self._most_counts:
            self._work_out()

    def requests(self) -> Mapping[str, Mapping[str, int]]:
        """Client -> field -> in how many requests."""
        self._work_out()
        return self._clients

    def _work_out(self) -> None:
        counts, self._counts = self._counts, {}
        for (named, fields), number in counts.items():
            client = self._of(client_of(named))
            self._requests[client] += number
            of_fields = self._clients[client]
            for name in fields:
                of_fields[name] += number

    def _of(self, client: str) -> str:
        """The same client, with room made for it."""
        if client not in self._clients:
            told_apart = self._clients.keys() - {NOT_NAMED, OTHERS}
            if client not in (NOT_NAMED, OTHERS) and len(told_apart) >= self._most_clients:
                self._give_to_others(min(told_apart, key=lambda name: (self._requests[name], name)))
            self._clients[client] = Counter()
        return client

    def _give_to_others(self, client: str) -> None:
        self._clients.setdefault(OTHERS, Counter()).update(self._clients.pop(client))
        self._requests[OTHERS] += self._requests.pop(client)


def client_of(named: bytes | None) -> str:
    """What a client is counted as."""
    name = printable(named)
    return NOT_NAMED if name is None else OTHERS if name == NOT_NAMED else name
