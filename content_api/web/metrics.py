"""Metrics over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response

from content_api.observe.collectors import media_of
from content_api.web.health import FRESH
from content_api.web.negotiation import accept_of
from content_api.web.packed import Packed, coding_of

Expose = Callable[[str], bytes]
"""From a media type of ENCODERS to the text of this moment."""

# A text takes 2 ms, and 30 where many clients ask for many fields: then who comes right after somebody else waits for
# 0.6 s. Prometheus gives up after ten.
SHARE = 20


class Metrics:
    """What a Prometheus server scrapes.

    After a text was made, none is made for SHARE times as long as that took. Who comes meanwhile waits, and all who
    waited are given the next one. So nobody is told of a moment before he asked, and all who scrape have a twentieth of
    the event loop together, in whatever forms. To compress a text is a part of making it.
    """

    def __init__(self, expose: Expose) -> None:
        self.expose = expose
        self._made: dict[str, tuple[float, Packed]] = {}  # by media type: when it was begun, and the text
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    async def respond(self, request: Request) -> Response:
        came, media = monotonic(), media_of(accept_of(request.headers.getlist("accept")) or "")
        coding = coding_of(request)
        async with self._turn:  # first come, first served, whatever form it is that they want
            at, text = self._made.get(media, NONE)
            if at < came or not text.has(coding):
                await asyncio.sleep(self._free_at - monotonic())
                text = self._make(media, coding, came)
        return text.response(coding, media, FRESH | {"Vary": "Accept, Accept-Encoding"})

    def _make(self, media: str, coding: str, came: float) -> Packed:
        """A text of after somebody came, in the coding that he wants."""
        began = monotonic()
        at, text = self._made.get(media, NONE)
        if at < came:
            text = Packed(self.expose(media))
            self._made[media] = began, text
        text.form(coding)
        ended = monotonic()
        self._free_at = ended + SHARE * (ended - began)
        return text


NONE = (-1.0, Packed(b""))
