"""How busy the event loop is, and turning requests away before they wait for longer than anybody would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from types import TracebackType

from starlette.types import ASGIApp, Receive, Scope, Send

from content_api.bounds import WaitingBounds
from content_api.errors import RequestError
from content_api.web.headers import path_of
from content_api.web.refusing import turn_away

# A probe that is refused takes a server away from the others, and figures are wanted most when there is too much to do.
ALWAYS_ANSWERED = frozenset(("/livez", "/readyz", "/metrics", "/hooks/git"))
# Short beside what may be waited, and twenty turns a second of an idle loop are not to be seen in its load.
BEAT_SECONDS = 0.05
MOST_WAITING = WaitingBounds().operations_waiting


class Load:
    """The load of one process. Answers are computed on the event loop, one after the other: whoever comes while it is
    busy waits until all before him are answered.

    The loop is asked to beat every BEAT_SECONDS. A beat that is overdue tells for how long it has been busy with the
    requests that it took up together, and those of them that it has not begun have waited as long, or twice as long:
    while it was busy, they were not even read. So `seconds` bounds what is waited, without a look at any request, and
    as soon as those are turned away that are left, the loop is free again.

    Entered around an operation, it holds a place of those that may wait.
    """

    def __init__(self, seconds: float, most_waiting: int = MOST_WAITING) -> None:
        self.seconds = seconds
        self.most_waiting = most_waiting
        self.waiting = 0
        self._latest = inf  # until there are beats, nothing is late
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Watch the running event loop."""
        self._beat(asyncio.get_running_loop())
        try:
            yield
        finally:
            if self._timer:
                self._timer.cancel()
            self._latest = inf

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """A timer and no task: it goes before all that was read while the loop stood still for another reason."""
        self._latest = monotonic() + BEAT_SECONDS + self.seconds
        self._timer = loop.call_later(BEAT_SECONDS, self._beat, loop)

    def is_over(self) -> bool:
        """Whether the loop has been busy for too long. Called for each request: it takes a tenth of a microsecond."""
        return monotonic() > self._latest

    def refusal(self) -> RequestError:
        found = f"{self.waiting:,} operations wait here; {self.most_waiting:,} may."
        if self.is_over():
            busy = self.seconds + monotonic() - self._latest
            found = f"The server has been busy for {busy:.2f} s; after {self.seconds:g} s requests are turned away."
        return RequestError("OVERLOADED", found, "Ask again in a moment.")

    def __enter__(self) -> None:
        if self.is_over() or self.waiting >= self.most_waiting:
            raise self.refusal()
        self.waiting += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.waiting -= 1


class Shedding:
    """ASGI middleware: 503 to whoever has waited for too long already, before anything is read of what he asks.

    `count` is told the code of each refusal. A request whose body comes later than its head is looked at once more
    when it is complete, by who enters the Load.
    """

    def __init__(self, app: ASGIApp, load: Load, count: Callable[[str], None]) -> None:
        self.app = app
        self.load = load
        self.count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.load.is_over() and scope["type"] != "lifespan" and path_of(scope) not in ALWAYS_ANSWERED:
            error = self.load.refusal()
            self.count(error.code)
            await turn_away(error, scope, receive, send)
        else:
            await self.app(scope, receive, send)
