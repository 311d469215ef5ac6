"""The id of a request: which headers name a trace, by the words of the W3C's Trace Context."""

from __future__ import annotations

import re

import pytest

from content_api.observe.identity import new_identity, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE}-{PARENT}-ff",
        f"01-{TRACE}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like",
    ],
)
def test_a_trace_is_known_by_its_id(header):
    assert trace_of(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-",
        TRACE,
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}0-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01-more",
        f"cc-{TRACE}-{PARENT}-01.more",
        f"ff-{TRACE}-{PARENT}-01",
        f"0x-{TRACE}-{PARENT}-01",
        f" 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
        f"00-{TRACE}-{PARENT}-01, 00-{TRACE}-{PARENT}-01",
        f"00-{'٣' * 32}-{PARENT}-01",
        "00-" + "a" * 100_000,
    ],
)
def test_what_is_no_header_of_a_trace_names_none(header):
    assert trace_of(header) is None


def test_what_is_made_here_has_the_form_of_a_trace_and_is_never_the_same():
    made = [new_identity() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)
    assert trace_of(f"00-{made[0]}-{PARENT}-01") == made[0]
