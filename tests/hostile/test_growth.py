"""Memory does not grow with what clients send: whatever it is that is another in each request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile import peer
from tests.hostile.memory import IS_KNOWN, memory, telling
from tests.hostile.peer import Peer
from tests.hostile.unique import KINDS, SETTINGS, Ask

# Bytes for each request. What is told apart by a hash takes 60 to 150 of them, until that is full as well.
MOST = 512
# As many as come in seconds. GROWTH_REQUESTS asks for more.
REQUESTS = int(os.environ.get("GROWTH_REQUESTS", "1000"))
LOOKS = 6

pytestmark = pytest.mark.skipif(not IS_KNOWN, reason="what memory is used is told by glibc 2.33 and newer")
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("memory") / "told"


@pytest.fixture(scope="module")
def keeping_little(told: Path) -> Iterator[Peer]:
    with peer.ours(**SETTINGS, **telling(told)) as found:
        yield found


@pytest.fixture(scope="module")
def keeping(told: Path) -> Iterator[Peer]:
    """A plain server with the caches that people give it."""
    with peer.plain(app="plain_keeping:keeping", **telling(told)) as found:
        yield found


@pytest.fixture(scope="module")
def noting(told: Path) -> Iterator[Peer]:
    """A plain server that notes all of every request."""
    with peer.plain(app="plain_keeping:noting", **telling(told)) as found:
        yield found


def growth(server: Peer, told: Path, kind: str, fill: int, requests: int) -> Iterator[tuple[float, float]]:
    """Bytes that are held more for each of some requests, and used: again and again, after those that fill what is
    kept."""
    words = iter(f"{kind.replace(' ', '')}{number:07d}" for number in range(10**7))

    def after(ask: Ask, requests: int) -> tuple[int, int]:
        for _ in range(requests):
            ask(next(words))
        return memory(server.process, told)

    with contextmanager(KINDS[kind].asking)(server) as ask:
        held, used = after(ask, fill)
        while True:
            before = held, used
            held, used = after(ask, requests)
            yield (held - before[0]) / requests, (used - before[1]) / requests


@each_kind
def test_our_server_keeps_nothing_of_what_never_comes_again(keeping_little: Peer, told: Path, kind: str):
    """Tables of hashes double now and then until they are full, and what waits for the collector is more at some times
    than at others, so that it is looked at up to six times. What is kept for ever shows each time."""
    seen, over = growth(keeping_little, told, kind, KINDS[kind].fill, REQUESTS), []
    while (most := max(next(seen))) >= MOST:
        over.append(most)
        assert len(over) < LOOKS, over


KEPT = [kind for kind, found in KINDS.items() if found.is_kept]


@pytest.mark.parametrize("kind", KEPT)
def test_a_plain_server_does(keeping: Peer, told: Path, kind: str):
    grows(keeping, told, kind)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - set(KEPT)))
def test_whoever_notes_it_does(noting: Peer, told: Path, kind: str):
    """Plain Strawberry keeps nothing of these, so that a dict has to show that it would be seen."""
    grows(noting, told, kind)


def grows(server: Peer, told: Path, kind: str) -> None:
    """It uses more, though it may have held that before, in holes that others have left."""
    _, used = next(growth(server, told, kind, fill=100, requests=200))
    assert used > MOST
