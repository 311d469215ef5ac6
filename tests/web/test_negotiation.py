from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.web.negotiation import (
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    LONGEST_ACCEPT,
    accept_of,
    choose,
    codings,
)

OFFERS = (GRAPHQL_RESPONSE, JSON, HTML)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", HTML),
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", JSON),
        ("application/graphql-response+json, */*;q=0.1", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=0, */*", JSON),
        ("application/json;q=0, application/*", GRAPHQL_RESPONSE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html, */*", HTML),
        ("text/html;q=0.2, application/json;q=0.3", JSON),
        ("image/png, application/json;q=0.1", JSON),
        ("image/png", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=much", None),
        ("application/json;q=2", None),
        ("application/json;q=nan", None),
        ("nonsense", None),
        ("*/json", None),
        ("nonsense, application/json", JSON),
        (",,application/json,,", JSON),
    ],
)
def test_the_type_that_is_liked_best_is_chosen(accept, chosen):
    assert choose(accept, OFFERS, fallback=JSON) == chosen


@pytest.mark.parametrize(
    ("accept_encoding", "found"),
    [
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip identity"),
        ("GZip", "gzip identity"),
        ("x-gzip", "gzip identity"),
        ("gzip, deflate, br, zstd", "zstd br gzip identity"),
        ("gzip;q=1.0, br;q=0.5", "gzip br identity"),
        ("br;q=0.001", "br identity"),
        ("gzip, identity", "gzip identity"),
        ("gzip;q=0.5, identity", "identity gzip"),
        ("identity;q=0.5, br;q=0.2, gzip;q=0.7", "gzip identity br"),
        ("gzip;q=0", "identity"),
        ("identity;q=0", ""),
        ("identity;q=0, br", "br"),
        ("deflate, identity;q=0", ""),
        ("*", "zstd br gzip identity"),
        ("*;q=0", ""),
        ("gzip, *;q=0", "gzip"),
        ("identity, *;q=0", "identity"),
        ("br;q=0, *;q=0.5", "zstd gzip identity"),
        ("gzip, *;q=0.1, identity;q=0", "gzip zstd br"),
        ("deflate", "identity"),
        ("gzip;q=much", "identity"),
        ("gzip;q=2", "identity"),
        (",,br,,", "br identity"),
    ],
)
def test_codings_come_in_the_order_in_which_they_are_liked(accept_encoding, found):
    assert list(codings(accept_encoding)) == found.split()


@given(st.text(st.sampled_from("gzipbrstdentyx*;q=0.19, "), max_size=60))
def test_any_header_is_read(accept_encoding):
    assert set(codings(accept_encoding)) <= {"zstd", "br", "gzip", "identity"}


def test_an_accept_header_too_long_to_be_meant_counts_as_not_sent():
    longest = HTML + "," * (LONGEST_ACCEPT - len(HTML))
    assert accept_of([longest]) == longest
    assert accept_of([longest, JSON]) is None
    assert accept_of([]) is None


def test_what_is_not_offered_is_not_chosen():
    assert choose("text/html", (GRAPHQL_RESPONSE, JSON), fallback=JSON) is None


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_no_header_breaks_the_choice(header):
    assert choose(header, OFFERS, fallback=JSON) in (*OFFERS, None)


@given(st.lists(st.tuples(st.sampled_from(["*/*", "application/*", *OFFERS]), st.integers(0, 10)), max_size=5))
def test_what_is_chosen_is_never_refused_by_the_header(ranges):
    header = ", ".join(f"{name};q={quality / 10}" for name, quality in ranges)
    chosen = choose(header, OFFERS, fallback=JSON)
    exact = [quality for name, quality in ranges if name == chosen]
    assert exact == [] or max(exact) > 0
