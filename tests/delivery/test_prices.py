from __future__ import annotations

import pytest
from graphql import GraphQLInputObjectType, build_schema, parse

from content_api.delivery import prices as remembering
from content_api.delivery.limits import Limits
from content_api.delivery.price import Most, Price, price
from content_api.delivery.prices import KEY, MOST, Prices
from content_api.errors import RequestError
from tests.delivery.small import schema
from tests.graph.asking import SCHEMA as GRAPH

SCHEMA = schema()
LIMITS = Limits()
SIZED = "query ($n: Int, $m: Int) { things(first: $n) { nodes { name others(last: $m) { totalCount } } } }"
FILTERED = "query ($text: String) { things(where: { name: $text }) { totalCount } }"
LISTED = "query ($ids: [ID!]!) { nodes(ids: $ids) { name } }"


def totals(prices: Prices, text: str, asked: list[dict[str, object]]) -> list[int]:
    [operation] = parse(text).definitions
    return [prices.of(SCHEMA, operation, {}, variables, LIMITS).total for variables in asked]


@pytest.fixture
def counted(monkeypatch) -> list[object]:
    """The variables of each operation that was priced."""
    seen: list[object] = []

    def counting(schema, operation, fragments, variables, limits, thousands):
        seen.append(variables)
        return price(schema, operation, fragments, variables, limits, thousands)

    monkeypatch.setattr(remembering, "price", counting)
    return seen


def test_a_price_that_depends_on_no_variable_is_worked_out_once_more_at_most(counted):
    text = "query ($key: String) { thing(key: $key) { name parts { name } } }"
    assert set(totals(Prices(), text, [{"key": str(number)} for number in range(100)])) == {8}
    assert len(counted) == 2


def test_a_price_that_depends_on_sizes_is_remembered_by_these(counted):
    asked = [{"n": 2, "m": 1}, {"n": 2, "m": 1}, {"n": 3, "m": 1}, {"n": 2}, {}, {"n": 3, "m": 1}, {"n": 2}, {}]
    [operation] = parse(SIZED).definitions
    expected = [price(SCHEMA, operation, {}, variables, LIMITS).total for variables in asked]
    assert totals(Prices(), SIZED, asked) == expected
    assert len(counted) == 5


def test_prices_by_size_are_bounded(counted):
    prices = Prices()
    asked = [{"n": number} for number in range(1, 51)]
    assert totals(prices, SIZED, asked) == totals(prices, SIZED, asked)
    assert len(counted) == 100 - MOST


def test_a_list_is_counted_each_time():
    assert totals(Prices(), LISTED, [{"ids": ["a"] * number} for number in (1, 1, 3, 2)]) == [2, 2, 4, 3]


def test_texts_count_alike_whatever_they_say(counted):
    assert len(set(totals(Prices(), FILTERED, [{"text": f"{number}"} for number in range(100)]))) == 1
    assert len(counted) == 2


def test_null_is_more_than_nothing():
    asked = [{"text": None}, {"text": None}, {}, {"text": None}, {}, {"text": "a"}]
    [operation] = parse(FILTERED).definitions
    expected = [price(SCHEMA, operation, {}, variables, LIMITS).total for variables in asked]
    assert totals(Prices(), FILTERED, asked) == expected
    assert len(set(expected)) == 2


def test_true_is_no_size(counted):
    assert len(set(totals(Prices(), SIZED, [{"n": 1}, {"n": 1}, {"n": True}]))) == 1
    assert len(counted) == 3


def test_operations_of_one_document_are_told_apart():
    document = parse("query A { name } query B { thing { name } } query C { thing { name parts { name } } }")
    prices = Prices()
    for _ in range(3):
        found = [prices.of(SCHEMA, operation, {}, {}, LIMITS).total for operation in document.definitions]
        assert found == [1, 2, 8]


def test_a_text_that_is_too_long_is_refused_each_time_and_not_remembered_as_another():
    searched = build_schema("type Page { totalCount: Int } type Query { search(text: String!): Page }")
    [operation] = parse("query ($text: String!) { search(text: $text) { totalCount } }").definitions
    prices = Prices()
    for _ in range(3):
        assert prices.of(searched, operation, {}, {"text": "a" * 200}, LIMITS).total == 277
        with pytest.raises(RequestError, match="201 characters"):
            prices.of(searched, operation, {}, {"text": "a" * 201}, LIMITS)


def test_long_texts_that_are_no_search_count_alike_too(counted):
    texts = [{"text": f"{number}" * 300} for number in range(10)]
    assert len(set(totals(Prices(), FILTERED, texts))) == 1
    assert len(counted) == 2


ORDERED = build_schema(
    """
    input Key { field: String!, direction: String = "ASC" }
    input Asked { name: String }
    input Where { or: [Asked!] }
    type Page { totalCount: Int }
    type Query { things(where: Where, orderBy: [Key!]): Page }
    """
)


def test_an_order_counts_by_the_number_of_its_keys(counted):
    [operation] = parse("query ($by: [Key!]) { things(orderBy: $by) { totalCount } }").definitions
    keys = [{"field": name, "direction": "ASC"} for name in "abc"]
    prices = Prices()
    for _ in range(5):
        for number in range(4):
            assert prices.of(ORDERED, operation, {}, {"by": keys[:number]}, LIMITS).total == 2 + 25 * number
        assert prices.of(ORDERED, operation, {}, {"by": list(reversed(keys))}, LIMITS).total == 77
    assert len(counted) == 1 + 4


def test_a_list_of_what_is_asked_is_counted_each_time(counted):
    [operation] = parse("query ($any: [Asked!]) { things(where: { or: $any }) { totalCount } }").definitions
    prices = Prices()
    for asked, cost in (
        ([{"name": "a"}], 50),
        ([{"name": "a"}, {"name": "b"}], 100),
        ([{}], 50),
        ([{"name": "c"}], 50),
    ):
        assert prices.of(ORDERED, operation, {}, {"any": asked}, LIMITS).total == 2 + cost
    assert len(counted) == 4


def test_only_the_keys_of_orders_look_as_these_do():
    """Else a filter could be taken for an order, and its price for that of another."""
    inputs = [one for one in GRAPH.type_map.values() if isinstance(one, GraphQLInputObjectType)]
    assert {one.name for one in inputs if one.fields.keys() & KEY} == {"EntityOrder", "CautionOrder"}
    assert all(one.fields.keys() == KEY for one in inputs if one.name.endswith("Order"))


def test_a_price_is_not_that_among_other_numbers_of_entities(counted):
    [operation] = parse("query ($text: String) { things(where: { or: [{ name: $text }] }) { totalCount } }").definitions
    prices = Prices()
    for thousands, cost in ((0, 52), (0, 52), (15, 202), (15, 202), (0, 52), (45, 502)):
        for _ in range(2):
            assert prices.of(ORDERED, operation, {}, {"text": "a"}, LIMITS, thousands).total == cost


def test_what_a_refusal_says_is_worked_out_once_for_a_price_that_is_remembered():
    fields = " ".join(f"a{place}: things(first: $n) {{ totalCount }}" for place in range(20))
    [operation] = parse(f"query ($n: Int) {{ {fields} }}").definitions
    prices, tried = Prices(), []

    def refused(number: int) -> str:
        given = SCHEMA, operation, {}, {"n": number}, LIMITS, 0

        def again(most: Most) -> Price:
            tried.append(most.number)
            return price(*given, most)

        error = prices.refusal(prices.of(*given), 1_000, again)
        assert "could cost" in str(error)
        return str(error.hint)

    hints = [refused(number) for number in (100, 100, 100, 90, 90, 100)]
    assert set(hints) == {"Ask for `first: 49` at most in the 20 places that have more, or in fewer places."}
    assert tried == 3 * [1, 49, 50], "by the first look, which is not remembered, and once for each of two sizes"
