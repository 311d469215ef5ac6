"""What only a socket shows."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.live import LiveServer, live


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live("tests.web.small:app") as running:
        yield running


def connect(server: LiveServer) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def head(*fields: str) -> bytes:
    lines = ["POST /graphql HTTP/1.1", "Host: test", "Content-Type: application/json", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def read(connection: socket.socket) -> tuple[str, dict]:
    """The status line and the JSON body of the one answer that comes."""
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    top, _, body = received.partition(b"\r\n\r\n")
    return top.split(b"\r\n")[0].decode(), json.loads(body)


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received and (chunk := connection.recv(65_536)):
        received += chunk
    return received


def test_a_question_is_answered_over_a_socket(server):
    response = httpx2.post(f"{server.url}/graphql", json={"query": "{ name }"}, trust_env=False)
    assert response.json() == {"data": {"name": "small"}}


def test_a_declared_body_that_is_too_large_is_refused_before_it_comes(server):
    with connect(server) as connection:
        connection.sendall(head("Content-Length: 10000000"))
        answer = read_until(connection, b"}]}")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"BODY_TOO_LARGE" in answer


def test_a_chunked_body_that_is_too_large_is_refused_while_it_comes(server):
    with connect(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        for _ in range(11):
            connection.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        answer = read_until(connection, b"}]}")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"BODY_TOO_LARGE" in answer


def test_a_client_that_leaves_in_the_middle_of_its_question_leaves_no_traceback(server):
    for _ in range(3):
        with connect(server) as connection:
            connection.sendall(head("Content-Length: 100") + b'{"query"')
    assert httpx2.get(f"{server.url}/livez", trust_env=False).status_code == 200
    assert "Traceback" not in server.log.read_text()


def test_a_body_in_pieces_is_one_question(server):
    body = b'{"query": "{ name }"}'
    with connect(server) as connection:
        connection.sendall(head(f"Content-Length: {len(body)}", "Connection: close"))
        for byte in body:
            connection.sendall(bytes([byte]))
        status, answer = read(connection)
    assert (status, answer) == ("HTTP/1.1 200 OK", {"data": {"name": "small"}})


def test_head_sends_no_body(server):
    response = httpx2.head(f"{server.url}/graphql", params={"query": "{ name }"}, trust_env=False)
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 0
