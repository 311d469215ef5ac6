"""Two different questions: is the process alive, and may it be sent requests?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from content_api.content.problems import Problem
from content_api.web.negotiation import JSON

# An answer of a moment ago is not an answer.
FRESH = {"Cache-Control": "no-store"}
TIMES = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nobody can tell whether there is something newer, in words for anybody."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A newer version that is not served, and what is wrong with it. `message` is its first line."""

    version: str
    author: str | None
    message: str | None
    at: datetime
    problems: tuple[Problem, ...]
    withheld: int = 0
    """How many problems there are besides, which are about drafts, or what may be one."""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the server can answer, from which version, and what keeps a newer one from being live.

    Anybody may read it: there is no path of the server's disk in it, and no e-mail address.
    """

    ready: bool
    version: str | None = None
    reason: str | None = None
    """Why it is not ready."""
    tags: tuple[str, ...] = ()
    live_since: datetime | None = None
    pinned: bool = False
    trouble: Trouble | None = None
    refused: Refused | None = None
    unpurged: datetime | None = None
    """Since when a cache in front could not be told what to drop."""


async def livez(request: Request) -> Response:
    """That this is sent at all is the answer: the process runs and its event loop turns."""
    return Response(orjson.dumps({"live": True}), headers=FRESH, media_type=JSON)


class Readyz:
    """200 when an edition is live, whatever became of a newer one; 503 when the server is about to end."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self.status = status

    async def respond(self, request: Request) -> Response:
        status = self.status()
        return Response(orjson.dumps(as_json(status), option=TIMES), 200 if status.ready else 503, FRESH, JSON)


def as_json(status: Status) -> dict[str, Any]:
    """The status as `/readyz` tells it. A problem looks as it does in `content-api check --format json`."""
    told = {
        "ready": status.ready,
        "version": status.version,
        "tags": status.tags,
        "liveSince": status.live_since,
        "pinned": status.pinned,
        "trouble": status.trouble,
        "refused": status.refused,
        "unpurged": status.unpurged,
    }
    return told | ({"reason": status.reason} if status.reason else {})
