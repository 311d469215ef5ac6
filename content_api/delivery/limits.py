"""How large a question and its answer may be, and the refusal of one that is larger.

Those of a document hold before graphql-core validates. Strawberry's own limiters were refused: each walks a fragment
again wherever it is spread, so that 758 bytes of fragments that double one another cost six seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    name_characters: int = 100  # as many as a stored document's name has; an alias comes back in an error's path
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
    values: int = 1_000  # in variables; a filter of 99 things, which cost 5,000, has 600, and one takes 5 µs to coerce
    page_size: int = 100  # five screens; whoever wants more takes the next page
    node_ids: int = 100  # of `nodes`: as many as a page has
    search_characters: int = 200  # a question to a chatbot is seldom longer, and nobody types more into a search box
    cost: int = 5_000  # about 50 ms of work; a detail page costs 100 to 400, a list of 20 such pages does not pass
    seconds: float = 1.0  # twenty times what the cost allows: then something is wrong, and what is dear waits for it
    versions: int = 4  # a comparison needs two; each that is not in memory is read from git, half of those kept
    errors: int = 5  # a person mends the first ones first; graphql-core stops validating there
    answer_bytes: int = 1_000_000  # a hundred whole pages have 600 kB; a phone takes seconds for more


def hold_variables(limits: Limits, variables: Mapping[str, Any]) -> None:
    """Refuse variables that hold a list longer than the limit, at any depth, or too many values."""
    number = 0
    for found in _containers(variables):
        number += len(found)
        if isinstance(found, list) and len(found) > limits.list_items:
            raise too_long(len(found), limits.list_items, "one list of the variables")
        if number > limits.values:
            hint = "Ask in several requests."
            raise refusal("TOO_MANY_VALUES", number, limits.values, "values in the variables", hint, OR_MORE)


def hold_name(characters: int, most: int) -> None:
    """Refuse a document whose longest name is over the limit: as an alias, it would come back in an error's path."""
    if characters > most:
        raise refusal("DOCUMENT_TOO_LONG", characters, most, "characters in one name", "Use a shorter name.")


def hold_versions(limits: Limits, versions: Collection[str]) -> None:
    """Refuse an operation that has more versions loaded than the limit."""
    if len(versions) > limits.versions:
        hint = "Ask about them in several requests."
        raise refusal("TOO_MANY_VERSIONS", len(versions), limits.versions, "versions to be loaded", hint)


OR_MORE = " or more"
"""What is said of a number that was counted no further than to the first that is too many."""


def refusal(code: str, actual: int, limit: int, noun: str, hint: str, or_more: str = "") -> RequestError:
    return RequestError(code, f"There are {actual:,}{or_more} {noun}; {limit:,} are allowed.", hint)


def too_long(items: int, limit: int, where: str) -> RequestError:
    return refusal("LIST_TOO_LONG", items, limit, f"items in {where}", "Send it in parts.")


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
