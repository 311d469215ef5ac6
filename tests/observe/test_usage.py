"""Requests counted by client and field: bounded, and none of them forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.observe.exchange import Exchange
from content_api.observe.usage import NOT_NAMED, OTHERS, Usage

ASKED = Exchange("a" * 32, None, 0.0, "POST", b"/graphql", named=b"website", fields=frozenset({"Thing.name"}))


def test_requests_are_counted_by_client_and_field():
    usage = Usage()
    usage.add(ASKED, 3)
    usage.add(replace(ASKED, named=b"app", fields=frozenset({"Thing.name", "Thing.label"})))
    usage.add(replace(ASKED, named=None))
    assert usage.requests() == {
        "website": {"Thing.name": 3},
        "app": {"Thing.name": 1, "Thing.label": 1},
        NOT_NAMED: {"Thing.name": 1},
    }


def test_what_executed_nothing_counts_for_nobody():
    usage = Usage()
    usage.add(replace(ASKED, fields=frozenset()))
    assert usage.requests() == {}


@pytest.mark.parametrize(
    ("named", "client"),
    [(b"", NOT_NAMED), (b"(not named)", OTHERS), (b"(others)", OTHERS), (b"\x1b[31m", "(unreadable)")],
)
def test_no_client_can_pass_for_what_it_is_not(named, client):
    usage = Usage()
    usage.add(replace(ASKED, named=named))
    assert list(usage.requests()) == [client]


def test_of_too_many_clients_the_one_with_the_fewest_requests_goes_to_the_others():
    usage = Usage(most_clients=2)
    usage.add(replace(ASKED, named=b"website"), 1_000)
    usage.add(replace(ASKED, named=b"app"), 10)
    usage.add(replace(ASKED, named=b"chatbot"))
    usage.add(replace(ASKED, named=None))
    assert {client: numbers["Thing.name"] for client, numbers in usage.requests().items()} == {
        "website": 1_000,
        "chatbot": 1,
        OTHERS: 10,
        NOT_NAMED: 1,
    }


def test_names_that_are_made_up_neither_grow_nor_hide_who_is_known():
    usage = Usage(most_clients=4, most_counts=50)
    usage.add(ASKED, 100)
    for number in range(5_000):
        usage.add(replace(ASKED, named=b"made-up-%d" % number, fields=frozenset({f"Thing.field{number % 7}"})))
        assert len(usage._counts) < 50
    found = usage.requests()
    assert len(found) == 5
    assert found["website"] == {"Thing.name": 100}
    assert sum(sum(numbers.values()) for numbers in found.values()) == 5_100


FIELDS = st.frozensets(st.sampled_from(["A.a", "A.b", "B.c"]), min_size=1)


@given(st.lists(st.tuples(st.sampled_from([None, b"one", b"two", b"three", b"four"]), FIELDS, st.integers(1, 5))))
def test_whatever_comes_each_field_is_in_as_many_requests_as_asked_for_it(asked):
    usage = Usage(most_clients=2, most_counts=3)
    for named, fields, times in asked:
        usage.add(replace(ASKED, named=named, fields=fields), times)
    found = usage.requests()
    for field in ("A.a", "A.b", "B.c"):
        counted = sum(numbers.get(field, 0) for numbers in found.values())
        assert counted == sum(times for _, fields, times in asked if field in fields)
