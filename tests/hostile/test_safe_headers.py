"""The headers that every answer has and the one that none has, over a real socket: at each path, in each refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from content_api.web.headers import ALWAYS, CONTENT_SECURITY_POLICY
from tests.hostile import asked
from tests.hostile.asked import ASKED, HANDSHAKE, answered, fields_of, line
from tests.hostile.peer import SHOWN, Peer, exchange, failing


@pytest.fixture(scope="module")
def guarded() -> Iterator[Peer]:
    with asked.guarded() as found:
        yield found


on_both = pytest.mark.parametrize(
    "server", ["guarded", failing("plain", "it has its banner and no more")], indirect=True
)


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_has_the_safe_headers_and_no_banner(guarded: Peer, name: str):
    status, sent = ASKED[name]
    is_safe(answered(guarded, sent), str(status))


@pytest.mark.parametrize("name", ASKED)
def test_no_answer_of_a_plain_server_has_them(plain: Peer, name: str):
    """It never says that half of a request is too late: there nothing comes that could have any."""
    with pytest.raises(SHOWN):
        is_safe(answered(plain, ASKED[name][1]), "")


@on_both
def test_an_answer_that_the_client_has_is_no_exception(server: Peer):
    first = "GET /graphql?query={__typename}"
    tags = fields_of(answered(server, line(first))).get("etag", ["*"])
    is_safe(answered(server, line(first, f"If-None-Match: {tags[0]}")), "304")


@on_both
def test_an_answer_to_what_is_known_by_its_bytes_is_no_exception(server: Peer):
    with server.connected() as connection:
        for _ in range(5):
            head, _, body = exchange(connection, server.post()).decode().partition("\r\n\r\n")
            assert '"data"' in body
            is_safe(head, "200")


@on_both
def test_who_finds_no_place_is_told_so_with_them(server: Peer):
    with server.connected() as one, server.connected() as two, server.connected() as three:
        for connection in (one, two, three):
            exchange(connection, line("GET /livez"))
        is_safe(answered(server, line("GET /livez")), "429")


@on_both
def test_a_websocket_has_no_banner_either(server: Peer):
    head = answered(server, line("GET /graphql", *HANDSHAKE))
    assert head.startswith("HTTP/1.1 101 ")
    has_no_banner(head)


@on_both
@pytest.mark.parametrize("missing", HANDSHAKE[2:4])
def test_a_handshake_that_is_none_is_no_exception(server: Peer, missing: str):
    handshake = [one for one in HANDSHAKE if one != missing]
    is_safe(answered(server, line("GET /graphql", *handshake)), "4")


def is_safe(head: str, status: str) -> None:
    """The status is looked at last, so that a plain server does not fail for its sake."""
    fields = fields_of(head)
    for name, value in ALWAYS:
        assert fields.get(name.decode()) == [value.decode()], head
    page = fields.get("content-type", [""])[0].startswith("text/html")
    assert fields.get("content-security-policy", []) == [CONTENT_SECURITY_POLICY[1].decode()] * page
    has_no_banner(head)
    assert head.startswith(f"HTTP/1.1 {status}"), head


def has_no_banner(head: str) -> None:
    assert fields_of(head).keys().isdisjoint({"server", "x-powered-by", "set-cookie"}), head
