"""Headers that every answer has, whoever made it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = [
    (b"x-content-type-options", b"nosniff"),  # what an editor wrote is never taken for a script
    (b"referrer-policy", b"no-referrer"),  # a query in an address is nobody else's business
]

PREVIEW = "/preview"  # below it nothing is for a cache that several people share

# Our pages load what we serve and nothing else. GraphiQL's editor writes style attributes and elements as it runs,
# hence `unsafe-inline` for styles, and draws icons from `data:`; scripts come from files only.
CONTENT_SECURITY_POLICY = (
    b"content-security-policy",
    b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
)


class SafeHeaders:
    """ASGI middleware that adds the headers above; the policy is for pages, where a browser heeds it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_added(message["headers"])]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def path_of(scope: Scope) -> str:
    """The path below the prefix, if there is one, that a proxy leaves in it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class PrivatePreviews:
    """ASGI middleware: whatever is answered below /preview/, an error too, is for the one who asked and never kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_privately(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "private, no-store"
                headers.add_vary_header("Authorization")
            await send(message)

        below = scope["type"] != "lifespan" and path_of(scope).startswith(PREVIEW)
        await self.app(scope, receive, send_privately if below else send)


def _added(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    page = any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)
    return [*ALWAYS, CONTENT_SECURITY_POLICY] if page else ALWAYS
