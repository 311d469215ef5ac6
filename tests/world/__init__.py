"""The world that every test knows: a dozen small entities in two locales, all of them made up.

| entity | what it is good for |
| --- | --- |
| condition/moon-hiccups | everything a condition has; sections that lack channels; translated whole |
| condition/star-sneezes | its German text is a DRAFT; its English slug is not its id |
| condition/cloud-yawns | a draft entity |
| symptom/glowing-ears | a GROUP; its German text is stale; `symptom/bright-ears` redirects to it |
| symptom/left-ear-glow | part of the group; in English alone |
| symptom/soft-humming | withdrawn, with its reason |
| cause/late-comets | translated by a file of its own beside it |
| cause/old-moonlight | has no section; is a condition in its own right |
| treatment/warm-socks | everything a treatment has, a claim of its seller included |
| treatment/quiet-tea | clinically reviewed, by a person in people/ |
| caution/not-near-fire | CRITICAL, must be displayed, in English alone |
| caution/ask-first | WARNING; applies to five entities, one of them a draft |
| caution/all-made-up | INFO; applies to nothing |

`de-AT` has no text of its own and falls back on `de`. recalls.json is empty. There are no problems in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

FOLDER = Path(__file__).parent / "content"
REMOVED: Any = type("Removed", (), {"__repr__": lambda self: "REMOVED"})()
"""In place of a value: take the field, the list item or the whole file out."""

Edit: TypeAlias = Mapping[str, Any] | Callable[[Any], None] | bytes
"""What becomes of one file: JSON pointer -> new value, a function that changes the document, or the new bytes."""


def files() -> dict[str, bytes]:
    """Path below the content folder -> bytes, sorted by path; yours to change."""
    return dict(_files())


@cache
def _files() -> dict[str, bytes]:
    paths = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths}


def edited(changes: Mapping[str, Edit], base: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The files of the world (or of `base`) with some of them changed, added or REMOVED.

        edited({"conditions/moon-hiccups.json": {"/state": "DRAFT", "/symptoms/0": REMOVED, "/codings/-": {…}}})

    A pointer that ends in `-` adds to the end of a list; one to a field that is not there adds the field.
    """
    result = files() if base is None else dict(base)
    for path, edit in changes.items():
        if edit is REMOVED:
            del result[path]
        else:
            result[path] = edit if isinstance(edit, bytes) else _changed(result[path], edit)
    return dict(sorted(result.items()))


def document(path: str, base: Mapping[str, bytes] | None = None) -> Any:
    """A file of the world (or of `base`) as Python reads it: yours to change, and to give to `as_bytes`."""
    return json.loads((_files() if base is None else base)[path])


def as_bytes(content: Any) -> bytes:
    """A document as editors' tools write it: two blanks of indentation, so that every value has a line of its own."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _changed(data: bytes, edit: Mapping[str, Any] | Callable[[Any], None]) -> bytes:
    content = json.loads(data)
    if callable(edit):
        edit(content)
    else:
        for pointer, value in edit.items():
            _put(content, pointer, value)
    return as_bytes(content)


def _put(content: Any, pointer: str, value: Any) -> None:
    *parts, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in parts:
        content = content[int(part) if isinstance(content, list) else part]
    place: Any = last if isinstance(content, dict) or last == "-" else int(last)
    if value is REMOVED:
        del content[place]
    elif place == "-" and isinstance(content, list):
        content.append(value)
    else:
        content[place] = value
