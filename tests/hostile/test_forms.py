"""Each form of request that could be read in two ways, over a real socket: ours, and a plain server's."""

from __future__ import annotations

import socket
import time

import pytest

from tests.hostile.forms import ANSWERED, FORMS, Form
from tests.hostile.peer import Peer, failing, problem, statuses, until_closed

TAKEN = [name for name, form in FORMS.items() if form.ours == form.plain == ANSWERED]
on_both = pytest.mark.parametrize("server", ["ours", failing("plain", "it takes any Host, and none")], indirect=True)
# What must be taken a plain server takes as well, and it says nothing of what it refuses. This one is given a check.
on_strict = pytest.mark.parametrize(
    "server", ["ours", failing("strict", "it takes one spelling of its name, and tells the others")], indirect=True
)
SILENCE = 0.4
"""Seconds without a byte after which a server has said what it has to say."""


def received(peer: Peer, form: Form) -> tuple[bytes, bool]:
    """What comes back, and whether the server closed the connection before anything was due."""
    with peer.connected() as connection:
        connection.sendall(form.sent(peer))
        connection.settimeout(SILENCE)
        found = b""
        try:
            while chunk := connection.recv(65_536):
                found += chunk
        except TimeoutError:
            return found, False
        return found, True


@pytest.mark.parametrize("name", FORMS)
def test_what_can_be_read_in_two_ways_is_refused_and_its_connection_closed(ours: Peer, name: str):
    form = FORMS[name]
    before = ours.refused("BAD_HTTP")
    found, is_closed = received(ours, form)
    assert tuple(statuses(found)) == form.ours
    if form.ours[-1] == 400:
        assert is_closed
        assert problem(found)["code"] == "BAD_HTTP"
    assert ours.refused("BAD_HTTP") - before == (form.ours[-1] == 400)


@pytest.mark.parametrize("name", FORMS)
def test_a_plain_server_takes_many_of_them_and_says_of_none_what_is_wrong(plain: Peer, name: str):
    form = FORMS[name]
    found, _ = received(plain, form)
    assert tuple(statuses(found)) == form.plain
    if form.ours[-1] == 400:
        with pytest.raises((AssertionError, ValueError)):
            problem(found)


@pytest.mark.parametrize("name", TAKEN)
def test_a_server_that_is_too_strict_takes_none_of_those_that_may_be_taken(strict: Peer, name: str):
    """A plain one does, so that the check could not fail with it."""
    form = FORMS[name]
    found, _ = received(strict, form)
    assert tuple(statuses(found)) != form.ours


def test_most_forms_are_refused_and_a_plain_server_answers_a_good_part_of_these():
    refused = [form for form in FORMS.values() if form.ours[-1] == 400]
    assert len(refused) > 70
    assert len([form for form in refused if form.plain != (400,)]) > 20


@on_strict
@pytest.mark.parametrize("host", ["example.org", "example.org:8000", "[2001:db8::1]:80", "127.0.0.1", "a_b", "X.Y."])
def test_a_host_that_is_one_is_taken(server: Peer, host: str):
    with server.connected() as connection:
        connection.sendall(server.post().replace(b"Host: test", f"Host: {host}".encode()))
        assert statuses(connection.recv(65_536)) == [200]


@on_strict
def test_a_whole_address_that_names_the_same_host_is_taken(server: Peer):
    with server.connected() as connection:
        connection.sendall(server.post().replace(b"/graphql", b"HTTP://TEST/graphql", 1))
        assert statuses(connection.recv(65_536)) == [200]


@on_both
def test_what_came_before_is_answered_before_it_is_said_what_is_wrong(server: Peer):
    with server.connected() as connection:
        connection.sendall(server.post() * 3 + server.post().replace(b"Host: test\r\n", b""))
        found = until_closed(connection, 5)
    assert statuses(found) == [200, 200, 200, 400]
    assert problem(found)["detail"] == "There is no header field `Host`."


@on_both
def test_a_refusal_to_a_head_request_has_no_body(server: Peer):
    with server.connected() as connection:
        connection.sendall(b"HEAD /livez HTTP/1.1\r\n\r\n")
        found = until_closed(connection, 5)
    assert found.startswith(b"HTTP/1.1 400 ")
    assert found.endswith(b"\r\n\r\n")


@on_both
def test_who_goes_on_sending_still_hears_why_it_was_refused(server: Peer):
    """To close at once would send it a reset, by which what it has not read yet is lost."""
    with server.connected() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\n\r\n" + b"x" * 1_000_000)
        time.sleep(0.2)
        found = until_closed(connection, 5)
    assert problem(found)["code"] == "BAD_HTTP"


@on_strict
def test_a_refusal_says_nothing_of_what_was_sent(server: Peer):
    with server.connected() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: <script>" + b"secret" * 100 + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        found = until_closed(connection, 5)
    assert b"secret" not in found
    assert b"script" not in found
