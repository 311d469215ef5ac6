"""GraphQL over server-sent events, each operation on a connection of its own: "distinct connections mode" of
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.

sse-starlette was refused: it runs four tasks for each stream, where idle ones should cost little, and finds out by
looking into uvicorn every half second that the server is to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError
from content_api.web.asked import Asked
from content_api.web.body import read_body
from content_api.web.errors import identified_reply, note_reply
from content_api.web.graphql import Version, check_content, refuse, says
from content_api.web.listeners import Listeners, Subscribe
from content_api.web.negotiation import JSON, accept_of, choose
from content_api.web.parameters import from_body, from_query_string

log = structlog.get_logger("content_api.web")

EVENT_STREAM = "text/event-stream"
ALLOW = "GET, POST"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back until it has 4 kB of them
]
# Proxies close what was silent for 60 s, some for 30. It is also how a client that vanished without a word is noticed.
HEARTBEAT_SECONDS = 15.0

COMMENT = b":\n\n"
# A browser's EventSource lets an event without data pass unheard, so there is some, of no length.
COMPLETE = b"event: complete\ndata:\n\n"


class StreamEndpoint:
    """The ASGI application at `/graphql/stream`."""

    def __init__(
        self,
        subscribe: Subscribe,
        listeners: Listeners,
        limits: Limits,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        send_seconds: float | None = None,
        version: Version = lambda: None,
    ) -> None:
        self.subscribe = subscribe
        self.listeners = listeners
        self.limits = limits
        self.turns = asyncio.Lock()
        self.heartbeat_seconds = heartbeat_seconds
        self.send_seconds = listeners.send_seconds if send_seconds is None else send_seconds
        self.version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            operation = await self.read(Asked(scope, receive))
            with self.listeners.place():
                await self.stream(self.subscribe(operation), receive, send)
        except RequestError as error:
            await refuse(error, JSON, ALLOW, says(self.version(), self.limits))(scope, receive, send)
        except ClientDisconnect:
            log.debug("the client left before its request was read")
        except TimeoutError:
            log.debug("a client that does not read was left")

    async def read(self, request: Request) -> Operation:
        """The operation of a request. What is wrong with the operation itself is for the stream to say."""
        if choose(accept_of(request.headers.getlist("accept")), (EVENT_STREAM,), EVENT_STREAM) is None:
            raise RequestError("NOT_ACCEPTABLE", f"The answer is {EVENT_STREAM}.", f"Accept {EVENT_STREAM}.")
        match request.method:
            case "GET":
                return from_query_string(request.scope["query_string"], self.limits)
            case "POST":
                check_content(request)
                return from_body(await read_body(request, self.limits.body_bytes, self.turns), limits=self.limits)
        raise RequestError("METHOD_NOT_ALLOWED", f"{request.method:.20} is not answered here.", f"Use {ALLOW}.")

    async def stream(self, replies: AsyncGenerator[Reply, None], receive: Receive, send: Send) -> None:
        """Send events until there are no more, the client leaves, or the server ends."""
        leaving = asyncio.create_task(left(receive))
        self.listeners.streams.add(leaving)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.headers()})
            async with aclosing(events(replies, leaving, self.heartbeat_seconds)) as chunks:
                async for chunk in chunks:
                    await self.write(send, chunk, more=True)
            await self.write(send, b"", more=False)
        finally:
            self.listeners.streams.discard(leaving)
            leaving.cancel()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Those of a stream, with the version that is served as it begins."""
        said = says(self.version(), self.limits)
        return [*((name.lower().encode(), value.encode()) for name, value in said.items()), *HEADERS]

    async def write(self, send: Send, chunk: bytes, more: bool) -> None:
        """Raises TimeoutError when the client does not read."""
        async with asyncio.timeout(self.send_seconds):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def left(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def events(
    replies: AsyncGenerator[Reply, None], leaving: asyncio.Task[None], heartbeat_seconds: float
) -> AsyncGenerator[bytes, None]:
    """The stream's bytes. It begins with a comment, so that what stands between sends the head on at once."""
    yield COMMENT
    coming = asyncio.create_task(following(replies))
    try:
        while not leaving.done():
            await asyncio.wait((coming, leaving), timeout=heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                reply = coming.result()
                if reply is None:
                    yield COMPLETE
                    return
                note_reply(reply)
                yield b"event: next\ndata: " + identified_reply(reply).body + b"\n\n"
                coming = asyncio.create_task(following(replies))
            elif not leaving.done():
                yield COMMENT
    finally:
        coming.cancel()
        await asyncio.wait((coming,))
        await replies.aclose()


async def following(replies: AsyncGenerator[Reply, None]) -> Reply | None:
    """The next reply; None when there is none."""
    return await anext(replies, None)
