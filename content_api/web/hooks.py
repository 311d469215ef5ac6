"""`POST /hooks/git`: a git host says that there is something new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from content_api.errors import ERROR_CODES, RequestError
from content_api.web.body import pieces
from content_api.web.errors import problem
from content_api.web.health import FRESH
from content_api.web.negotiation import JSON
from content_api.web.signatures import Seen, Verification, secret_of

log = structlog.get_logger("content_api.web")

# GitHub sends no more than 25 MB, and other hosts less.
LARGEST_DELIVERY = 25 * 1024 * 1024
LOOKING = orjson.dumps({"looking": True})


class GitHook:
    """202 to who has signed with one of the secrets, and `look` is called; to all others one and the same 401.

    Nothing is taken from the body: what there is to see is asked of the repository. So a delivery that is lost, comes
    before its ref or comes twice does no harm, and `look` need only set a flag: it must not wait, and a storm of calls
    before anybody has looked is one call.

    To hash a piece of a body takes milliseconds, so that each has a turn of the event loop of its own.
    """

    def __init__(
        self,
        look: Callable[[], None],
        secrets: Sequence[str],
        largest_body: int = LARGEST_DELIVERY,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.look = look
        self.secrets = [secret_of(secret) for secret in secrets]
        self.largest_body = largest_body
        self.now = now
        self.seen = Seen()
        self.turns = asyncio.Lock()

    async def respond(self, request: Request) -> Response:
        try:
            await self.verify(request)
        except RequestError as error:
            # What its code means, and not what was found: whoever guesses at a secret learns nothing.
            return await problem(request, RequestError(error.code, ERROR_CODES[error.code][1]))
        except ClientDisconnect:
            log.debug("the client left before its request was read")
            return Response(status_code=400)  # which nobody reads
        self.look()
        return Response(LOOKING, 202, FRESH, JSON)

    async def verify(self, request: Request) -> None:
        """Raises RequestError for what is not signed, or is too large to tell."""
        verification = Verification(request.headers, self.secrets, self.now())
        if verification.needs_body:
            async for piece in pieces(request, self.largest_body):
                async with self.turns:
                    await asyncio.sleep(0)  # what came meanwhile goes first
                    verification.feed(piece)
        if reason := verification.refusal(self.seen):
            log.info("webhook refused", reason=reason)
            raise RequestError("SIGNATURE_REFUSED", reason)
