"""Filters and orders: which entities of a view a client asked for.

A filter arrives as plain values, `{"name": {"contains": "pain"}, "symptoms": {"some": {…}}}`, and is compiled to a
function that chooses from many things at once, one step for each thing that is asked. To call a function for each
entity would take several times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain, compress
from operator import not_
from typing import Any, TypeAlias, TypeVar

from content_api.content.askable import FIELDS, KINDS, Elements, One, Target, Values
from content_api.content.deadline import look
from content_api.content.fields import Described, EntityKind
from content_api.content.noted import note_again, noting, touch, unnoted
from content_api.content.selections import Asked, Selection, Selections
from content_api.content.tags import every
from content_api.content.view import SEVERITY_RANK, Shown, View, folded, folded_once

T = TypeVar("T")

Criteria: TypeAlias = Mapping[str, Any]
Choice: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Those of some things that are asked for, in the order given."""


# --- Operators -------------------------------------------------------------------------------------------------------

Test: TypeAlias = Callable[[Iterable[Any]], list[bool]]
"""Which of some values pass: all at once, as a call for each would take longer than the test."""

# Operator -> given its operand, the test, and whether some value of the field must pass it or none may. `eq` and `in`
# compare exactly; those of FOLDING ignore case and accents. A field may have several values, or none.
OPERATORS: dict[str, Callable[[Any], tuple[Test, bool]]] = {
    "eq": lambda wanted: (lambda values: [value == wanted for value in values], True),
    "ne": lambda wanted: (lambda values: [value == wanted for value in values], False),
    "in": lambda wanted: (among(frozenset(wanted)), True),
    "not_in": lambda wanted: (among(frozenset(wanted)), False),
    "contains": lambda wanted: (containing(folded(wanted)), True),
    "starts_with": lambda wanted: (starting_with(folded(wanted)), True),
    "exists": lambda wanted: (lambda values: [True for _ in values], wanted),
}
FOLDING = frozenset(("contains", "starts_with"))


def among(wanted: Collection[Any]) -> Test:
    return lambda values: [value in wanted for value in values]


def containing(needle: str) -> Test:
    return lambda values: [needle in value for value in values]


def starting_with(needle: str) -> Test:
    return lambda values: [value.startswith(needle) for value in values]


# --- Filters ---------------------------------------------------------------------------------------------------------


class Remembered(dict[Shown, T]):
    """What is read of entities, each once, when it is first asked for."""

    def __init__(self, read: Callable[[Shown], T]) -> None:
        self.read = read

    def __missing__(self, shown: Shown) -> T:
        look()
        value = self[shown] = self.read(shown)
        return value


def remembered(view: View, field: object, read: Callable[[Shown], T]) -> Callable[[Shown], T]:
    """The same as `read`, kept for the next filter or order of the view: to find it takes most of the time of one."""
    memo = view.edition.memo
    if (view, field) not in memo:
        memo[view, field] = Remembered(read)
    kept: Remembered[T] = memo[view, field]
    return kept.__getitem__


def compiled(view: View, table: str, criteria: Criteria) -> Choice:
    """What chooses the things of a table that meet all the criteria; no criteria choose everything."""
    for kind in KINDS[table]:
        touch(every(kind))
    return conjunction([compiled_field(view, table, name, operand) for name, operand in criteria.items()])


def conjunction(choices: Sequence[Choice]) -> Choice:
    """What all the choices leave, each asked about what the one before it left."""

    def choose(things: Sequence[Any]) -> Sequence[Any]:
        for each in choices:
            things = each(things)
        return things

    return choose


def compiled_field(view: View, table: str, name: str, operand: Any) -> Choice:
    """What one entry of the criteria chooses: `and`, `or`, `not`, or a field of the table."""
    if name == "and":
        return conjunction([compiled(view, table, criteria) for criteria in operand])
    if name == "or":
        return any_of([compiled(view, table, criteria) for criteria in operand], True)
    if name == "not":
        return any_of([compiled(view, table, operand)], False)
    match FIELDS[table][name]:
        case One() | Values() as field:
            return conjunction([of_values(view, table, field, *asked) for asked in operand.items()])
        case Elements() as field:
            return conjunction([of_elements(view, field, *asked) for asked in operand.items()])
        case Target() as field:
            return of_targets(compiled(view, field.table, operand))


def any_of(choices: Sequence[Choice], wanted: bool) -> Choice:
    """What at least one of the choices leaves; what none does, where that is not wanted."""

    def choose(things: Sequence[Any]) -> Sequence[Any]:
        passed = {thing for each in choices for thing in each(things)}
        look()
        return [thing for thing in things if (thing in passed) is wanted]

    return choose


def of_values(view: View, table: str, field: One | Values, operator: str, operand: Any) -> Choice:
    test, wanted = OPERATORS[operator](operand)
    read = folding(view, table, field) if operator in FOLDING else reading(view, table, field)
    passes = test if isinstance(field, One) else any_passing(test)

    def choose(things: Sequence[Any]) -> Sequence[Any]:
        look()
        passed = passes(map(read, things))
        return list(compress(things, passed if wanted else map(not_, passed)))

    return choose


def any_passing(test: Test) -> Test:
    """Which of some tuples of values have one that passes. Each value is tested once: most are those of many things."""

    def passes(found: Iterable[tuple[Any, ...]]) -> list[bool]:
        given = list(found)
        values = dict.fromkeys(chain.from_iterable(given))
        passing = set(compress(values, test(values)))
        return [not passing.isdisjoint(each) for each in given]

    return passes


def reading(view: View, table: str, field: One | Values) -> Callable[[Any], Any]:
    """What reads a field as it is; several values are a tuple."""
    if isinstance(field, One):
        return field.read
    read = gathered(field.read)
    return remembered(view, field, read) if isinstance(table, EntityKind) else read


def gathered(read: Callable[[Any], Iterable[Any]]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda thing: tuple(read(thing))


def folding(view: View, table: str, field: One | Values) -> Callable[[Any], Any]:
    """What reads a field as it is compared without case and accents."""
    fold = folded_one(field.read) if isinstance(field, One) else folded_all(field.read)
    # Of entities alone: other things are made anew for each locale and channel, and are few.
    return remembered(view, (field, folded), fold) if isinstance(table, EntityKind) else fold


def folded_one(read: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda thing: folded_once(read(thing))


def folded_all(read: Callable[[Any], Iterable[str]]) -> Callable[[Any], tuple[str, ...]]:
    return lambda thing: tuple(map(folded_once, read(thing)))


def of_elements(view: View, field: Elements, quantifier: str, criteria: Criteria) -> Choice:
    """What some, every or none of its elements are chosen from.

    All of them are asked about at once, each once. An entity may be reached along any number of edges, and its
    neighbours from there: else a filter of twenty levels on twenty entities that know one another would never end.
    """
    read = remembered(view, field, lambda shown: tuple(field.read(shown)))
    choose_elements = compiled(view, field.table, criteria)
    holds = QUANTIFIERS[quantifier]

    def choose(things: Sequence[Any]) -> Sequence[Any]:
        look()
        elements = list(map(read, things))
        passed = set(choose_elements(list(dict.fromkeys(chain.from_iterable(elements)))))
        look()
        return [thing for thing, those in zip(things, elements, strict=True) if holds(passed, those)]

    return choose


QUANTIFIERS: dict[str, Callable[[set[Any], Sequence[Any]], bool]] = {
    "some": lambda passed, those: not passed.isdisjoint(those),
    "every": set.issuperset,
    "none": set.isdisjoint,
}


def of_targets(choose_targets: Choice) -> Choice:
    def choose(edges: Sequence[Any]) -> Sequence[Any]:
        look()
        passed = set(choose_targets(list({edge.other: None for edge in edges})))
        look()
        return [edge for edge in edges if edge.other in passed]

    return choose


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

    A field that is ordered by twice counts once: what is equal the first time is equal the second. What was selected is
    kept for whoever asks for the same.
    """
    look()
    keys: dict[StrEnum, Direction] = {}
    for by, direction in order:
        keys.setdefault(by, direction)
    selections = Selections.of(view.edition)
    asked = Asked(view, kind, repr(criteria) if criteria else "", tuple(keys.items()))
    selection = selections.get(asked)
    if selection is None:
        with noting() as noted:
            found = tuple(selected(view, kind, criteria, keys))
        selection = Selection(found, noted)
        selections.keep(asked, selection)
    note_again(selection.noted)
    return selection.found


def selected(
    view: View, kind: EntityKind, criteria: Criteria | None, keys: dict[StrEnum, Direction]
) -> Sequence[Shown]:
    """The same, found out."""
    found: Sequence[Shown] = view.all(kind)
    choose = compiled(view, kind, criteria) if criteria else None
    if choose:
        with unnoted():  # what a filter walks past is not what was asked for
            found = choose(found)
    if view.edition.recalls:
        view.note_all(kind, choose)
    for by, direction in reversed(keys.items()):
        look()
        key = remembered(view, by, ORDERS[by.value])
        found = sorted(found, key=key, reverse=direction is Direction.DESC)
    return found
