"""Content in which every text says which version it is of, and ways to break it.

Each name and summary carries the version's serial number as a word, `n00017`. So whatever an answer is made of, and
however much of it, the numbers in its bytes are all one number, or it mixes two versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.generator import as_bytes, generate
from tests.repositories import Change, Submodule, Symlink

ENTITIES = 25  # enough for references of every kind and three pages; a publication takes a few hundredths of a second
EXTRAS = 5
"""Causes of which none to four are drafts, by the serial number: so lists and counts differ from version to version."""
RECALLABLE = "cause/recallable"
MARKER = "marker"
"""A word that every name has, for a search that finds everything."""
SERIAL = re.compile(rb"\bn(\d{5})\b")

Files = Mapping[str, Change]


def word(serial: int) -> str:
    return f"n{serial:05}"


def serials(body: bytes) -> set[int]:
    """The serial numbers that an answer has."""
    return {int(found) for found in SERIAL.findall(body)}


def published(serial: int, recalled: bool) -> int:
    """How many entities the public sees."""
    return ENTITIES + serial % EXTRAS + (not recalled)


def files(serial: int, recalled: bool = False) -> dict[str, Change]:
    """Path in the repository -> bytes of a version."""
    found = {f"content/{path}": _numbered(path, document, serial) for path, document in _documents().items()}
    found["content/recalls.json"] = as_bytes({**_documents()["recalls.json"], "recalls": [_recall()] * recalled})
    return dict(found)


def _recall() -> dict[str, Any]:
    return {"id": RECALLABLE, "reason": {"en": "It was made up."}, "since": "2026-01-01T00:00:00Z"}


def _numbered(path: str, document: Any, serial: int) -> bytes:
    if "text" not in document:
        return as_bytes(document)
    text = document["text"]["en"]
    numbered = {**text, "name": f"{text['name']} {MARKER} {word(serial)}", "summary": f"Summary of {word(serial)}."}
    number = re.search(r"extra-(\d)", path)
    drafted = {"state": "DRAFT"} if number and int(number[1]) >= serial % EXTRAS else {}
    return as_bytes({**document, "text": {"en": numbered}} | drafted)


@cache
def _documents() -> dict[str, Any]:
    found = {path: json.loads(data) for path, data in generate(ENTITIES).items()}
    model = next(
        document for path, document in found.items() if path.startswith("causes/") and path.endswith("-1.json")
    )
    for name in [*(f"extra-{number}" for number in range(EXTRAS)), "recallable"]:
        text = {**model["text"]["en"], "slug": name, "name": name.replace("-", " ").capitalize()}
        found[f"causes/{name}.json"] = {
            **model,
            "id": name,
            "text": {"en": text},
            "requiredCautions": [],
            "codings": [],
        }
    return found


# ---- broken content


def _first(files: Files, kind: str) -> tuple[str, bytes]:
    path = next(path for path in files if path.startswith(f"content/{kind}/"))
    data = files[path]
    assert isinstance(data, bytes)
    return path, data


def _replaced(old: bytes, new: bytes, kind: str = "symptoms") -> Callable[[Files], Files]:
    def broken(files: Files) -> Files:
        path, data = _first(files, kind)
        assert old in data, (old, path)
        return {path: data.replace(old, new, 1)}

    return broken


def _cut(files: Files) -> Files:
    path, data = _first(files, "treatments")
    return {path: data[: len(data) // 2]}


def _taken_away(files: Files) -> Files:
    return {_first(files, "conditions")[0]: None}


def _collision(files: Files) -> Files:
    folder, _, name = _first(files, "symptoms")[0].rpartition("/")
    return {f"{folder}/{name.upper()}": b"{}"}


def _large(files: Files) -> Files:
    path, data = _first(files, "causes")
    return {path: data + b" " * 1_000_000}


BREAKAGES: dict[str, Callable[[Files], Files]] = {
    "cut in the middle": _cut,
    "conflict markers": _replaced(b"{", b"<<<<<<< HEAD\n{"),
    "a key twice": _replaced(b'"state"', b'"state": "DRAFT", "state"'),
    "an unknown field": _replaced(b'"state"', b'"colour": "red", "state"'),
    "an unknown state": _replaced(b'"PUBLISHED"', b'"DONE"'),
    "not UTF-8": _replaced(b"Summary", b"Summ\xe4ry"),
    "a dangling reference": _replaced(b'"symptom": "', b'"symptom": "no-', "conditions"),
    "a file that is gone": _taken_away,
    "a model of tomorrow": lambda files: {"content/site.json": b'{"modelVersion": 999}'},
    "no site": lambda files: {"content/site.json": None},
    "a file of a megabyte": _large,
    "a symlink": lambda files: {_first(files, "cautions")[0]: Symlink("../site.json")},
    "a submodule": lambda files: {"content/symptoms/other": Submodule("1" * 40)},
    "names that collide": _collision,
    "a name with a line feed": lambda files: {"content/symptoms/a\nb.json": b"{}"},
    "folders twenty deep": lambda files: {f"content/symptoms/{'a/' * 20}a.json": b"{}"},
    "everything gone": lambda files: {path: None for path in files if not path.endswith("site.json")},
}
"""What is wrong -> what is changed in good files to make it so."""
