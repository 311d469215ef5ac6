"""What differs between two editions, entity by entity, field by field.

To the public a draft is not there: not the entity, not a translation that nobody has checked, not a caution's word that
it applies to one. What the API shows nobody, such as the numbers of facts, is left out as well. Editors see all of it.

Only entities whose files differ are looked into, so one change among 50,000 costs a walk over two dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from content_api.content.edition import Edition, Record, written_otherwise
from content_api.content.fields import Described, EntityKind, State, TranslationStatus
from content_api.content.items import items, wordings
from content_api.content.models import Caution, Recall
from content_api.content.patch import FieldChange, patch
from content_api.content.relations import RELATION_NAMES, links
from content_api.content.translations import adapter_of, at

_ORDER = {kind: place for place, kind in enumerate(EntityKind)}
# Fields that the API shows nobody: tests/graph/test_models.py has the reason of each.
_INTERNAL = frozenset(("$schema", "statements", "translation", "withdrawnReason"))


class ChangeKind(Described):
    """What became of an entity between two versions."""

    ADDED = "ADDED", "It is there and was not before: it is new, or was published only now."
    CHANGED = "CHANGED", "It was there before and says something else now."
    RENAMED = "RENAMED", "It has another key now, and a redirect leads there from the old one."
    WITHDRAWN = "WITHDRAWN", "It was taken back, with a reason. Stop showing it."
    REMOVED = "REMOVED", "It is no longer there: it is gone, or a draft again."


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one entity."""

    kind: ChangeKind
    key: str
    """`kind/id`: in the newer version, or in the older where it is gone."""
    previous_key: str | None = None
    """What a RENAMED one was called."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Locale -> name; from the newer version, or from the older where it is gone."""
    fields: tuple[FieldChange, ...] = ()
    """What changed in one that is CHANGED or RENAMED, but for its id."""
    affected: tuple[str, ...] = ()
    """Keys of the entities of the newer version that refer to it, sorted."""
    reason: Mapping[str, str] | None = None
    """Why it is WITHDRAWN, by locale."""

    @property
    def entity_kind(self) -> EntityKind:
        return EntityKind(self.key.partition("/")[0])


@dataclass(frozen=True, slots=True)
class Differences:
    """What two editions differ in, by kind of entity and key."""

    told: tuple[Change, ...]
    hidden: tuple[str, ...]
    """Keys of what is not told, because a recall that came later hides it, though neither version knew of that."""


def differences(before: Edition, after: Edition, *, drafts: bool = False) -> Differences:
    """What became of each entity that is not the same in both editions, for somebody who reads them by the API.

    Without `drafts` it is what the public can see. A redirected, new entity is RENAMED once: of several that were
    merged into it the first by key is its former self, the others are REMOVED.
    """
    found = changes(before, after, drafts=drafts)
    hidden = [_hidden_since(change, before, after) for change in found]
    return Differences(
        tuple(change for change, keys in zip(found, hidden, strict=True) if not keys),
        tuple(key for keys in hidden for key in keys),
    )


def changes(before: Edition, after: Edition, *, drafts: bool = False) -> tuple[Change, ...]:
    """The same, whatever was recalled later: for editors, who have the files."""
    old, new = _Side(before, drafts), _Side(after, drafts)
    keys = _differing(old, new)
    former = _former_keys(keys, old, new)
    found = (_change(key, former.get(key, key), old, new) for key in keys.difference(former.values()))
    told = (change for change in found if change)
    return tuple(sorted(told, key=lambda change: (_ORDER[change.entity_kind], change.key)))


def number_of_candidates(before: Edition, after: Edition, *, drafts: bool = False) -> int:
    """How many entities have to be looked at to tell what differs."""
    return len(_differing(_Side(before, drafts), _Side(after, drafts)))


def _hidden_since(change: Change, before: Edition, after: Edition) -> list[str]:
    """The keys of what there is to tell that a recall hides which came later."""
    if change.kind is ChangeKind.WITHDRAWN:
        return []
    keys = (change.key, change.previous_key) if change.previous_key else (change.key,)
    return [key for key in keys if any(key in each.later_recalls or key in each.withheld for each in (before, after))]


def recalls_of(edition: Edition) -> Mapping[str, Recall]:
    """What an edition says itself must not be shown, by key: a recall that comes between two of them is a change."""
    return edition.library.recalls


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two editions, as those see it for whom they are compared."""

    edition: Edition
    drafts: bool

    @property
    def records(self) -> Mapping[str, Record]:
        return self.edition.library.records

    def has(self, key: str) -> bool:
        """Whether an entity can be read."""
        return self._stands(key) and key not in recalls_of(self.edition)

    def may_name(self, key: str) -> bool:
        """Whether it may be said that an entity exists: it can be read, or is recalled before everybody."""
        return self._stands(key) or key in recalls_of(self.edition)

    def _stands(self, key: str) -> bool:
        record = self.records.get(key)
        state = record.entity.state if record else None
        return state is State.PUBLISHED or (self.drafts and state is State.DRAFT)

    def unseen(self, record: Record) -> set[str]:
        """The locales whose text is not shown, because nobody has checked it."""
        if self.drafts:
            return set()
        texts = record.entity.text.items()
        return {locale for locale, text in texts if text.translation.status is TranslationStatus.DRAFT}

    def names(self, key: str) -> dict[str, str]:
        record = self.records[key]
        unseen = self.unseen(record)
        return {locale: text.name for locale, text in record.entity.text.items() if locale not in unseen}

    def document(self, key: str) -> dict[str, Any]:
        """An entity as its files have it, without its id; for the public, without all that is a draft."""
        record = self.records[key]
        content: dict[str, Any] = adapter_of(record.kind).dump_python(
            record.entity, mode="json", by_alias=True, exclude={"id"}
        )
        if not self.drafts:
            self._leave_out_drafts(record, content)
        return content

    def _leave_out_drafts(self, record: Record, content: dict[str, Any]) -> None:
        for locale in self.unseen(record):
            del content["text"][locale]
            for item in items(record.kind, record.entity):
                for pointer, _ in wordings(item):
                    del at(content, pointer)[locale]
        if isinstance(record.entity, Caution):
            content["appliesTo"] = [key for key in record.entity.applies_to if self.may_name(key)]

    def referrers(self, key: str) -> tuple[str, ...]:
        """Keys of what can be read and refers to an entity where that can be read, sorted."""
        index = self.edition.library.indexes.referrers
        found = {
            other
            for relation in (RELATION_NAMES if self.may_name(key) else ())
            for other in index.get((key, relation), ())
            if self.has(other) and (relation != "links" or self._links(other, key))
        }
        return tuple(sorted(found))

    def _links(self, key: str, target: str) -> bool:
        """Whether a link can be read: it may stand in nothing but a text that is not shown."""
        record = self.records[key]
        unseen = tuple(f"/text/{locale}/" for locale in self.unseen(record))
        return any(link.target == target and not link.place.startswith(unseen) for link in links(record.entity))

    def reason(self, key: str) -> Mapping[str, str] | None:
        """Why an entity was taken back, by locale; None where it was not."""
        if recall := recalls_of(self.edition).get(key):
            return recall.reason
        record = self.records.get(key)
        if record is None or record.entity.withdrawn_reason is None:
            return None
        unseen = self.unseen(record)
        return {locale: said for locale, said in record.entity.withdrawn_reason.items() if locale not in unseen}


def _differing(old: _Side, new: _Side) -> set[str]:
    """Keys of all that can have changed: that stand in other files, were recalled, or are named by what others say."""
    before, after = old.edition.library, new.edition.library
    # The same file can mean something else where it is read as of another model.
    comparable = before.site.model_version == after.site.model_version
    keys = set(written_otherwise(before, after) if comparable else after.touched_since(before.records))
    keys |= recalls_of(old.edition).keys() ^ recalls_of(new.edition).keys()
    told = [key for key in keys if old.may_name(key) != new.may_name(key)]
    return keys.union(*(_cautions_of(key, side.edition) for key in told for side in (old, new)))


def _cautions_of(key: str, edition: Edition) -> Iterable[str]:
    """The cautions that say they apply to an entity: they alone may name one that is a draft."""
    return edition.library.indexes.referrers.get((key, "applies_to"), ())


def _former_keys(keys: Iterable[str], old: _Side, new: _Side) -> dict[str, str]:
    """New key -> old key of what was renamed."""
    former: dict[str, str] = {}
    for key in sorted(keys):
        target = new.edition.library.redirects.get(key)
        if target and old.has(key) and not new.may_name(key) and new.has(target) and not old.has(target):
            former.setdefault(target, key)
    return former


def _change(key: str, former: str, old: _Side, new: _Side) -> Change | None:
    """What became of an entity; None where that is nothing."""
    if not old.has(former):
        return Change(ChangeKind.ADDED, key, None, new.names(key), (), new.referrers(key)) if new.has(key) else None
    if not new.has(key):
        return _departure(key, old, new)
    found = patch(old.document(former), new.document(key))
    fields = tuple(found if new.drafts else _without_internal(found))
    if key != former:
        return Change(ChangeKind.RENAMED, key, former, new.names(key), fields, new.referrers(key))
    return Change(ChangeKind.CHANGED, key, None, new.names(key), fields, new.referrers(key)) if fields else None


def _departure(key: str, old: _Side, new: _Side) -> Change:
    reason = new.reason(key)
    kind = ChangeKind.REMOVED if reason is None else ChangeKind.WITHDRAWN
    return Change(kind, key, None, old.names(key), (), new.referrers(key), reason)


def _without_internal(fields: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """What the API shows of changed fields. To leave the rest out of both documents first would take twice as long."""
    for each in fields:
        if _INTERNAL.isdisjoint(each.pointer.split("/")):
            yield FieldChange(each.pointer, _shown(each.before), _shown(each.after))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items() if name not in _INTERNAL}
    return [_shown(inner) for inner in value] if isinstance(value, list) else value
