"""A plain Strawberry server, as its documentation has one: what hostile clients do to a server that does nothing about
them. It is started by `uvicorn tests.hostile.plain:app`, with uvicorn's own protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry
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


app = GraphQL(strawberry.Schema(Query, subscription=Subscription))
