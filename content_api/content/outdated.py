"""Which answers may differ once one edition stands in the place of another, as the tags that they carry.

Too many tags cost a cache some work; one too few leaves a reader with what was taken back. So where it is not plain
that an answer stays the same, its tag is here. A property test compares answers before and after, and holds this to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from content_api.content import tags
from content_api.content.edition import Edition, Record, written_otherwise
from content_api.content.fields import EntityKind, State, TranslationStatus
from content_api.content.models import Caution
from content_api.content.relations import codings, targets

EVERYTHING = frozenset((tags.SITE,))


def outdated(before: Edition, after: Edition, touched: Collection[str] = ()) -> frozenset[str]:
    """The tags of answers that may not be the same from `after` as from `before`, to the public.

    `touched` has the keys of entities that versions between the two changed, be it there and back: their history grew.
    Where the one was not made from the other it walks over all records, which takes some milliseconds where there are
    50,000: call it beside the event loop.
    """
    old, new = before.library, after.library
    if old.site != new.site:
        return EVERYTHING
    found = {
        *map(tags.source, differing(old.sources, new.sources)),
        *map(tags.person, differing(old.people, new.people)),
        *differing(old.redirects, new.redirects),
        *_of_recalls(before, after),
    }
    for key in sorted(_changed(before, after).union(touched)):
        found.update(_of_entity(_Sides(key, before, after)))
    return frozenset((tags.VERSION, *tags.with_groups(found)))


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Collection[str]:
    """Keys whose values are not the same in both. Where a value is the same object nothing of it is compared."""
    if old is new:
        return ()
    return {key for key, value in new.items() if old.get(key) is not value and old.get(key) != value} | (
        old.keys() - new.keys()
    )


def _of_recalls(before: Edition, after: Edition) -> Iterable[str]:
    """What is recalled is hidden in every version: answers from others than the live one are outdated as well."""
    found = differing(before.recalls, after.recalls)
    return (*found, tags.RECALLS, tags.PAST) if found else ()


def _changed(before: Edition, after: Edition) -> set[str]:
    """Keys of the entities whose files differ, or that recalls hide from the one and not from the other."""
    hidden = {key for key in _hidden(before) | _hidden(after) if before.hides(key) != after.hides(key)}
    return hidden.union(differing(before.recalls, after.recalls), written_otherwise(before.library, after.library))


def _hidden(edition: Edition) -> set[str]:
    return {*edition.recalls, *edition.withheld}


@dataclass(frozen=True, slots=True)
class _Sides:
    """An entity in both editions."""

    key: str
    before: Edition
    after: Edition

    @property
    def records(self) -> tuple[Record | None, Record | None]:
        return self.before.library.records.get(self.key), self.after.library.records.get(self.key)

    @property
    def published(self) -> tuple[Record | None, Record | None]:
        """The two records, as far as the public could read them if no recall hid them."""
        old, new = (record if record and record.entity.state is State.PUBLISHED else None for record in self.records)
        return old, new

    @property
    def shown(self) -> tuple[Record | None, Record | None]:
        """The two records, as far as the public can read them."""
        old, new = self.published
        return (
            None if self.before.hides(self.key) else old,
            None if self.after.hides(self.key) else new,
        )


def _of_entity(sides: _Sides) -> Iterator[str]:
    """The tags of answers that an entity is part of. One that nobody could or can read is part of none; but whoever
    looked for it may from now on be told that it is recalled, or not any more."""
    kind = EntityKind(sides.key.partition("/")[0])
    found = [record for record in sides.published if record]
    if not found:
        if sides.before.hides(sides.key) != sides.after.hides(sides.key):
            yield tags.listed(kind)
        return
    yield sides.key
    yield tags.SEARCH
    yield from (f"{kind}/{text.slug}" for record in found for text in record.entity.text.values())
    old, new = sides.shown
    if _listing(old) != _listing(new):
        yield tags.listed(kind)
    if _codes(old) != _codes(new):
        yield tags.CODES
    yield from {tags.referred(target) for target, _ in _references(old) ^ _references(new)}
    if _stands_in(sides):
        yield tags.RECALLS


def _listing(record: Record | None) -> Any:
    """What decides whether an entity is in a list, in which locale, and where."""
    if record is None:
        return None
    entity = record.entity
    texts = {
        locale: (text.name, text.slug, text.translation.status is TranslationStatus.DRAFT)
        for locale, text in entity.text.items()
    }
    return texts, (entity.severity, entity.display_order) if isinstance(entity, Caution) else None


def _codes(record: Record | None) -> set[tuple[str, str]]:
    return {(coding.system, coding.code) for coding in codings(record.entity)} if record else set()


def _references(record: Record | None) -> set[tuple[str, str]]:
    return set(targets(record.kind, record.entity)) if record else set()


def _stands_in(sides: _Sides) -> bool:
    """Whether an entity came or went that stands in for one that is recalled."""
    old, new = sides.published
    recalls = chain(sides.before.recalls.values(), sides.after.recalls.values())
    return (old is None) != (new is None) and any(recall.replacement == sides.key for recall in recalls)
