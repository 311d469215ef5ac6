"""What answers at which path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from content_api.web.graphql import Answer, AtLeast, GraphQLEndpoint
from content_api.web.health import Readyz, Status, livez
from content_api.web.metrics import Expose, Metrics
from content_api.web.pages import FrontPage, graphiql_page
from content_api.web.versions import Overlook, VersionsPage


def routes(
    schema_text: str,
    answer: Answer,
    status: Callable[[], Status],
    overlook: Overlook,
    expose: Expose,
    static: Path,
    largest_body: int,
    at_least: AtLeast | None = None,
) -> list[BaseRoute]:
    """The table. `static` may be missing: then there is no GraphiQL, and the rest works."""
    table: list[BaseRoute] = [
        Route("/", FrontPage(status).respond),
        Route("/graphql", GraphQLEndpoint(answer, graphiql_page(static), largest_body, at_least)),
        Route("/versions", VersionsPage(overlook).respond),
        Route("/schema.graphql", SchemaText(schema_text).respond),
        Route("/livez", livez),
        Route("/readyz", Readyz(status).respond),
        Route("/metrics", Metrics(expose).respond),
    ]
    if static.is_dir():
        table.append(Mount("/static", StaticFiles(directory=static)))
    return table


class SchemaText:
    """The SDL. As plain text, so that a browser shows it: its own media type is not registered."""

    def __init__(self, text: str) -> None:
        self.text = text.encode()

    async def respond(self, request: Request) -> Response:
        return PlainTextResponse(self.text)
