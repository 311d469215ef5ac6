"""The typed items of an entity: everything in it that has a key and text per locale, besides its sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from content_api.content.fields import EntityKind, Statement
from content_api.content.models import Entity, Evidence

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


class Item(NamedTuple):
    """A typed item and where it is."""

    pointer: str
    value: Statement | Evidence


def one(pointer: str, read: Callable[[Any], Statement | None]) -> Callable[[Any], Iterator[Item]]:
    """An optional item at a fixed place."""

    def find(entity: Any) -> Iterator[Item]:
        item = read(entity)
        if item is not None:
            yield Item(pointer, item)

    return find


def many(pointer: str, read: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], Iterator[Item]]:
    """A list of items."""

    def find(entity: Any) -> Iterator[Item]:
        for index, item in enumerate(read(entity)):
            yield Item(f"{pointer}/{index}", item)

    return find


EVERY = (one("/audience/note", lambda e: e.audience.note),)
ITEMS: dict[EntityKind, tuple[Callable[[Any], Iterator[Item]], ...]] = {
    CONDITION: EVERY,
    SYMPTOM: (
        *EVERY,
        one("/timing", lambda e: e.timing),
        many("/impacts", lambda e: e.impacts),
        many("/careAdvice", lambda e: e.care_advice),
    ),
    CAUSE: (
        *EVERY,
        many("/examples", lambda e: e.examples),
        many("/mechanism", lambda e: e.mechanism),
        one("/sameAsCondition", lambda e: e.same_as_condition),
    ),
    TREATMENT: (
        *EVERY,
        many("/mechanism", lambda e: e.mechanism),
        one("/onset", lambda e: e.onset),
        one("/duration", lambda e: e.duration),
        one("/plan/route", lambda e: e.plan and e.plan.route),
        one("/plan/setting", lambda e: e.plan and e.plan.setting),
        one("/plan/sessions", lambda e: e.plan and e.plan.sessions),
        one("/plan/sessionLength", lambda e: e.plan and e.plan.session_length),
        many("/plan/adjustedTo", lambda e: e.plan.adjusted_to if e.plan else ()),
        one("/plan/tradeOff", lambda e: e.plan and e.plan.trade_off),
        many("/regulatory", lambda e: e.regulatory),
        many("/evidence", lambda e: e.evidence),
        many("/sideEffects", lambda e: e.side_effects),
        many("/limits", lambda e: e.limits),
        many("/background", lambda e: e.background),
    ),
    CAUTION: (
        *EVERY,
        one("/action", lambda e: e.action),
        one("/trigger", lambda e: e.trigger),
        many("/careAdvice", lambda e: e.care_advice),
    ),
}


def items(kind: EntityKind, entity: Entity) -> Iterator[Item]:
    """Every typed item of an entity, in the order of the table."""
    for find in ITEMS[kind]:
        yield from find(entity)


def wordings(item: Item) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(pointer, text per locale) of each text of an item."""
    if isinstance(item.value, Evidence):
        yield f"{item.pointer}/question", item.value.question
        yield f"{item.pointer}/finding", item.value.finding
    else:
        yield f"{item.pointer}/text", item.value.text
