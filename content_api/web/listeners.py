"""Who is listening: no more than there is room for, and none of them keeps the server from ending."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

from content_api.bounds import SocketBounds
from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError

Subscribe = Callable[[Operation], AsyncGenerator[Reply, None]]

MOST_LISTENERS = SocketBounds().listeners
SEND_SECONDS = SocketBounds().send_seconds


class Listeners:
    """The places of one process, over both transports."""

    def __init__(self, most: int = MOST_LISTENERS, send_seconds: float = SEND_SECONDS) -> None:
        self.most = most
        self.send_seconds = send_seconds
        self.number = 0
        self.streams: set[asyncio.Task[None]] = set()
        """For each event stream a task that ends it when cancelled. WebSockets are closed by uvicorn, with 1012."""
        self._dismissed = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place to listen from. Raises RequestError when all are taken, or the server is about to end."""
        if self.number >= self.most or self._dismissed:
            full = f"{self.number:,} listen here; {self.most:,} may."
            raise RequestError(
                "TOO_MANY_LISTENERS",
                "The server is about to end, and nobody else may listen here." if self._dismissed else full,
                "Ask for the version that is live now and then instead; it is in the header `Content-Version`.",
            )
        self.number += 1
        try:
            yield
        finally:
            self.number -= 1

    def dismiss(self) -> None:
        """End all event streams, and begin no other. They are not completed, so that clients connect again."""
        self._dismissed = True
        for stream in self.streams:
            stream.cancel()
