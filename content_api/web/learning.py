"""How a request becomes known: what answered it says how, and what was written is looked at."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from content_api.observe.exchange import CURRENT, Exchange, alike
from content_api.web.known import EXTENSION, Again, Ask, Known, KnownHead, KnownRequests, around, cut
from content_api.web.representation import Answered


class Learning:
    """Sees how a request is answered, and knows its head from then on, and itself where it `comes_again`.

    It offers the application the extension `content_api.again`. When that is taken up, all that is written passes here.
    """

    def __init__(self, known: KnownRequests, request: bytes, cycle: RequestResponseCycle, comes_again: bool) -> None:
        self.known = known
        self.request = request
        self.cycle = cycle
        self.comes_again = comes_again
        self.transport = cycle.transport
        self.on_response = cycle.on_response
        self.written: list[bytes] = []
        if cycle.keep_alive and not cycle.waiting_for_100_continue:
            cycle.scope["extensions"] = {EXTENSION: self.offer}  # type: ignore[dict-item]  # one of our own

    def offer(self, answered: Answered, again: Again | None, ask: Ask | None) -> None:
        self.answered = answered
        self.again = again
        self.ask = ask
        self.cycle.transport = self  # type: ignore[assignment]  # as much of one as a cycle uses
        self.cycle.on_response = self.complete

    def complete(self) -> None:
        if self.cycle.keep_alive and (exchange := CURRENT.get()):
            self.keep(exchange)
        self.on_response()

    def keep(self, exchange: Exchange) -> None:
        defaults = self.known.written(self.cycle.default_headers)
        found = around(b"".join(self.written), defaults, self.answered, exchange)
        if found is None:
            return
        if self.again and self.comes_again:
            self.known.keep(self.request, Known(self.again, exchange, *found, self.answered))
        if self.ask and (head := self.head()):
            self.known.keep_head(head, KnownHead(self.ask, alike(exchange, ""), *found))

    def head(self) -> bytes | None:
        """The head of the request, if the parser has found the same length of the body, in one header, and nothing else
        that tells one."""
        headers = self.cycle.scope["headers"]
        told = [value for name, value in headers if name in (b"content-length", b"transfer-encoding")]
        found = cut(self.request)
        return found[0] if found and told == [b"%d" % len(found[1])] else None

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.transport.write(data)

    def close(self) -> None:
        self.transport.close()
