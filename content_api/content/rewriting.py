"""Writing the files of older content as today's model has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import json_source_map

from content_api.content.edition import Edition
from content_api.content.layout import FileKind, Place, place_of
from content_api.content.migrations import MODEL_VERSION, Written
from content_api.content.parse import parse
from content_api.errors import ContentError
from content_api.store.snapshot import Snapshot


def rewritten_files(edition: Edition, snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """(path, new bytes) of every file that is written otherwise in today's model, site.json last."""
    model = edition.library.site.model_version
    if model == MODEL_VERSION:
        return
    places = ((path, place_of(path)) for path in sorted(edition.files))
    read = sorted(((path, place) for path, place in places if place), key=lambda each: each[1].kind is FileKind.SITE)
    contents = snapshot.read([edition.files[path].blob for path, _ in read])
    for (path, place), (_, data) in zip(read, contents, strict=True):
        new = proven(path, place, rewritten(data, Written(place.kind, model)), edition.files[path].value)
        if new != data:
            yield path, new


def rewritten(data: bytes, written: Written) -> bytes:
    """The bytes of a file without problems in today's model: names of fields, and nothing else of its text, change."""
    text = data.decode()
    for _, names in written.renamings():
        for old, new in names.items():
            if entry := json_source_map.calculate(text).get(f"/{old}"):
                text = f'{text[: entry.key_start.position]}"{new}"{text[entry.key_end.position :]}'
    if written.kind is FileKind.SITE:
        entry = json_source_map.calculate(text)["/modelVersion"]
        text = f"{text[: entry.value_start.position]}{MODEL_VERSION}{text[entry.value_end.position :]}"
    return text.encode()


def proven(path: str, place: Place, data: bytes, value: Any) -> bytes:
    """The new bytes, if they say what the old ones said. Raises ContentError where names are written with escapes."""
    found, _ = parse(path, place, data)
    changed = {"model_version"} if place.kind is FileKind.SITE else set()
    if found is None or any(
        getattr(found, field.name) != getattr(value, field.name) for field in fields(value) if field.name not in changed
    ):
        raise ContentError(f"{path} cannot be written anew by a program. Rename its fields by hand, and begin again")
    return data
