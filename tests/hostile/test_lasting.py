"""What no deadline may end: those who listen, those who ask again and again, and those whom the server kept waiting."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import httpx2
import pytest

from tests.hostile.acts import conversing, stopped
from tests.hostile.peer import BOUNDS, Peer, dripping, exchange, problem, statuses, until_closed

LONGER = max(BOUNDS["HEAD_SECONDS"], BOUNDS["REQUEST_SECONDS"], BOUNDS["IDLE_SECONDS"], BOUNDS["TAKE_SECONDS"]) + 1.5


def test_a_websocket_lasts_longer_than_any_request_may(ours: Peer):
    with conversing(ours) as client:
        time.sleep(LONGER)
        client.send('{"type": "ping"}')
        assert json.loads(client.recv(timeout=5)) == {"type": "pong"}


def test_an_event_stream_lasts_longer_as_well_and_is_ended_by_its_client_alone(ours: Peer):
    with ours.connected() as connection:
        connection.sendall(ours.get(f"/graphql/stream?query={quote(ours.listening)}"))
        time.sleep(LONGER)
        assert statuses(connection.recv(65_536)) == [200]
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):  # open, and silent as long as nothing is published
            connection.recv(65_536)


def test_an_answer_that_is_waited_for_longer_than_a_request_may_take_to_come_is_given(ours: Peer):
    """The deadline is the client's: here the server waits, for five seconds, for a version that does not come."""
    with ours.connected() as connection:
        assert statuses(exchange(connection, ours.post(f"Content-Version-At-Least: {'0' * 40}"))) == [503]
        assert statuses(exchange(connection, ours.post())) == [200]


def test_who_asks_now_and_then_keeps_the_connection_known_or_not(ours: Peer):
    with ours.connected() as connection:
        for number in range(6):
            assert statuses(exchange(connection, ours.post(alias=f"a{number % 4}:"))) == [200]
            time.sleep(BOUNDS["IDLE_SECONDS"] * 0.6)


def test_a_connection_is_closed_when_nothing_came_after_an_answer(ours: Peer):
    with ours.connected() as connection:
        exchange(connection, ours.post())
        began = time.monotonic()
        assert until_closed(connection, BOUNDS["IDLE_SECONDS"] + 3) == b""
        assert time.monotonic() - began > BOUNDS["IDLE_SECONDS"] - 0.5


def test_a_client_is_not_to_blame_when_the_server_stood_still(ours: Peer):
    """Half of the request came in time and the rest waits to be read when the time is over."""
    sent = ours.post(alias="still:")
    with ours.connected() as connection:
        connection.sendall(sent[:50])
        time.sleep(0.3)
        with stopped(ours):
            connection.sendall(sent[50:])
            time.sleep(BOUNDS["HEAD_SECONDS"] + 0.5)
        assert statuses(connection.recv(65_536)) == [200]


def test_a_body_that_comes_late_after_an_early_answer_ends_the_connection_without_another(ours: Peer):
    with ours.connected() as connection:
        connection.sendall(ours.get("/graphql", "Content-Type: application/json", "Content-Length: 1000"))
        received = dripping(connection, b"x", BOUNDS["REQUEST_SECONDS"] + 3)
    assert statuses(received) == [400]


def test_what_is_late_behind_an_answer_that_is_waited_for_is_said_after_it(ours: Peer):
    with ours.connected(seconds=15) as connection:
        connection.sendall(ours.post(f"Content-Version-At-Least: {'0' * 40}") + ours.post()[:40])
        received = until_closed(connection, 10)
    assert statuses(received) == [503, 408]
    assert problem(received)["code"] == "REQUEST_TOO_SLOW"
    assert ours.refused("REQUEST_TOO_SLOW") >= 1


def test_java_s_client_which_asks_for_http_2_with_its_first_body_is_answered(ours: Peer):
    fields = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
    with httpx2.Client(trust_env=False) as client:
        for _ in range(4):
            answer = client.post(f"{ours.url}/graphql", json={"query": ours.question}, headers=fields)
            assert answer.json() == {"data": {"condition": {"name": "Moon hiccups"}}}
