"""How many requests one client address may send in a time. Nothing of this is loaded where there is no such limit."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_api.bounds import SocketBounds
from content_api.errors import RequestError
from content_api.web.client import client_of
from content_api.web.headers import path_of
from content_api.web.known import withdraw
from content_api.web.refusing import turn_away

# Who asks these is the operator's own: a probe that is refused ends a healthy server.
NOT_COUNTED = frozenset(("/livez", "/readyz", "/metrics"))
MOST_CLIENTS = SocketBounds().rate_clients
TRY_AGAIN_LATER = 1013  # the close code that is registered for it


class Counters(Storage):
    """Counts that end at a time, by key, of the keys that were heard of last.

    The library's own storage in memory was refused: it keeps as many keys as clients make up within a window, and
    starts a thread every 10 ms that looks at each of them.
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.most = most
        self.now = now
        self.counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        count = self.get(key)
        ends = self.counts[key][1] if count else self.now() + expiry
        self.counts[key] = (count + amount, ends)
        self.counts.move_to_end(key)
        if len(self.counts) > self.most:
            self.counts.popitem(last=False)
        return count + amount

    def get(self, key: str) -> int:
        count, ends = self.counts.get(key, (0, 0.0))
        return count if ends > self.now() else 0

    def get_expiry(self, key: str) -> float:
        return self.counts[key][1] if key in self.counts else self.now()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        number = len(self.counts)
        self.counts.clear()
        return number

    def clear(self, key: str) -> None:
        self.counts.pop(key, None)


class Rate:
    """So many requests of one address in a time that begins with the first of them."""

    def __init__(self, rate: str, most_clients: int = MOST_CLIENTS, now: Callable[[], float] = time.time) -> None:
        self.item: RateLimitItem = parse(rate)
        self.counters = Counters(most_clients, now)
        self.limiter = FixedWindowRateLimiter(self.counters)

    def wait(self, address: str) -> int:
        """Count a request: 0 where it may be answered, or else the seconds after which another will be."""
        client = client_of(address)
        if self.limiter.hit(self.item, client):
            return 0
        ends = self.limiter.get_window_stats(self.item, client).reset_time
        return max(1, math.ceil(ends - self.counters.now()))

    def refusal(self, address: str) -> RequestError:
        number = self.counters.get(self.item.key_for(client_of(address)))
        seconds = self.item.get_expiry()
        time_given = "a second" if seconds == 1 else f"{seconds:,} seconds"
        return RequestError(
            "RATE_LIMITED",
            f"{number:,} requests in {time_given} came from your address; {self.item.amount:,} are answered.",
            "Wait as `Retry-After` says, keep answers, or ask for several things in one operation.",
        )


class RateLimited:
    """ASGI middleware: 429 to a client whose requests are too many. A message on a WebSocket counts as a request does.

    `count` is told the code of each refusal. The address is that of the connection, or what a proxy says that is
    believed: the server below sees to that.
    """

    def __init__(self, app: ASGIApp, rate: Rate, count: Callable[[str], None]) -> None:
        self.app = app
        self.rate = rate
        self.count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or path_of(scope) in NOT_COUNTED:
            await self.app(scope, receive, send)
            return
        withdraw(scope)  # each counts, be it the same as the one before
        address = scope["client"][0] if scope.get("client") else ""
        if seconds := self.rate.wait(address):
            error = self.rate.refusal(address)
            self.count(error.code)
            await turn_away(error, scope, receive, send, {"Retry-After": str(seconds)})
        elif scope["type"] == "websocket":
            await self.converse(address, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def converse(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a conversation go on until there are too many messages. It is closed once the application has left it."""
        over = False

        async def receive_counted() -> Message:
            nonlocal over
            message = await receive()
            if message["type"] == "websocket.receive" and self.rate.wait(address):
                over = True
                return {"type": "websocket.disconnect", "code": TRY_AGAIN_LATER}
            return message

        await self.app(scope, receive_counted, send)
        if over:
            error = self.rate.refusal(address)
            self.count(error.code)
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": str(error)})
