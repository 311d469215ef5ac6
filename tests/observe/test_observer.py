"""Lines of requests: what is in them, which there are, and what of a request is never in any."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from hashlib import sha256

import pytest

from content_api.observe.exchange import LONGEST_NAME, LONGEST_PATH, Exchange
from content_api.observe.lines import Lines
from content_api.observe.observer import Observer

IDENTITY = "4bf92f3577b34da6a3ce929d0e0e4736"
ASKED = Exchange(
    IDENTITY,
    None,
    began=0.0,
    method="POST",
    path=b"/graphql",
    named=b"website",
    named_version=b"1.4",
    operation="(not stored)",
    document="{ site { attribution } }",
    answered="plan",
    cost=3,
    version="a" * 40,
    size=160,
)


def lines_of(*exchanges: Exchange, status: int = 200, console: bool = False, **options) -> list[str]:
    written: list[str] = []
    observer = Observer(written.append, Lines(console), together=1, **{"which": "all"} | options)
    for exchange in exchanges:
        observer.ended(exchange, status)
    return written


def line_of(exchange: Exchange, **options) -> dict:
    [line] = lines_of(exchange, **options)
    assert line.endswith("}\n")
    return json.loads(line)


def test_a_line_says_all_that_one_wants_to_know():
    line = line_of(ASKED)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
    assert line.pop("seconds") > 0
    assert line == {
        "level": "info",
        "logger": "content_api.request",
        "event": "request",
        "request_id": IDENTITY,
        "method": "POST",
        "path": "/graphql",
        "operation": "(not stored)",
        "document": sha256(ASKED.document.encode()).hexdigest()[:16],
        "status": 200,
        "answered": "plan",
        "cost": 3,
        "bytes": 160,
        "version": "a" * 40,
        "client": "website",
        "client_version": "1.4",
    }


def test_the_text_of_a_document_is_in_no_line():
    assert "attribution" not in "".join(lines_of(ASKED) + lines_of(ASKED, console=True))


def test_what_does_not_apply_is_left_out():
    line = line_of(Exchange(IDENTITY, None, 0.0, "GET", b"/livez"))
    assert line.keys() == {"timestamp", "level", "logger", "event", "request_id", "seconds"} | {
        "method",
        "path",
        "status",
        "bytes",
    }


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (304, "info"), (404, "info"), (500, "warning")])
def test_what_is_our_fault_is_graver(status, level):
    assert line_of(ASKED, status=status)["level"] == level


FAILED = replace(ASKED, code="TOO_COSTLY")


@pytest.mark.parametrize(
    ("which", "levels", "exchange", "status", "number"),
    [
        ("all", ("info", "warning"), ASKED, 200, 1),
        ("failed", ("info", "warning"), ASKED, 200, 0),
        ("failed", ("info", "warning"), FAILED, 200, 1),
        ("failed", ("info", "warning"), ASKED, 404, 1),
        ("none", ("info", "warning"), FAILED, 500, 0),
        ("all", ("warning",), FAILED, 200, 0),
        ("all", ("warning",), FAILED, 503, 1),
        ("all", (), FAILED, 503, 0),
    ],
)
def test_the_settings_say_which_requests_have_a_line(which, levels, exchange, status, number):
    assert len(lines_of(exchange, status=status, which=which, levels=levels)) == number


def test_what_a_stranger_sends_is_neither_long_nor_breaks_the_line():
    odd = replace(
        ASKED,
        path=b"/" + b"x" * 1_000 + b"%0a\xff",
        named=b"\x1b[31mEve\r\n",
        named_version=b"\xff" * 1_000,
        document=None,
    )
    for console in (False, True):
        [line] = lines_of(odd, console=console)
        assert line.count("\n") == 1
        assert "\x1b" not in line
        assert len(line) < 1_000
    found = line_of(odd)
    assert len(found["path"]) == LONGEST_PATH
    assert found["client"] == "(unreadable)"
    assert len(found["client_version"]) == LONGEST_NAME
    assert line_of(replace(ASKED, named="Zürich".encode()))["client"] == "Zürich"


def test_a_person_reads_the_same_in_words():
    [line] = lines_of(replace(ASKED, named=b"the website"), console=True)
    assert re.match(r"[\d-]+T[\d:.]+Z \[info     \] request  +\[content_api\.request\] request_id=\w{32} ", line)
    assert " status=200 answered=plan cost=3 bytes=160 version=aaaa" in line
    assert ' client="the website" client_version=1.4\n' in line


async def _two(observer: Observer) -> None:
    observer.ended(ASKED, 200)
    observer.ended(ASKED, 200)
    await asyncio.sleep(0.3)


def test_lines_go_together_and_none_waits_for_long():
    written: list[str] = []
    asyncio.run(_two(Observer(written.append, which="all")))
    assert [text.count("\n") for text in written] == [2]


def test_who_asks_has_them_at_once():
    async def settled() -> list[str]:
        written: list[str] = []
        observer = Observer(written.append, which="all")
        observer.ended(ASKED, 200)
        observer.settle()
        observer.settle()
        return written

    assert len(asyncio.run(settled())) == 1


def test_a_line_is_of_the_moment_at_which_the_request_ended():
    made = Lines(console=False)
    rest = made.rest({"path": "/"})
    found = [json.loads(made.line("info", IDENTITY, at, 0.25, rest)) for at in (0.5, 59.0, 60.0)]
    assert [line["timestamp"] for line in found] == [
        "1970-01-01T00:00:00.500000Z",
        "1970-01-01T00:00:59.000000Z",
        "1970-01-01T00:01:00.000000Z",
    ]
    assert {line["seconds"] for line in found} == {0.25}


def test_what_ended_as_often_as_it_did_is_counted_so():
    observer = Observer()
    ended = replace(ASKED, status=200, code="INTERNAL", fields=frozenset(("Site.name",)))

    async def scene() -> None:
        for _ in range(3):
            observer.answered(ended, IDENTITY, 0.0)

    asyncio.run(scene())
    counts = observer.counts
    assert (counts.statuses, counts.failed) == ({200: 3}, {"INTERNAL": 3})
    assert (sum(counts.costs.numbers), counts.costs.total) == (3, 3 * ended.cost)
    assert sum(counts.seconds["plan"].numbers) == 3
    assert observer.usage.requests() == {"website": {"Site.name": 3}}
