"""A plain Strawberry server, as its documentation has one, with figures of what is asked: what hostile clients do to
a server that does nothing about them. It is started by `uvicorn tests.hostile.plain:app`, with uvicorn's protocols.

What it cannot do wrong, because it does nothing of the kind, is done wrong by the smallest thing that somebody adds to
one: `strict` and `Impatient` here, a wait at the end that DRAIN asks for, and what plain_keeping.py has.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import strawberry
from prometheus_client import CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from content_api.web.application import STATIC

SCRIPT = (STATIC / "graphiql.js").read_bytes()
LARGE = "x" * 2_000_000
LISTENED_SECONDS = 3_600
executed = 0


@strawberry.type
class Thing:
    """Has as many of itself as are asked for, by the names of our own schema."""

    id: strawberry.ID = strawberry.ID("1")
    name: str = "thing"
    total_count: int = 1

    @strawberry.field
    def a(self) -> Thing:
        return self

    @strawberry.field
    def symptom(self) -> Thing:
        return self

    @strawberry.field
    def condition(self) -> Thing:
        return self

    @strawberry.field
    def symptoms(self) -> list[Thing]:
        return [self]

    @strawberry.field
    def conditions(self) -> list[Thing]:
        return [self]

    @strawberry.field
    def nodes(self) -> list[Thing]:
        return [self]


@strawberry.type
class Query:
    @strawberry.field
    def large(self) -> str:
        return LARGE

    @strawberry.field
    def name(self) -> str:
        global executed
        executed += 1
        return "plain"

    @strawberry.field
    def executed(self) -> int:
        return executed

    @strawberry.field
    async def slow(self, seconds: float = 1) -> str:
        await asyncio.sleep(seconds)
        return "slow"

    @strawberry.field
    def conditions(self, first: int) -> Thing:
        return Thing()

    @strawberry.field
    def content(self, version: str) -> Thing:
        """Where there are versions, one is read from a disk or a database, and in this way first."""
        time.sleep(0.05)
        return Thing()

    @strawberry.field
    def changes(self, older: Annotated[str, strawberry.argument(name="from")], to: str) -> Thing:
        time.sleep(0.1)
        return Thing()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def listen(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(LISTENED_SECONDS)

    @strawberry.subscription
    async def version_published(self) -> AsyncGenerator[Thing, None]:
        yield Thing()
        await asyncio.sleep(LISTENED_SECONDS)


schema = strawberry.Schema(Query, subscription=Subscription)


async def stream(request: Request) -> StreamingResponse:
    """Event streams, of which Strawberry has none: each answer as it comes."""
    asked = await request.json() if request.method == "POST" else request.query_params
    return StreamingResponse(events(asked["query"]), media_type="text/event-stream")


async def events(query: str) -> AsyncIterator[str]:
    listens = query.lstrip().startswith("subscription")
    found: Any = await (schema.subscribe(query) if listens else schema.execute(query))
    async for each in found if hasattr(found, "__aiter__") else one(found):
        told = {"data": each.data, "errors": [error.formatted for error in each.errors or ()]}
        yield f"event: next\ndata: {json.dumps(told)}\n\n"


async def one(found: Any) -> AsyncIterator[Any]:
    yield found


async def versions(request: Request) -> HTMLResponse:
    """All that there are, in a list."""
    return HTMLResponse("".join(f"<li>{html.escape(f'v{number}')}</li>" for number in range(20_000)))


async def script(request: Request) -> Response:
    return Response(SCRIPT, media_type="text/javascript")


async def pushed(request: Request) -> Response:
    """Whether a push is signed with one of two secrets, as git hosts show how it is looked at."""
    body = await request.body()
    signatures = [value for name, value in request.headers.items() if "signature" in name]
    is_signed = [
        hmac.compare_digest(hmac.new(secret, body, "sha256").hexdigest(), signature)
        for secret in (b"one", b"another")
        for signature in signatures
    ]
    return Response(status_code=202 if any(is_signed) else 401)


def counted() -> CollectorRegistry:
    """As many metrics as a server has that counts fields by clients."""
    registry = CollectorRegistry()
    counter = Counter("fields", "Fields that were asked for.", ("field", "client"), registry=registry)
    for number in range(5_000):
        counter.labels(f"Thing.field{number % 300}", f"client {number // 300}").inc()
    return registry


COUNTED = counted()


async def metrics(request: Request) -> Response:
    return Response(generate_latest(COUNTED), media_type="text/plain")


@asynccontextmanager
async def drained(app: Starlette) -> AsyncIterator[None]:
    """As people do where a load balancer needs a while to look elsewhere: a wait at the end."""
    yield
    await asyncio.sleep(float(os.environ.get("DRAIN", "0")))


app = Starlette(
    routes=[
        Route("/graphql/stream", stream, methods=["GET", "POST"]),
        Route("/versions", versions),
        Route("/static/graphiql.js", script),
        Route("/hooks/git", pushed, methods=["POST"]),
        Route("/metrics", metrics),
        Mount("/", GraphQL(schema)),
    ],
    middleware=[Middleware(GZipMiddleware)],
    lifespan=drained,
)


def knowing_its_host(app: ASGIApp) -> ASGIApp:
    """Answers to its own name alone, written as it was configured, and says what else was asked for, as Django does to
    who develops."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (host := Request(scope).headers.get("host", "")) != os.environ.get("HOST"):
            await PlainTextResponse(f"Invalid HTTP_HOST header: {host!r}", 400)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer


strict = knowing_its_host(app)


class Impatient(HttpToolsProtocol):
    """The first deadline that comes to mind: a connection has a second, from when it was made, whatever it does."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.loop.call_later(1, transport.close)
