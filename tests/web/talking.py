"""Two applications that have something to say, for servers: `app` as it is, and `hasty`, which waits for nobody.

GET /say?size=3&times=2 announces two versions whose messages have three characters; /listeners says how many listen.
/freeze keeps all objects from the garbage collector, and /left says what of them is garbage, by type.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from content_api.delivery.limits import Limits
from content_api.delivery.subscribe import Subscriptions
from content_api.publish.announcements import Announcements
from content_api.store.snapshot import Version
from content_api.web.listeners import Listeners
from content_api.web.stream import StreamEndpoint
from content_api.web.websocket import SocketLimits, WebSocketEndpoint
from tests.delivery.small import Voice, delivery
from tests.web.small import application

announcements = Announcements()
listeners = Listeners(most=30)
number = 0


class Talking(Voice):
    """Its `said` is what was announced: the version's number, and its message."""

    def said(self, info, times):
        return said()


async def said():
    async for version in announcements.listen():
        yield {"said": f"{version.id} {version.message}"}


async def say(request: Request) -> Response:
    global number
    for _ in range(int(request.query_params.get("times", "1"))):
        number += 1
        announcements.announce(Version(str(number), message="x" * int(request.query_params.get("size", "0"))))
        await asyncio.sleep(0.001)
    return PlainTextResponse(str(number))


async def listening(request: Request) -> Response:
    return PlainTextResponse(str(listeners.number))


async def freeze(request: Request) -> Response:
    gc.collect()
    gc.freeze()
    return PlainTextResponse("frozen")


async def left(request: Request) -> Response:
    gc.collect()
    gc.unfreeze()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    found = Counter(type(garbage).__qualname__ for garbage in gc.garbage)
    gc.garbage.clear()
    return JSONResponse(found)


subscribe = Subscriptions(delivery(), Talking()).subscribe
controls = [Route("/say", say), Route("/listeners", listening), Route("/freeze", freeze), Route("/left", left)]

app = application(voice=Talking(), listeners=listeners, origins=("https://example.org",))
app.router.routes.extend(controls)

hasty = Starlette(
    routes=[
        WebSocketRoute(
            "/graphql", WebSocketEndpoint(subscribe, listeners, "*", SocketLimits(init_seconds=0.3, send_seconds=0.3))
        ),
        Route("/graphql/stream", StreamEndpoint(subscribe, listeners, Limits(body_bytes=1_000), 0.1, send_seconds=0.3)),
        Route("/readyz", lambda request: PlainTextResponse("ready")),
        *controls,
    ]
)
