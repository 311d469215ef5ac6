"""The typed items of an entity: everything in it that has a key and text per locale, besides its sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from content_api.content.fields import EntityKind, Statement
from content_api.content.models import Entity, Evidence

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


class Item(NamedTuple):
    """A typed item and where it is."""

    pointer: str
    value: Statement | Evidence


class _Slot(NamedTuple):
    """A place where an entity has an item, or a list of them."""

    pointer: str
    read: Callable[[Any], Any]
    is_list: bool


def one(pointer: str, read: Callable[[Any], Statement | None]) -> _Slot:
    """An optional item at a fixed place."""
    return _Slot(pointer, read, is_list=False)


def many(pointer: str, read: Callable[[Any], tuple[Any, ...]]) -> _Slot:
    """A list of items."""
    return _Slot(pointer, read, is_list=True)


EVERY = (one("/audience/note", lambda e: e.audience.note),)
ITEMS: dict[EntityKind, tuple[_Slot, ...]] = {
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


def items(kind: EntityKind, entity: Entity) -> list[Item]:
    """Every typed item of an entity, in the order of the table."""
    found: list[Item] = []
    for pointer, read, is_list in ITEMS[kind]:
        value = read(entity)
        if value and is_list:
            found += [Item(f"{pointer}/{index}", item) for index, item in enumerate(value)]
        elif value:
            found.append(Item(pointer, value))
    return found


def wordings(item: Item) -> list[tuple[str, Mapping[str, str]]]:
    """(pointer, text per locale) of each text of an item."""
    pointer, value = item
    if isinstance(value, Evidence):
        return [(f"{pointer}/question", value.question), (f"{pointer}/finding", value.finding)]
    return [(f"{pointer}/text", value.text)]


def texts(item: Item) -> tuple[Mapping[str, str], ...]:
    """What `wordings` says, without where it stands."""
    value = item.value
    return (value.question, value.finding) if isinstance(value, Evidence) else (value.text,)
