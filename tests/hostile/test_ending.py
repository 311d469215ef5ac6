"""A server that is told to end: it takes nothing new, finishes what it has begun, and has an end within its limit."""

from __future__ import annotations

import json
import signal
import time
from contextlib import ExitStack
from functools import partial
from urllib.parse import quote

import pytest

from tests.cli.command import run
from tests.hostile import peer
from tests.hostile.acts import code_of, conversing
from tests.hostile.peer import Peer, exchange, failing, statuses, until_closed
from tests.live import ROOT
from tests.waiting import until

TOLD = "The server was told to end."
TO_START = 0.3
DRAIN = 9  # seconds in which two connections are answered, and a command is run, on such a machine
AFTER = 3.0  # git and what follows the branch end, on a machine that runs other tests


def on_both(why: str, *arguments: str, **environment: str) -> pytest.MarkDecorator:
    plain = partial(peer.plain, *arguments, **environment)
    return pytest.mark.parametrize("start", [peer.ours, failing(plain, why)])


def told_to_end(server: Peer) -> float:
    time.sleep(TO_START)
    server.process.send_signal(signal.SIGTERM)
    return time.monotonic()


# As it comes, plain uvicorn waits for what is begun, and fails in what follows; with a limit that many set it does not.
@on_both("it ends in a second, whatever is begun", "--timeout-graceful-shutdown", "1")
def test_what_is_begun_is_finished_and_nothing_new_is_taken(start):
    with start(CONTENT_API_END_SECONDS="15") as server, server.connected(seconds=15) as connection:
        connection.sendall(server.post_slow() + server.post())
        began = told_to_end(server)
        time.sleep(1)
        with pytest.raises(ConnectionRefusedError), server.connected():
            pass
        received = until_closed(connection, 10)
        assert statuses(received) == [server.slow_status, 200], "those that were sent before are answered"
        assert received.count(b"connection: close") == 1
        assert server.process.wait(AFTER) == -signal.SIGTERM
        assert 3 < time.monotonic() - began < 5 + AFTER


def readiness(received: bytes) -> tuple[int, str | None]:
    """The status of the last answer of these, and why it is not ready."""
    return statuses(received)[-1], json.loads(received.rpartition(b"\r\n\r\n")[2]).get("reason")


@on_both("it says nothing of whether it is ready")
def test_who_asks_while_it_ends_is_told_that_it_is_not_ready(start):
    with start(CONTENT_API_END_SECONDS="15") as server, server.connected(seconds=15) as connection:
        assert readiness(exchange(connection, server.get("/readyz"))) == (200, None)
        connection.sendall(server.post_slow() + server.get("/readyz"))
        told_to_end(server)
        assert readiness(until_closed(connection, 10)) == (503, TOLD)


@on_both("it does not drain")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_while_it_drains_everybody_is_answered_but_told_that_it_is_not_ready(start, workers):
    with (
        start("--workers", workers, CONTENT_API_DRAIN_SECONDS=str(DRAIN), CONTENT_API_IDLE_SECONDS="60") as server,
        server.connected() as connection,
        conversing(server) as client,
    ):
        exchange(connection, server.post())
        began = told_to_end(server)
        server.process.send_signal(signal.SIGTERM)  # twice is no more than once
        with server.connected() as another:
            for each in (connection, another):  # the parent of workers looks twice a second
                until(4, lambda each=each: readiness(exchange(each, server.get("/readyz"))) == (503, TOLD))
                assert statuses(exchange(each, server.post(alias="a: "))) == [200]
        asked = run("status", "--url", server.url, cwd=ROOT)
        assert (asked.returncode, asked.stdout.splitlines()[0]) == (2, f"Not ready  {TOLD}")
        assert time.monotonic() - began < DRAIN
        assert code_of(client, DRAIN + 2) == 1012
        assert server.process.wait(AFTER + 3) in (0, -signal.SIGTERM)
        assert DRAIN < time.monotonic() - began < DRAIN + 3 + AFTER


@on_both("it waits to the end, whoever is waiting", DRAIN="60")
def test_a_person_who_ends_it_at_a_terminal_does_not_wait_until_it_has_drained(start):
    with start(CONTENT_API_DRAIN_SECONDS="60") as server:
        server.process.send_signal(signal.SIGTERM)
        time.sleep(TO_START)
        server.process.send_signal(signal.SIGINT)
        server.process.wait(AFTER)


@on_both("its workers end, and the socket that their parent holds takes connections for nobody")
def test_who_connects_to_workers_that_end_is_refused_and_does_not_wait_for_them(start):
    with start("--workers", "2", CONTENT_API_END_SECONDS="15") as server, server.connected() as connection:
        connection.sendall(server.post_slow())
        told_to_end(server)
        until(2.5, lambda: is_refused(server))  # before what was begun is finished
        assert statuses(until_closed(connection, 10)) == [server.slow_status]


def is_refused(server: Peer) -> bool:
    """Whether who connects now is turned away at once."""
    try:
        with server.connected():
            return False
    except ConnectionRefusedError:
        return True


@on_both("it waits for all, however long that takes")
def test_what_is_not_finished_in_time_is_left_and_its_socket_closed(start):
    with start(CONTENT_API_END_SECONDS="1") as server, server.connected() as connection:
        connection.sendall(server.post_slow())
        began = told_to_end(server)
        assert until_closed(connection, 1 + AFTER) == b""
        assert server.process.wait(AFTER) == -signal.SIGTERM
        assert time.monotonic() - began < 1 + AFTER


@on_both("it waits for all, however long that takes")
def test_who_is_idle_half_through_or_listening_keeps_it_no_longer_than_that(start):
    with start(CONTENT_API_END_SECONDS="2", CONTENT_API_TAKE_SECONDS="60") as server, ExitStack() as stack:
        idle, half, body, deaf, stream = [stack.enter_context(server.connected(window=4_096)) for _ in range(5)]
        exchange(idle, server.post())
        half.sendall(server.post()[:40])
        body.sendall(server.post()[:-5])
        deaf.sendall(server.get(server.large) * 3)
        stream.sendall(server.get(f"/graphql/stream?query={quote(server.listening)}"))
        client = stack.enter_context(conversing(server))
        began = told_to_end(server)
        assert server.process.wait(2 + AFTER) == -signal.SIGTERM
        assert time.monotonic() - began < 2 + AFTER
        for connection in (idle, half, body, deaf, stream):
            until_closed(connection, AFTER)
        assert code_of(client, 1) == 1012
