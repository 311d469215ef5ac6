"""What uvicorn does with a WebSocket below the application, mended for clients that do not read."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


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
