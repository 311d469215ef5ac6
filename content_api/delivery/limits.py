"""How large a question and its answer may be, and the refusal of one that is larger.

Those of a document hold before graphql-core validates. Strawberry's own limiters were refused: each walks a fragment
again wherever it is spread, so that 758 bytes of fragments that double one another cost six seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode

from content_api.delivery.totals import DocumentTotals, OperationTotals, count
from content_api.errors import RequestError


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is well above what a page, an app or a chatbot asks in one request, and well below what hurts. Each is a
    setting: bounds.py.

    Counts of fields, aliases and depth are taken after fragments are expanded: a fragment spread twice counts twice.
    """

    body_bytes: int = 100_000  # a document of all the characters that are read, and variables: 100 ids have 3 kB
    json_depth: int = 20  # body, variables, filter, and eight relations deep in it with a list each; 5 is usual
    json_digits: int = 20  # of a whole number: 64 bits take 20, and nothing here counts further than 32
    characters: int = 10_000  # the largest page query we know has 3,000; reading costs time for each character
    tokens: int = 1_000  # the same page has 400; a parsed token takes about 300 bytes while it is remembered
    fragments: int = 30  # one per component of a page; fragments multiply each other, so their number is an exponent
    directives: int = 20  # a page includes or skips a few parts; validation compares each with its neighbours
    depth: int = 12  # condition, symptom, its other conditions and their text, with connections between, is 10
    aliases: int = 50  # one screen of named lists; an alias is how one field is made to run many times
    root_fields: int = 20  # each may be a search or a filter over everything
    fields: int = 400  # a detail page with everything has 120
    comparisons: int = 5_000  # of fields that are one in the answer: 30 parts of a page with 3 in common make 4,500
    introspection_depth: int = 15  # the standard introspection query, which unwraps nine lists and non-nulls, has 15
    introspection_aliases: int = 0  # no tool uses one there, and each would list the whole schema once more
    list_items: int = 100  # as many as a page has; a list is walked once for each time it is filtered by
    values: int = 1_000  # in variables; a filter that asks the 100 things it may has 600, and one takes 5 µs to coerce
    cost: int = 5_000  # about 50 ms of work; a detail page costs 100 to 400, a list of 20 such pages does not pass
    seconds: float = 1.0  # twenty times what the cost allows: then something is wrong, and what is dear waits for it
    versions: int = 4  # a comparison needs two; each that is not in memory is read from git, half of those kept
    errors: int = 5  # a person mends the first ones first; graphql-core stops validating there
    answer_bytes: int = 1_000_000  # a hundred whole pages have 600 kB; a phone takes seconds for more


def hold(limits: Limits, ast: DocumentNode) -> None:
    """Refuse a document that breaks a limit, by RequestError. What does not depend on variables is settled here."""
    totals = count(ast, most_fragments=limits.fragments)
    _refuse(_document_rows(limits, totals))
    for operation in totals.operations:
        _refuse(_operation_rows(limits, operation))


def hold_variables(limits: Limits, variables: Mapping[str, Any]) -> None:
    """Refuse variables that hold a list longer than the limit, at any depth, or too many values: they are counted up to
    the first that is too much."""
    number = 0
    for found in _containers(variables):
        number += len(found)
        longest = len(found) if isinstance(found, list) else 0
        rows = [
            ("LIST_TOO_LONG", longest, limits.list_items, "items in one list of the variables", "Send it in parts."),
            ("TOO_MANY_VALUES", number, limits.values, "values or more in the variables", "Ask in several requests."),
        ]
        _refuse(rows)


def hold_versions(limits: Limits, versions: Collection[str]) -> None:
    """Refuse an operation that has more versions loaded than the limit."""
    hint = "Ask about them in several requests."
    _refuse([("TOO_MANY_VERSIONS", len(versions), limits.versions, "versions to be loaded", hint)])


FEWER = "Ask for less, or in several requests; a fragment counts wherever it is spread."

# A refusal: code, count, limit, what was counted, hint.
Row = tuple[str, int, int, str, str]


def _document_rows(limits: Limits, totals: DocumentTotals) -> list[Row]:
    return [
        ("DOCUMENT_TOO_LONG", totals.fragments, limits.fragments, "fragments", "Merge or leave out some."),
        ("TOO_MANY_FIELDS", totals.fragment_fields, limits.fields, "fields in one fragment", FEWER),
        ("DOCUMENT_TOO_LONG", totals.directives, limits.directives, "directives", "Put one on a fragment instead."),
        ("LIST_TOO_LONG", totals.list_items, limits.list_items, "items in one list", "Send it in parts."),
    ]


def _operation_rows(limits: Limits, totals: OperationTotals) -> list[Row]:
    inside = "below `__schema` and `__type`"
    return [
        ("TOO_DEEP", totals.depth, limits.depth, "levels of fields", "Start a second request further down, by key."),
        ("TOO_DEEP", totals.introspection_depth, limits.introspection_depth, f"levels of fields {inside}", FEWER),
        ("TOO_MANY_ALIASES", totals.aliases, limits.aliases, "aliases", FEWER),
        ("TOO_MANY_ALIASES", totals.introspection_aliases, limits.introspection_aliases, f"aliases {inside}", FEWER),
        ("TOO_MANY_FIELDS", totals.root_fields, limits.root_fields, "fields at the root", FEWER),
        ("TOO_MANY_FIELDS", totals.fields, limits.fields, "fields", FEWER),
    ]


def _refuse(rows: Iterable[Row]) -> None:
    """Raise for the first row whose count is over its limit."""
    for code, actual, limit, noun, hint in rows:
        if actual > limit:
            raise RequestError(code, f"There are {_spelt(actual)} {noun}; {limit:,} are allowed.", hint)


def _spelt(number: int) -> str:
    """A count for a person. Doubling fragments count far beyond what anybody reads, so the words stop at a billion."""
    return f"{number:,}" if number <= 1_000_000_000 else "more than 1,000,000,000"


def _containers(value: Any) -> Iterator[Collection[Any]]:
    """Yield every list and object in a JSON value; with a stack of our own, since a client chooses the nesting."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case list() as items:
                yield items
                waiting.extend(items)
            case Mapping() as fields:
                yield fields
                waiting.extend(fields.values())
