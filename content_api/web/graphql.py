"""GraphQL over HTTP, as https://graphql.github.io/graphql-over-http/draft/ says, at one path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from content_api.delivery.operation import Operation, Reply
from content_api.delivery.present import SMALLEST, digest, form, line
from content_api.errors import RequestError
from content_api.web.body import read_body
from content_api.web.conditional import has_it
from content_api.web.errors import RETRY_AFTER, graphql_error, headers_of, status_of
from content_api.web.negotiation import (
    CODINGS,
    GRAPHQL_RESPONSE,
    HTML,
    IDENTITY,
    JSON,
    accept_of,
    choose,
    codings,
    media_type,
)
from content_api.web.parameters import asks_nothing, from_body, from_query_string, read_about

log = structlog.get_logger("content_api.web")

Answer = Callable[[Operation], Awaitable[Reply]]
AtLeast = Callable[[str], Awaitable[None]]
"""Waits until a commit, or one that follows it, is live. Raises RequestError where that takes too long."""

ALLOW = "GET, HEAD, POST"
AT_LEAST = "content-version-at-least"
# A page that many read asks again every ten seconds, which is how long a reader may not hear of a recall. For a minute
# more an older answer may be shown while a newer one is on its way.
LIVE = "public, max-age=10, stale-while-revalidate=60"
PINNED = "public, max-age=31536000, immutable"  # a year: nothing that is cached for longer is worth having
NEVER = "no-store"  # an error, which may pass; or an answer that was overtaken by another version
# Who asks for a version of his own must not be given what somebody else was given without one.
VARY = "Accept, Accept-Encoding, Content-Version-At-Least"
# What an entity tag says of the bytes besides their hash: other bytes, and other types, are another representation.
VARIANTS = {JSON: "", GRAPHQL_RESPONSE: "-g", IDENTITY: "", "zstd": "-zstd", "br": "-br", "gzip": "-gzip"}
# By POST a client sends something and asks for no representation of anything: there is no condition to look at.
READING = ("GET", "HEAD")

Header = tuple[bytes, bytes]


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

    async def respond(self, request: Request) -> ASGIApp:
        media = JSON
        try:
            media = accepted(request)
            if media == HTML:
                return self.page
            coded = accepted_codings(request)
            reader = self.readers.get(request.method)
            if reader is None:
                raise RequestError("METHOD_NOT_ALLOWED", f"{request.method:.20} is not answered here.", f"Use {ALLOW}.")
            operation = await reader(request)
            if self.at_least and AT_LEAST in request.headers:
                await self.at_least(request.headers[AT_LEAST])
            return respond_to(await self.answer(operation), media, coded, request)
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


def accepted_codings(request: Request) -> tuple[str, ...]:
    found = codings(accept_of(request.headers.getlist("accept-encoding")))
    if not found:
        hint = "Leave `identity` acceptable."
        raise RequestError("NOT_ACCEPTABLE", f"The answer can be coded as {', '.join(CODINGS)}.", hint)
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


@dataclass(frozen=True, slots=True)
class Answered:
    """An ASGI application that sends one whole answer. Starlette's Response would make its headers again each time."""

    status: int
    headers: list[Header]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def respond_to(reply: Reply, media: str, accepted: tuple[str, ...], request: Request) -> Answered:
    """The answer in a media type and the best of the codings that are accepted, or that the client has it already."""
    coding = coding_for(reply, accepted)
    headers = [*head_of(reply)]
    if reply.reusable:
        entity_tag = f'"{digest(reply)}{VARIANTS[media]}{VARIANTS[coding]}"'
        headers.append((b"etag", entity_tag.encode()))
        if request.method in READING and has_it(request.headers.getlist("if-none-match"), entity_tag):
            return Answered(304, headers, b"")
    body = reply.body if coding == IDENTITY else form(reply, coding)
    headers += [(b"content-type", f"{media}; charset=utf-8".encode()), (b"content-length", b"%d" % len(body))]
    if coding != IDENTITY:
        headers.append((b"content-encoding", coding.encode()))
    status = status_of(reply, media)
    if status == 405:
        headers.append((b"allow", b"POST"))  # the only way that it comes here is a mutation by GET
    if status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER[reply.codes[0]]).encode()))
    return Answered(status, headers, body)


def coding_for(reply: Reply, accepted: tuple[str, ...]) -> str:
    """The best coding; none for a small body, unless the client wants it coded in any case."""
    return IDENTITY if len(reply.body) < SMALLEST and IDENTITY in accepted else accepted[0]


def head_of(reply: Reply) -> list[Header]:
    """The headers that an answer has in every type and coding, and that a 304 has as well."""
    made: list[Header] | None = reply.made.get("head")
    if made is None:
        made = reply.made["head"] = [(name, value.encode()) for name, value in _head(reply)]
    return made


def _head(reply: Reply) -> Iterator[tuple[bytes, str]]:
    yield b"vary", VARY
    yield b"content-version", reply.version
    yield b"query-cost-limit", str(reply.cost_limit)
    if reply.cost is not None:
        yield b"query-cost", str(reply.cost)
    yield b"cache-control", NEVER if not reply.reusable else PINNED if reply.pinned else LIVE
    if reply.reusable:
        yield b"cache-tag", line(reply)


def refuse(error: RequestError, media: str, allow: str = ALLOW) -> Response:
    headers = {"Vary": VARY, **headers_of(error)}
    if error.code == "METHOD_NOT_ALLOWED":
        headers["Allow"] = allow
    return Response(graphql_error(error), error.status, headers, f"{media}; charset=utf-8")


def _unsupported(message: str) -> RequestError:
    return RequestError(
        "UNSUPPORTED_MEDIA_TYPE", message, "Send it uncompressed, with `Content-Type: application/json`."
    )
