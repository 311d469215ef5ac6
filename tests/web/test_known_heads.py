"""Where a request is cut in its head and its body, and how many heads are kept."""

from __future__ import annotations

import pytest

from content_api.observe.exchange import Exchange
from content_api.web.known import LONGEST_HEAD, MOST_HEADS, KnownHead, KnownRequests, cut


@pytest.mark.parametrize(
    ("request_bytes", "found"),
    [
        (
            b"POST / HTTP/1.1\r\nContent-Length: 2\r\nA: b\r\n\r\n{}",
            (b"POST / HTTP/1.1\r\nContent-Length: \r\nA: b", b"{}"),
        ),
        (b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n", (b"POST / HTTP/1.1\r\ncontent-length: ", b"")),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length:2\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nX-Content-Length: 2\r\n\r\n{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r{}", None),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 5_000 + b"2\r\n\r\n{}", None),
        (b"", None),
    ],
)
def test_a_request_is_cut_where_its_body_is_whole(request_bytes, found):
    assert cut(request_bytes) == found


def test_heads_are_bounded_and_that_of_which_nobody_asked_for_longest_goes_first():
    known = KnownRequests()
    asked: list[bytes] = []
    kept = KnownHead(asked.append, Exchange("0" * 32, None, 0.0, "POST", b"/"), b"", b"")  # type: ignore[arg-type]

    def request(number: int) -> bytes:
        return b"POST / HTTP/1.1\r\nA: %d\r\nContent-Length: 2\r\n\r\n{}" % number

    def head(number: int) -> bytes:
        found = cut(request(number))
        assert found
        return found[0]

    for number in range(3 * MOST_HEADS):
        known.keep_head(head(number), kept)
    assert len(known._heads) == MOST_HEADS
    assert known.ask(request(0), [], lambda _: None) is False
    assert asked == []
    known.ask(request(3 * MOST_HEADS - 1), [], lambda _: None)
    assert asked == [b"{}"]
    known.ask(request(3 * MOST_HEADS - 1), [], lambda _: None, lambda: True)
    assert asked == [b"{}"], "the client has left"
    assert cut(b"POST / HTTP/1.1\r\nA: " + b"a" * LONGEST_HEAD + b"\r\nContent-Length: 2\r\n\r\n{}") is None
