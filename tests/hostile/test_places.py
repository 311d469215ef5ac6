"""How many connections a server takes, in all and of one address, over real sockets."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial

import pytest

from tests.hostile import peer
from tests.hostile.acts import code_of, conversing, stopped
from tests.hostile.peer import LATE, Peer, exchange, failing, problem, statuses, until_closed
from tests.waiting import until

MOST = 12

on_both = pytest.mark.parametrize(
    "start", [peer.ours, failing(peer.plain, "it takes as many as come, and counts none")]
)
# These look at what a limit must not do. Plain uvicorn comes without one, so that it is given its own.
limited = partial(peer.plain, "--limit-concurrency", "5")
on_limited = pytest.mark.parametrize(
    "start", [peer.ours, failing(limited, "its own limit refuses whoever asks while it is reached")]
)


def connections(stack: ExitStack, server: Peer, number: int) -> list:
    """That many connections, each of which was answered: so it has its place."""
    found = [stack.enter_context(server.connected()) for _ in range(number)]
    for connection in found:
        assert statuses(exchange(connection, server.post())) == [200]
    return found


def is_answered(server: Peer) -> bool:
    with server.connected() as connection:
        connection.sendall(server.post())
        return statuses(connection.recv(65_536)) == [200]


@on_both
@pytest.mark.parametrize(
    ("setting", "status", "code", "detail"),
    [
        ("CONNECTIONS_PER_ADDRESS", 429, "TOO_MANY_CONNECTIONS", "Your address has 12 connections open here; 12 are"),
        ("CONNECTIONS", 503, "SERVER_FULL", "12 connections are open here; 12 may be."),
    ],
)
def test_one_connection_too_many_is_told_so_and_there_is_a_place_when_another_ends(
    start, setting, status, code, detail
):
    given = {f"CONTENT_API_{setting}": str(MOST), "CONTENT_API_IDLE_SECONDS": "60"}
    with start(**given) as server, ExitStack() as stack:
        open_ones = connections(stack, server, MOST)
        with server.connected() as one_more:
            one_more.sendall(server.post())
            received = until_closed(one_more, LATE)
        told = problem(received)
        assert (told["status"], told["code"], told["detail"].startswith(detail)) == (status, code, True), told
        assert (b"retry-after: 15" in received) == (status == 503)
        with server.connected() as silent:
            assert until_closed(silent, 2 + LATE) == b"", "who asks nothing is told nothing"
        assert statuses(exchange(open_ones[0], server.post())) == [200], "the others go on"
        open_ones[0].close()
        until(5, lambda: is_answered(server))
        open_ones[1].close()
        until(5, lambda: server.refused(code) >= 2)


@on_both
def test_a_websocket_is_a_connection_until_it_ends(start):
    given = {"CONTENT_API_CONNECTIONS_PER_ADDRESS": str(MOST), "CONTENT_API_IDLE_SECONDS": "60"}
    with start(**given) as server, ExitStack() as stack:
        clients = [stack.enter_context(conversing(server)) for _ in range(MOST)]
        assert not is_answered(server)
        clients[0].close()
        until(5, lambda: is_answered(server))
        clients[1].send('{"type": "nothing"}')
        assert code_of(clients[1], LATE) == 4400
        with stack.enter_context(server.connected()) as connection:
            exchange(connection, server.post())


@on_limited
def test_a_proxy_that_is_named_may_hold_any_number(start):
    given = {"CONTENT_API_CONNECTIONS_PER_ADDRESS": "3", "CONTENT_API_PROXIES": "127.0.0.0/8"}
    with start(**given) as server, ExitStack() as stack:
        connections(stack, server, 10)


@on_both
def test_in_a_flood_most_are_left_without_a_word_and_it_is_over_when_the_flood_is(start):
    given = {"CONTENT_API_CONNECTIONS": str(MOST), "CONTENT_API_IDLE_SECONDS": "60"}
    with start(**given) as server, ExitStack() as stack:
        connections(stack, server, MOST - 1)
        with ExitStack() as flood:
            with stopped(server):
                sent = [flood.enter_context(server.connected()) for _ in range(300)]
            time.sleep(0.5)
            for connection in sent:
                connection.close()
        until(5, lambda: is_answered(server))
        assert server.refused("SERVER_FULL") >= 290


@on_limited
def test_a_flood_that_stays_leaves_those_alone_who_came_before(start):
    with start(CONTENT_API_CONNECTIONS="50", CONTENT_API_HEAD_SECONDS="5") as server, ExitStack() as stack:
        [reader] = connections(stack, server, 1)
        for _ in range(200):
            stack.enter_context(server.connected())
        for _ in range(10):
            began = time.monotonic()
            assert statuses(exchange(reader, server.post())) == [200]
            assert time.monotonic() - began < 1
