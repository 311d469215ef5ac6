"""Metrics over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from content_api.web.health import FRESH
from content_api.web.negotiation import accept_of

Expose = Callable[[str], tuple[bytes, str]]
"""From an Accept header, empty where there is none, to a text and its media type."""


class Metrics:
    """What a Prometheus server scrapes."""

    def __init__(self, expose: Expose) -> None:
        self.expose = expose

    async def respond(self, request: Request) -> Response:
        body, media = self.expose(accept_of(request.headers.getlist("accept")) or "")
        return Response(body, headers=FRESH | {"Content-Type": media, "Vary": "Accept"})
