"""What sees every request, whoever answers it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_api.observe.exchange import CURRENT, Exchange
from content_api.observe.identity import new_identity, trace_of

REQUEST_ID = "Request-Id"
IDENTITY = REQUEST_ID.lower().encode()
TRACEPARENT = b"traceparent"
# What begins an answer: over HTTP, of a WebSocket, and of one that is refused.
BEGINNINGS = frozenset(("http.response.start", "websocket.accept", "websocket.http.response.start"))


class Observed:
    """ASGI middleware: gives each request its id, and says it in the first header of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        traced = trace_of(only(scope["headers"], TRACEPARENT))
        exchange = Exchange(traced or new_identity(), traced)

        async def send_with_identity(message: Message) -> None:
            if message["type"] in BEGINNINGS:
                message["headers"] = [(IDENTITY, exchange.identity.encode()), *message.get("headers", ())]
            await send(message)

        token = CURRENT.set(exchange)
        try:
            await self.app(scope, receive, send_with_identity)
        finally:
            CURRENT.reset(token)


def only(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    """The value of a header that is there once; a second one takes the meaning of both."""
    found = [value for given, value in headers if given == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""
