"""GraphQL over HTTP, as https://graphql.github.io/graphql-over-http/draft/ says, at one path."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from functools import partial

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from content_api.delivery.coming import Left
from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation, Reply, size_of
from content_api.errors import RequestError
from content_api.observe.exchange import note_code
from content_api.web.asked import Asked
from content_api.web.body import LARGE, read_body
from content_api.web.errors import graphql_error, headers_of, identified_reply, note_reply
from content_api.web.known import Again, Ask, offering
from content_api.web.negotiation import (
    CODINGS,
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    accept_of,
    choose,
    codings,
)
from content_api.web.parameters import asks_nothing, from_body, from_query_string, read_about
from content_api.web.representation import VARY, Answered, Wanted, repeating, respond_to

log = structlog.get_logger("content_api.web")

Answer = Callable[[Operation, Left | None], Awaitable[Reply]]
"""Answers an operation, and stops when what is given beside it raises."""
AnswerAgain = Callable[[], Reply | None]
"""Answers an operation that was answered before, on what is live now, if that can be done at once."""
AnswerAtOnce = Callable[[Callable[[], Operation]], Reply | None]
"""Has an operation read, and answers it without waiting for anything; None where that cannot be."""
AtLeast = Callable[[str], Awaitable[None]]
"""Waits until a commit, or one that follows it, is live. Raises RequestError where that takes too long."""

Version = Callable[[], str | None]
"""Says which version is served now, for answers that come from none; None where there is none."""

ALLOW = "GET, HEAD, POST"
AT_LEAST = "content-version-at-least"
# Bytes that the variables take of what is answered again without being read, as they are kept with it: the bound of all
# of these (known.py) counts their text. Those of a page take 500, those of a list of 40 ids 4,000.
MOST_VARIABLES = 4_000
OFFERS = (GRAPHQL_RESPONSE, JSON)
UTF_8 = re.compile(r'\s*(charset\s*=\s*("utf-?8"|utf-?8)\s*)?', re.IGNORECASE | re.ASCII)
# By POST a client sends something and asks for no representation of anything: there is no condition to look at.
READING = ("GET", "HEAD")


class GraphQLEndpoint:
    """The ASGI application at `/graphql`.

    `answer` runs on the event loop. It waits for a version that is not in memory, and for its turn where it takes long.
    A thread would only make it wait for the interpreter's lock; more than one core is used by more than one process.
    """

    def __init__(
        self,
        answer: Answer,
        page: Response,
        limits: Limits,
        at_least: AtLeast | None = None,
        again: Callable[[Operation], AnswerAgain] | None = None,
        version: Version = lambda: None,
        at_once: AnswerAtOnce | None = None,
    ) -> None:
        self.answer = answer
        self.version = version
        self.again = again
        self.at_once = at_once
        self.page = page
        self.at_least = at_least
        self.limits = limits
        self.turns = asyncio.Lock()
        self.readers: dict[str, Callable[[Request], Awaitable[Operation]]] = {
            "GET": self.read_get,
            "HEAD": self.read_get,
            "POST": self.read_post,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Asked(scope, receive)
        try:
            response = await self.respond(request)
        except ClientDisconnect:
            log.debug("the client left before it was answered")
            return
        await response(scope, receive, send)

    async def respond(self, request: Request) -> ASGIApp:
        media = JSON
        try:
            media = accepted(request)
            if media == HTML:
                return sent_again(self.page)
            wanted = wanted_by(request, media)
            reader = self.readers.get(request.method)
            if reader is None:
                raise RequestError("METHOD_NOT_ALLOWED", f"{request.method:.20} is not answered here.", f"Use {ALLOW}.")
            operation = await reader(request)
            if self.at_least and AT_LEAST in request.headers:
                await self.at_least(request.headers[AT_LEAST])
            reply = await self.answer(operation, partial(gone, request.receive))
            return self.present(operation, reply, wanted, request)
        except RequestError as error:
            return refuse(error, media, says=says(self.version(), self.limits))

    def present(self, operation: Operation, reply: Reply, wanted: Wanted, request: Request) -> Answered:
        """The answer as it is wanted; whoever would answer such requests below the application is told how."""
        note_reply(reply)
        answered = respond_to(identified_reply(reply), wanted)
        offer = offering(request.scope)
        # What nobody may be given again is not given again. Who waits for a version waits each time.
        if offer and reply.reusable and AT_LEAST not in request.headers:
            again, ask = self.answering_again(operation, wanted, (reply, answered)), self.asking(request, wanted)
            offer(answered, again, ask)
        return answered

    def answering_again(self, operation: Operation, wanted: Wanted, last: tuple[Reply, Answered]) -> Again | None:
        """What answers the same request once more, given the `last` time."""
        if self.again is None or size_of(operation.variables) > MOST_VARIABLES:
            return None
        return repeating(self.again(operation), wanted, last)

    def asking(self, request: Request, wanted: Wanted) -> Ask | None:
        """What answers requests that differ from this one in their bodies alone."""
        at_once, longest = self.at_once, min(self.limits.body_bytes, LARGE)
        if at_once is None or request.method != "POST":
            return None
        about = read_about(request.scope["query_string"])

        def ask(body: bytes) -> Answered | None:
            reply = at_once(lambda: from_body(body, about, self.limits)) if len(body) <= longest else None
            if reply is None:
                return None
            note_reply(reply)
            return respond_to(identified_reply(reply), wanted)

        return ask

    async def read_get(self, request: Request) -> Operation:
        return from_query_string(request.scope["query_string"], self.limits)

    async def read_post(self, request: Request) -> Operation:
        check_content(request)
        about = read_about(request.scope["query_string"])
        return from_body(await read_body(request, self.limits.body_bytes, self.turns), about, self.limits)


async def gone(receive: Receive) -> None:
    """Raise ClientDisconnect when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect


def sent_again(page: Response) -> Response:
    """A page that is sent many times, with headers of its own: who compresses it writes its new length into them."""
    again = copy(page)
    again.raw_headers = page.raw_headers.copy()
    return again


def asks_for_page(request: Request) -> bool:
    """Whether a person came with a browser, and not a program with a question."""
    try:
        return accepted(request) == HTML
    except RequestError:
        return False


def accepted(request: Request) -> str:
    """The media type to answer in. HTML is offered to a GET that asks no question: a person who came with a browser."""
    accept = accept_of(request.headers.getlist("accept"))
    likes_html = request.method in READING and choose(accept, (*OFFERS, HTML), JSON) == HTML
    if likes_html and asks_nothing(request.scope["query_string"]):
        return HTML
    found = choose(accept, OFFERS, JSON)
    if found is None:
        raise RequestError("NOT_ACCEPTABLE", f"The answer can be {' or '.join(OFFERS)}.", f"Accept {GRAPHQL_RESPONSE}.")
    return found


def wanted_by(request: Request, media: str) -> Wanted:
    conditions = request.headers.getlist("if-none-match") if request.method in READING else ()
    return Wanted(media, accepted_codings(request), tuple(conditions))


def accepted_codings(request: Request) -> tuple[str, ...]:
    found = codings(accept_of(request.headers.getlist("accept-encoding")))
    if not found:
        hint = "Leave `identity` acceptable."
        raise RequestError("NOT_ACCEPTABLE", f"The answer can be coded as {', '.join(CODINGS)}.", hint)
    return found


def check_content(request: Request) -> None:
    """Refuse a body that is not plain JSON in UTF-8. Forms in particular: a page of another site could send those.

    A header that comes twice is one with a comma in it, so that nobody who stands between reads another one than this.
    """
    kind, *parameters = ",".join(request.headers.getlist("content-type")).split(";")
    if kind.strip().lower() != JSON:
        raise _unsupported(f"The body is sent as {kind.strip()[:80] or 'nothing in particular'}.")
    if parameters and not all(map(UTF_8.fullmatch, parameters)):
        raise _unsupported(f"The body is sent as {JSON} with{';'.join(parameters)[:80]}.")
    encoding = ",".join(request.headers.getlist("content-encoding"))
    if encoding.strip().lower() not in ("", "identity"):
        raise _unsupported(f"The body is coded as {encoding[:80]}.")


def refuse(error: RequestError, media: str, allow: str = ALLOW, says: Mapping[str, str] | None = None) -> Response:
    note_code(error.code)
    headers = {"Vary": VARY, **(says or {}), **headers_of(error)}
    if error.code == "METHOD_NOT_ALLOWED":
        headers["Allow"] = allow
    return Response(graphql_error(error), error.status, headers, f"{media}; charset=utf-8")


def says(version: str | None, limits: Limits) -> dict[str, str]:
    """The headers that say what is served and may be asked, of an answer that comes from no operation."""
    return {**versioned(version), "Query-Cost-Limit": str(limits.cost)}


def versioned(version: str | None) -> dict[str, str]:
    """The header that says which version is served."""
    return {"Content-Version": version} if version else {}


def _unsupported(message: str) -> RequestError:
    return RequestError(
        "UNSUPPORTED_MEDIA_TYPE", message, "Send it uncompressed, with `Content-Type: application/json`."
    )
