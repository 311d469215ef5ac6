"""What grows in a plain Strawberry server, as people run one: with what it offers, used without a bound.

`keeping` has the caches of texts that Strawberry has, with no size, a store of automatic persisted queries as a dict, a
DataLoader for all requests in place of one for each, and a count of requests whose labels are a client's. `noting`
is for what nothing of that kind keeps: all of every request, in a dict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import prometheus_client
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache

from tests.hostile import plain

Key = tuple[str, str]


@strawberry.type
class Entity:
    id: strawberry.ID
    name: str


@strawberry.type
class Found:
    total_count: int


@strawberry.input
class Comparison:
    contains: str | None = None


@strawberry.input
class ConditionFilter:
    name: Comparison | None = None
    any: list[ConditionFilter] | None = strawberry.field(name="or", default=None)


async def loaded(keys: list[Key]) -> list[list[int]]:
    """The places of a page of what is found for each."""
    return [[0] * 20 for _ in keys]


loader: DataLoader[Key, list[int]] | None = None


async def looked_up(what: str, value: object) -> int:
    """How many there are, by one loader for all requests, so that nothing is looked up twice."""
    global loader
    loader = loader or DataLoader(loaded)
    return len(await loader.load((what, str(value))))


@strawberry.type
class Content:
    @strawberry.field
    def conditions(self) -> Found:
        return Found(total_count=1)


@strawberry.type
class Query:
    @strawberry.field
    def name(self) -> str:
        return "plain"

    @strawberry.field
    async def condition(self, slug: str | None = None) -> Entity:
        return Entity(id=strawberry.ID(str(await looked_up("condition", slug))), name="plain")

    @strawberry.field
    async def conditions(self, where: ConditionFilter | None = None, after: str | None = None) -> Found:
        return Found(total_count=await looked_up("conditions", (where, after)))

    @strawberry.field
    async def search(self, text: str) -> Found:
        return Found(total_count=await looked_up("search", text))

    @strawberry.field
    async def node(self, id: strawberry.ID) -> Entity:
        return Entity(id=strawberry.ID(str(await looked_up("node", id))), name="plain")

    @strawberry.field
    async def content(self, version: str | None = None) -> Content:
        await looked_up("content", version)
        return Content()


class PersistedQueries(SchemaExtension):
    """Apollo's protocol, of which Strawberry has none: texts by the hashes that clients give them."""

    texts: dict[str, str] = {}  # noqa: RUF012

    def on_operation(self) -> Iterator[None]:
        extensions: dict[str, Any] = self.execution_context.operation_extensions or {}
        if "persistedQuery" in extensions and self.execution_context.query:
            self.texts[extensions["persistedQuery"]["sha256Hash"]] = self.execution_context.query
        yield


class Measured:
    """Counts requests by what an operator wants to see: path, host and client."""

    labels = ("path", "host", "client", "version")
    counter = prometheus_client.Counter("plain_requests", "Requests.", labels)

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            names = ("host", "graphql-client-name", "graphql-client-version")
            self.counter.labels(scope["path"], *(headers.get(name, "") for name in names)).inc()
        await self.app(scope, receive, send)


class Noting:
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


extensions = [lambda: ParserCache(maxsize=None), lambda: ValidationCache(maxsize=None), PersistedQueries]
schema = strawberry.Schema(Query, extensions=extensions)
keeping = Measured(Starlette(routes=[Mount("/graphql", GraphQL(schema)), Mount("/", GraphQL(schema))]))
noting = Noting(plain.app)
