"""Requests that came before, by their bytes. One that comes again is not read; of one with a head that came before only
the body is.

An endpoint that can answer a request once more says how (`offering`), or how it answers other bodies, and the protocol
below it (protocol.py) keeps that, with the part of the head that others had written around the endpoint's. Nothing is
described twice: what is sent is what the application sent, with the date of the day, an id of its own, and an answer of
the moment. Whatever cannot be answered at once goes to the application.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from content_api.observe.exchange import CURRENT, KNOWN, Exchange, alike
from content_api.observe.identity import new_identity
from content_api.observe.observer import Observer
from content_api.web.observed import IDENTITY
from content_api.web.representation import Answered, Header

EXTENSION = "content_api.again"
"""The name of the ASGI extension: what an endpoint hands its `Again` and its `Ask` to, where somebody wants to know."""
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

# Heads by which only the body is read. A browser's has 500 to 1,500 bytes; each server or app that asks all the time
# sends one.
MOST_HEADS = 500
LONGEST_HEAD = 4_000
END_OF_HEAD = b"\r\n\r\n"
# As it is written by clients, at the beginning of a line. Who writes it otherwise is read as ever.
LENGTHS = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")

# What stands around the id of a request, which the application says first.
BEFORE_ID, BEHIND_ID = IDENTITY + b": ", b"\r\n"

Again = Callable[[], Answered | None]
"""Answers the same request once more, or says that the application must. It gives the same object for the same
answer."""
Ask = Callable[[bytes], Answered | None]
"""Answers a request with the same head and this body, or says that the application must."""
Offer = Callable[[Answered, Again | None, Ask | None], None]
"""Takes what was answered, what answers the same request again, and what answers others with its head."""


def offering(scope: Scope) -> Offer | None:
    """What to tell how such requests are answered; None where nobody wants to know."""
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
    head: bytes = b""
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


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The head of requests of which only the body is read."""

    ask: Ask
    exchange: Exchange
    """One that had it."""
    before: bytes
    after: bytes


def cut(request: bytes) -> tuple[bytes, bytes] | None:
    """A request with a body: its head, without the length of the body, and the body. None where the body is not whole,
    or more than that, or of a length that is not written as one writes it."""
    head, end, body = request.partition(END_OF_HEAD)
    at, name = max((head.find(name), name) for name in LENGTHS)
    if at < 0 or not end or len(head) > LONGEST_HEAD:
        return None
    begin = at + len(name)
    digits = head[begin:].partition(b"\r\n")[0]
    if not digits.isdigit() or len(digits) > 9 or int(digits) != len(body):
        return None
    return head[:begin] + head[begin + len(digits) :], body


def around(written: bytes, defaults: bytes, answered: Answered, exchange: Exchange) -> tuple[bytes, bytes] | None:
    """What others have written before and behind the endpoint's own headers, in an answer of these bytes, to which the
    server had added its own.

    None where they are not an answer as the endpoint gave it, between headers of others: somebody has changed it.
    """
    start = b"".join((STATUS_LINE[answered.status], defaults, BEFORE_ID, exchange.identity.encode(), BEHIND_ID))
    head, end, body = written.partition(END_OF_HEAD)
    if not written.startswith(start) or body != answered.body:
        return None
    head = (head + end).removeprefix(start)
    before, found, after = head.partition(own(answered))
    return (before, after) if found else None


class KnownRequests:
    """The requests that came most recently of those that came twice, bounded by bytes. Used from one thread."""

    def __init__(self, observer: Observer | None = None, limit: int = KEPT_BYTES, most_seen: int = MOST_SEEN) -> None:
        self.answered = 0
        """How many requests were answered by what is here."""
        self.asked = 0
        """How many by their heads."""
        self.held = 0
        self._observer = observer or Observer()
        self._limit = limit
        self._most_seen = most_seen
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._heads: OrderedDict[bytes, KnownHead] = OrderedDict()
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
        send(b"".join((*self._begin(answered.status, defaults, identity), known.head, answered.body)))
        self._observer.answered(known.exchange, identity, began)
        return True

    def ask(
        self,
        request: bytes,
        defaults: list[Header],
        send: Callable[[bytes], None],
        has_left: Callable[[], bool] = lambda: False,
    ) -> bool:
        """The same for a request whose head is known, by reading its body; not for a client that `has_left`."""
        found = cut(request) if len(request) <= LONGEST else None
        known = self._heads.get(found[0]) if found else None
        if found is None or known is None or has_left():
            return False
        exchange = alike(known.exchange, known.exchange.traced or new_identity())
        token = CURRENT.set(exchange)
        try:
            answered = known.ask(found[1])
        finally:
            CURRENT.reset(token)
        if answered is None:
            return False
        self._heads.move_to_end(found[0])
        self.asked += 1
        begin = self._begin(answered.status, defaults, exchange.identity)
        send(b"".join((*begin, known.before, own(answered), known.after, answered.body)))
        exchange.size = len(answered.body)
        self._observer.ended(exchange, answered.status)
        return True

    def _begin(self, status: int, defaults: list[Header], identity: str) -> tuple[bytes, ...]:
        return STATUS_LINE[status], self.written(defaults), BEFORE_ID, identity.encode(), BEHIND_ID

    def written(self, defaults: list[Header]) -> bytes:
        """The server's own headers, written once for each list of them: there is a new one each second."""
        if defaults is not self._defaults:
            self._defaults, self._written = defaults, lines(defaults)
        return self._written

    def is_worth(self, request: bytes) -> bool:
        """Whether a request has come before, so that it is worth knowing. It has, from now on."""
        return len(request) <= LONGEST and self._has_come(request) and request not in self._known

    def is_head_worth(self, request: bytes) -> bool:
        """Whether its head has come before, so that it is worth knowing. It has, from now on."""
        found = cut(request) if len(request) <= LONGEST else None
        return found is not None and found[0] not in self._heads and self._has_come(found[0])

    def _has_come(self, what: bytes) -> bool:
        mark = hash(what)
        if mark in self._seen:
            return True
        if len(self._seen) >= self._most_seen:
            self._seen.clear()
        self._seen.add(mark)
        return False

    def keep_head(self, head: bytes, known: KnownHead) -> None:
        """Know a head, as it is cut; that with which nobody has asked for longest makes room for it."""
        self._heads[head] = known
        if len(self._heads) > MOST_HEADS:
            self._heads.popitem(last=False)

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
