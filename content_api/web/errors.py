"""From an error to a status and a body: GraphQL's shape at `/graphql`, problem+json (RFC 9457) everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from content_api.delivery.operation import Reply
from content_api.errors import ERROR_CODES, RequestError
from content_api.observe.exchange import CURRENT, note_code
from content_api.web.negotiation import JSON

PROBLEM = "application/problem+json"
NEVER = {"Cache-Control": "no-store"}  # an error may pass, and caches keep some of them for as long as they like

# Code -> seconds after which to ask again: a publication takes less than one, a version that is loaded a few, an idle
# connection is closed in fifteen, and those who listen have to leave before others can. What took too long once will
# again, unless the machine is less busy.
RETRY_AFTER = {
    "VERSION_NOT_YET_LIVE": 1,
    "OVERLOADED": 2,
    "TOOK_TOO_LONG": 10,
    "SERVER_FULL": 15,
    "TOO_MANY_LISTENERS": 30,
}

# HTTP status -> the code of ERROR_CODES that says what it means. What is not here shows its standard phrase alone.
STATUS_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE", 500: "INTERNAL"}


def status_of(reply: Reply, media: str) -> int:
    """The HTTP status of a reply to a well-formed request.

    In `application/json`, the older media type, a client tells a GraphQL answer from a proxy's by status 200, so that a
    refusal on account of the document has it too. The newer type needs no such help: there, 200 means that it ran.
    """
    if reply.executed:
        return 200
    status = ERROR_CODES[reply.codes[0]][0]
    return 200 if status == 400 and media == JSON else status


def graphql_error(error: RequestError) -> bytes:
    """The body of a GraphQL response to a request that was not well formed."""
    return orjson.dumps({"errors": [shown(error)]})


def shown(error: RequestError) -> dict[str, object]:
    """An error as GraphQL shows it, with the request that it is of."""
    return {"message": str(error), "extensions": identified(error.extensions)}


def note_reply(reply: Reply) -> None:
    """Note what the log says of a reply."""
    if exchange := CURRENT.get():
        exchange.code = reply.codes[0] if reply.codes else None
        exchange.cost, exchange.version = reply.cost, reply.version
        if not reply.executed:
            exchange.answered = None


def identified(found: Mapping[str, object]) -> dict[str, object]:
    """The same, with the id of the request, so that who reads an error can say which it was."""
    exchange = CURRENT.get()
    return {**found, "requestId": exchange.identity} if exchange else {**found}


def identified_reply(reply: Reply) -> Reply:
    """The same reply, each of its errors with the id of the request.

    It is written anew: several who asked the same may have been given the same reply. One with errors is never kept.
    """
    if not reply.codes:
        return reply
    body = orjson.loads(reply.body)
    for error in body["errors"]:
        error["extensions"] = identified(error["extensions"])
    return replace(reply, body=orjson.dumps(body), made={})


async def problem(request: Request, error: Exception) -> Response:
    """Starlette's exception handler: what it, a defect of ours, or a client's mistake raised outside GraphQL."""
    if isinstance(error, RequestError):
        return problem_of(error)
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = STATUS_CODES.get(status)
    note_code(code)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    return _response(status, {"detail": ERROR_CODES[code][1], "code": code} if code else {}, NEVER | headers)


def problem_of(error: RequestError) -> Response:
    """A client's mistake outside of GraphQL."""
    note_code(error.code)
    return _response(error.status, {"detail": str(error), **error.extensions}, headers_of(error))


def headers_of(error: RequestError) -> dict[str, str]:
    """The headers that belong to an error, whatever its body."""
    headers = NEVER | ({"WWW-Authenticate": 'Bearer realm="previews"'} if error.code == "TOKEN_REQUIRED" else {})
    return headers | ({"Retry-After": str(RETRY_AFTER[error.code])} if error.status == 503 else {})


def _response(status: int, known: dict[str, Any], headers: dict[str, str]) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(orjson.dumps(body | identified(known)), status, headers, PROBLEM)
