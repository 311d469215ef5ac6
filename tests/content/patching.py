"""A patch applied as RFC 6902 says: in order, each at its pointer."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from content_api.content.patch import ABSENT, FieldChange


def applied(changes: Iterable[FieldChange], document: Any) -> Any:
    """The document after the changes. What each says was there before must be there."""
    result = copy.deepcopy(document)
    for change in changes:
        if change.pointer == "":
            result = change.after
            continue
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in change.pointer.split("/")[1:]]
        inside = result
        for part in way:
            inside = inside[int(part) if isinstance(inside, list) else part]
        place: Any = int(last) if isinstance(inside, list) else last
        _apply(change, inside, place)
    return result


def _apply(change: FieldChange, inside: Any, place: Any) -> None:
    if change.before is not ABSENT:
        assert inside[place] == change.before, change
    elif isinstance(inside, dict):
        assert place not in inside, change
    if change.after is ABSENT:
        del inside[place]
    elif change.before is ABSENT and isinstance(inside, list):
        assert place <= len(inside), change
        inside.insert(place, change.after)
    else:
        inside[place] = change.after
