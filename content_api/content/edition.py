"""An edition: all entities of a snapshot, indexed, immutable. What is served.

An edition is made from nothing or from the one before it; either way it is the same edition (a property test says so),
but made from the one before it costs what changed: the dictionaries are copied and only the places touched are redone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeAlias

from content_api.content.fields import EntityKind
from content_api.content.models import Entity, Person, Recall, Site, Source
from content_api.content.relations import codings, targets
from content_api.store.snapshot import Version


@dataclass(frozen=True, slots=True)
class Record:
    """An entity with where it came from."""

    key: str
    """`kind/id`."""
    kind: EntityKind
    entity: Entity
    files: tuple[tuple[str, str], ...]
    """(path, blob id) of its own file and then of its translations, by locale."""

    @property
    def path(self) -> str:
        return self.files[0][0]

    @property
    def revision(self) -> str:
        """Changes when, and only when, the bytes of the entity's files do: their blob ids joined by `.`."""
        return ".".join(blob for _, blob in self.files)


# What an index finds -> the keys of the entities found there, sorted.
Index: TypeAlias = dict[Any, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Indexes:
    """How entities are found. Drafts and withdrawn ones are in here too: what may be seen is a view's business."""

    kinds: Index = field(default_factory=dict)
    """EntityKind -> keys."""
    referrers: Index = field(default_factory=dict)
    """(target key, relation name) -> keys of the entities that refer to it there."""
    slugs: Index = field(default_factory=dict)
    """(kind, locale, slug) -> keys; more than one is a problem."""
    codes: Index = field(default_factory=dict)
    """(system, code) -> keys."""


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that was read, whether or not it keeps the rules."""

    records: dict[str, Record]
    indexes: Indexes
    sources: Mapping[str, Source]
    people: Mapping[str, Person]
    site: Site
    redirects: Mapping[str, str]
    """`kind/old-slug-or-id` -> `kind/id`."""
    recalls: Mapping[str, Recall]
    unread: frozenset[str] = frozenset()
    """Keys of what is there but could not be read. Empty in an edition; rules do not call these missing."""

    def entity(self, key: str) -> Entity | None:
        record = self.records.get(key)
        return record.entity if record else None


@dataclass(frozen=True, slots=True)
class Edition:
    """A library that keeps every rule, and the version that it is."""

    version: Version
    library: Library
    files: Mapping[str, ParsedFile]
    """Every file of the snapshot by path, so that the next version reads only what changed."""
    clock: Callable[[], date] = date.today
    """Today, by which a review is overdue or not. Tests set it."""
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What is worked out once and kept: the views made so far, and the search index."""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file that was read and fits its model. `value` is None for a file that is not content, such as a README."""

    blob: str
    value: Any


def index_places(record: Record) -> tuple[Sequence[Any], ...]:
    """The places where a record is found, for each of the indexes, in the order of their fields."""
    entity, kind = record.entity, record.kind
    slugs = [(kind, locale, text.slug) for locale, text in entity.text.items()]
    codes = [(coding.system, coding.code) for coding in codings(entity)]
    return (kind,), targets(kind, entity), slugs, codes


def indexed(records: Iterable[Record]) -> Indexes:
    """Indexes of records, from nothing."""
    found: list[dict[Any, list[str]]] = [defaultdict(list) for _ in fields(Indexes)]
    for record in records:
        key = record.key
        for index, places in zip(found, index_places(record), strict=True):
            for place in places:
                index[place].append(key)
    return Indexes(*[{place: as_keys(keys) for place, keys in index.items()} for index in found])


def reindexed(indexes: Indexes, removed: Iterable[Record], added: Iterable[Record]) -> Indexes:
    """The indexes after some records went and others came; the old ones stay as they were."""
    known: list[Index] = [getattr(indexes, each.name) for each in fields(Indexes)]
    touched: list[dict[Any, set[str]]] = [{} for _ in known]
    for records, change in ((removed, set.discard), (added, set.add)):
        for record in records:
            for index, redone, places in zip(known, touched, index_places(record), strict=True):
                for place in places:
                    if place not in redone:
                        redone[place] = set(index.get(place, ()))
                    change(redone[place], record.key)
    return Indexes(*map(merged, known, touched))


def merged(index: Index, touched: Mapping[Any, set[str]]) -> Index:
    """An index with some places replaced, and those that came out empty left out."""
    if not touched:
        return index
    result = index.copy()
    for place, keys in touched.items():
        if keys:
            result[place] = as_keys(keys)
        else:
            result.pop(place, None)
    return result


def as_keys(keys: Collection[str]) -> tuple[str, ...]:
    """Keys once each, sorted."""
    return tuple(keys) if len(keys) == 1 else tuple(sorted(set(keys)))
