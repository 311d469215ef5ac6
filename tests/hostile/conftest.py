"""The servers, each started once."""

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


@pytest.fixture(scope="session")
def strict() -> Iterator[Peer]:
    """A plain server that answers to one spelling of its name alone."""
    with peer.plain(app="plain:strict") as found:
        yield found


@pytest.fixture(scope="session")
def impatient() -> Iterator[Peer]:
    """A plain server with a deadline that ends whatever lasts."""
    with peer.plain("--http", "tests.hostile.plain:Impatient") as found:
        yield found


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Peer:
    """The one that the parameter of a check names."""
    found: Peer = request.getfixturevalue(request.param)
    return found
