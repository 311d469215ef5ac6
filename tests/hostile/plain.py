"""A plain Strawberry server, as its documentation has one, with figures of what is asked: what hostile clients do to
a server that does nothing about them. It is started by `uvicorn tests.hostile.plain:app`, with uvicorn's protocols."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import strawberry
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.asgi import GraphQL

LARGE = "x" * 2_000_000
executed = 0


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
    async def slow(self) -> str:
        await asyncio.sleep(1)
        return "slow"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def listen(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(3_600)


class Counting:
    """Counts what is asked most, in a map without a bound: of all that comes, where it was asked and what it was."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.counted: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        where = str(scope)
        self.counted[where, ""] += 1

        async def receive_counted() -> Message:
            message = await receive()
            self.counted[where, str(message)] += 1
            return message

        await self.app(scope, receive_counted, send)


app = Counting(GraphQL(strawberry.Schema(Query, subscription=Subscription)))
