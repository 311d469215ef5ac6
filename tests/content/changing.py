"""What the tests of changes share: the world changed, and what is told of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from content_api.content.change import Change, ChangeKind
from content_api.content.edition import Edition
from content_api.content.load import load
from tests import world
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot


def edition(edits: Mapping[str, world.Edit], new: Mapping[str, bytes] | None = None) -> Edition:
    """The world with some changes and some new files, made from the world."""
    return load(MemorySnapshot(world.edited(edits) | (new or {})), known=world_edition())


def told(found: tuple[Change, ...]) -> dict[str, ChangeKind]:
    return {each.key: each.kind for each in found}


def german_texts(inside: Any, at: str = "") -> Iterator[str]:
    """Pointers of all texts that are in German."""
    parts = inside.items() if isinstance(inside, dict) else enumerate(inside) if isinstance(inside, list) else ()
    for name, value in parts:
        if name == "de" and isinstance(value, str):
            yield f"{at}/{name}"
        yield from german_texts(value, f"{at}/{name}")
