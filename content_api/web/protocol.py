"""What uvicorn does below the application: requests whose bytes are known are answered here, and WebSockets of clients
that do not read are not waited for."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from content_api.observe.exchange import CURRENT
from content_api.web.known import EXTENSION, STATE, Again, KnownRequests, known_by
from content_api.web.representation import Answered


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, but that a request which comes again, byte for byte, is answered without reading it.

    Only a request that comes alone and whole is looked up, on a connection where nothing else is going on: then the
    parser, which never sees it, is between two requests before it and after it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.known: KnownRequests | None = self.app_state.get(STATE)
        self.begun = self.completed = 0
        self.answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        known = self.known
        if known is None or not self.is_idle():
            super().data_received(data)
            return
        if known.answer(data, self.server_state.default_headers, self.send_known):
            return
        begun = self.begun
        super().data_received(data)
        if self.begun == self.completed == begun + 1 and known.is_worth(data):
            Learning(known, data, self.cycle)

    def is_idle(self) -> bool:
        """Whether whatever came before is answered, and nothing of what comes now was read yet."""
        over = self.cycle is None or self.cycle.response_complete
        return over and self.begun == self.completed and not (self.flow.write_paused or self.transport.is_closing())

    def send_known(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.server_state.total_requests += 1
        self.answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.wait_for_more(self.timeout_keep_alive)

    def wait_for_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing came for a while. The clock is not set anew for each known request: that
        takes longer than to answer it."""
        left = self.answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.wait_for_more(left)
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        self.begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self.completed += 1
        super().on_message_complete()


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


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, but that a connection which is over is not kept for a client that does not read.

    `transport.close()` waits until all that was written is read, and for a client that reads nothing that is for ever.
    """

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.abort_unread()

    def shutdown(self) -> None:
        super().shutdown()
        self.abort_unread()

    def abort_unread(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
