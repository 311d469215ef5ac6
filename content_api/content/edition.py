"""An edition: all entities of a snapshot, indexed, immutable. What is served.

An edition is made from nothing or from the one before it; either way it is the same edition (a property test says so),
but made from the one before it costs what changed: its large maps share all else with those of the one before. To copy
50,000 keys would stop the readers for up to 10 ms, and then the garbage collector would have to walk the copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeAlias

from immutables import Map

from content_api.content.archive import NO_ARCHIVE, Archive
from content_api.content.day import today
from content_api.content.fields import EntityKind, State
from content_api.content.models import Caution, Entity, Person, Recall, Site, Source
from content_api.content.relations import codings, targets
from content_api.store.snapshot import Entry, Version


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

    records: Map[str, Record]
    indexes: Indexes
    sources: Mapping[str, Source]
    people: Mapping[str, Person]
    site: Site
    redirects: Mapping[str, str]
    """`kind/old-slug-or-id` -> `kind/id`."""
    recalls: Mapping[str, Recall]
    unread: frozenset[str] = frozenset()
    """Keys of what is there but could not be read. Empty in an edition; rules do not call these missing."""
    before: Map[str, Record] = field(default_factory=Map, repr=False, compare=False)
    """The records from which these were made."""
    touched: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """Keys of the records that came, went or were made anew meanwhile."""

    def entity(self, key: str) -> Entity | None:
        record = self.records.get(key)
        return record.entity if record else None

    def touched_since(self, records: Map[str, Record]) -> Collection[str]:
        """Keys of all records that are not the same here: known where these were made from those, else compared."""
        if records is self.before:
            return self.touched
        return {
            *(key for key, record in self.records.items() if records.get(key) is not record),
            *(key for key in records if key not in self.records),
        }


def written_otherwise(before: Library, after: Library) -> Iterator[str]:
    """Keys of the entities that are in one of two libraries only, or stand in other files."""
    old, new = before.records, after.records
    for key in after.touched_since(old):
        one, other = old.get(key), new.get(key)
        if one is None or other is None or one.files != other.files:
            yield key


@dataclass(frozen=True, slots=True)
class Edition:
    """A library that keeps every rule, and the version that it is.

    What a version says of recalls holds in it for ever, and what the live version says holds in it too: where both
    speak of one entity, the live one's words count. So a recall that was lifted does not hide in the versions without
    it, and a version that has it still does as its editors said.
    """

    version: Version
    library: Library
    files: Map[str, ParsedFile]
    """Every file of the snapshot by path, so that the next version reads only what changed."""
    entries: Mapping[str, Entry] = field(default_factory=dict, repr=False, compare=False)
    """What the snapshot said that it has, of which the next one may know how it differs."""
    clock: Callable[[], date] = today
    """Today, by which a review is overdue or not. Tests set it."""
    archive: Archive = field(default=NO_ARCHIVE, repr=False, compare=False)
    """Where the other versions are, and what git knows of this one's past."""
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What is worked out once and kept: the views made so far, and the search index."""
    later_recalls: Mapping[str, Recall] = field(default_factory=dict)
    """The recalls of the live version, in an edition of an older one; `recalled_as` sets them."""
    recalls: Mapping[str, Recall] = field(init=False, repr=False, compare=False)
    """Its own recalls and the later ones: what is not shown."""
    withheld: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Key of what is not shown because it requires a caution that is recalled and has no stand-in -> that caution."""

    def __post_init__(self) -> None:
        own, later = self.library.recalls, self.later_recalls
        recalls = {**own, **later} if later else own
        object.__setattr__(self, "recalls", recalls)
        object.__setattr__(self, "withheld", withheld_by(self.library, recalls) if recalls else {})

    def hides(self, key: str) -> bool:
        """Whether a recall hides an entity, be it its own or that of a caution it may not be shown without."""
        return key in self.recalls or key in self.withheld


def stand_in(key: str, library: Library, recalls: Mapping[str, Recall]) -> str | None:
    """The caution to be shown where one is required: itself, or what replaces it if it is recalled; None where nothing
    of this library does. A replacement can be recalled in its turn, in a version later than the first."""
    passed: set[str] = set()
    while key in recalls:
        passed.add(key)
        replacement = recalls[key].replacement
        if replacement is None or replacement in passed:
            return None
        key = replacement
    if not passed:
        return key
    entity = library.entity(key)
    return key if isinstance(entity, Caution) and entity.state is State.PUBLISHED else None


def withheld_by(library: Library, recalls: Mapping[str, Recall]) -> dict[str, str]:
    """What may not be shown since a caution that it requires is recalled and nothing stands in, and that caution.

    Cautions are shown all the same: to leave out one more warning would help nobody.
    """
    referrers = library.indexes.referrers
    return {
        key: caution
        for caution in sorted(recalls)
        if (requiring := referrers.get((caution, "required_cautions"))) and stand_in(caution, library, recalls) is None
        for key in requiring
        if key not in recalls and not key.startswith(f"{EntityKind.CAUTION}/")
    }


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


Places: TypeAlias = tuple[dict[Any, list[str]], ...]
"""For each of the indexes: what it finds -> the keys of some records found there, in no particular order."""


def no_places() -> Places:
    return tuple([defaultdict(list) for _ in fields(Indexes)])


def put(record: Record, places: Places) -> None:
    """Note where a record is found."""
    key = record.key
    for index, found in zip(places, index_places(record), strict=True):
        for place in found:
            index[place].append(key)


def places_of(records: Iterable[Record]) -> Places:
    places = no_places()
    for record in records:
        put(record, places)
    return places


def indexed(places: Places) -> Indexes:
    """The indexes of records that are found at these places, and of no others."""
    return Indexes(*[{place: as_keys(keys) for place, keys in index.items()} for index in places])


def reindexed(indexes: Indexes, gone: Places, come: Places) -> Indexes:
    """The indexes after some records went and others came; the old ones stay as they were."""
    known: list[Index] = [getattr(indexes, each.name) for each in fields(Indexes)]
    return Indexes(*map(merged, known, gone, come))


def merged(index: Index, gone: Mapping[Any, list[str]], come: Mapping[Any, list[str]]) -> Index:
    """An index with some places redone, and those that came out empty left out.

    Most changes of an entity leave it where it was; then the index stays the same, and nothing is copied.
    """
    touched = [place for place in {*gone, *come} if set(gone.get(place, ())) != set(come.get(place, ()))]
    if not touched:
        return index
    result = index.copy()
    for place in touched:
        if keys := set(index.get(place, ())) - set(gone.get(place, ())) | set(come.get(place, ())):
            result[place] = as_keys(keys)
        else:
            result.pop(place, None)
    return result


def as_keys(keys: Collection[str]) -> tuple[str, ...]:
    """Keys once each, sorted."""
    return tuple(keys) if len(keys) == 1 else tuple(sorted(set(keys)))
