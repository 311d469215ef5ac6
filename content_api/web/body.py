"""The bytes of a request, and no more of them than are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from content_api.errors import RequestError

# Bytes that take half a millisecond to be understood, three times what a page sends. Of 100 kB it can be eight, and all
# that come together would be understood in one turn of the event loop, in which nobody else is answered.
LARGE = 10_000


async def read_body(request: Request, limit: int, turns: asyncio.Lock) -> bytes:
    """Read a body, or raise BODY_TOO_LARGE as soon as it is known to be. Large ones are returned one at a time, each in
    a turn of the event loop of its own.

    Not by `request.stream()`: nearly all bodies come in one piece, and a generator takes as long as to read the JSON.
    """
    refuse_declared(request, limit)
    read, found, more = 0, [], True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece, more = message.get("body", b""), message.get("more_body", False)
        found.append(piece)
        read += len(piece)
        refuse_read(read, limit)
    if read > LARGE:
        async with turns:
            await asyncio.sleep(0)  # what is small and has come meanwhile goes first
    return b"".join(found)


async def pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """A body in the pieces in which it comes, for who need not hold all of it; else as `read_body`."""
    refuse_declared(request, limit)
    read = 0
    async for piece in request.stream():
        read += len(piece)
        refuse_read(read, limit)
        yield piece


def refuse_declared(request: Request, limit: int) -> None:
    """Refuse a body that says of itself that it is too large.

    Starlette's RequestBodyLimitMiddleware was refused: to a body whose length is declared it answers in plain text,
    whatever the endpoint has to say.
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(f"{int(declared):,} bytes" if len(declared) <= 18 else "far more", limit)


def refuse_read(read: int, limit: int) -> None:
    if read > limit:
        raise _too_large(f"{read:,} bytes or more", limit)


def _too_large(found: str, limit: int) -> RequestError:
    return RequestError("BODY_TOO_LARGE", f"The body has {found}; {limit:,} are read.", "Send less in one request.")
