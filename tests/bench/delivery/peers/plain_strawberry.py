"""Strawberry on its own ASGI view, with the same types over the same entities in memory.

python -m tests.bench.delivery.peers.plain_strawberry REPOSITORY PORT [--caches]

With `--caches` it has Strawberry's own caches for parsed and validated documents.
"""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.requests import Request
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from content_api.graph.query import Query, root
from content_api.graph.schema import strawberry_schema
from content_api.opening import open_configured, start
from content_api.settings import Settings
from tests.bench.delivery.peers.uvicorn_alone import run


class View(GraphQL):
    """Strawberry's view, told where a query begins."""

    def __init__(self, query: Query, cached: bool) -> None:
        super().__init__(strawberry_schema([ParserCache, ValidationCache] if cached else []), graphql_ide=None)
        self.query = query

    async def get_root_value(self, request: Request | WebSocket) -> Query:
        return self.query


def main(repository: str, port: str, *options: str) -> None:
    settings = Settings(content=Path(repository))
    started = start(open_configured(settings), settings)
    run(View(root(started.current.edition), "--caches" in options), int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
