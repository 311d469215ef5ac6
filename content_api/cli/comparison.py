"""What a comparison of two versions found out, for an editor: drafts too, and each marked as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from content_api.content.change import Change, ChangeKind, changes
from content_api.content.edition import Edition, Record
from content_api.content.fields import State, TranslationStatus
from content_api.content.patch import ABSENT, FieldChange
from content_api.content.report import plural


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions."""

    name: str
    """What the editor calls it, and its commit."""
    edition: Edition


class Row(NamedTuple):
    """One place of an entity where something else stands. A move is one row: `came_from` is its old place."""

    pointer: str
    before: Any
    after: Any
    came_from: str | None = None
    is_draft: bool = False
    """Whether it is text of a translation that nobody has checked."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions, what became of each entity, and the other files that differ."""

    older: Side
    newer: Side
    changes: tuple[Change, ...]
    other_files: tuple[str, ...]
    """Paths of files that differ though no change is told of their entities, if they are any entity's at all."""

    @property
    def differs(self) -> bool:
        return bool(self.changes or self.other_files)

    def state(self, change: Change) -> State:
        """The state of an entity in the newer version, or in the older where it is gone."""
        return self._record(change).entity.state

    def _record(self, change: Change) -> Record:
        newer = self.newer.edition.library.records
        return newer.get(change.key) or self.older.edition.library.records[change.key]

    def name(self, change: Change) -> str:
        """What an entity is called, in the default locale of the newer version if it has a name there."""
        default = self.newer.edition.library.site.default_locale
        return change.names.get(default) or next(iter(change.names.values()))

    def reason(self, change: Change) -> str:
        """Why an entity was withdrawn, by the same choice; empty where it was not."""
        reason = change.reason or {"": ""}
        return reason.get(self.newer.edition.library.site.default_locale) or next(iter(reason.values()))

    def rows(self, change: Change) -> list[Row]:
        """What changed in an entity, place by place."""
        texts = self._record(change).entity.text.items()
        drafts = {locale for locale, text in texts if text.translation.status is TranslationStatus.DRAFT}
        return [
            row._replace(is_draft=not drafts.isdisjoint(row.pointer.split("/"))) for row in with_moves(change.fields)
        ]

    @property
    def count(self) -> str:
        """What differs, in numbers; or that nothing does."""
        if not self.differs:
            return "Nothing differs."
        kinds = [each.kind for each in self.changes]
        numbers = [f"{kinds.count(kind):,} {kind.lower()}" for kind in ChangeKind if kind in kinds]
        parts = [f"{plural(len(kinds), 'entity', 'entities')} ({', '.join(numbers)})"] if kinds else []
        parts += [plural(len(self.other_files), "other file")] if self.other_files else []
        return f"What differs: {' and '.join(parts)}."


def comparison(older: Side, newer: Side) -> Comparison:
    """Compare two versions, drafts included."""
    found = changes(older.edition, newer.edition, drafts=True)
    return Comparison(older, newer, found, tuple(_other_files(older.edition, newer.edition, found)))


def _other_files(older: Edition, newer: Edition, found: Sequence[Change]) -> Iterator[str]:
    keys = [key for each in found for key in (each.key, each.previous_key) if key]
    records = [side.library.records.get(key) for key in keys for side in (older, newer)]
    told = {path for record in records if record for path, _ in record.files}
    for path in sorted({*older.files, *newer.files}):
        old, new = older.files.get(path), newer.files.get(path)
        if path not in told and (old is None or new is None or old.blob != new.blob):
            yield path


def with_moves(fields: Sequence[FieldChange]) -> Iterator[Row]:
    """Fields as rows; what was taken out of a list and put in as it was is one row, at its new place."""
    gone = {_thing(each, each.before): each.pointer for each in fields if each.after is ABSENT}
    come = {_thing(each, each.after) for each in fields if each.before is ABSENT}
    for each in fields:
        if each.after is not ABSENT or _thing(each, each.before) not in come:
            origin = gone.get(_thing(each, each.after)) if each.before is ABSENT else None
            yield Row(each.pointer, each.before, each.after, origin)


def _thing(change: FieldChange, value: Any) -> tuple[str, str]:
    """What is the same of something before and after it moved: the list that it is in, and itself."""
    return change.pointer.rpartition("/")[0], repr(value)
