"""Those who listen, over both transports: what they hear never goes back unless the branch did."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import connect

from tests.publish.checker.ledger import Findings, Ledger, Outages

TOLD = "subscription { versionPublished { id } }"
SILENCE_SECONDS = 40.0  # a stream has a heartbeat every 15

CUT = (OSError, EOFError, httpx2.TransportError, WebSocketException, InvalidHandshake)


@dataclass(slots=True)
class Listener:
    """Listens until `stop`, and again whenever the server has been away."""

    transport: str
    port: int
    ledger: Ledger
    outages: Outages
    findings: Findings
    stop: threading.Event
    heard: list[str] = field(default_factory=list)
    listening: threading.Event = field(default_factory=threading.Event)
    _place: int = 0

    def listen_until_stopped(self) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                with TRANSPORTS[self.transport](self.port) as messages:
                    self.listening.set()
                    for message in messages:
                        self.hear(message)
            except CUT as error:
                self._cut(began, repr(error))
            else:
                self._cut(began, "it ended")
            self.listening.clear()
            time.sleep(0.02)

    def hear(self, message: str) -> None:
        version = json.loads(message)["data"]["versionPublished"]["id"]
        self.heard.append(version)
        place = self.ledger.reach(version, self._place)
        if place is None:
            self.findings.report(
                f"Over {self.transport} {version} is heard after {self.heard[-2:-1]}, out of order", message
            )
        else:
            self._place = place

    def _cut(self, began: float, why: str) -> None:
        if not self.outages.overlap(began, time.monotonic()) and not self.stop.is_set():
            self.findings.report(f"A listener over {self.transport} was cut off while the server was up: {why}")


@contextmanager
def over_events(port: int) -> Iterator[Iterator[str]]:
    """Messages of server-sent events, from when the server listens."""
    url = f"http://127.0.0.1:{port}/graphql/stream"
    with httpx2.stream("GET", url, params={"query": TOLD}, trust_env=False, timeout=SILENCE_SECONDS) as response:
        lines = response.iter_lines()
        if next(lines, None) != ":":
            raise EOFError(f"the stream began with status {response.status_code}")
        yield (line.removeprefix("data: ") for line in lines if line.startswith("data: {"))


@contextmanager
def over_socket(port: int) -> Iterator[Iterator[str]]:
    """Messages over graphql-transport-ws, from when the server listens: it has answered the ping that came after."""
    address = f"ws://127.0.0.1:{port}/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"], proxy=None, open_timeout=SILENCE_SECONDS) as socket:
        for message in (
            {"type": "connection_init"},
            {"type": "subscribe", "id": "1", "payload": {"query": TOLD}},
            {"type": "ping"},
        ):
            socket.send(json.dumps(message))
        received = (json.loads(message) for message in socket)
        while next(received)["type"] != "pong":
            pass
        yield (json.dumps(message["payload"]) for message in received if message["type"] == "next")


TRANSPORTS: dict[str, Callable] = {"event stream": over_events, "WebSocket": over_socket}
