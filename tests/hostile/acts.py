"""What hostile clients do, and what a server should make of it: each act raises AssertionError where that is not so.

A plain server fails each of them, which a test shows; so none can pass because it looks at nothing.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from tests.hostile.forms import CHUNKED, HOST, SOCKET
from tests.hostile.peer import (
    BOUNDS,
    JSON,
    LATE,
    Peer,
    dripping,
    exchange,
    problem,
    request,
    statuses,
    until_closed,
)
from tests.waiting import until

TOO_LARGE = 20_000  # more than the 16 kB of a head, or of a message
OPEN = Path("/proc/net/tcp")
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: close with a reset


# --- Slow


def slow_head(peer: Peer) -> None:
    """A head of which a byte comes now and then."""
    with peer.connected() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: test\r\nX-Other: ")
        told = problem(dripping(connection, b"y", BOUNDS["HEAD_SECONDS"] + LATE))
    assert told["code"] == "REQUEST_TOO_SLOW"
    assert "the head of the request was not here; 1 s are given" in told["detail"]


def slow_fields(peer: Peer) -> None:
    """A head of which a field comes now and then."""
    with peer.connected() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: test\r\n")
        assert problem(dripping(connection, b"X: y\r\n", BOUNDS["HEAD_SECONDS"] + LATE))["status"] == 408


def slow_body(peer: Peer) -> None:
    with peer.connected() as connection:
        connection.sendall(request("POST /graphql HTTP/1.1", HOST, JSON, "Content-Length: 1000"))
        told = problem(dripping(connection, b" ", BOUNDS["REQUEST_SECONDS"] + LATE))
    assert told["code"] == "REQUEST_TOO_SLOW"
    assert "the request was not here; 1.5 s are given" in told["detail"]


def slow_chunks(peer: Peer) -> None:
    with peer.connected() as connection:
        connection.sendall(request("POST /graphql HTTP/1.1", HOST, JSON, CHUNKED))
        assert problem(dripping(connection, b"1\r\n \r\n", BOUNDS["REQUEST_SECONDS"] + LATE))["status"] == 408


def slow_second(peer: Peer) -> None:
    """A good request, and then half of another."""
    with peer.connected() as connection:
        assert statuses(exchange(connection, peer.post())) == [200]
        connection.sendall(peer.post()[:60])
        assert problem(until_closed(connection, BOUNDS["HEAD_SECONDS"] + LATE))["status"] == 408


def silence(peer: Peer) -> None:
    """A connection on which nothing comes. There is nothing to answer."""
    with peer.connected() as connection:
        assert until_closed(connection, BOUNDS["HEAD_SECONDS"] + LATE) == b""


def empty_lines(peer: Peer) -> None:
    """Nothing but line ends, which belong to no request."""
    with peer.connected() as connection:
        assert dripping(connection, b"\r\n", BOUNDS["HEAD_SECONDS"] + LATE) == b""


def empty_lines_after_an_answer(peer: Peer) -> None:
    with peer.connected() as connection:
        exchange(connection, peer.post())
        assert dripping(connection, b"\r\n", BOUNDS["IDLE_SECONDS"] + LATE) == b""


def reading_nothing(peer: Peer) -> None:
    """Large answers, none of which is read: they must not be kept for ever."""
    with peer.connected(window=4_096) as connection:
        connection.sendall(peer.get(peer.large) * 4)
        time.sleep(BOUNDS["TAKE_SECONDS"] + 1)
        received = until_closed(connection, LATE)
        assert len(received) < 4_000_000


def reading_nothing_at_the_end(peer: Peer) -> None:
    """The same on a connection that is over: it must not be kept for who does not take the rest."""
    with peer.connected(window=4_096) as connection:
        connection.sendall(peer.get(peer.large) * 4 + peer.get("/livez", "Connection: close"))
        time.sleep(BOUNDS["TAKE_SECONDS"])
        until(1 + LATE, lambda: open_connections(peer) == 0)


def open_connections(peer: Peer) -> int:
    """Connections that the server has open, as Linux counts them."""
    rows = [line.split() for line in OPEN.read_text().splitlines()[1:]]
    port = int(peer.url.rpartition(":")[2])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


# --- Large


def endless_head(peer: Peer) -> None:
    """A field without an end, in pieces."""
    with peer.connected() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: test\r\nX-Other: ")
        with suppress(ConnectionError):
            for _ in range(20):
                connection.sendall(b"y" * 1_000)
        told = problem(until_closed(connection, 1 + LATE))
    assert (told["status"], told["code"]) == (431, "HEAD_TOO_LARGE")
    assert "16,384 are read" in told["detail"]


def large_head(peer: Peer) -> None:
    """A whole head that is too large."""
    with peer.connected() as connection:
        connection.sendall(peer.get("/livez", f"X-Other: {'y' * TOO_LARGE}"))
        told = problem(until_closed(connection, LATE))
    assert told["status"] == 431
    assert told["detail"].startswith("The head of the request has 20,0")


def large_second_head(peer: Peer) -> None:
    """One behind a request, in one piece with it."""
    with peer.connected() as connection:
        connection.sendall(peer.post() + b"GET /livez HTTP/1.1\r\nHost: test\r\nX-Other: " + b"y" * TOO_LARGE)
        received = until_closed(connection, BOUNDS["IDLE_SECONDS"] + LATE)
    assert statuses(received) == [200, 431]


def long_address(peer: Peer) -> None:
    with peer.connected() as connection:
        connection.sendall(peer.get(f"/livez?{'y' * TOO_LARGE}"))
        assert problem(until_closed(connection, LATE))["status"] == 431


def many_fields(peer: Peer) -> None:
    with peer.connected() as connection:
        connection.sendall(peer.get("/livez", *(f"X-{number}: y" for number in range(64))))
        told = problem(until_closed(connection, LATE))
    assert (told["code"], told["detail"]) == ("HEAD_TOO_LARGE", "There are 65 or more header fields; 64 are read.")


# --- Many


def many_at_once(peer: Peer) -> None:
    """Requests that do not wait for an answer. As many as may wait are answered."""
    with peer.connected() as connection:
        connection.sendall(peer.get(peer.large.replace("large", "slow")) + peer.post() * 1_000)
        received = until_closed(connection, 5 + LATE)
    told = problem(received)
    assert (told["status"], told["code"]) == (429, "TOO_MANY_PIPELINED")
    assert len(statuses(received)) == 1 + BOUNDS["PIPELINED"] + 1


def executing_for_nobody(peer: Peer) -> None:
    """Questions of clients that are gone before the server has read them: nothing is executed for these.

    It stands still while they come, so that it finds all of this at once.
    """
    before = peer.executed()
    with stopped(peer), ExitStack() as clients:
        for number in range(300):
            connection = clients.enter_context(peer.connected())
            connection.sendall(peer.post(alias=f"a{number}:"))
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    time.sleep(0.5)
    assert peer.executed() == before


@contextmanager
def stopped(peer: Peer) -> Iterator[None]:
    peer.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        peer.process.send_signal(signal.SIGCONT)


# --- WebSockets


@contextmanager
def conversing(peer: Peer, greeting: bool = True, **options: object) -> Iterator[ClientConnection]:
    address = peer.url.replace("http", "ws", 1) + "/graphql"
    given = {"subprotocols": ["graphql-transport-ws"], "proxy": None, "close_timeout": 1, "open_timeout": 5} | options
    with connect(address, **given) as client:
        if greeting:
            client.send('{"type": "connection_init"}')
            assert json.loads(client.recv(timeout=5)) == {"type": "connection_ack"}
        yield client


def code_of(client: ClientConnection, seconds: float) -> int | None:
    """What the server closes the connection with, in time."""
    deadline = time.monotonic() + seconds
    with suppress(ConnectionClosed):
        while (left := deadline - time.monotonic()) > 0:
            with suppress(TimeoutError):
                client.recv(timeout=left)
        raise AssertionError(f"open after {seconds} s")
    return client.close_code


def status_of_handshake(peer: Peer, **options: object) -> int:
    """101 where a client may connect. Raises TimeoutError where it is not answered."""
    try:
        with conversing(peer, greeting=False, **options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def no_greeting(peer: Peer) -> None:
    with conversing(peer, greeting=False) as client:
        assert code_of(client, BOUNDS["INIT_SECONDS"] + LATE) == 4408


def another_protocol(peer: Peer) -> None:
    with conversing(peer, greeting=False, subprotocols=["graphql-ws"]) as client:
        assert code_of(client, LATE) == 4406


def large_message(peer: Peer) -> None:
    with conversing(peer) as client:
        client.send(json.dumps({"type": "ping", "payload": {"a": "x" * TOO_LARGE}}))
        assert code_of(client, LATE) == 1009


def many_frames(peer: Peer) -> None:
    """A message of many pieces, each of which is empty."""
    with conversing(peer) as client:
        empty = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
        client.socket.sendall(Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True) + empty * 200)
        assert code_of(client, LATE) == 1009


def many_operations(peer: Peer) -> None:
    with conversing(peer) as client:
        for number in range(21):
            payload = {"query": peer.listening}
            client.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
        client.send('{"type": "ping"}')
        found = []
        while (told := json.loads(client.recv(timeout=10)))["type"] != "pong":
            found += [told] if told["type"] == "error" else []
        assert [one["id"] for one in found] == ["20"]
        assert found[0]["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"


def pings_without_pongs(peer: Peer) -> None:
    """Pings whose answers are not read: they must not pile up."""
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
    with peer.connected(window=4_096) as connection:
        lines = ["GET /graphql HTTP/1.1", HOST, *SOCKET, "Sec-WebSocket-Protocol: graphql-transport-ws"]
        assert statuses(exchange(connection, request(*lines))) == [101]
        greeting = Frame(Opcode.TEXT, b'{"type": "connection_init"}').serialize(mask=True)
        connection.sendall(greeting)
        try:
            for _ in range(120):
                connection.sendall(ping * 1_000)
        except ConnectionError:
            return
    raise AssertionError("all of it was taken, and answered to nobody")


def a_handshake_that_cannot_be_read(peer: Peer) -> None:
    assert status_of_handshake(peer, additional_headers={"Cookie": "x" * 9_000}, open_timeout=2) == 400


ACTS: list[Callable[[Peer], None]] = [
    slow_head,
    slow_fields,
    slow_body,
    slow_chunks,
    slow_second,
    silence,
    empty_lines,
    empty_lines_after_an_answer,
    reading_nothing,
    *([reading_nothing_at_the_end] if OPEN.exists() else []),
    endless_head,
    large_head,
    large_second_head,
    long_address,
    many_fields,
    many_at_once,
    executing_for_nobody,
    no_greeting,
    another_protocol,
    large_message,
    many_frames,
    many_operations,
    pings_without_pongs,
    a_handshake_that_cannot_be_read,
]
