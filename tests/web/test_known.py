"""Which requests are known by their bytes, how much of that is kept, and what is sent again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from content_api.delivery.operation import Reply
from content_api.observe.exchange import Exchange
from content_api.observe.observer import Observer
from content_api.web.known import LONGEST, Known, KnownRequests, around, lines, offering, withdraw
from content_api.web.representation import Answered

OBSERVER = Observer(together=1)
DATE = [(b"date", b"Fri, 27 Nov 2026 08:00:00 GMT")]
LATER = [(b"date", b"Fri, 27 Nov 2026 08:00:01 GMT")]
VARY = (b"vary", b"Accept")
TRACED = Exchange("a" * 32, "a" * 32, 0.0, "GET", b"/graphql")
REQUEST = b"GET /graphql?query={name} HTTP/1.1\r\nHost: test\r\n\r\n"


def answered(body: bytes, version: bytes = b"one", status: int = 200) -> Answered:
    return Answered(
        status,
        [VARY, (b"content-version", version), (b"content-length", b"%d" % len(body))],
        body,
        Reply(body, True, version.decode(), 5_000),
    )


def on_the_wire(answer: Answered, date=DATE, status: bytes = b"200 OK") -> bytes:
    """As others have sent it on: with one more word for Vary, and a header behind ours."""
    others = [(b"request-id", TRACED.identity.encode()), (b"vary", b"Accept, Origin")]
    head = [*date, *others, *answer.headers[1:], (b"x-content-type-options", b"nosniff")]
    return b"HTTP/1.1 " + status + b"\r\n" + lines(head) + b"\r\n" + answer.body


def known(answer: Answered, again=None, exchange: Exchange = TRACED) -> Known:
    found = around(on_the_wire(answer), lines(DATE), answer, exchange)
    assert found is not None
    return Known(again or (lambda: answer), exchange, *found, answer)


def keeping(answers, request=REQUEST, **options) -> KnownRequests:
    """Knows one request, which is answered by the last of a list."""
    table = KnownRequests(OBSERVER, **options)
    table.keep(request, known(answers[-1], lambda: answers[-1]))
    return table


def sent(table: KnownRequests, request: bytes = REQUEST, date=DATE) -> bytes | None:
    """What is sent; None where the application must answer."""
    found: list[bytes] = []
    assert table.answer(request, date, found.append) == bool(found)
    return found[0] if found else None


def test_the_same_bytes_are_sent_again():
    answer = answered(b"{}")
    assert sent(keeping([answer])) == on_the_wire(answer)


def test_one_that_names_no_trace_has_another_id_each_time():
    answer, table = answered(b"{}"), KnownRequests(OBSERVER)
    untraced = replace(TRACED, traced=None)
    table.keep(REQUEST, known(answer, exchange=untraced))
    found = [sent(table) for _ in range(100)]
    assert {re.sub(rb"id: [0-9a-f]{32}", b"id: " + b"a" * 32, one) for one in found} == {on_the_wire(answer)}
    assert len(set(found)) == 100


def test_the_date_is_of_the_day_it_is_sent():
    answer = answered(b"{}")
    table = keeping([answer])
    assert sent(table) == on_the_wire(answer)
    assert sent(table, date=LATER) == on_the_wire(answer, LATER)


def test_another_answer_goes_between_the_headers_of_others():
    answers = [answered(b"{}")]
    table = keeping(answers)
    answers.append(answered(b'{"data": null}', b"two"))
    assert sent(table) == on_the_wire(answers[-1])
    answers.append(answered(b"", b"two", 304))
    assert sent(table) == on_the_wire(answers[-1], status=b"304 Not Modified")


def test_what_cannot_be_answered_again_is_left_to_the_application_and_may_be_answered_later():
    answer, ready = answered(b"{}"), [False]
    table = KnownRequests(OBSERVER)
    table.keep(REQUEST, known(answer, lambda: answer if ready[0] else None))
    assert sent(table) is None
    ready[0] = True
    assert sent(table) == on_the_wire(answer)
    assert table.answered == 1


def test_a_request_is_worth_knowing_when_it_comes_for_the_second_time():
    table = KnownRequests(OBSERVER)
    assert [table.is_worth(REQUEST) for _ in range(3)] == [False, True, True]
    table.keep(REQUEST, known(answered(b"{}")))
    assert not table.is_worth(REQUEST)


def test_a_long_request_is_never_worth_it():
    table = KnownRequests(OBSERVER)
    assert not any(table.is_worth(b"x" * (LONGEST + 1)) for _ in range(3))


def test_of_requests_that_came_once_no_more_are_remembered_than_so_many():
    table = KnownRequests(OBSERVER, most_seen=100)
    for number in range(1_000):
        table.is_worth(b"%d" % number)
    assert len(table._seen) <= 100


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda written: written.replace(b"content-version: one", b"content-version: two"), "a header was changed"),
        (lambda written: written.replace(b"\r\n\r\n{}", b"\r\n\r\n[]"), "the body was changed"),
        (lambda written: written.replace(b"200 OK", b"203 Other"), "the status was changed"),
        (lambda written: written.replace(b"08:00:00", b"08:00:01"), "the date is another"),
        (lambda written: written[:40], "not all was written"),
    ],
)
def test_an_answer_that_somebody_changed_is_not_known(change, why):
    answer = answered(b"{}")
    assert around(change(on_the_wire(answer)), lines(DATE), answer, TRACED) is None, why


def test_all_of_it_is_bounded_by_bytes_and_what_was_asked_longest_ago_goes():
    table = KnownRequests(OBSERVER, limit=40_000)
    for number in range(100):
        table.keep(b"%d" % number, known(answered(b"x" * 1_000)))
        assert table.held <= 40_000
        sent(table, b"0")
    assert 5 < len(table) < 10
    assert sent(table, b"0")
    assert sent(table, b"99")
    assert sent(table, b"50") is None


def test_an_answer_that_has_grown_counts_as_what_it_is_now():
    answers = [answered(b"{}")]
    table = keeping(answers, limit=20_000)
    held = table.held
    answers.append(answered(b"x" * 10_000))
    assert sent(table)
    assert held + 9_000 < table.held <= 20_000
    answers.append(answered(b"x" * 100_000))
    assert sent(table) == on_the_wire(answers[-1])
    assert (len(table), table.held) == (0, 0)


def test_who_must_see_every_request_takes_the_offer_away():
    scope = {"type": "http", "extensions": {"content_api.again": print}}
    assert offering(scope) is print
    withdraw(scope)
    assert offering(scope) is None
    assert offering({"type": "http"}) is None
