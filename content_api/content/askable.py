"""What can be asked of each kind of entity, and of what it has: one table, FIELDS, for filters.

The GraphQL input types are held to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

from content_api.content.edges import (
    CAUSES,
    SYMPTOMS,
    TREATMENTS,
    alternatives,
    back_edges,
    edges,
    parts,
    related_conditions,
)
from content_api.content.fields import Coding, EntityKind
from content_api.content.relations import codings

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


@dataclass(frozen=True, slots=True)
class One:
    """A field that operators are applied to, and that always has a value."""

    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Values:
    """A field that operators are applied to, with any number of values."""

    read: Callable[[Any], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Elements:
    """A list of things with fields of their own, asked for by some, every and none. Each equals itself alone."""

    read: Callable[[Any], Iterable[Any]]
    table: str
    """The table of FIELDS that the things have."""


@dataclass(frozen=True, slots=True)
class Target:
    """The entity at the other end of an edge."""

    table: str


Field: TypeAlias = One | Values | Elements | Target


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A code of an entity, told from all others by what it is and not by what it says, which would take long."""

    coding: Coding


def one(path: str) -> One:
    return One(attrgetter(path))


def optional(path: str) -> Values:
    """A field that may be null."""
    read = attrgetter(path)
    return Values(lambda value: () if (found := read(value)) is None else (found,))


COMMON: dict[str, Field] = {
    "key": one("record.entity.id"),
    "slug": one("text.slug"),
    "name": one("text.name"),
    "summary": one("text.summary"),
    "alternate_name": Values(lambda shown: [name.name for name in shown.text.alternate_names]),
    "aspect": Values(lambda shown: [section.aspect for section in shown.text.sections]),
    "jurisdiction": Values(lambda shown: shown.entity.jurisdictions),
    "audience": one("record.entity.audience.type"),
    "review_status": one("record.entity.review.status"),
    "codings": Elements(lambda shown: [Code(coding) for coding in codings(shown.entity)], "coding"),
    "required_cautions": Elements(lambda shown: shown.required_cautions(), CAUTION),
}

FIELDS: dict[str, dict[str, Field]] = {
    CONDITION: COMMON
    | {
        "kind": one("record.entity.kind"),
        "symptoms": Elements(lambda shown: edges(shown, SYMPTOMS), "condition_symptom"),
        "causes": Elements(lambda shown: edges(shown, CAUSES), "condition_cause"),
        "treatments": Elements(lambda shown: edges(shown, TREATMENTS), "condition_treatment"),
        "related_conditions": Elements(related_conditions, "related_condition"),
    },
    SYMPTOM: COMMON
    | {
        "kind": one("record.entity.kind"),
        "nerve_function": optional("record.entity.nerve_function"),
        "conditions": Elements(lambda shown: back_edges(shown, SYMPTOMS), "symptom_condition"),
        "parts": Elements(parts, SYMPTOM),
    },
    CAUSE: COMMON
    | {
        "category": one("record.entity.category"),
        "modifiable": one("record.entity.modifiable"),
        "conditions": Elements(lambda shown: back_edges(shown, CAUSES), "cause_condition"),
    },
    TREATMENT: COMMON
    | {
        "kind": one("record.entity.kind"),
        "role": one("record.entity.role"),
        "part_of_combined_plan": optional("record.entity.part_of_combined_plan"),
        "conditions": Elements(lambda shown: back_edges(shown, TREATMENTS), "treatment_condition"),
        "alternatives": Elements(alternatives, TREATMENT),
    },
    CAUTION: COMMON
    | {
        "kind": one("record.entity.kind"),
        "severity": one("record.entity.severity"),
        "strength": one("record.entity.strength"),
        "must_display": one("record.entity.must_display"),
    },
    "coding": {
        "system": one("coding.system"),
        "code": one("coding.code"),
        "match": one("coding.match"),
    },
    "condition_symptom": {"frequency": one("data.frequency"), "symptom": Target(SYMPTOM)},
    "condition_cause": {"certainty": one("data.certainty"), "cause": Target(CAUSE)},
    "condition_treatment": {"line": one("data.line"), "treatment": Target(TREATMENT)},
    "symptom_condition": {"frequency": one("data.frequency"), "condition": Target(CONDITION)},
    "cause_condition": {"certainty": one("data.certainty"), "condition": Target(CONDITION)},
    "treatment_condition": {"line": one("data.line"), "condition": Target(CONDITION)},
    "related_condition": {"relation": one("relation"), "condition": Target(CONDITION)},
}


def kinds_behind(table: str) -> tuple[EntityKind, ...]:
    """The kinds of entity that the things of a table are, or have at their other end."""
    if isinstance(table, EntityKind):
        return (table,)
    targets = (field.table for field in FIELDS[table].values() if isinstance(field, Target))
    return tuple(target for target in targets if isinstance(target, EntityKind))


KINDS = {table: kinds_behind(table) for table in FIELDS}
