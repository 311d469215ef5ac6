"""Turning a request away before anybody has looked at it, in the shape that its path answers in."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from content_api.errors import RequestError
from content_api.web.errors import problem
from content_api.web.graphql import refuse
from content_api.web.headers import path_of
from content_api.web.negotiation import GRAPHQL_RESPONSE, JSON, accept_of, choose

GRAPHQL_PATHS = ("/graphql", "/graphql/stream")


async def turn_away(
    error: RequestError, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with an error; its body is not read."""
    if scope["type"] == "websocket":
        response = refuse(error, JSON)
        response.headers.update(headers or {})
        await WebSocket(scope, receive, send).send_denial_response(response)
        return
    request = Request(scope)
    in_graphql = path_of(scope).endswith(GRAPHQL_PATHS)
    response = refuse(error, _media(request)) if in_graphql else await problem(request, error)
    response.headers.update(headers or {})
    await response(scope, receive, send)


def _media(request: Request) -> str:
    return choose(accept_of(request.headers.getlist("accept")), (GRAPHQL_RESPONSE, JSON), fallback=JSON) or JSON
