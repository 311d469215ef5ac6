"""How much one client may send: who is one client, and that nothing grows with what they make up."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from content_api.web.client import LONGEST_NAME, client_of
from content_api.web.rates import Rate
from tests.live import LiveServer, live
from tests.web.small import GRAPHQL_RESPONSE, JSON, application

NAME = {"query": "{ name }"}
MANY = 10_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_are_answered_and_the_next_says_how_long_to_wait():
    clock = Clock()
    rate = Rate("3/minute", now=clock)
    assert [rate.wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 60]
    clock.now += 45.5
    assert rate.wait("192.0.2.1") == 15
    clock.now += 14.6
    assert [rate.wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 60]


def test_it_is_never_said_to_wait_for_no_time_at_all():
    clock = Clock()
    rate = Rate("1/second", now=clock)
    assert rate.wait("192.0.2.1") == 0
    clock.now += 0.999
    assert rate.wait("192.0.2.1") == 1


def test_one_client_does_not_count_for_another():
    rate = Rate("1/hour")
    assert [rate.wait(f"192.0.2.{last}") for last in range(50)] == [0] * 50
    assert all(rate.wait(f"192.0.2.{last}") > 3_500 for last in range(50))


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
        ("", ""),
        ("x" * 10_000, "x" * LONGEST_NAME),
    ],
)
def test_who_an_address_is(address, client):
    assert client_of(address) == client


def test_no_more_clients_are_remembered_than_may_be_and_a_busy_one_is_not_forgotten():
    rate = Rate("1/day", most_clients=100)
    assert rate.wait("192.0.2.1") == 0
    for number in range(MANY):
        rate.wait(f"2001:db8:{number:x}::1")
        assert rate.wait("192.0.2.1") > 0
    assert len(rate.counters.counts) == 100


def client(**options) -> TestClient:
    return TestClient(application(**options), client=("192.0.2.1", 1), raise_server_exceptions=True)


def test_it_is_off_unless_it_is_asked_for():
    asking = client()
    assert {asking.post("/graphql", json=NAME).status_code for _ in range(300)} == {200}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE, {"Accept": "image/png"}])
def test_a_refusal_has_the_shape_of_graphql_at_its_path(accept):
    asking = client(rate=("1/hour", 100))
    assert asking.post("/graphql", json=NAME, headers=accept).status_code in (200, 406)
    refused = asking.post("/graphql", json=NAME, headers=accept | {"Origin": "https://example.org"})
    assert refused.status_code == 429
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_600
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Access-Control-Allow-Origin"] == "*", "a page of another origin can read why"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    media = accept["Accept"] if accept["Accept"] != "image/png" else "application/json"
    assert refused.headers["Content-Type"].startswith(media)
    assert refused.json()["errors"] == [
        {
            "message": "2 requests in 3,600 seconds came from your address; 1 are answered.",
            "extensions": {
                "code": "RATE_LIMITED",
                "hint": "Wait as `Retry-After` says, keep answers, or ask for several things in one operation.",
                "requestId": refused.headers["Request-Id"],
            },
        }
    ]


def test_elsewhere_it_is_a_problem():
    asking = client(rate=("1/hour", 100))
    assert asking.get("/").status_code == 200
    refused = asking.get("/versions")
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" in refused.headers


def test_health_metrics_and_preflights_are_not_counted():
    asking = client(rate=("1/hour", 100))
    assert asking.post("/graphql", json=NAME).status_code == 200
    for path in ("/livez", "/readyz", "/metrics"):
        assert {asking.get(path).status_code for _ in range(5)} == {200}
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert asking.options("/graphql", headers=preflight).status_code == 200
    assert asking.post("/graphql", json=NAME).status_code == 429


# ---- over a socket, as `content-api serve` and uvicorn have it


@pytest.fixture(scope="module")
def alone() -> Iterator[LiveServer]:
    with live(CONTENT_API_RATE_LIMIT="5/hour", FORWARDED_ALLOW_IPS="192.0.2.250") as server:
        yield server


@pytest.fixture(scope="module")
def behind() -> Iterator[LiveServer]:
    with live(CONTENT_API_RATE_LIMIT="5/hour", FORWARDED_ALLOW_IPS="127.0.0.1,10.0.0.0/8") as server:
        yield server


def ask(server: LiveServer, forwarded: str | None = None) -> int:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    answer = httpx2.post(f"{server.url}/graphql", json={"query": "{ __typename }"}, headers=headers, trust_env=False)
    return answer.status_code


def test_who_is_no_named_proxy_cannot_be_a_new_client_each_time(alone):
    assert [ask(alone, f"198.51.100.{number}") for number in range(7)] == [200] * 5 + [429] * 2
    metrics = httpx2.get(f"{alone.url}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    [refused] = [one for one in samples if one.name == "content_api_requests_refused_total"]
    assert (refused.labels, refused.value) == ({"code": "RATE_LIMITED"}, 2)


def test_behind_a_named_proxy_each_client_has_its_own(behind):
    assert [ask(behind, "198.51.100.1") for _ in range(6)] == [200] * 5 + [429]
    assert ask(behind, "198.51.100.2") == 200


def test_what_a_client_says_before_the_proxy_is_not_believed(behind):
    forged = [ask(behind, f"203.0.113.{number}, 198.51.100.3") for number in range(6)]
    assert forged == [200] * 5 + [429]
    assert ask(behind, "198.51.100.3, 10.1.2.3") == 429, "the second proxy is named as well"


def test_a_network_of_ipv6_is_one_client(behind):
    assert [ask(behind, f"2001:db8:5:5::{number}") for number in range(6)] == [200] * 5 + [429]
    assert ask(behind, "2001:db8:5:6::1") == 200


def test_messages_of_a_websocket_count(behind):
    address = behind.url.replace("http", "ws") + "/graphql"
    forwarded = {"X-Forwarded-For": "198.51.100.9"}
    with connect(address, subprotocols=["graphql-transport-ws"], additional_headers=forwarded, proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv()) == {"type": "connection_ack"}
        for _ in range(3):
            socket.send(json.dumps({"type": "ping"}))
            assert json.loads(socket.recv()) == {"type": "pong"}
        socket.send(json.dumps({"type": "ping"}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert closed.value.rcvd.code == 1013
        assert closed.value.rcvd.reason == "6 requests in 3,600 seconds came from your address; 5 are answered."
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, subprotocols=["graphql-transport-ws"], additional_headers=forwarded, proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) > 3_500
    log = behind.log.read_text()
    assert "Traceback" not in log
    assert "failed" not in log
