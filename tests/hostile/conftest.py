"""Both servers, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile import peer
from tests.hostile.peer import Peer


@pytest.fixture(scope="session")
def ours() -> Iterator[Peer]:
    with peer.ours(CONTENT_API_CORS_ORIGINS="https://example.org") as found:
        yield found


@pytest.fixture(scope="session")
def plain() -> Iterator[Peer]:
    with peer.plain() as found:
        yield found
