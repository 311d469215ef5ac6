"""Everything below /preview/: the routes of a scope once more, over a branch, for those with a token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from content_api.delivery.coming import Left
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.subscribe import Replies
from content_api.errors import RequestError
from content_api.web.graphql import Answer, Version, asks_for_page
from content_api.web.listeners import Subscribe
from content_api.web.refusing import turn_away
from content_api.web.scoped import SCOPED, Scoped, Served
from content_api.web.tokens import Tokens

log = structlog.get_logger("content_api.web")


@dataclass(frozen=True, slots=True)
class OpenedPreview:
    """What answers operations on a branch: once, until the preview is let go, or again and again, for ever."""

    answer: Answer
    subscribe: Subscribe
    version: Version
    """The newest that was made ready; of a branch with problems there is none."""


Open = Callable[[str], AbstractAsyncContextManager[OpenedPreview]]
"""Opens the preview of a branch, until the block ends. Raises RequestError."""


@dataclass(frozen=True, slots=True)
class PreviewRoutes:
    """What previews need: what opens one, and whose tokens are good."""

    open: Open
    tokens: Tokens

    def app(self, served: Served) -> ASGIApp:
        """The application below /preview. `served` is what the public scope answers with; of it, the answers differ."""
        table: list[BaseRoute] = [
            Route(f"/{{branch:path}}{row.path}", OfBranch(row, self.open, served)) for row in SCOPED
        ]
        return Guarded(Router(table, redirect_slashes=False), self.tokens, served.page)


class Guarded:
    """Lets nobody in without a token, whatever the path, so that nobody can try which branches there are.

    A person who comes with a browser gets GraphiQL without one: it holds no content, and asks for the token.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, page: Response) -> None:
        self.app = app
        self.tokens = tokens
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await turn_away(self.no_socket(HTTPConnection(scope)), scope, receive, send)
            return
        request = Request(scope)
        if scope["path"].endswith("/graphql") and asks_for_page(request):
            await page_at(self.page, scope)(scope, receive, send)
            return
        owner = self.owner(request)
        log.info("a preview is asked for", token=owner, path=scope["path"])
        await self.app(scope, receive, send)

    def owner(self, request: HTTPConnection) -> str:
        """Whose token a request has. Raises RequestError where it has none that is good."""
        owner = self.tokens.owner(request.headers.getlist("authorization"))
        if owner is None:
            raise RequestError("TOKEN_REQUIRED", "There is no token, or none that is good here.")
        return owner

    def no_socket(self, request: HTTPConnection) -> RequestError:
        """Why there is no WebSocket: a browser could send no token with it, and event streams do for all others."""
        try:
            self.owner(request)
        except RequestError as error:
            return error
        hint = "Listen by server-sent events at `/preview/BRANCH/graphql/stream`."
        return RequestError("NOT_FOUND", "Below `/preview/` there are no WebSockets.", hint)


class OfBranch:
    """One row of the scoped routes, over the branch that the path names."""

    def __init__(self, row: Scoped, open_preview: Open, served: Served) -> None:
        self.row = row
        self.open = open_preview
        self.served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as opened:
            found = await self._opened(opened, scope["path_params"]["branch"])
            served = replace(
                self.served,
                answer=found.answer,
                subscribe=found.subscribe,
                version=found.version,
                at_least=None,
                again=None,
                at_once=None,
            )
            if self.row.stays:
                await opened.aclose()  # others need the room, for as long as nothing happens here
            await self.row.app(served)(scope, receive, send)

    async def _opened(self, opened: AsyncExitStack, branch: str) -> OpenedPreview:
        try:
            return await opened.enter_async_context(self.open(branch))
        except RequestError as error:
            if error.code == "NOT_FOUND" or not self.row.in_graphql:
                raise
            return answering(error)


def answering(error: RequestError) -> OpenedPreview:
    """What answers each operation with the same error, in GraphQL's shape."""

    async def answer(operation: Operation, left: Left | None) -> Reply:
        raise error

    def subscribe(operation: Operation) -> Replies:
        raise error

    return OpenedPreview(answer, subscribe, lambda: None)


def page_at(page: Response, scope: Scope) -> Response:
    """GraphiQL's page, whose own files are as many folders up as the path, as the browser sees it, is deep."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()  # a slash of the branch may be percent-encoded
    depth = raw.partition(b"?")[0].count(b"/") - scope["app_root_path"].count("/") - 1
    up = b"../" * depth
    body = bytes(page.body).replace(b'"static/', b'"' + up + b"static/")
    return HTMLResponse(body, page.status_code, {"Vary": "Accept"})
