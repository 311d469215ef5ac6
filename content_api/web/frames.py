"""WebSockets on a socket: uvicorn's own protocol with bounds, below the application."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.server import ServerProtocol

from content_api.web.headers import ALWAYS
from content_api.web.places import Place, Places

# Pieces of one message. Browsers and clients send a message as one; each piece takes memory, an empty one too.
MOST_FRAMES = 64
TOO_BIG = 1009
# Bytes that are read in a turn of the event loop, of all connections together. What comes at once may be 256 kB: forty
# thousand pings, each of which is answered. These are 85 of them, and a document of 16 kB takes 32 turns.
PIECE = 512
TURNS = "turns"
"""Under this name the connections of a process have their Turns."""
# Between our last word and the end of a connection whose client does not answer it.
SECONDS_TO_LEAVE = 10.0


class Handshake(ServerProtocol):
    """What speaks of frames. An answer that opens no WebSocket, whoever made it, is one like all others, and has their
    headers."""

    def send_response(self, response: Response) -> None:
        if response.status_code != 101:
            response.headers.update({name.decode(): value.decode() for name, value in ALWAYS})
        super().send_response(response)


class Turns:
    """Work of which one piece is done in each turn of the event loop, in the order in which it was asked for."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: deque[Callable[[], None]] = deque()

    @classmethod
    def of(cls, state: dict[str, Any], loop: AbstractEventLoop) -> Turns:
        """Those that connections with the same state share."""
        found: Turns = state.setdefault(TURNS, None) or cls(loop)
        state[TURNS] = found
        return found

    def wait(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)
        if len(self.waiting) == 1:
            self.loop.call_soon(self._next)

    def _next(self) -> None:
        try:
            self.waiting[0]()
        finally:
            self.waiting.popleft()
            if self.waiting:
                self.loop.call_soon(self._next)


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. It has the place of the HTTP connection that it was.

    What comes is read a piece at a time, and nothing more is taken from the socket before that is done.

    One that is over is not kept for a client that does not read: `transport.close()` waits until all that was written
    is read, and for such a client that is for ever.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.__class__ = Handshake  # uvicorn makes it, and leaves no other way to name what it is made of
        self.places = Places.of(self.app_state)
        self.place: Place | None = None
        self.leaving: TimerHandle | None = None
        self.turns = Turns.of(self.app_state, self.loop)
        self.unread = bytearray()

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:  # a request like others, whose head has its bounds
            super().data_received(data)
            return
        self.transport.pause_reading()
        self.unread += data
        self.turns.wait(self.read_piece)

    def read_piece(self) -> None:
        if self.transport.is_closing():
            self.unread.clear()
            return
        piece = bytes(self.unread[:PIECE])
        del self.unread[:PIECE]
        super().data_received(piece)
        if not self.read_paused:  # else the application has something to read first
            self.read_on()

    def read_on(self) -> None:
        if self.unread:
            self.turns.wait(self.read_piece)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """As uvicorn's, which would take more from the socket at once."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.read_on()
        return message

    def connection_lost(self, exc: Exception | None) -> None:
        if self.leaving:
            self.leaving.cancel()
        if self.place:
            self.places.leave(self.place)
            self.place = None
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.turns.wait(self.read_piece)  # the client's last word may be among what nobody reads any more
        self.abort_unread()
        if not self.disconnected:
            self.leaving = self.loop.call_later(SECONDS_TO_LEAVE, self.transport.abort)

    def shutdown(self) -> None:
        super().shutdown()
        self.abort_unread()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def handle_ping(self) -> None:
        """Answer, unless the client does not read the answers that it asks for: they would pile up."""
        super().handle_ping()
        self.abort_unread()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MOST_FRAMES:
            super().handle_cont(event)
            return
        self.conn.fail(TOO_BIG, f"The message has {len(self.frames) + 1} or more frames; {MOST_FRAMES} are read.")
        self.handle_parser_exception()

    def abort_unread(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
