"""Places for connections: who counts as one client, and that nothing is left of those who are gone."""

from __future__ import annotations

import pytest

from content_api.bounds import SocketBounds
from content_api.web.places import MOST_TOLD, STATE, Place, Places


def places(proxies: tuple[str, ...] = (), counted: list[str] | None = None, **bounds: int) -> Places:
    return Places(SocketBounds(**bounds), proxies, (counted if counted is not None else []).append)


def taken(where: Places, *addresses: str) -> list[Place]:
    return [where.take(address) for address in addresses]


def test_each_client_has_its_own_and_those_that_are_given_back_are_free():
    where = places(connections_per_address=2)
    mine = taken(where, "192.0.2.1", "192.0.2.1")
    [refused] = taken(where, "192.0.2.1")
    assert refused.refusal.code == "TOO_MANY_CONNECTIONS"
    assert taken(where, "192.0.2.2")[0].refusal is None
    where.leave(mine[0])
    assert taken(where, "192.0.2.1")[0].refusal is None


def test_a_network_of_ipv6_is_one_client():
    where = places(connections_per_address=2)
    found = taken(where, "2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:3::1")
    assert [place.refusal is None for place in found] == [True, True, False, True]


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "192.0.2.7"])
def test_a_proxy_is_bounded_by_the_bound_of_all_alone(address):
    where = places(("10.0.0.0/8", "2001:db8::/32", "192.0.2.7"), connections_per_address=1, connections=5)
    found = taken(where, *[address] * 6)
    assert [place.refusal.code if place.refusal else None for place in found] == [None] * 5 + ["SERVER_FULL"]


def test_of_those_who_find_none_so_many_are_told_at_a_time_and_all_are_counted():
    counted: list[str] = []
    where = places(counted=counted, connections=1)
    taken(where, "192.0.2.1")
    found = taken(where, *["192.0.2.2"] * (MOST_TOLD + 5))
    assert found[MOST_TOLD:] == [None] * 5
    assert counted == ["SERVER_FULL"] * (MOST_TOLD + 5)
    where.leave(found[0])
    assert taken(where, "192.0.2.3")[0] is not None


def test_nothing_is_left_of_those_who_are_gone():
    where = places(connections=500)
    for number in range(2_000):
        for place in taken(where, f"192.0.{number % 256}.{number % 251}", f"2001:db8:{number:x}::1"):
            where.leave(place)
    assert (where.number, where.of_client, where.told) == (0, {}, 0)


def test_all_connections_of_a_server_share_them_also_where_its_application_hands_none_down():
    state: dict[str, object] = {}
    assert Places.of(state) is Places.of(state) is state[STATE]
