"""How a request becomes known: what answered it says how, and what was written is looked at."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from content_api.observe.exchange import CURRENT
from content_api.web.known import EXTENSION, Again, KnownRequests, known_by
from content_api.web.representation import Answered


class Learning:
    """Sees how a request is answered, and knows it from then on.

    It offers the application the extension `content_api.again`. When that is taken up, all that is written passes here.
    """

    def __init__(self, known: KnownRequests, request: bytes, cycle: RequestResponseCycle) -> None:
        self.known = known
        self.request = request
        self.cycle = cycle
        self.transport = cycle.transport
        self.on_response = cycle.on_response
        self.written: list[bytes] = []
        if cycle.keep_alive and not cycle.waiting_for_100_continue:
            cycle.scope["extensions"] = {EXTENSION: self.offer}  # type: ignore[dict-item]  # one of our own

    def offer(self, answered: Answered, again: Again) -> None:
        self.answered = answered
        self.again = again
        self.cycle.transport = self  # type: ignore[assignment]  # as much of one as a cycle uses
        self.cycle.on_response = self.complete

    def complete(self) -> None:
        if self.cycle.keep_alive:
            defaults = self.known.written(self.cycle.default_headers)
            exchange = CURRENT.get()
            written = b"".join(self.written)
            if exchange and (known := known_by(written, defaults, self.answered, self.again, exchange)):
                self.known.keep(self.request, known)
        self.on_response()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.transport.write(data)

    def close(self) -> None:
        self.transport.close()
