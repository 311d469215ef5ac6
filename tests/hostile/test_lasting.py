"""What no deadline may end: those who listen, those who ask again and again, and those whom the server kept waiting."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import httpx2
import pytest

from tests.hostile.acts import conversing, stopped
from tests.hostile.peer import BOUNDS, Peer, dripping, exchange, failing, problem, statuses, until_closed

# Plain uvicorn has one deadline, of a connection that is idle, so that it ends nothing that lasts. It is given another.
on_both = pytest.mark.parametrize(
    "server", ["ours", failing("impatient", "its deadline counts from when the connection was made")], indirect=True
)
LONGER = max(BOUNDS["HEAD_SECONDS"], BOUNDS["REQUEST_SECONDS"], BOUNDS["IDLE_SECONDS"], BOUNDS["TAKE_SECONDS"]) + 1.5


@on_both
def test_a_websocket_lasts_longer_than_any_request_may(server: Peer):
    with conversing(server) as client:
        time.sleep(LONGER)
        client.send('{"type": "ping"}')
        assert json.loads(client.recv(timeout=5)) == {"type": "pong"}


@on_both
def test_an_event_stream_lasts_longer_as_well_and_is_ended_by_its_client_alone(server: Peer):
    with server.connected() as connection:
        connection.sendall(server.get(f"/graphql/stream?query={quote(server.listening)}"))
        time.sleep(LONGER)
        assert statuses(connection.recv(65_536)) == [200]
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):  # open, and silent as long as nothing is published
            connection.recv(65_536)


@on_both
def test_an_answer_that_is_waited_for_longer_than_a_request_may_take_to_come_is_given(server: Peer):
    """The deadline is the client's: here the server waits, for five seconds, for a version that does not come."""
    with server.connected() as connection:
        assert statuses(exchange(connection, server.post_slow())) == [server.slow_status]
        assert statuses(exchange(connection, server.post())) == [200]


@on_both
def test_who_asks_now_and_then_keeps_the_connection_known_or_not(server: Peer):
    with server.connected() as connection:
        for number in range(6):
            assert statuses(exchange(connection, server.post(alias=f"a{number % 4}:"))) == [200]
            time.sleep(BOUNDS["IDLE_SECONDS"] * 0.6)


@on_both
def test_a_connection_is_closed_when_nothing_came_after_an_answer(server: Peer):
    with server.connected() as connection:
        exchange(connection, server.post())
        began = time.monotonic()
        assert until_closed(connection, BOUNDS["IDLE_SECONDS"] + 3) == b""
        assert time.monotonic() - began > BOUNDS["IDLE_SECONDS"] - 0.5


@on_both
def test_a_client_is_not_to_blame_when_the_server_stood_still(server: Peer):
    """Half of the request came in time and the rest waits to be read when the time is over."""
    sent = server.post(alias="still:")
    with server.connected() as connection:
        connection.sendall(sent[:50])
        time.sleep(0.3)
        with stopped(server):
            connection.sendall(sent[50:])
            time.sleep(BOUNDS["HEAD_SECONDS"] + 0.5)
        assert statuses(connection.recv(65_536)) == [200]


@pytest.mark.parametrize("server", ["ours", failing("plain", "it waits for the rest for ever")], indirect=True)
def test_a_body_that_comes_late_after_an_early_answer_ends_the_connection_without_another(server: Peer):
    with server.connected() as connection:
        connection.sendall(server.get("/graphql", "Content-Type: application/json", "Content-Length: 1000"))
        received = dripping(connection, b"x", BOUNDS["REQUEST_SECONDS"] + 3)
    assert statuses(received) == [400]


@on_both
def test_what_is_late_behind_an_answer_that_is_waited_for_is_said_after_it(server: Peer):
    with server.connected(seconds=15) as connection:
        connection.sendall(server.post_slow() + server.post()[:40])
        received = until_closed(connection, 10)
    assert statuses(received) == [server.slow_status, 408]
    assert problem(received)["code"] == "REQUEST_TOO_SLOW"
    assert server.refused("REQUEST_TOO_SLOW") >= 1


@on_both
def test_java_s_client_which_asks_for_http_2_with_its_first_body_is_answered(server: Peer):
    fields = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
    with httpx2.Client(trust_env=False) as client:
        for _ in range(4):
            answer = client.post(f"{server.url}/graphql", json={"query": server.question}, headers=fields)
            assert answer.json() == {"data": {"condition": {"name": "Moon hiccups"}}}
