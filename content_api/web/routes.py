"""What answers at which path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from content_api.web.graphql import Answer, AtLeast
from content_api.web.headers import PREVIEW
from content_api.web.health import Readyz, Status, livez
from content_api.web.pages import FrontPage, graphiql_page
from content_api.web.previews import PreviewRoutes
from content_api.web.scoped import SCOPED, Served


def routes(
    schema_text: str,
    answer: Answer,
    status: Callable[[], Status],
    static: Path,
    largest_body: int,
    at_least: AtLeast | None = None,
    previews: PreviewRoutes | None = None,
) -> list[BaseRoute]:
    """The table. `static` may be missing: then there is no GraphiQL, and the rest works."""
    served = Served(answer, schema_text, graphiql_page(static), largest_body, at_least)
    table: list[BaseRoute] = [
        Route("/", FrontPage(status).respond),
        *(Route(row.path, row.app(served), methods=row.methods) for row in SCOPED),
        Route("/livez", livez),
        Route("/readyz", Readyz(status).respond),
    ]
    if static.is_dir():
        table.append(Mount("/static", StaticFiles(directory=static)))
    if previews:
        table.append(Mount(PREVIEW, previews.app(served)))
    return table
