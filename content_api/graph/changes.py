"""What differs between two versions, as a connection. Drafts are in neither, except in previews."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import strawberry

from content_api.content import change as content
from content_api.content.change import ChangeKind, Differences, differences, number_of_candidates
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.models import Recall
from content_api.content.patch import ABSENT
from content_api.content.view import View, view_of
from content_api.errors import NotInMemory, RequestError
from content_api.graph import enums as enums
from content_api.graph.connections import DEFAULT_PAGE, Page, PageInfo, Slice, page_info
from content_api.graph.entities import Entity, entity_of
from content_api.graph.identifiers import decoded, encoded

MOST_AT_ONCE = 50
"""Entities that are compared while a request waits. One takes up to half a millisecond."""

MOST_REMEMBERED = 4
"""Comparisons kept with the newer of the two editions. Few clients page at one time; each is worked out again."""


@strawberry.type(
    description="One field that changed. Applied in order, the changes of an entity are a JSON Patch (RFC 6902): add "
    "where `before` is null, remove where `after` is null, else replace."
)
class FieldChange:
    path: str = strawberry.field(
        description="Where in the entity as editors write it: a JSON pointer, as in `/text/en/summary`, into the newer "
        "version; the last part of one that was taken out of a list is its place in the older."
    )
    before: str | None = strawberry.field(
        description='What was there, as JSON text: a text stands in quotes, and `"null"` is the JSON value. Null where '
        "there was nothing."
    )
    after: str | None = strawberry.field(
        description='What is there now, as JSON text: a text stands in quotes, and `"null"` is the JSON value. Null '
        "where there is nothing any more."
    )


@strawberry.type(
    description="What became of one entity between two versions. Drafts are in neither, except in previews."
)
class Change:
    record: strawberry.Private[content.Change]
    newer: strawberry.Private[View]

    @strawberry.field(description="What happened to it.")
    def kind(self) -> ChangeKind:
        return self.record.kind

    @strawberry.field(description="Whether it is a condition, symptom, cause, treatment or caution.")
    def entity_kind(self) -> EntityKind:
        return self.record.entity_kind

    @strawberry.field(
        description="Names the entity within its kind: in the newer version, or in the older one where it is gone."
    )
    def key(self) -> str:
        return self.record.key.partition("/")[2]

    @strawberry.field(description="What named a RENAMED one in the older version; null for all others.")
    def previous_key(self) -> str | None:
        return self.record.previous_key.partition("/")[2] if self.record.previous_key else None

    @strawberry.field(
        description="What it is called, in the publisher's default locale; of one that is gone, what it was called."
    )
    def name(self) -> str:
        return in_default_locale(self.record.names, self.newer.edition)

    @strawberry.field(description="Why it was WITHDRAWN, in the publisher's default locale; null for all others.")
    def reason(self) -> str | None:
        return in_default_locale(self.record.reason, self.newer.edition) if self.record.reason else None

    @strawberry.field(
        description="What changed in one that is CHANGED or RENAMED, in the order of its file; empty for all others."
    )
    def fields(self) -> list[FieldChange]:
        return [
            FieldChange(path=each.pointer, before=as_json(each.before), after=as_json(each.after))
            for each in self.record.fields
        ]

    @strawberry.field(description="The entity in the newer version; null where it is gone.")
    def entity(self) -> Entity | None:
        shown = self.newer.show(self.record.key)
        return entity_of(shown) if shown else None

    @strawberry.field(
        description="The entities of the newer version that refer to it, by key: what else has to be rendered anew."
    )
    def affected(self) -> list[Entity]:
        return [entity_of(shown) for shown in self.newer.show_all("", self.record.affected)]


@strawberry.type(description="A change, with its cursor.")
class ChangeEdge:
    cursor: str = strawberry.field(description="Opaque; names this place between these two versions.")
    node: Change = strawberry.field(description="The change itself.")


@strawberry.type(
    description="A page of what differs between two versions, by kind of entity and key. The next page compares the "
    "same two, whatever was published since."
)
class ChangeConnection:
    edges: list[ChangeEdge] = strawberry.field(description="The changes of the page with their cursors.")
    nodes: list[Change] = strawberry.field(description="The changes of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many entities are not the same in all.")


def change_connection(before: Edition, newer: View, kinds: list[EntityKind] | None, asked: Page) -> ChangeConnection:
    """A page of what differs between an edition and that of a view, only of some kinds of entity if any are given.

    Raises RequestError for a cursor that makes no page. Only `first` and `after` are looked at.
    """
    after = newer.edition
    differ = compared(before, after, newer.drafts)
    for key in differ.hidden:
        if kinds is None or key.partition("/")[0] in kinds:
            view_of(before, drafts=newer.drafts).note(key)
            newer.note(key)
    found = [each for each in differ.told if kinds is None or each.entity_kind in kinds]
    start = 0 if asked.after is None else place_after(asked.after, before, after, found)
    end = min(len(found), start + (DEFAULT_PAGE if asked.first is None else asked.first))
    edges = [
        ChangeEdge(cursor=cursor(before, after, each), node=Change(record=each, newer=newer))
        for each in found[start:end]
    ]
    return ChangeConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=page_info([edge.cursor for edge in edges], Slice(start, end, len(found))),
        total_count=len(found),
    )


# --- Cursors ---------------------------------------------------------------------------------------------------------


def cursor(before: Edition, after: Edition, change: content.Change) -> str:
    return encoded(before.version.id, after.version.id, change.entity_kind, change.key.partition("/")[2])


def versions_of(token: str) -> tuple[str, str]:
    """The ids of the older and newer version that a cursor of changes belongs to. Raises RequestError for none."""
    before, after, *_ = _parts(token)
    return before, after


def place_after(token: str, before: Edition, after: Edition, found: list[content.Change]) -> int:
    """The place behind a cursor's change. Raises RequestError for a cursor that is not of these changes."""
    older, newer, kind, name = _parts(token)
    if (older, newer) != (before.version.id, after.version.id):
        raise RequestError(
            "VERSION_NOT_AVAILABLE",
            f"The cursor belongs to what changed from {older[:12]} to {newer[:12]}; asked for is what changed from "
            f"{before.version.id[:12]} to {after.version.id[:12]}.",
            "Name the same two versions from page to page, or start again from the first page.",
        )
    key = f"{kind}/{name}"
    place = next((place for place, each in enumerate(found) if each.key == key), None)
    if place is None:
        raise RequestError("BAD_CURSOR", "The cursor is not from this list.", "Keep `kinds` the same on all pages.")
    return place + 1


def _parts(token: str) -> list[str]:
    parts = decoded(token, 4)
    if parts is None:
        hint = "Take cursors from `pageInfo` or `edges.cursor` of the page before."
        raise RequestError("BAD_CURSOR", f"`{token[:40]}` is not a cursor of changes.", hint)
    return parts


# --- What is remembered ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """What two editions differ in. Recalls are kept beside it, since they hold whatever the version is."""

    recalls: tuple[Mapping[str, Recall], Mapping[str, Recall]]
    differences: Differences


def compared(before: Edition, after: Edition, drafts: bool = False) -> Differences:
    """What differs between two editions, remembered with the newer so that a page costs no comparison.

    Raises NotInMemory where much differs: to compare it takes a while, and requests would wait.
    """
    kept = _kept(after)
    found = kept.get((before.version.id, drafts))
    if found is not None and found.recalls == (before.recalls, after.recalls):
        kept.move_to_end((before.version.id, drafts))
        return found.differences
    if number_of_candidates(before, after, drafts=drafts) > MOST_AT_ONCE:
        names = before.version.id, after.version.id
        raise NotInMemory(f"changes from {names[0]} to {names[1]}", names, partial(compare, before, after, drafts))
    return compare(before, after, drafts)


def compare(before: Edition, after: Edition, drafts: bool = False) -> Differences:
    """Compare, and remember by the older one's id: a reference to it would keep it in memory."""
    found = Compared((before.recalls, after.recalls), differences(before, after, drafts=drafts))
    kept = _kept(after)
    kept[before.version.id, drafts] = found
    while len(kept) > MOST_REMEMBERED:
        kept.popitem(last=False)
    return found.differences


def _kept(after: Edition) -> OrderedDict[tuple[str, bool], Compared]:
    """By the older one's id, and whether drafts are told; the last used is the last."""
    kept: OrderedDict[tuple[str, bool], Compared] = after.memo.setdefault(Compared, OrderedDict())
    return kept


# --- Values ----------------------------------------------------------------------------------------------------------


def as_json(value: Any) -> str | None:
    return None if value is ABSENT else orjson.dumps(value).decode()


def in_default_locale(texts: Mapping[str, str], newer: Edition) -> str:
    """A text in the publisher's default locale; where that is another now than it was, in one that there is."""
    default = newer.library.site.default_locale
    return texts[default] if default in texts else next(iter(texts.values()))
