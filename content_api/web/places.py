"""Places for connections: so many in all, and so many for one client."""

from __future__ import annotations

import socket
from asyncio import AbstractEventLoop, BaseTransport
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Any, NamedTuple

from content_api.bounds import SocketBounds
from content_api.errors import RequestError
from content_api.web.client import client_of

STATE = "places"
"""Under this name an application's lifespan hands its Places to the protocol."""

# Who finds no place is told so when it has sent its request: an answer before that may be lost on the way. These many
# wait to be told, for LINGER_SECONDS (timed.py) at most; in a flood, the others are left without a word.
MOST_TOLD = 100
# A turn of the loop in which so much is done already is one of a busy server; what is read in the turns after it has
# waited as well, until there was an end of it.
LONG_TURN_SECONDS = 0.002
BUSY_SECONDS = 0.5
ESTABLISHED = b"\x01"  # the first byte of Linux's tcp_info is the connection's state, as it counts them


class Place(NamedTuple):
    """What a connection holds until it is over: a place of its client, or a refusal that it is yet to be told."""

    client: str
    refusal: RequestError | None = None


class Places:
    """The connections of one process, by client. Used from one thread.

    `count` is told the code of each refusal below the application. `proxies` are addresses and networks that speak for
    many clients: what each of these may do is bounded where it is known who they are (rates.py), or by the proxy.
    """

    def __init__(
        self,
        bounds: SocketBounds | None = None,
        proxies: Sequence[str] = (),
        count: Callable[[str], None] = lambda code: None,
    ) -> None:
        self.bounds = bounds or SocketBounds()
        self.count = count
        self.number = 0
        self.of_client: dict[str, int] = {}
        self.told = 0
        self.busy_at = 0.0
        self._networks = [ip_network(one) for one in proxies]
        self.is_proxy = lru_cache(maxsize=1_024)(self._is_proxy)

    @classmethod
    def of(cls, state: dict[str, Any]) -> Places:
        """Those that an application's lifespan has handed down, or else one for all connections of the server."""
        found: Places = state.setdefault(STATE, None) or cls()
        state[STATE] = found
        return found

    def take(self, address: str) -> Place | None:
        """A place for a connection, to be given back by `leave`. None: there is not even one to be refused from."""
        client = client_of(address)
        refusal = self._refusal(client, address)
        if refusal:
            self.count(refusal.code)
            if self.told >= MOST_TOLD:
                return None
            self.told += 1
        else:
            self.number += 1
            self.of_client[client] = self.of_client.get(client, 0) + 1
        return Place(client, refusal)

    def leave(self, place: Place) -> None:
        if place.refusal:
            self.told -= 1
            return
        self.number -= 1
        left = self.of_client[place.client] - 1
        if left:
            self.of_client[place.client] = left
        else:
            del self.of_client[place.client]

    def is_busy(self, loop: AbstractEventLoop) -> bool:
        """Whether clients have waited so long of late that some may have left."""
        now = monotonic()
        if now - loop.time() > LONG_TURN_SECONDS:
            self.busy_at = now
        return now - self.busy_at < BUSY_SECONDS

    def _refusal(self, client: str, address: str) -> RequestError | None:
        if self.number >= self.bounds.connections:
            return RequestError(
                "SERVER_FULL",
                f"{self.number:,} connections are open here; {self.bounds.connections:,} may be.",
                "Ask again in a moment.",
            )
        most = self.bounds.connections_per_address
        if self.of_client.get(client, 0) >= most and not self.is_proxy(address):
            return RequestError(
                "TOO_MANY_CONNECTIONS",
                f"Your address has {self.of_client[client]:,} connections open here; {most:,} are allowed.",
                "Send several requests on one connection. A proxy is to be named in CONTENT_API_PROXIES.",
            )
        return None

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found  # as a socket for both kinds writes one of IPv4
        return any(found in network for network in self._networks)


def is_closed_by_client(transport: BaseTransport) -> bool:
    """Whether the client has closed its end, which the loop sees a turn later than what came before it. It takes 2 µs
    to ask. Elsewhere than on Linux nobody knows."""
    found = transport.get_extra_info("socket")
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6) or not hasattr(socket, "TCP_INFO"):
        return False
    return bool(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != ESTABLISHED)
