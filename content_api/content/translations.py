"""Translations: those that stand in files of their own, and those whose source has moved on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter

from content_api.content.edition import Library, ParsedFile, Record
from content_api.content.fields import EntityKind, EntityText, TranslationStatus
from content_api.content.findings import Finding
from content_api.content.items import Item, items, wordings
from content_api.content.models import ENTITY_MODELS, Entity, EntityTranslation
from content_api.content.suggest import suggestion


def merge_problems(record: Record, path: str, translation: EntityTranslation) -> Iterator[Finding]:
    """What keeps a translation file from being laid over its entity."""
    if translation.locale in record.entity.text:
        yield Finding(
            path,
            "/locale",
            f"`{record.path}` has text in `{translation.locale}` too",
            "Keep one of the two",
        )
    fields = {item.value.key: item_fields(item) for item in items(record.kind, record.entity)}
    for key, texts in translation.items.items():
        if key not in fields:
            found = f"`{record.key}` has no item with the key `{key}`"
            yield Finding(path, f"/items/{key}", found, "Expected the key of an item", suggestion(key, fields))
            continue
        for name in texts:
            if name not in fields[key]:
                found = f"The item `{key}` has no text `{name}`"
                yield Finding(path, f"/items/{key}/{name}", found, f"Expected {' or '.join(fields[key])}")


def item_fields(item: Item) -> dict[str, str]:
    """Name of each text of an item -> its pointer in the entity."""
    return {pointer.rpartition("/")[2]: pointer for pointer, _ in wordings(item)}


def merged_entity(record: Record, translations: Mapping[str, EntityTranslation]) -> Entity:
    """The entity with the text of its translation files (locale -> file) laid over it."""
    adapter = adapter_of(record.kind)
    content = adapter.dump_python(record.entity, mode="json", by_alias=True)
    places = {item.value.key: item_fields(item) for item in items(record.kind, record.entity)}
    for locale, translation in translations.items():
        content["text"][locale] = text_adapter().dump_python(translation.text, mode="json", by_alias=True)
        for key, texts in translation.items.items():
            for name, text in texts.items():
                at(content, places[key][name])[locale] = text
    merged: Entity = adapter.validate_json(orjson.dumps(content))
    return merged


def at(content: Any, pointer: str) -> Any:
    """The value at a JSON pointer whose parts need no unescaping: field names and list places."""
    for part in pointer.split("/")[1:]:
        content = content[int(part) if isinstance(content, list) else part]
    return content


@cache
def adapter_of(kind: EntityKind) -> TypeAdapter[Any]:
    return TypeAdapter(ENTITY_MODELS[kind])


@cache
def text_adapter() -> TypeAdapter[EntityText]:
    return TypeAdapter(EntityText)


def where_written(finding: Finding, record: Record, files: Mapping[str, ParsedFile]) -> Finding:
    """A finding about merged text, moved to the place in the translation file that the text is in."""
    parts = finding.pointer.split("/")
    for path, _ in record.files[1:]:
        translation: EntityTranslation | None = files[path].value
        if translation is None:
            continue
        if parts[1:3] == ["text", translation.locale]:
            return replace(finding, path=path, pointer="/".join(["", "text", *parts[3:]]))
        if parts[-1] == translation.locale:
            for pointer, place in item_places(record, translation):
                if finding.pointer == pointer:
                    return replace(finding, path=path, pointer=place)
    return finding


def item_places(record: Record, translation: EntityTranslation) -> Iterator[tuple[str, str]]:
    """(pointer in the merged entity, pointer in the translation file) of each text of an item."""
    for item in items(record.kind, record.entity):
        for name, pointer in item_fields(item).items():
            if name in translation.items.get(item.value.key, ()):
                yield f"{pointer}/{translation.locale}", f"/items/{item.value.key}/{name}"


# --- Stale translations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StaleTranslation:
    """A translation made from a text that has changed since. No problem: it is served, and listed for a translator."""

    key: str
    path: str
    locale: str
    of: str | None
    now: str


def text_revision(text: EntityText) -> str:
    """What a translation's `of` names: the first 12 hex digits of a hash of the source text, whatever its layout."""
    # Without defaults, so that a field which is new to the model makes no translation stale.
    content = text_adapter().dump_python(
        text, mode="json", by_alias=True, exclude={"translation"}, exclude_defaults=True
    )
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def stale_translations(library: Library) -> Iterator[StaleTranslation]:
    """Every CHECKED or DRAFT translation whose `of` is not the revision of the default locale's text, by key."""
    default = library.site.default_locale
    for key in sorted(library.records):
        record = library.records[key]
        if len(record.entity.text) == 1:
            continue
        now = text_revision(record.entity.text[default])
        for locale, text in record.entity.text.items():
            if text.translation.status is not TranslationStatus.SOURCE and text.translation.of != now:
                yield StaleTranslation(key, written_in(record, locale), locale, text.translation.of, now)


def written_in(record: Record, locale: str) -> str:
    """The path of the file that an entity's text in a locale is in."""
    own = [path for path, _ in record.files if path.endswith(f".{locale}.json")]
    return own[0] if own else record.path
