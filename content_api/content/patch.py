"""From one JSON document to another, as the fewest changes that a reviewer can read.

Taken in order they are a JSON Patch (RFC 6902): what was absent is added at its pointer, what is absent now is removed,
anything else is replaced. So a pointer is a place in the newer document; the last part of one that is removed from a
list is its place in the older.

Things in a list are matched by what names them, not by position: one that is inserted is one change, and those behind
it are none. One that moved is taken out and put in, whole: a patch has `move`, but a reviewer has to read the place
that it came to anyhow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Final


class Absent(Enum):
    """In place of a value: there is none. Not the same as null."""

    ABSENT = "ABSENT"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place of a document where another value stands, or one more or one less. Either side may be ABSENT."""

    pointer: str
    """RFC 6901 JSON pointer, as in `/text/en/summary`."""
    before: Any
    after: Any


# Name of a list -> the fields that name each thing in it. In all others that is its `key`, or the text that it is.
NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "symptoms": ("symptom",),
    "causes": ("cause",),
    "treatments": ("treatment",),
    "relatedConditions": ("condition",),
    "alternateNames": ("name",),
    "codings": ("system", "code"),
    "citations": ("source", "role"),
}


def patch(before: Any, after: Any, at: str = "") -> Iterator[FieldChange]:
    """The changes that make of one document the other, in the order of the newer. `at` is where the two stand."""
    if before == after:  # which most of a document is; Python's own comparison is the quickest way to see it
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _in_object(before, after, at)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_list(before, after, at)
    else:
        yield FieldChange(at, before, after)


def _in_object(before: Mapping[str, Any], after: Mapping[str, Any], at: str) -> Iterator[FieldChange]:
    for name, value in after.items():
        pointer = f"{at}/{_escaped(name)}"
        yield from patch(before[name], value, pointer) if name in before else [FieldChange(pointer, ABSENT, value)]
    for name, value in before.items():
        if name not in after:
            yield FieldChange(f"{at}/{_escaped(name)}", value, ABSENT)


def _in_list(before: Sequence[Any], after: Sequence[Any], at: str) -> Iterator[FieldChange]:
    """What went, from the end, so that no place is moved before it is used; what came; what changed within the rest."""
    kept = _matches(_names(before, at), _names(after, at))
    stayed = set(kept)
    for place in reversed(range(len(before))):
        if place not in stayed:
            yield FieldChange(f"{at}/{place}", before[place], ABSENT)
    new_places = set(kept.values())
    for place, value in enumerate(after):
        if place not in new_places:
            yield FieldChange(f"{at}/{place}", ABSENT, value)
    for old, new in kept.items():
        yield from patch(before[old], after[new], f"{at}/{new}")


def _names(things: Sequence[Any], at: str) -> list[tuple[Any, int]]:
    """What names each thing of a list, and how many of that name stand before it: no two are the same."""
    fields = NAMED_BY.get(at.rpartition("/")[2], ("key",))
    seen: Counter[Any] = Counter()
    names = []
    for thing in things:
        name = tuple(thing[field] for field in fields) if isinstance(thing, dict) else thing
        names.append((name, seen[name]))
        seen[name] += 1
    return names


def _matches(before: list[tuple[Any, int]], after: list[tuple[Any, int]]) -> dict[int, int]:
    """Old place -> new place of what is in both lists in the same order."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
