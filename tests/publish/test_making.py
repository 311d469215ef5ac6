"""Making an edition ready: what is kept out of the garbage collector's way, and what is not."""

from __future__ import annotations

import gc
import weakref

from content_api.publish.making import make_edition
from content_api.store.snapshot import Limits
from tests import world
from tests.world.snapshot import MemorySnapshot


class Circle:
    """What a request may leave behind: something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


class Busy(MemorySnapshot):
    """A snapshot that is read while a request is answered."""

    left: weakref.ref[Circle]

    def read(self, blobs):
        self.left = weakref.ref(Circle())
        return super().read(blobs)


def test_what_requests_leave_while_an_edition_is_made_is_not_kept_for_ever():
    first = make_edition(MemorySnapshot(world.files()), Limits())
    busy = Busy(world.edited({"conditions/moon-hiccups.json": {"/text/en/name": "Renamed"}}))
    make_edition(busy, Limits(), first)
    gc.collect()
    assert busy.left() is None
