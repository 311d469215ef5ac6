"""The bytes of a request, and no more of them than are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request

from content_api.errors import RequestError

# A question has 10 kB at most and its variables fit into the rest: a list of 100 ids has 3 kB.
LARGEST_BODY = 100_000


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body, or raise BODY_TOO_LARGE as soon as it is known to be."""
    return b"".join([piece async for piece in pieces(request, limit)])


async def pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """A body in the pieces in which it comes, for who need not hold all of it; else as `read_body`.

    Starlette's RequestBodyLimitMiddleware was refused: to a body whose length is declared it answers in plain text,
    whatever the endpoint has to say.
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(f"{int(declared):,} bytes" if len(declared) <= 18 else "far more", limit)
    read = 0
    async for piece in request.stream():
        read += len(piece)
        if read > limit:
            raise _too_large(f"{read:,} bytes or more", limit)
        yield piece


def _too_large(found: str, limit: int) -> RequestError:
    return RequestError("BODY_TOO_LARGE", f"The body has {found}; {limit:,} are read.", "Send less in one request.")
