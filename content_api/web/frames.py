"""WebSockets on a socket: uvicorn's own protocol with bounds, below the application."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.server import ServerProtocol

from content_api.web.headers import ALWAYS
from content_api.web.places import Place, Places

# Pieces of one message. Browsers and clients send a message as one; each piece takes memory, an empty one too.
MOST_FRAMES = 64
TOO_BIG = 1009
# Between our last word and the end of a connection whose client does not answer it.
SECONDS_TO_LEAVE = 10.0


class Handshake(ServerProtocol):
    """What speaks of frames. An answer that opens no WebSocket, whoever made it, is one like all others, and has their
    headers."""

    def send_response(self, response: Response) -> None:
        if response.status_code != 101:
            response.headers.update({name.decode(): value.decode() for name, value in ALWAYS})
        super().send_response(response)


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. It has the place of the HTTP connection that it was.

    One that is over is not kept for a client that does not read: `transport.close()` waits until all that was written
    is read, and for such a client that is for ever.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.__class__ = Handshake  # uvicorn makes it, and leaves no other way to name what it is made of
        self.places = Places.of(self.app_state)
        self.place: Place | None = None
        self.leaving: TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.leaving:
            self.leaving.cancel()
        if self.place:
            self.places.leave(self.place)
            self.place = None
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        await super().run_asgi()
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
        self.conn.fail(TOO_BIG, f"A message may have {MOST_FRAMES} frames.")
        self.handle_parser_exception()

    def abort_unread(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
