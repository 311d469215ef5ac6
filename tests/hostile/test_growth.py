"""Memory does not grow with what clients send: whatever it is that is another in each request."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.hostile import peer
from tests.hostile.peer import Peer
from tests.hostile.unique import KINDS, SETTINGS, Ask

# Bytes for each request. What is told apart by a hash takes 60 to 150 of them, until that is full as well.
MOST = 512
# As many as come in seconds. GROWTH_REQUESTS asks for more.
REQUESTS = int(os.environ.get("GROWTH_REQUESTS", "1000"))

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="what memory is used is told by glibc 2.33 and newer"
)
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def keeping_little() -> Iterator[Peer]:
    with peer.ours(**SETTINGS) as found:
        yield found


def growth(server: Peer, kind: str, fill: int, requests: int) -> Iterator[tuple[float, float]]:
    """Bytes that are held more for each of some requests, and used: again and again, after those that fill what is
    kept."""
    words = iter(f"{kind.replace(' ', '')}{number:07d}" for number in range(10**7))

    def memory(ask: Ask, requests: int) -> tuple[int, int]:
        for _ in range(requests):
            ask(next(words))
        return server.memory()

    with contextmanager(KINDS[kind].asking)(server) as ask:
        before = memory(ask, fill)
        while True:
            after = memory(ask, requests)
            yield (after[0] - before[0]) / requests, (after[1] - before[1]) / requests
            before = after


@each_kind
def test_our_server_keeps_nothing_of_what_never_comes_again(keeping_little: Peer, kind: str):
    """Tables of hashes double now and then until they are full, so that it is looked at up to three times. What is kept
    for ever shows each time."""
    seen = growth(keeping_little, kind, KINDS[kind].fill, REQUESTS)
    looks = []
    while not looks or looks[-1] >= MOST:
        looks.append(max(next(seen)))
        assert len(looks) < 3 or looks[-1] < MOST, looks


@each_kind
def test_a_plain_server_does(plain: Peer, kind: str):
    """It uses more, though it may have held that before, in holes that others have left."""
    _, used = next(growth(plain, kind, fill=100, requests=200))
    assert used > MOST
