"""docs/reference/limits.md and the limits in the code."""

from __future__ import annotations

import asyncio
import dataclasses
import re

from content_api.bounds import SocketBounds, WaitingBounds
from content_api.content.problems import MOST_PROBLEMS
from content_api.delivery import persisted, stored
from content_api.delivery.lane import LEAST_SHARE, MOST_WAITING
from content_api.delivery.later import LIGHT, PLANNED
from content_api.delivery.limits import Limits as QueryLimits
from content_api.delivery.operation import Operation
from content_api.delivery.price import (
    CRITERION,
    DEAR_ARGUMENTS,
    FOUND,
    INTROSPECTION_PRICES,
    LIST,
    MEASURED,
    ORDER,
    PAGE,
    RELATION,
    beyond,
)
from content_api.delivery.subscribe import MOST_EVENTS
from content_api.errors import ERROR_CODES, LONGEST_MESSAGE
from content_api.graph import connections
from content_api.publish.archive import PASSED_OVER
from content_api.settings import Settings, read_settings, variable
from content_api.store.snapshot import Limits as ContentLimits
from content_api.web.body import LARGE
from content_api.web.frames import MOST_FRAMES
from content_api.web.hooks import LARGEST_DELIVERY
from content_api.web.listeners import MOST_LISTENERS
from content_api.web.negotiation import LONGEST_ACCEPT
from content_api.web.parameters import LONGEST_QUERY_STRING, MOST_PARAMETERS
from content_api.web.places import MOST_TOLD
from content_api.web.signatures import MOST_SIGNATURES
from content_api.web.websocket import SocketLimits
from tests.docs.blocks import read
from tests.docs.sandbox import delivery_of
from tests.live import ROOT

TEXT = (ROOT / "docs/reference/limits.md").read_text(encoding="utf-8")

WORDS = " ".join(TEXT.split())


def rows(section: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    below = TEXT.partition(f"## {section}\n")[2].partition("\n## ")[0]
    found = [line.strip("| ").split(" | ") for line in below.splitlines() if line.startswith("|")]
    return found[2:]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_limits_of_a_query_are_those_of_the_code():
    assert {row[0]: number(row[1]) for row in rows("A query")} == dataclasses.asdict(QueryLimits())


def test_each_limit_of_a_query_is_the_setting_that_stands_beside_it(monkeypatch):
    for row in rows("A query"):
        name, found = row[0], row[-1].strip("`")
        usual = getattr(QueryLimits(), name)
        value = type(usual)(usual - 10 if name == "node_ids" else usual + 10)  # no more ids than a list may have items
        monkeypatch.setenv(found, str(value))
        assert read_settings().question == dataclasses.replace(QueryLimits(), **{name: value})
        monkeypatch.delenv(found)


def test_each_refusal_of_a_query_is_a_code():
    assert {row[2].strip("`") for row in rows("A query") if row[2] != "–"} <= ERROR_CODES.keys()
    assert f"at most {LONGEST_MESSAGE} characters each" in TEXT


def test_the_limits_of_pages_and_requests_are_those_of_the_code():
    assert [number(row[-1]) for row in rows("Pages and requests")] == [
        connections.DEFAULT_PAGE,
        LONGEST_QUERY_STRING,
        MOST_PARAMETERS,
        *(16, 255),  # names with a line before them: test_all_limits.py
        LONGEST_ACCEPT,
        LARGEST_DELIVERY,
        MOST_SIGNATURES,
        PASSED_OVER,
    ]


def test_the_limits_of_documents_by_id_are_those_of_the_code():
    assert [number(row[1]) for row in rows("Documents by id")] == [
        stored.MOST,
        stored.LARGEST_FILE,
        100,
        persisted.MOST_AUTOMATIC,
        persisted.AUTOMATIC_BYTES,
    ]
    assert stored.NAME.fullmatch("a" * 100)
    assert not stored.NAME.fullmatch("a" * 101)


ELSEWHERE = {
    "rate_limit",
    "rate_clients",
    "busy_seconds",
    "listeners",
    "init_seconds",
    "send_seconds",
    "message_bytes",
    "socket_operations",
}
"""Settings of SocketBounds that other sections of the page have."""


def test_the_limits_of_connections_are_the_settings():
    bounds = SocketBounds().model_dump(exclude=ELSEWHERE)
    assert {row[0]: number(row[1]) for row in rows("Connections")} == bounds
    for _, _, refused, _ in rows("Connections"):
        status, _, code = refused.partition(", ")
        assert refused == "the connection ends" or ERROR_CODES[code.strip("`")][0] == int(status)
    assert f"Of those who find no place, {MOST_TOLD} at a time are told so." in TEXT


def test_the_limits_of_waiting_are_the_settings():
    bounds = WaitingBounds().model_dump(exclude={"lane_waiting"})
    assert {row[0]: number(row[1]) for row in rows("Overload") if row[0] in bounds} == bounds
    for row in rows("Overload"):
        if row[0] in bounds:
            status, code = row[2].split(", ")
            assert ERROR_CODES[code.strip("`")][0] == int(status)


def test_the_limits_of_listening_are_those_of_the_code():
    expected = {"listeners": MOST_LISTENERS, "frames": MOST_FRAMES} | dataclasses.asdict(SocketLimits())
    assert {row[0]: number(row[1]) for row in rows("Listening")} == expected


def test_the_limits_of_content_are_those_of_the_code_and_their_settings_exist():
    table = rows("Content")
    assert [number(row[1]) for row in table] == list(dataclasses.astuple(ContentLimits()))
    assert {row[2].strip("`") for row in table} <= {variable(name) for name in Settings.model_fields}
    assert "first hundred problems" in TEXT
    assert MOST_PROBLEMS == 100


def test_the_formula_of_the_cost_is_that_of_the_code():
    numbers = re.findall(r"by (\d[\d,]*)|costs (\d[\d,]*) and `__type` (\d[\d,]*)", TEXT.partition("## Cost")[2])
    stated = [number(one) for found in numbers for one in found if one]
    assert {PAGE, LIST, *INTROSPECTION_PRICES.values()} <= set(stated)


def test_the_examples_cost_what_the_page_says():
    examples = [block.text for block in read("docs/reference/limits.md").blocks if block.language == "graphql"]
    stated = [number(one) for one in re.findall(r"^This costs ([\d,]+)\.", TEXT, re.MULTILINE)]
    answers = delivery_of(ROOT / "content")
    assert len(stated) == 2
    for example, cost in zip(examples, stated, strict=False):
        reply = asyncio.run(answers.answer(Operation(example)))
        assert (reply.cost, reply.codes) == (cost, ())


def test_the_formula_has_what_looks_at_every_entity():
    (thing, things), (relation, relations), (key, keys) = CRITERION, RELATION, ORDER
    assert f"costs {thing}, and {relation} more for each `some`, `every` or `none`" in TEXT
    assert f"Each key of an `orderBy` costs {key}." in TEXT
    assert f"makes a thing dearer by {things}, a relation by {relations} and a key of an order by {keys}." in WORDS
    assert f"more than {MEASURED:,} entities, each thousand more" in TEXT
    for entities in (20_000, 50_000):
        more = beyond(entities)
        one, through = thing + more * things, thing + relation + more * (things + relations)
        assert re.search(
            rf"[Aa]mong {entities:,} [^.;]* {one:,},[^.;]* {through:,},? and [^.;]*{key + more * keys}", WORDS
        )
    assert f"page costs {FOUND} more" in TEXT
    assert [f"costs {DEAR_ARGUMENTS['text']}" in TEXT, f"versions {DEAR_ARGUMENTS['from']}." in TEXT] == [True, True]


def test_the_page_says_what_is_light_and_how_many_may_wait_with_what_is_not():
    assert f"what costs at most {LIGHT} and" in TEXT
    assert f"fields count a {PLANNED}th" in TEXT
    assert f"| operations that wait in the lane of a worker: `CONTENT_API_LANE_WAITING` | {MOST_WAITING} |" in TEXT
    assert f"| events of dear subscriptions that are in the lane beside these | {MOST_EVENTS} |" in TEXT
    assert f"| bodies of over {LARGE:,} bytes that are read in one turn of a worker's loop | 1 |" in TEXT
    assert LEAST_SHARE == 0.5
    assert "| half at least |" in TEXT
