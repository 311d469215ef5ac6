"""Requests that came before, by their bytes: whoever sends the same again is answered without reading them.

An endpoint that can answer a request once more says how (`offering`), and the protocol below it (protocol.py) keeps
that, with the part of the head that others had written around the endpoint's. Nothing is described twice: what is sent
is what the application sent, with the date of the day, an id of its own, and an answer of the moment.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from content_api.observe.exchange import KNOWN, Exchange
from content_api.observe.identity import new_identity
from content_api.observe.observer import Observer
from content_api.web.observed import IDENTITY
from content_api.web.representation import Answered, Header

EXTENSION = "content_api.again"
"""The name of the ASGI extension: what an endpoint hands its `Again` to, where somebody wants to know."""
STATE = "known_requests"
"""Under this name an application's lifespan hands a KnownRequests to the protocol. Without one, nothing is known."""

# Bytes of all that is kept. Fifteen hundred pages of 6 kB with their requests, which most of a site's visitors share.
KEPT_BYTES = 16_000_000
# Bytes that an entry takes beside its request, its head, its body and its line in the log: measured.
OVERHEAD = 3_300
# A request is worth keeping when it comes a second time. So many are known to have come once; then it begins anew.
MOST_SEEN = 20_000
# Who sends more with each request than it takes to ask has something else in mind.
LONGEST = 16_000

# What stands around the id of a request, which the application says first.
BEFORE_ID, BEHIND_ID = IDENTITY + b": ", b"\r\n"

Again = Callable[[], Answered | None]
"""Answers the same request once more, or says that the application must. It gives the same object for the same
answer."""
Offer = Callable[[Answered, Again], None]
"""Takes what was answered, and what answers the same request again."""


def offering(scope: Scope) -> Offer | None:
    """What to hand an Again to; None where nobody wants it."""
    offer: Offer | None = scope.get("extensions", {}).get(EXTENSION)
    return offer


def withdraw(scope: Scope) -> None:
    """Have every request of this kind come to the application: for who must see each of them."""
    scope.get("extensions", {}).pop(EXTENSION, None)


def own(answered: Answered) -> bytes:
    """The endpoint's headers as they stand on the wire, but for the first, `Vary`, to which others add."""
    return lines(answered.headers[1:])


def lines(headers: list[Header]) -> bytes:
    """Headers as they stand on the wire, their names in lower case already."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


@dataclass(slots=True)
class Known:
    """A request that can be answered again: how, what stands around the endpoint's headers, and its last answer."""

    again: Again
    exchange: Exchange
    """What the log tells of it. It has a new id each time, unless it names its own."""
    before: bytes
    after: bytes
    answered: Answered
    head: bytes
    """Of that answer: all that comes after the headers that the server itself adds, and the id."""
    counted: int = 0
    """Bytes of it in the bound of all."""

    def take(self, answered: Answered) -> None:
        """From here on it has another answer."""
        self.answered, self.head = answered, self.before + own(answered) + self.after

    @property
    def size(self) -> int:
        own_bytes = len(self.before) + len(self.after) + len(self.head) + len(self.exchange.rest or "")
        return OVERHEAD + own_bytes + len(self.answered.body)


def known_by(written: bytes, defaults: bytes, answered: Answered, again: Again, exchange: Exchange) -> Known | None:
    """What to keep of a request that was answered with these bytes, to which the server had added its own headers.

    None where they are not an answer as the endpoint gave it, between headers of others: somebody has changed it.
    """
    start = b"".join((STATUS_LINE[answered.status], defaults, BEFORE_ID, exchange.identity.encode(), BEHIND_ID))
    head, end, body = written.partition(b"\r\n\r\n")
    if not written.startswith(start) or body != answered.body:
        return None
    head = (head + end).removeprefix(start)
    before, found, after = head.partition(own(answered))
    return Known(again, exchange, before, after, answered, head) if found else None


class KnownRequests:
    """The requests that came most recently of those that came twice, bounded by bytes. Used from one thread."""

    def __init__(self, observer: Observer | None = None, limit: int = KEPT_BYTES, most_seen: int = MOST_SEEN) -> None:
        self.answered = 0
        """How many requests were answered by what is here."""
        self.held = 0
        self._observer = observer or Observer()
        self._limit = limit
        self._most_seen = most_seen
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._seen: set[int] = set()
        self._defaults: list[Header] = []
        self._written = b""

    def __len__(self) -> int:
        return len(self._known)

    def answer(self, request: bytes, defaults: list[Header], send: Callable[[bytes], None]) -> bool:
        """Send the whole answer to a request, with the headers that the server adds; False for one that is not known,
        or that the application must answer."""
        known = self._known.get(request)
        if known is None:
            return False
        began = perf_counter()
        answered = known.again()
        if answered is None:
            return False
        self._known.move_to_end(request)
        if answered is not known.answered:
            self._take(request, known, answered)
        self.answered += 1
        identity = known.exchange.traced or new_identity()
        head = (
            STATUS_LINE[answered.status],
            self.written(defaults),
            BEFORE_ID,
            identity.encode(),
            BEHIND_ID,
            known.head,
        )
        send(b"".join((*head, answered.body)))
        self._observer.answered(known.exchange, identity, began)
        return True

    def written(self, defaults: list[Header]) -> bytes:
        """The server's own headers, written once for each list of them: there is a new one each second."""
        if defaults is not self._defaults:
            self._defaults, self._written = defaults, lines(defaults)
        return self._written

    def is_worth(self, request: bytes) -> bool:
        """Whether a request has come before, so that it is worth knowing. It has, from now on."""
        if len(request) > LONGEST:
            return False
        mark = hash(request)
        if mark in self._seen:
            return request not in self._known
        if len(self._seen) >= self._most_seen:
            self._seen.clear()
        self._seen.add(mark)
        return False

    def keep(self, request: bytes, known: Known) -> None:
        """Know a request; what was asked for longest ago makes room for it."""
        if request not in self._known:
            self._known[request] = known
            self._take(request, known, known.answered)

    def _take(self, request: bytes, known: Known, answered: Answered) -> None:
        """Take an answer for that of a request, from here on."""
        known.take(answered)
        known.exchange = exchange = replace(
            known.exchange,
            answered=KNOWN,
            status=answered.status,
            cost=answered.reply.cost,
            version=answered.reply.version,
            fields=answered.reply.fields,
            size=len(answered.body),
            rest=None,
        )
        exchange.rest = self._observer.rest(exchange)
        self._count(request, known)

    def _count(self, request: bytes, known: Known) -> None:
        """Count the bytes of what is new, or of another size than it was."""
        size = len(request) + known.size
        self.held += size - known.counted
        known.counted = size
        while self.held > self._limit:
            _, forgotten = self._known.popitem(last=False)
            self.held -= forgotten.counted
