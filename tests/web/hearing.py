"""What tests ask the servers of talking.py for."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2

from tests.live import LiveServer

SAID = "subscription { said }"


def say(server: LiveServer, **what: int) -> str:
    """Announce, and return the number of the newest version."""
    return httpx2.get(f"{server.url}/say", params=what, trust_env=False, timeout=30).text


def listening(server: LiveServer) -> int:
    """How many listen."""
    return int(httpx2.get(f"{server.url}/listeners", trust_env=False).text)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
