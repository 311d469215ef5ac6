"""What is told of a stored document before its clients find out."""

from __future__ import annotations

import pytest

from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.trial import NOT_STORABLE, NOTHING_THERE, Trial, Trouble, examined, tried
from tests.delivery.small import Root, delivery, schema
from tests.delivery.storing import stored
from tests.waiting import at_once


def examine(text: str, **limits: int) -> Trial:
    return examined(delivery(Limits(**limits)), stored(text))


def attempt(text: str, on: Delivery | None = None) -> Trial:
    return at_once(tried(on or delivery(), stored(text)))


def test_a_good_document_has_a_cost_and_no_troubles():
    assert attempt("query Name { thing { name } }") == Trial(stored("query Name { thing { name } }"), 2, ())


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("{ name }", (1, 1), "The operation has no name; a stored document is found by it."),
        ("# a\n\nquery Nmae { name }", (3, 1), "The operation is called `Nmae`; the file is called Name.graphql."),
        ("query Name { name }\nquery B { name }", (2, 1), "There are 2 operations; a stored document has one."),
        ("# variables: {x}\nquery Name { name }", (1, 1), "The variables are no JSON object: {x}"),
        ("#\n# variables: []\nquery Name { name }", (2, 1), "The variables are no JSON object: []"),
    ],
)
def test_what_cannot_be_stored_is_told_with_its_place(text: str, place: tuple[int, int], words: str):
    [trouble] = examine(text).troubles
    assert (trouble.line, trouble.column, trouble.code, trouble.message) == (*place, NOT_STORABLE, words)


def test_a_name_that_is_longer_than_addresses_and_logs_take_is_refused():
    name = "A" * 101
    [trouble] = examined(delivery(Limits(name_characters=1_000)), stored(f"query {name} {{ name }}", name)).troubles
    assert trouble.message == "The operation's name has more than 100 characters."


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("query Name {\n  name(", "GRAPHQL_PARSE_FAILED", 2),
        ("query Name {\n  colour\n}", "GRAPHQL_VALIDATION_FAILED", 2),
        ("fragment A on Thing { name }", "GRAPHQL_VALIDATION_FAILED", 1),
        ("query Name { name }".ljust(10_001), "DOCUMENT_TOO_LONG", 1),
        ("query Name { things(first: 100) { nodes { parts { others { nodes { name } } } } } }", "TOO_COSTLY", 1),
        ("# variables: {}\nquery Name($size: Int!) { picky(size: $size) }", "BAD_VARIABLES", 2),
        ('# variables: {"size": "x"}\nquery Name($size: Int!) { picky(size: $size) }', "BAD_VARIABLES", 2),
    ],
)
def test_what_a_client_would_be_refused_is_told_with_its_line(text: str, code: str, line: int):
    trouble, *_ = examine(text).troubles
    assert (trouble.code, trouble.line) == (code, line)


def test_the_cost_is_that_of_the_dearest_example():
    text = '# variables: {"first": 3}\n# variables: {"first": 9}\n'
    assert examine(f"{text}query Name($first: Int) {{ things(first: $first) {{ totalCount }} }}").cost == 10


def test_one_example_that_costs_too_much_is_enough():
    text = '# variables: {"first": 3}\n# variables: {"first": 9}\n'
    trial = examine(f"{text}query Name($first: Int) {{ things(first: $first) {{ totalCount }} }}", cost=9)
    assert [trouble.code for trouble in trial.troubles] == ["TOO_COSTLY"]


def test_a_document_without_an_example_of_what_it_needs_is_priced_and_says_so():
    text = 'query Name($first: Int!, $more: Int!, $key: String! = "x") { things(first: $first) { totalCount } }'
    assert examine(text.replace(", $more: Int!", "").replace(', $key: String! = "x"', "")).lacking == ("first",)
    trial = examine("query Name($key: [ID!]!) { nodes(ids: $key) { name } }")
    assert (trial.lacking, trial.cost, trial.troubles) == (("key",), 21, ())
    dear = examine("query Name($key: [ID!]!) { nodes(ids: $key) { name } }", cost=20)
    assert [trouble.code for trouble in dear.troubles] == ["TOO_COSTLY"]


def test_an_error_in_the_answer_is_told_once_for_each_field():
    text = "# variables: {}\n# variables: {}\nquery Name {\n  refused\n  name\n}"
    assert attempt(text).troubles == (Trouble(4, 3, "BAD_USER_INPUT", "Not like this.", "Like that."),)


class Empty(Root):
    """Where nothing is found."""

    def thing(self, info, key=None):
        return None

    def nodes(self, info, ids):
        return [None for _ in ids]


def empty() -> Delivery:
    return Delivery(schema(), lambda: Live("v1", Empty()))


@pytest.mark.parametrize(
    ("selection", "named"),
    [
        ("thing { name }", ["thing"]),
        ("it: thing { name } other: thing { name }", ["it", "other"]),
        ("... { thing { name } }", ["thing"]),
        ("...F", ["thing"]),
        ('nodes(ids: ["x"]) { name }', ["nodes"]),
        ("thing @skip(if: true) { name } name", []),
        ("things { totalCount }", []),
    ],
)
def test_what_is_asked_for_by_its_name_and_is_not_there_is_told(selection: str, named: list[str]):
    fragment = " fragment F on Query { thing { name } }" if "...F" in selection else ""
    troubles = attempt(f"query Name {{ {selection} }}{fragment}", empty()).troubles
    assert [trouble.code for trouble in troubles] == [NOTHING_THERE] * len(named)
    assert [trouble.message for trouble in troubles] == [
        f"`{name}` is null: what it asks for is not there." for name in named
    ]


def test_the_example_that_found_nothing_is_told():
    text = '# variables: {"key": "x"}\nquery Name($key: String) {\n  thing(key: $key) { name }\n}'
    [trouble] = attempt(text, empty()).troubles
    assert (trouble.line, trouble.message) == (
        3,
        '`thing` is null: what it asks for is not there. With {"key":"x"}.',
    )


def test_a_subscription_is_priced_and_not_listened_to():
    trial = attempt("subscription Name { silent }")
    assert (trial.troubles, trial.cost) == ((), 1)
