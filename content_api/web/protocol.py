"""HTTP on a socket: uvicorn's own protocol with bounds, below the application. Requests whose bytes are known are
answered here; what is garbled, too slow, too large or too much is refused here."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from content_api.errors import RequestError
from content_api.observe.exchange import Exchange
from content_api.observe.identity import new_identity
from content_api.observe.observer import Observer
from content_api.web.frames import SocketProtocol as SocketProtocol  # servers name both protocols of this file
from content_api.web.head import check_head, garbled, size_of
from content_api.web.known import END_OF_HEAD, STATE, KnownRequests, lines
from content_api.web.learning import Learning
from content_api.web.observed import STATE as OBSERVER
from content_api.web.places import Place, is_closed_by_client
from content_api.web.refusing import last_words
from content_api.web.timed import LINGER_SECONDS, TimedProtocol


class HttpProtocol(TimedProtocol):
    """One connection. A request that comes again, byte for byte, is answered without reading it; of one whose head came
    before the body is read; the others are read, each held to the bounds.

    Only a request that comes alone and whole is looked up, on a connection where nothing else is going on: then the
    parser, which never sees it, is between two requests before it and after it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.known: KnownRequests | None = self.app_state.get(STATE)
        self.observer: Observer = self.app_state.get(OBSERVER) or Observer()
        self.place: Place | None = None
        self.head_bytes = self.chunk_bytes = 0
        self.upgrades = self.is_read_again = False

    # ---- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.place = self.places.take(self.client[0] if self.client else "")
        if self.place is None:
            transport.abort()
            return
        self.begun_at = self.loop.time()
        if self.place.refusal:
            self.known = None
            self.left_at = self.begun_at
        self.wake_at(self.due(self.begun_at))

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        self.leave_place()
        super().connection_lost(exc)

    def leave_place(self) -> None:
        if self.place:
            self.places.leave(self.place)
            self.place = None

    # ---- what comes

    def data_received(self, data: bytes) -> None:
        known = self.known
        if known is None or not self.is_idle():
            self.read(data)
            return
        defaults = self.server_state.default_headers
        if known.answer(data, defaults, self.send_known):
            return
        comes_again = known.is_worth(data)
        if not comes_again and known.ask(data, defaults, self.send_known, self.has_left):
            return
        begun = self.begun
        self.read(data)
        if self.begun == self.completed == begun + 1 and (comes_again or known.is_head_worth(data)):
            Learning(known, data, self.cycle, comes_again)

    def is_idle(self) -> bool:
        """Whether whatever came before is answered, and nothing of what comes now was read yet."""
        over = self.cycle is None or self.cycle.response_complete
        return over and self.begun == self.completed and not (self.flow.write_paused or self.transport.is_closing())

    def send_known(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.server_state.total_requests += 1
        self.answered_at = self.loop.time()

    def read(self, data: bytes) -> None:
        """Read what has come, and execute what is whole. What comes after a refusal is not looked at."""
        if self.place and self.place.refusal and not self.refusal:
            self.refusal = self.place.refusal
            self.say_last_words()
        begun = self.begun
        while data and not self.refusal:
            data = self.parse(data)
        if self.begun != self.completed and not self.refusal:
            now = self.loop.time()
            if self.begun != begun:
                self.begun_at = now
            self.wake_at(self.due(now))

    def parse(self, data: bytes) -> bytes:
        """Have the parser read, and return what is to be read again."""
        self.chunk_bytes, begun = len(data), self.begun
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            if not self.upgrades:
                return self.begin_anew() + data[upgrade.args[0] :]
            self.handle_websocket_upgrade()
        except HttpParserError as error:
            self.refuse(refusal_of(error))
        else:
            if self.begun != self.headed:
                self.count_head(data, is_new=self.begun != begun)
        return b""

    def count_head(self, data: bytes, is_new: bool) -> None:
        """Bytes of a head that is not whole yet. The parser tells nobody of a field before its end."""
        if is_new:
            self.head_bytes = len(data.rpartition(END_OF_HEAD)[2])
        else:
            self.head_bytes += len(data)
        if self.head_bytes > self.bounds.head_bytes:
            self.refuse(self.too_large(self.head_bytes))

    # ---- what the parser says

    def on_message_begin(self) -> None:
        self.begun += 1
        self.head_bytes = 0
        self.is_read_again = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn has it, for which a call more would take longer than the checks. Called for what stands behind a
        body as well, which would be taken for a part of the head."""
        if self.begun == self.headed:
            raise garbled("There are header fields behind the body.", "Send them before it.")
        if len(self.headers) >= self.bounds.head_fields:
            most = self.bounds.head_fields
            raise RequestError("HEAD_TOO_LARGE", f"There are {most + 1} or more header fields; {most} are read.")
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        method, version = self.parser.get_method(), self.parser.get_http_version()
        check_head(method, version, self.url, self.headers)
        if self.head_bytes + self.chunk_bytes > self.bounds.head_bytes:
            size = size_of(self.url, self.headers)
            if size > self.bounds.head_bytes:
                raise self.too_large(size)
        if len(self.pipeline) >= self.bounds.pipelined:
            found = f"{len(self.pipeline)} requests wait here for their answer; {self.bounds.pipelined} may."
            raise RequestError("TOO_MANY_PIPELINED", found)
        if self.parser.should_upgrade():
            self.upgrades = self.opens_socket(method, version)
            self.is_read_again = not self.upgrades
        if not self.is_read_again:
            super().on_headers_complete()
        self.headed = self.begun

    def on_message_complete(self) -> None:
        self.completed += 1
        if not self.is_read_again:
            super().on_message_complete()

    def too_large(self, size: int) -> RequestError:
        return RequestError(
            "HEAD_TOO_LARGE",
            f"The head of the request has {size:,} bytes or more; {self.bounds.head_bytes:,} are read.",
            "Send a question that is long by POST.",
        )

    # ---- what is executed

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle

        async def unless_left(scope: Scope, receive: Receive, send: Send) -> None:
            if self.has_left():
                cycle.disconnected = True
            if not cycle.disconnected:
                try:
                    await app(scope, receive, send)
                except asyncio.CancelledError:  # the time that the server has to end is over
                    cycle.disconnected = True
                    self.transport.abort()

        super()._start_asgi_task(cycle, unless_left)  # type: ignore[arg-type]  # uvicorn has types of its own for these

    def has_left(self) -> bool:
        """Whether there is nobody any more whom the request is to be executed for.

        A busy server takes up a new connection long after it was made, and reads a request long after it was sent; who
        asks on a connection that is in use, while there is little to do, had no time to leave.
        """
        if self.transport.is_closing():
            return True
        is_new = not self.answered_at
        return (is_new or self.places.is_busy(self.loop)) and is_closed_by_client(self.transport)

    def on_response_complete(self) -> None:
        """As uvicorn has it, but that no timer is made for each request, and who was refused is told so now."""
        self.server_state.total_requests += 1
        self.answered_at = self.loop.time()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.refusal:
            self.say_last_words()
        else:
            self.wake_at(self.answered_at + self.bounds.idle_seconds)

    # ---- what is refused

    def refuse(self, error: RequestError) -> None:
        """Read no more, give up what is half read, and say why when all before it is answered."""
        self.places.count(error.code)
        self.refusal, self.known = error, None
        half = self.cycle if self.begun == self.headed != self.completed else None
        if half:
            half.disconnected = True
            half.message_event.set()
            if self.pipeline and self.pipeline[0][0] is half:
                self.pipeline.popleft()
        if half and half.response_started:
            self.transport.close()
        elif not self.is_answering():
            self.say_last_words()

    def say_last_words(self) -> None:
        assert self.refusal
        exchange = self.unread()
        self.transport.write(last_words(self.refusal, self.server_state.default_headers, exchange))
        self.observer.ended(exchange, self.refusal.status)
        self.transport.write_eof()
        self.left_at = self.loop.time()
        self.wake_at(self.left_at + LINGER_SECONDS)

    def unread(self) -> Exchange:
        """A request that the application does not see, as much of it as was read."""
        url = self.url if self.begun != self.completed else b""
        method = self.parser.get_method().decode() if url else ""
        return Exchange(new_identity(), None, perf_counter(), method, url.partition(b"?")[0])

    # ---- what is too late

    def give_up(self) -> None:
        if self.transport.is_closing() or self.left_at or self.stalled_at or self.transport.get_write_buffer_size():
            self.transport.abort()
        elif self.begun != self.completed:
            self.refuse(self.too_slow())
        else:
            self.transport.close()

    def too_slow(self) -> RequestError:
        what, seconds = ("request", self.bounds.request_seconds)
        if self.begun != self.headed:
            what, seconds = ("head of the request", self.bounds.head_seconds)
        waited = self.loop.time() - self.begun_at
        return RequestError(
            "REQUEST_TOO_SLOW", f"After {waited:.1f} s the {what} was not here; {seconds:g} s are given."
        )

    # ---- what becomes a WebSocket, and what asks to become something else

    def opens_socket(self, method: bytes, version: str) -> bool:
        """Whether this is a handshake as https://www.rfc-editor.org/rfc/rfc6455#section-4.1 has it. What is below would
        leave others without any answer."""
        names = {name for name, _ in self.headers}
        alone = not names & {b"content-length", b"transfer-encoding"}
        return method == b"GET" and version == "1.1" and alone and super()._should_upgrade()

    def _should_upgrade(self) -> bool:
        return self.upgrades

    def begin_anew(self) -> bytes:
        """Have another parser read the request without what asks for another protocol, which is to be ignored; its head
        is returned. For httptools all that follows such a head would be of that protocol, the body too, and Java's
        client asks so with each first request."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn: they are not read, in silence
        kept = [header for header in self.headers if header[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n" % (method, self.url, version) + lines(kept) + b"\r\n"

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection is a WebSocket's, with its place; no deadline of a request holds for it."""
        self.stop_timer()
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if not isinstance(protocol, SocketProtocol):
            self.leave_place()
        elif protocol.handshake_initiated:
            protocol.place, self.place = self.place, None
            self.parser = None  # type: ignore[assignment]  # each refers to the other, as uvicorn ends it elsewhere
        else:
            self.connections.discard(protocol)
            self.connections.add(self)
            self.transport.set_protocol(self)
            self.refuse(garbled("The WebSocket's handshake cannot be read.", "Send fewer and shorter header fields."))


def refusal_of(error: HttpParserError) -> RequestError:
    """What the parser found, or what was raised while it told us of something."""
    cause = error.__context__ if isinstance(error, HttpParserCallbackError) else None
    if isinstance(cause, RequestError):
        return cause
    return garbled("The address cannot be read." if cause else f"This is not HTTP/1.1: {error}.")
