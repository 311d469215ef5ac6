"""The record of an entity, made from its own file and its translations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from content_api.content.edition import ParsedFile, Record
from content_api.content.fields import EntityKind
from content_api.content.findings import Finding
from content_api.content.models import EntityTranslation
from content_api.content.translations import merge_problems, merged_entity


def made(key: str, paths: list[str], files: Mapping[str, ParsedFile], findings: list[Finding]) -> Record | None:
    """The record of one entity; None where its own file cannot be used. What keeps translations out is found."""
    name, _, identity = key.partition("/")
    kind = EntityKind(name)
    named = f"{kind.folder}/{identity}.json"
    own = paths[paths.index(named)] if named in paths else named  # one text for all who name the file
    translations = [path for path in paths if path != own]
    if own not in files:
        expected = "Expected the file of the entity beside it"
        findings += [
            Finding(path, "", f"This translates `{key}`, which is not there", expected) for path in translations
        ]
    if own not in files or files[own].value is None:
        return None
    record = Record(key, kind, files[own].value, tuple([(path, files[path].blob) for path in (own, *translations)]))
    if not translations:
        return record
    usable: dict[str, EntityTranslation] = {}
    for path in translations:
        translation = files[path].value
        wrong = list(merge_problems(record, path, translation)) if translation else []
        findings += wrong
        if translation and not wrong:
            usable[translation.locale] = translation
    return replace(record, entity=merged_entity(record, usable)) if usable else record
