"""GraphQL over HTTP, as https://graphql.github.io/graphql-over-http/draft/ says, at one path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError
from content_api.web.body import read_body
from content_api.web.errors import RETRY_AFTER, graphql_error, headers_of, status_of
from content_api.web.negotiation import GRAPHQL_RESPONSE, HTML, JSON, accept_of, choose, media_type
from content_api.web.parameters import asks_nothing, from_body, from_query_string, read_about

log = structlog.get_logger("content_api.web")

Answer = Callable[[Operation], Awaitable[Reply]]
AtLeast = Callable[[str], Awaitable[None]]
"""Waits until a commit, or one that follows it, is live. Raises RequestError where that takes too long."""

ALLOW = "GET, HEAD, POST"
AT_LEAST = "content-version-at-least"
PINNED = "public, max-age=31536000, immutable"  # a year: nothing that is cached for longer is worth having
NEVER = "no-store"  # a refusal may pass: a document that is not known is known as soon as somebody sends it


class GraphQLEndpoint:
    """The ASGI application at `/graphql`.

    `answer` runs on the event loop, and waits only for a version that is not in memory. It takes milliseconds of pure
    computation, which a thread would only make wait for the interpreter's lock twice; more than one core is used by
    more than one process.
    """

    def __init__(self, answer: Answer, page: Response, largest_body: int, at_least: AtLeast | None = None) -> None:
        self.answer = answer
        self.page = page
        self.at_least = at_least
        self.largest_body = largest_body
        self.readers: dict[str, Callable[[Request], Awaitable[Operation]]] = {
            "GET": self.read_get,
            "HEAD": self.read_get,
            "POST": self.read_post,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.respond(request)
        except ClientDisconnect:
            log.debug("the client left before its request was read")
            return
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        media = JSON
        try:
            media = accepted(request)
            if media == HTML:
                return self.page
            reader = self.readers.get(request.method)
            if reader is None:
                raise RequestError("METHOD_NOT_ALLOWED", f"{request.method:.20} is not answered here.", f"Use {ALLOW}.")
            operation = await reader(request)
            if self.at_least and AT_LEAST in request.headers:
                await self.at_least(request.headers[AT_LEAST])
            return respond_to(await self.answer(operation), media)
        except RequestError as error:
            return refuse(error, media)

    async def read_get(self, request: Request) -> Operation:
        return from_query_string(request.scope["query_string"])

    async def read_post(self, request: Request) -> Operation:
        check_content(request)
        about = read_about(request.scope["query_string"])
        return from_body(await read_body(request, self.largest_body), about_content=about)


def asks_for_page(request: Request) -> bool:
    """Whether a person came with a browser, and not a program with a question."""
    try:
        return accepted(request) == HTML
    except RequestError:
        return False


def accepted(request: Request) -> str:
    """The media type to answer in. HTML is offered to a GET that asks no question: a person who came with a browser."""
    offers: tuple[str, ...] = (GRAPHQL_RESPONSE, JSON)
    if request.method in ("GET", "HEAD") and asks_nothing(request.scope["query_string"]):
        offers = (*offers, HTML)
    found = choose(accept_of(request.headers.getlist("accept")), offers, fallback=JSON)
    if found is None:
        raise RequestError("NOT_ACCEPTABLE", f"The answer can be {' or '.join(offers)}.", f"Accept {GRAPHQL_RESPONSE}.")
    return found


def check_content(request: Request) -> None:
    """Refuse a body that is not plain JSON in UTF-8. Forms in particular: a page of another site could send those."""
    kind, parameters = media_type(request.headers.get("content-type"))
    if kind != JSON:
        raise _unsupported(f"The body is sent as {kind[:80] or 'nothing in particular'}.")
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise _unsupported(f"The body is sent in {charset[:80]}, not in UTF-8.")
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise _unsupported("The body is compressed.")


def respond_to(reply: Reply, media: str) -> Response:
    headers = {"Vary": "Accept", "Content-Version": reply.version, "Query-Cost-Limit": str(reply.cost_limit)}
    if reply.cost is not None:
        headers["Query-Cost"] = str(reply.cost)
    if reply.pinned:
        headers["Cache-Control"] = PINNED
    if not reply.executed:
        headers["Cache-Control"] = NEVER
    status = status_of(reply, media)
    if status == 405:
        headers["Allow"] = "POST"  # the only way that it comes here is a mutation by GET
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER[reply.codes[0]])
    return Response(reply.body, status, headers, f"{media}; charset=utf-8")


def refuse(error: RequestError, media: str, allow: str = ALLOW) -> Response:
    headers = {"Vary": "Accept", "Cache-Control": NEVER, **headers_of(error)}
    if error.code == "METHOD_NOT_ALLOWED":
        headers["Allow"] = allow
    return Response(graphql_error(error), error.status, headers, f"{media}; charset=utf-8")


def _unsupported(message: str) -> RequestError:
    return RequestError(
        "UNSUPPORTED_MEDIA_TYPE", message, "Send it uncompressed, with `Content-Type: application/json`."
    )
