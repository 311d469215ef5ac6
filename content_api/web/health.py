"""Two different questions: is the process alive, and may it be sent requests?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from content_api.web.negotiation import JSON

# An answer of a moment ago is not an answer.
FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the server can answer, from which version, and why not if it cannot. Anybody may read it."""

    ready: bool
    version: str | None = None
    reason: str | None = None


async def livez(request: Request) -> Response:
    """That this is sent at all is the answer: the process runs and its event loop turns."""
    return Response(orjson.dumps({"live": True}), headers=FRESH, media_type=JSON)


class Readyz:
    """200 when an edition is live, 503 when not."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self.status = status

    async def respond(self, request: Request) -> Response:
        status = self.status()
        body = {"ready": status.ready, "version": status.version} | ({"reason": status.reason} if status.reason else {})
        return Response(orjson.dumps(body), 200 if status.ready else 503, FRESH, JSON)
