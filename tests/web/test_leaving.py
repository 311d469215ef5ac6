"""What is left of those who listened: nothing, though the garbage collector does not look for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.live import LiveServer, live
from tests.web.hearing import listening, wait_until

LISTENERS = 20


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live("tests.web.talking:app") as running:
        yield running


@contextmanager
def socket_listener(server: LiveServer) -> Iterator[ClientConnection]:
    url = f"{server.url.replace('http', 'ws', 1)}/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"], proxy=None) as client:
        client.send('{"type": "connection_init"}')
        client.send('{"type": "subscribe", "id": "1", "payload": {"query": "subscription { said }"}}')
        client.send('{"type": "ping"}')
        assert [client.recv(timeout=10) for _ in range(2)] == ['{"type":"connection_ack"}', '{"type":"pong"}']
        yield client


@contextmanager
def rude_socket_listener(server: LiveServer) -> Iterator[ClientConnection]:
    """One that leaves without a word, as a phone does whose battery is empty."""
    with socket_listener(server) as client:
        yield client
        client.socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def stream_listener(server: LiveServer) -> Iterator[httpx2.Response]:
    asked = {"query": "subscription { said }"}
    with httpx2.stream("GET", f"{server.url}/graphql/stream", params=asked, trust_env=False) as response:
        assert next(response.iter_bytes()) == b":\n\n"
        yield response


@pytest.mark.parametrize("listener", [socket_listener, rude_socket_listener, stream_listener])
def test_who_listened_while_a_version_went_live_leaves_nothing_behind(server: LiveServer, listener: Callable):
    """Making a version live freezes what is there: whatever refers back to itself would stay for ever."""
    with ExitStack() as stack:
        for _ in range(LISTENERS):
            stack.enter_context(listener(server))
        httpx2.get(f"{server.url}/freeze", trust_env=False).raise_for_status()
    wait_until(lambda: listening(server) == 0)
    left = httpx2.get(f"{server.url}/left", trust_env=False).json()
    assert sum(left.values()) < LISTENERS, left
