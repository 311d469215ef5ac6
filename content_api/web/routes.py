"""What answers at which path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route, Router, WebSocketRoute

from content_api.web.files import files
from content_api.web.headers import PREVIEW
from content_api.web.health import Readyz, livez
from content_api.web.hooks import GitHook
from content_api.web.metrics import Metrics
from content_api.web.pages import FrontPage, graphiql_page, trusted_page
from content_api.web.scoped import SCOPED, Served
from content_api.web.services import Services
from content_api.web.versions import VersionsPage
from content_api.web.websocket import SocketLimits, WebSocketEndpoint


def routes(services: Services, static: Path) -> list[BaseRoute]:
    """The table. `static` may be missing: then there is no GraphiQL, and the rest works.

    Without a `look`, or without a secret that a caller could prove to know, there is nothing at `/hooks/git`.
    """
    page = trusted_page() if services.trusted_only else graphiql_page(static)
    served = Served(
        services.answer,
        services.subscribe,
        services.listeners,
        services.schema_text,
        page,
        services.limits,
        services.at_least,
        services.again,
        services.version,
        services.at_once,
    )
    table: list[BaseRoute] = [
        Route("/", FrontPage(services.status).respond),
        *(Route(row.path, row.app(served)) for row in SCOPED),
        Route("/versions", VersionsPage(services.overlook, services.version).respond),
        Route("/livez", livez),
        Route("/readyz", Readyz(services.status).respond),
        Route("/metrics", Metrics(services.expose).respond),
    ]
    if services.look and services.hook_secrets:
        table.append(Route("/hooks/git", GitHook(services.look, services.hook_secrets).respond, methods=["POST"]))
    if static.is_dir():
        table.append(Mount("/static", Router([*files(static)], redirect_slashes=False)))
    if services.previews:
        table.append(Mount(PREVIEW, services.previews.app(served)))
    return table


def socket_route(services: Services, origins: Sequence[str], sockets: SocketLimits | None = None) -> BaseRoute:
    """The part of the table that is about WebSockets, which share a path with HTTP."""
    subscribe, listeners, limits = services.subscribe, services.listeners, services.limits
    return WebSocketRoute(
        "/graphql", WebSocketEndpoint(subscribe, listeners, origins, sockets, limits, services.observer)
    )
