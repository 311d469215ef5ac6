"""What sees every request, whoever answers it."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_api.observe.exchange import CURRENT, WEBSOCKET, Exchange
from content_api.observe.identity import new_identity, trace_of
from content_api.observe.observer import LEFT, Observer

STATE = "observer"
"""Under this name an application's lifespan hands its Observer to the protocol."""
REQUEST_ID = "Request-Id"
IDENTITY = REQUEST_ID.lower().encode()
TRACEPARENT, CLIENT, CLIENT_VERSION = b"traceparent", b"graphql-client-name", b"graphql-client-version"
NOTED = frozenset((TRACEPARENT, CLIENT, CLIENT_VERSION))
# What begins an answer -> its status, where the message does not say it: over HTTP, of a WebSocket, and of one that is
# refused.
BEGINNINGS = {"http.response.start": None, "websocket.accept": 101, "websocket.http.response.start": None}
# Message -> where its bytes are.
BODIES = {"http.response.body": "body", "websocket.send": "text", "websocket.http.response.body": "body"}
WELL_CLOSED = frozenset((1000, 1001))


class Observed:
    """ASGI middleware: gives each request its id, says it in the first header of the answer, and tells the observer of
    both when all is sent."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self.app = app
        self.observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        exchange = exchange_of(scope)
        status, has_body = LEFT, exchange.method != "HEAD"

        async def send_observed(message: Message) -> None:
            nonlocal status
            kind = message["type"]
            if kind in BEGINNINGS:
                status = BEGINNINGS[kind] or message["status"]
                message["headers"] = [(IDENTITY, exchange.identity.encode()), *message.get("headers", ())]
            elif kind in BODIES and has_body:
                exchange.size += len(message.get(BODIES[kind]) or b"")
            elif kind == "websocket.close" and message.get("code") not in WELL_CLOSED:
                exchange.code = str(message["code"])
            await send(message)

        token = CURRENT.set(exchange)
        try:
            await self.app(scope, receive, send_observed)
        finally:
            CURRENT.reset(token)
            self.observer.ended(exchange, status)


def exchange_of(scope: Scope) -> Exchange:
    """A request before anybody has looked at it."""
    noted = noted_of(scope["headers"])
    parent = noted[TRACEPARENT].decode("latin-1") if TRACEPARENT in noted else None
    traced = trace_of(parent) if parent else None
    return Exchange(
        traced or new_identity(),
        traced,
        perf_counter(),
        scope.get("method", WEBSOCKET),
        scope.get("raw_path") or quote(scope["path"]).encode(),
        noted.get(CLIENT),
        noted.get(CLIENT_VERSION),
        parent=parent if traced else None,
    )


def noted_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Of the headers those that are noted. One that comes twice says nothing."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in NOTED:
            found[name] = b"" if name in found else value
    return found
