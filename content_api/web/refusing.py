"""Turning a request away before anybody has looked at it, in the shape that its path answers in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from content_api.errors import RequestError
from content_api.observe.exchange import CURRENT, Exchange
from content_api.web.errors import problem, problem_of
from content_api.web.graphql import refuse
from content_api.web.headers import ALWAYS, path_of
from content_api.web.known import lines
from content_api.web.negotiation import GRAPHQL_RESPONSE, JSON, accept_of, choose
from content_api.web.observed import IDENTITY
from content_api.web.representation import Header

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


def last_words(error: RequestError, server: Iterable[Header], exchange: Exchange) -> bytes:
    """What is sent to a client before its connection is closed, as it stands on the wire: a problem, wherever the
    request was for. `server` are the headers that the server itself adds."""
    token = CURRENT.set(exchange)
    try:
        response = problem_of(error)
    finally:
        CURRENT.reset(token)
    without_body = exchange.method == "HEAD"
    exchange.size = 0 if without_body else len(response.body)
    headers = [
        *server,
        (IDENTITY, exchange.identity.encode()),
        *response.raw_headers,
        *ALWAYS,
        (b"connection", b"close"),
    ]
    return STATUS_LINE[error.status] + lines(headers) + b"\r\n" + (b"" if without_body else response.body)
