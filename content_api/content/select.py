"""Filters and orders: which entities of a view a client asked for.

A filter arrives as plain values, `{"name": {"contains": "pain"}, "symptoms": {"some": {…}}}`, and is compiled once per
request to a predicate. What can be asked of each kind is one table, FIELDS; the GraphQL input types are held to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from operator import attrgetter, eq
from typing import Any, TypeAlias, TypeVar

from content_api.content.deadline import chosen, look
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
from content_api.content.noted import touch, unnoted
from content_api.content.relations import codings
from content_api.content.tags import every
from content_api.content.view import SEVERITY_RANK, Shown, View, folded, folded_once

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind

T = TypeVar("T")

Criteria: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Any], bool]


# --- Operators -------------------------------------------------------------------------------------------------------

Test: TypeAlias = Callable[[Any], bool]

# Operator -> given its operand, the test of one value, and whether some value of the field must pass it or none may.
# `eq` and `in` compare exactly; `contains` and `startsWith` ignore case and accents. A field may have several values,
# or none; of those that always have one, the test is asked straight.
OPERATORS: dict[str, Callable[[Any], tuple[Test, bool]]] = {
    "eq": lambda wanted: (partial(eq, wanted), True),
    "ne": lambda wanted: (partial(eq, wanted), False),
    "in": lambda wanted: (frozenset(wanted).__contains__, True),
    "not_in": lambda wanted: (frozenset(wanted).__contains__, False),
    "contains": lambda wanted: (contains(folded(wanted)), True),
    "starts_with": lambda wanted: (starts_with(folded(wanted)), True),
    "exists": lambda wanted: (lambda value: True, wanted),
}


def contains(needle: str) -> Test:
    return lambda value: needle in folded_once(value)


def starts_with(needle: str) -> Test:
    return lambda value: folded_once(value).startswith(needle)


# --- Fields ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class One:
    """A field that operators are applied to, and that always has a value."""

    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Values:
    """A field that operators are applied to, with any number of values."""

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


Field: TypeAlias = One | Values | Elements | Target


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
    "codings": Elements(lambda shown: codings(shown.entity), "coding"),
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
        "system": one("system"),
        "code": one("code"),
        "match": one("match"),
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


# --- Filters ---------------------------------------------------------------------------------------------------------


class Remembered(dict[Shown, T]):
    """Answers about entities, each worked out once, when it is first asked for.

    A filter may walk to the same entity along any number of edges, and to its neighbours from there: without this, a
    filter of twenty levels on twenty entities that know one another would never come to an end.
    """

    def __init__(self, ask: Callable[[Shown], T]) -> None:
        self.ask = ask

    def __missing__(self, shown: Shown) -> T:
        look()  # one question may walk to all others
        answer = self[shown] = self.ask(shown)
        return answer


def compiled(view: View, table: str, criteria: Criteria) -> Predicate:
    """A predicate that holds where all the criteria do; no criteria hold everywhere."""
    for kind in KINDS[table]:
        touch(every(kind))
    return conjunction([compiled_field(view, table, name, operand) for name, operand in criteria.items()])


def conjunction(tests: Sequence[Predicate]) -> Predicate:
    """A predicate that holds where all the tests do."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda value: first(value) and second(value)

    def holds(value: Any) -> bool:
        for test in tests:  # noqa: SIM110 - all() over a generator takes twice as long
            if not test(value):
                return False
        return True

    return holds


def compiled_field(view: View, table: str, name: str, operand: Any) -> Predicate:
    """A predicate for one entry of the criteria: `and`, `or`, `not`, or a field of the table."""
    if name == "and":
        return conjunction([compiled(view, table, criteria) for criteria in operand])
    if name == "or":
        tests = [compiled(view, table, criteria) for criteria in operand]
        return lambda value: any(test(value) for test in tests)
    if name == "not":
        test = compiled(view, table, operand)
        return lambda value: not test(value)
    match FIELDS[table][name]:
        case One() | Values() as field:
            return conjunction([of_values(field, *OPERATORS[operator](wanted)) for operator, wanted in operand.items()])
        case Elements() as field:
            elements = elements_of(view, field)
            return conjunction([of_elements(view, field, elements, *quantified) for quantified in operand.items()])
        case Target() as field:
            results = Remembered(compiled(view, field.table, operand))
            return lambda edge: results[edge.other]


def of_values(field: One | Values, test: Test, wanted: bool) -> Predicate:
    read = field.read
    if isinstance(field, One):
        return (lambda value: test(read(value))) if wanted else (lambda value: not test(read(value)))
    return (lambda value: any(map(test, read(value)))) if wanted else (lambda value: not any(map(test, read(value))))


def elements_of(view: View, field: Elements) -> Remembered[Sequence[Any]]:
    """The elements that entities of a view have, kept for the next filter: to find them takes most of its time."""
    memo = view.edition.memo
    if (view, field) not in memo:
        memo[view, field] = Remembered(lambda shown: tuple(field.read(shown)))
    elements: Remembered[Sequence[Any]] = memo[view, field]
    return elements


def of_elements(
    view: View, field: Elements, elements: Remembered[Sequence[Any]], quantifier: str, criteria: Criteria
) -> Predicate:
    test = compiled(view, field.table, criteria)
    if isinstance(field.table, EntityKind):
        test = Remembered(test).__getitem__
    holds = QUANTIFIERS[quantifier]
    return lambda shown: holds(map(test, elements[shown]))


QUANTIFIERS: dict[str, Callable[[Iterable[bool]], bool]] = {
    "some": any,
    "every": all,
    "none": lambda results: not any(results),
}


# --- Orders ----------------------------------------------------------------------------------------------------------


class Direction(Described):
    ASC = "ASC", "Lowest, or first in the alphabet, first."
    DESC = "DESC", "Highest, or last in the alphabet, first."


class OrderField(Described):
    NAME = "NAME", "By name, ignoring case and accents."
    SLUG = "SLUG", "By slug, in the locale served."
    KEY = "KEY", "By key, which is the same in every locale."


class CautionOrderField(Described):
    NAME = "NAME", "By name, ignoring case and accents."
    SLUG = "SLUG", "By slug, in the locale served."
    KEY = "KEY", "By key, which is the same in every locale."
    SEVERITY = "SEVERITY", "By severity: ASC begins with the critical ones."
    DISPLAY_ORDER = "DISPLAY_ORDER", "By the place that editors gave it."


ORDERS: dict[str, Callable[[Any], Any]] = {
    "NAME": lambda shown: folded_once(shown.text.name),
    "SLUG": lambda shown: shown.text.slug,
    "KEY": lambda shown: shown.entity.id,
    "SEVERITY": lambda shown: SEVERITY_RANK[shown.entity.severity],
    "DISPLAY_ORDER": lambda shown: shown.entity.display_order,
}


def select(
    view: View, kind: EntityKind, criteria: Criteria | None = None, order: Sequence[tuple[StrEnum, Direction]] = ()
) -> Sequence[Shown]:
    """The entities of a kind that meet the criteria, ordered; ties, and no order, stand in the kind's usual order.

    A field that is ordered by twice counts once: what is equal the first time is equal the second.
    """
    keys: dict[StrEnum, Direction] = {}
    for by, direction in order:
        keys.setdefault(by, direction)
    found: Sequence[Shown] = view.all(kind)
    test = compiled(view, kind, criteria) if criteria else None
    if test:
        with unnoted():  # what a filter walks past is not what was asked for
            found = chosen(found, test)
    if view.edition.recalls:
        view.note_all(kind, test)
    for by, direction in reversed(keys.items()):
        look()
        found = sorted(found, key=ORDERS[by.value], reverse=direction is Direction.DESC)
    return found
