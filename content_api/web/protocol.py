"""What uvicorn does with a WebSocket below the application, mended where it would keep what nobody needs any more."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, but that nothing is left of a connection that is over, or whose client does not read.

    `transport.close()` waits until all that was written is read, and for a client that reads nothing that is for ever.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # The parser is a generator that holds what holds it, and would wait for bytes for ever. The collector does not
        # look at what was there when a version went live (publish/making.py), so that it would stay.
        self.conn.parser.close()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.abort_unread()

    def shutdown(self) -> None:
        super().shutdown()
        self.abort_unread()

    def handle_ping(self) -> None:
        """Answer, unless the client takes no answers: those would pile up, as fast as it can ask."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def abort_unread(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
