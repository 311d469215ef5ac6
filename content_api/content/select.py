"""Filters and orders: which entities of a view a client asked for.

A filter arrives as plain values, `{"name": {"contains": "pain"}, "symptoms": {"some": {…}}}`, and is compiled once per
request to a predicate. What can be asked of each kind is one table, FIELDS; the GraphQL input types are held to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
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
from content_api.content.fields import Described, EntityKind
from content_api.content.view import SEVERITY_RANK, Shown, View, folded

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind

Criteria: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Any], bool]


# --- Operators -------------------------------------------------------------------------------------------------------

# Operator -> what it asks of all the values of a field, given its operand. A field without a value has none.
# `eq` and `in` compare exactly; `contains` and `startsWith` ignore case and accents.
OPERATORS: dict[str, Callable[[Any], Callable[[Sequence[Any]], bool]]] = {
    "eq": lambda wanted: lambda values: wanted in values,
    "ne": lambda wanted: lambda values: wanted not in values,
    "in": lambda wanted: lambda values: any(value in wanted for value in values),
    "not_in": lambda wanted: lambda values: not any(value in wanted for value in values),
    "contains": lambda wanted: contains(folded(wanted)),
    "starts_with": lambda wanted: starts_with(folded(wanted)),
    "exists": lambda wanted: lambda values: bool(values) is wanted,
}


def contains(needle: str) -> Callable[[Sequence[str]], bool]:
    return lambda values: any([needle in folded(value) for value in values])


def starts_with(needle: str) -> Callable[[Sequence[str]], bool]:
    return lambda values: any([folded(value).startswith(needle) for value in values])


# --- Fields ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """A field that operators are applied to."""

    read: Callable[[Any], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Elements:
    """A list of things with fields of their own, asked for by some, every and none."""

    read: Callable[[Any], Iterable[Any]]
    table: str
    """The table of FIELDS that the things have."""


@dataclass(frozen=True, slots=True)
class Target:
    """The entity at the other end of an edge."""

    table: str


Field: TypeAlias = Values | Elements | Target


def optional(read: Callable[[Any], Any]) -> Values:
    """A field that may be null."""
    return Values(lambda value: () if (found := read(value)) is None else (found,))


def one(read: Callable[[Any], Any]) -> Values:
    return Values(lambda value: (read(value),))


def codes(shown: Shown) -> Iterable[Any]:
    """The codings of an entity and of its examples."""
    examples = getattr(shown.entity, "examples", ())
    return (*shown.entity.codings, *(coding for example in examples for coding in example.codings))


COMMON: dict[str, Field] = {
    "key": one(lambda shown: shown.entity.id),
    "slug": one(lambda shown: shown.text.slug),
    "name": one(lambda shown: shown.text.name),
    "summary": one(lambda shown: shown.text.summary),
    "alternate_name": Values(lambda shown: [name.name for name in shown.text.alternate_names]),
    "aspect": Values(lambda shown: [section.aspect for section in shown.text.sections]),
    "jurisdiction": Values(lambda shown: shown.entity.jurisdictions),
    "audience": one(lambda shown: shown.entity.audience.type),
    "review_status": one(lambda shown: shown.entity.review.status),
    "codings": Elements(codes, "coding"),
    "required_cautions": Elements(lambda shown: shown.required_cautions(), CAUTION),
}

FIELDS: dict[str, dict[str, Field]] = {
    CONDITION: COMMON
    | {
        "kind": one(lambda shown: shown.entity.kind),
        "symptoms": Elements(lambda shown: edges(shown, SYMPTOMS), "condition_symptom"),
        "causes": Elements(lambda shown: edges(shown, CAUSES), "condition_cause"),
        "treatments": Elements(lambda shown: edges(shown, TREATMENTS), "condition_treatment"),
        "related_conditions": Elements(related_conditions, "related_condition"),
    },
    SYMPTOM: COMMON
    | {
        "kind": one(lambda shown: shown.entity.kind),
        "nerve_function": optional(lambda shown: shown.entity.nerve_function),
        "conditions": Elements(lambda shown: back_edges(shown, SYMPTOMS), "symptom_condition"),
        "parts": Elements(parts, SYMPTOM),
    },
    CAUSE: COMMON
    | {
        "category": one(lambda shown: shown.entity.category),
        "modifiable": one(lambda shown: shown.entity.modifiable),
        "conditions": Elements(lambda shown: back_edges(shown, CAUSES), "cause_condition"),
    },
    TREATMENT: COMMON
    | {
        "kind": one(lambda shown: shown.entity.kind),
        "role": one(lambda shown: shown.entity.role),
        "part_of_combined_plan": optional(lambda shown: shown.entity.part_of_combined_plan),
        "conditions": Elements(lambda shown: back_edges(shown, TREATMENTS), "treatment_condition"),
        "alternatives": Elements(alternatives, TREATMENT),
    },
    CAUTION: COMMON
    | {
        "kind": one(lambda shown: shown.entity.kind),
        "severity": one(lambda shown: shown.entity.severity),
        "strength": one(lambda shown: shown.entity.strength),
        "must_display": one(lambda shown: shown.entity.must_display),
    },
    "coding": {
        "system": one(lambda coding: coding.system),
        "code": one(lambda coding: coding.code),
        "match": one(lambda coding: coding.match),
    },
    "condition_symptom": {"frequency": one(lambda edge: edge.data.frequency), "symptom": Target(SYMPTOM)},
    "condition_cause": {"certainty": one(lambda edge: edge.data.certainty), "cause": Target(CAUSE)},
    "condition_treatment": {"line": one(lambda edge: edge.data.line), "treatment": Target(TREATMENT)},
    "symptom_condition": {"frequency": one(lambda edge: edge.data.frequency), "condition": Target(CONDITION)},
    "cause_condition": {"certainty": one(lambda edge: edge.data.certainty), "condition": Target(CONDITION)},
    "treatment_condition": {"line": one(lambda edge: edge.data.line), "condition": Target(CONDITION)},
    "related_condition": {"relation": one(lambda related: related.relation), "condition": Target(CONDITION)},
}


# --- Filters ---------------------------------------------------------------------------------------------------------


def compiled(table: str, criteria: Criteria) -> Predicate:
    """A predicate that holds where all the criteria do; no criteria hold everywhere."""
    tests = [compiled_field(table, name, operand) for name, operand in criteria.items()]
    return tests[0] if len(tests) == 1 else lambda value: all([test(value) for test in tests])


def compiled_field(table: str, name: str, operand: Any) -> Predicate:
    """A predicate for one entry of the criteria: `and`, `or`, `not`, or a field of the table."""
    if name in ("and", "or"):
        tests = [compiled(table, criteria) for criteria in operand]
        combine = all if name == "and" else any
        return lambda value: combine(test(value) for test in tests)
    if name == "not":
        test = compiled(table, operand)
        return lambda value: not test(value)
    match FIELDS[table][name]:
        case Values() as field:
            return of_values(field, operand)
        case Elements() as field:
            return of_elements(field, operand)
        case Target() as field:
            return of_target(field, operand)


def of_values(field: Values, operand: Mapping[str, Any]) -> Predicate:
    read = field.read
    tests = [OPERATORS[name](wanted) for name, wanted in operand.items()]
    if len(tests) == 1:
        test = tests[0]
        return lambda value: test(read(value))

    def holds(value: Any) -> bool:
        values = read(value)
        return all([test(values) for test in tests])

    return holds


def of_elements(field: Elements, operand: Mapping[str, Criteria]) -> Predicate:
    read = field.read
    quantified = [(QUANTIFIERS[name], compiled(field.table, criteria)) for name, criteria in operand.items()]

    def holds(value: Any) -> bool:
        elements = list(read(value))
        return all([quantifier(map(test, elements)) for quantifier, test in quantified])

    return holds


QUANTIFIERS: dict[str, Callable[[Iterable[bool]], bool]] = {
    "some": any,
    "every": all,
    "none": lambda results: not any(results),
}


def of_target(field: Target, criteria: Criteria) -> Predicate:
    """A test of the entity at the other end, made once for each entity however many edges lead to it."""
    test = compiled(field.table, criteria)
    results: dict[str, bool] = {}

    def holds(edge: Any) -> bool:
        other = edge.other
        if other.key not in results:
            results[other.key] = test(other)
        return results[other.key]

    return holds


# --- Orders ----------------------------------------------------------------------------------------------------------


class Direction(Described):
    ASC = "ASC", "Lowest, or first in the alphabet, first."
    DESC = "DESC", "Highest, or last in the alphabet, first."


class OrderField(Described):
    NAME = "NAME", "By name, ignoring case and accents."
    SLUG = "SLUG", "By slug."
    KEY = "KEY", "By key, which is the same in every locale."


class CautionOrderField(Described):
    NAME = "NAME", "By name, ignoring case and accents."
    SLUG = "SLUG", "By slug."
    KEY = "KEY", "By key, which is the same in every locale."
    SEVERITY = "SEVERITY", "By severity; critical cautions are the lowest."
    DISPLAY_ORDER = "DISPLAY_ORDER", "By the place that editors gave it."


ORDERS: dict[str, Callable[[Any], Any]] = {
    "NAME": lambda shown: folded(shown.text.name),
    "SLUG": lambda shown: shown.text.slug,
    "KEY": lambda shown: shown.entity.id,
    "SEVERITY": lambda shown: SEVERITY_RANK[shown.entity.severity],
    "DISPLAY_ORDER": lambda shown: shown.entity.display_order,
}


def select(
    view: View, kind: EntityKind, criteria: Criteria | None = None, order: Sequence[tuple[StrEnum, Direction]] = ()
) -> Sequence[Shown]:
    """The entities of a kind that meet the criteria, ordered; ties, and no order, stand in the kind's usual order."""
    found: Sequence[Shown] = view.all(kind)
    if criteria:
        test = compiled(kind, criteria)
        found = [shown for shown in found if test(shown)]
    for by, direction in reversed(order):
        found = sorted(found, key=ORDERS[by.value], reverse=direction is Direction.DESC)
    return found
