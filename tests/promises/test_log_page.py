"""docs/reference/log.md and what the log has."""

from __future__ import annotations

import json
import re

from content_api.observe.exchange import ANSWERED, LONGEST_NAME, LONGEST_PATH, Exchange
from content_api.observe.journal import MOST_WAITING_BYTES
from content_api.observe.observer import DIGITS, LEFT, Observer
from tests.live import ROOT

TEXT = (ROOT / "docs/reference/log.md").read_text(encoding="utf-8")
REQUESTS = TEXT.partition("## Requests")[2].partition("## Publications")[0]
ROWS = re.findall(r"^\| `(\w+)` \| (?!what it says)", REQUESTS, re.MULTILINE)
ALL = Exchange(
    "a" * 32, None, 0.0, "POST", b"/", b"website", b"1", "(not stored)", "{}", "plan", 200, "INTERNAL", 1, "v"
)


def test_the_page_has_every_member_of_a_line_in_its_order():
    written: list[str] = []
    Observer(written.append, which="all", together=1).ended(ALL, 200)
    members = list(json.loads(written[0]))
    assert members[4:] == [row for row in ROWS if row not in ANSWERED]


def test_the_page_has_every_road():
    assert [row for row in ROWS if row in ANSWERED] == list(ANSWERED)


def test_the_numbers_of_the_page_are_those_of_the_code():
    for said in (
        f"{LONGEST_PATH} characters at most",
        f"{LONGEST_NAME} bytes at most",
        f"first {DIGITS} digits",
        f"{LEFT} where the client left",
        f"({MOST_WAITING_BYTES // 1_000_000} MB wait)",
    ):
        assert said in REQUESTS


def test_the_page_about_traces_has_every_attribute():
    text = (ROOT / "docs/how-to/trace-requests.md").read_text(encoding="utf-8")
    source = (ROOT / "content_api/observe/spans.py").read_text(encoding="utf-8")
    attributes = set(re.findall(r'"((?:graphql|http|url|error|content_api)\.[\w.]+)"', source))
    assert len(attributes) == 12
    assert attributes == set(re.findall(r"`((?:graphql|http|url|error|content_api)\.[\w.]+)`", text))
