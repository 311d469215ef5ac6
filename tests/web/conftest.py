"""What the tests of the web share: the servers of talking.py, which are started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import LiveServer, live


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    """A server that has something to say."""
    with live("tests.web.talking:app") as running:
        yield running


@pytest.fixture(scope="session")
def hasty() -> Iterator[LiveServer]:
    """One whose heart beats every 0.1 s, and that waits 0.3 s for a greeting and for a client that does not read."""
    with live("tests.web.talking:hasty") as running:
        yield running
