from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from functools import partial

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLDefaultInput,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution import Executor
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.answers import live_of
from content_api.content.load import load
from content_api.delivery import price as pricing
from content_api.delivery.costly import too_costly
from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation
from content_api.delivery.price import Price, beyond, price
from content_api.errors import NotInMemory, RequestError
from tests import world
from tests.delivery.small import ask, delivery, error, schema
from tests.world.snapshot import MemorySnapshot

SCHEMA = schema()
LIMITS = Limits()
FILTERED = build_schema(
    """
    input Where { name: Text, size: Text, or: [Where!], tags: [String!], parts: Parts }
    input Parts { some: Where, none: Where }
    input Text { eq: String, contains: String }
    type Page { totalCount: Int }
    input Key { field: String!, direction: String = "ASC" }
    type Query {
      things(where: Where, orderBy: [Key!], first: Int): Page
      search(text: String!, first: Int): Page
      changes(from: String): Page
    }
    """
)


def priced(document: str, variables: dict | None = None) -> Price:
    ast = parse(document)
    assert validate(SCHEMA, ast) == []
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    [operation] = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    return price(SCHEMA, operation, fragments, variables or {}, LIMITS)


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ name }", 1),
        ("{ name thing { name same { name } } }", 5),
        ("{ things { totalCount } }", 1 + 20),
        ("{ things(first: 7) { totalCount } }", 1 + 7),
        ("{ things(last: 7) { totalCount } }", 1 + 7),
        ("{ things(first: 7, last: 9) { totalCount } }", 1 + 9),
        ("{ nodes(ids: []) { name } }", 1),
        ("{ things(first: null) { totalCount } }", 1 + 20),
        ("{ things(first: 3) { nodes { name } edges { node { name } } } }", 1 + 3 * (1 + 1 + 1 + 1 + 1)),
        ("{ things(first: 3) { ... { ...F } } } fragment F on Things { nodes { name } }", 1 + 3 * 2),
        ("{ thing { parts { name } } }", 1 + 1 + 5),
        ("{ things(first: 2) { nodes { parts { name } } } }", 1 + 2 * (1 + 1 + 5)),
        ("{ recent { name parts { name } } }", 1 + 3 * (1 + 1 + 5)),
        ("{ recent(first: 4) { name } }", 1 + 4),
        ('{ nodes(ids: ["a", "b", "c"]) { name } }', 1 + 3),
        ("{ named { name ... on Thing { same { name } } } }", 1 + 1 + 2),
        ("{ __typename name }", 2),
        ("{ __schema { types { name fields { name } } } }", 1_000),
        ('{ __type(name: "Thing") { name } name }', 101),
    ],
)
def test_the_formula(document, cost):
    assert priced(document).total == cost


def test_a_default_counts_however_the_schema_was_made():
    thing = SCHEMA.get_type("Thing")
    by_value = GraphQLSchema(
        GraphQLObjectType(
            "Query",
            lambda: {
                name: GraphQLField(GraphQLList(thing), {"first": argument})
                for name, argument in {
                    "internal": GraphQLArgument(GraphQLInt, default_value=2),
                    "external": GraphQLArgument(GraphQLInt, default=GraphQLDefaultInput(3)),
                    "none": GraphQLArgument(GraphQLInt),
                }.items()
            },
        )
    )
    for name, size in {"internal": 2, "external": 3, "none": 20}.items():
        [operation] = parse(f"{{ {name} {{ name }} }}").definitions
        assert price(by_value, operation, {}, {}, LIMITS).total == 1 + size


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1, -(2**31)])
def test_a_page_of_no_size_or_too_large_a_one_is_refused(name, size):
    for text, variables in (
        (f"{{ a: things({name}: {size}) {{ totalCount }} }}", {}),
        (f"query ($size: Int) {{ a: things({name}: $size) {{ totalCount }} }}", {"size": size}),
    ):
        with pytest.raises(RequestError) as refused:
            priced(text, variables)
        told = f"`{name}` of `things` is {size:,}; 1 to 100 is allowed."
        assert (refused.value.code, str(refused.value)) == ("BAD_USER_INPUT", told)


def test_a_page_is_looked_at_wherever_it_stands():
    inner = "nodes { others(first: 101) { totalCount } }"
    for text in (
        f"{{ things {{ {inner} }} }}",
        f"{{ things {{ ...F }} }} fragment F on Things {{ {inner} }}",
        f"{{ things {{ ... @skip(if: true) {{ {inner} }} }} }}",
        "{ things(first: 1, last: 101) { totalCount } }",
        "query ($n: Int = 101) { things(first: $n) { totalCount } }",
    ):
        reply = ask(text)
        assert (reply.codes, reply.executed) == (("BAD_USER_INPUT",), False)


def test_ids_and_the_text_of_a_search_have_a_limit_too():
    limits = Limits(node_ids=2, search_characters=5)
    [nodes] = parse("query ($ids: [ID!]!) { nodes(ids: $ids) { name } }").definitions
    [search] = parse("query ($text: String!) { search(text: $text) { totalCount } }").definitions
    assert price(SCHEMA, nodes, {}, {"ids": ["a"] * 2}, limits).total == 3
    assert price(FILTERED, search, {}, {"text": "a" * 5}, limits).total > 200
    with pytest.raises(RequestError, match="`ids` of `nodes` has 3 ids; 2 are allowed"):
        price(SCHEMA, nodes, {}, {"ids": ["a"] * 3}, limits)
    with pytest.raises(RequestError, match="`text` of `search` has 6 characters; 5 are searched for"):
        price(FILTERED, search, {}, {"text": "a" * 6}, limits)
    for text, on in (
        ('{ nodes(ids: ["a", "a", "a"]) { name } }', SCHEMA),
        ('{ search(text: "aaaaaa") { totalCount } }', FILTERED),
    ):
        with pytest.raises(RequestError):
            price(on, parse(text).definitions[0], {}, {}, limits)


def test_the_size_of_a_page_is_read_from_the_variables():
    document = "query ($n: Int) { things(first: $n) { totalCount } }"
    assert ask(document, variables={"n": 6}).cost == 7
    assert ask(document).cost == 21
    assert ask(document.replace("$n: Int", "$n: Int = 4")).cost == 5
    ids = "query ($ids: [ID!]!) { nodes(ids: $ids) { name } }"
    assert ask(ids, variables={"ids": ["a", "b"]}).cost == 3
    assert ask(ids, variables={"ids": "one"}).cost == 2


def test_one_document_is_priced_afresh_for_other_variables():
    target = delivery()
    document = "query ($n: Int) { things(first: $n) { totalCount } }"
    assert [ask(document, on=target, variables={"n": n}).cost for n in (1, 50, 2)] == [2, 51, 3]


def test_a_refusal_names_the_dearest_path_its_share_and_the_argument_to_change():
    document = (
        "{ cheap: things(first: 100) { totalCount }"
        " thing { many: others(first: 90) { nodes { parts { others { nodes { name label } } } } } } }"
    )
    reply = ask(document)
    assert (reply.executed, reply.codes, reply.cost_limit) == (False, ("TOO_COSTLY",), 5_000)
    each = 1 + 1 + 5 * (1 + 20 * 3)
    assert reply.cost == 1 + 100 + 1 + 1 + 90 * each
    path = "thing > many(first: 90) > nodes > parts (a list, counted as 5) > others(first: 20)"
    assert error(reply) == {
        "message": f"The operation could cost {reply.cost:,}; 5,000 is allowed. {path} costs {90 * 5 * 61:,} of it.",
        "extensions": {
            "code": "TOO_COSTLY",
            "hint": "Ask for `first: 15` of `many` instead of 90, and page through the rest.",
        },
    }
    assert ask(document.replace("first: 90", "first: 15")).executed
    assert ask(document.replace("first: 90", "first: 16")).codes == ("TOO_COSTLY",)


def refusal(limit: int, document: str, on: GraphQLSchema = FILTERED) -> RequestError:
    operation, *fragments = parse(document).definitions
    again = partial(price, on, operation, {one.name.value: one for one in fragments}, {}, LIMITS, 0)
    assert again().total > limit
    return too_costly(limit, again(), again)


def advice(document: str, limit: int) -> str:
    hint = refusal(limit, document, SCHEMA).hint
    assert isinstance(hint, str)
    return hint


def test_a_number_that_nobody_gave_can_be_the_one_to_change():
    hint = advice("{ things { nodes { name } } }", 25)
    assert hint == "Ask for `first: 12` of `things` instead of 20, and page through the rest."


def test_ids_are_sent_in_several_requests():
    hint = advice('{ nodes(ids: ["a", "b", "c", "d"]) { name } }', 4)
    assert hint == "Give 3 `ids` to `nodes` instead of 4, and the rest in other requests."


def test_where_the_largest_page_cannot_be_made_small_enough_another_is():
    document = "{ things(first: 2) { nodes { others(first: 3) { totalCount } } } thing { parts { parts { name } } } }"
    assert "`others`" not in advice(document, 40)
    deep = "{ things(first: 10) { nodes { others(first: 11) { nodes { name } } } } }"
    assert advice(deep, 100) == "Ask for `first: 3` of `others` instead of 11, and page through the rest."
    assert advice(deep, 41) == "Ask for `first: 1` of `others` instead of 11, and page through the rest."
    assert advice(deep, 40) == "Ask for `first: 1` of `things` instead of 10, and page through the rest."


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{ thing { parts { name label } } }", 10),
        ("{ nodes(ids: []) { name others { nodes { name } } } name }", 1),
        ('{ __schema { types { name } } __type(name: "Thing") { name } }', 1_000),
    ],
)
def test_a_refusal_that_no_number_mends_asks_for_fewer_fields(document, limit):
    assert advice(document, limit) == "Ask for fewer fields, or in several requests."


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(1, 100), st.integers(10, 5_000))
def test_whoever_follows_the_advice_is_answered(outer, inner, limit):
    document = f"{{ things(first: {outer}) {{ nodes {{ name others(last: {inner}) {{ nodes {{ name }} }} }} }} }}"
    found = priced(document)
    if found.total <= limit:
        return
    changed = re.match(r"Ask for `(\w+): (\d+)` of `(\w+)` instead of (\d+)", advice(document, limit))
    if changed:
        argument, fitting, key, given_number = changed.groups()
        before, after = f"{key}({argument}: {given_number})", f"{key}({argument}: {fitting})"
        assert before in document
        assert priced(document.replace(before, after)).total <= limit
        assert priced(document.replace(before, f"{key}({argument}: {int(fitting) + 1})")).total > limit


def test_a_refusal_repeats_little_of_what_was_sent():
    long = "a" * 700
    deep = "".join(f"{{ {long}{place}: same " for place in range(9)) + f"{{ {long}: parts {{ name }} }}" + " }" * 9
    told = error(ask(f"{{ {long}: thing {deep} }}", on=delivery(Limits(cost=10, name_characters=1_000))))["message"]
    assert "… > " in told
    assert len(told) < 300


def test_a_fragment_is_priced_once():
    nest = "".join(f"fragment f{i} on Thing {{ ...f{i + 1} ...f{i + 1} }} " for i in range(40))
    assert price_of("{ thing { ...f0 } } " + nest + "fragment f40 on Thing { name }") == 1 + 2**40


# ---- Whatever the shape, fragments change nothing, and the sum is what a naive reading of the formula gives.


@dataclass(frozen=True)
class Field:
    text: str
    children: tuple = ()
    size: int = 1


@dataclass(frozen=True)
class Group:
    """Selections that may be written in place, in an inline fragment, or as a named fragment."""

    type: str
    children: tuple
    inline: bool


LEAVES = {"Query": ["name"], "Thing": ["name", "label"], "Things": ["totalCount"], "Edge": ["cursor"]}


@st.composite
def branches(draw, parent: str, depth: int):
    pages = st.integers(min_value=1, max_value=100)
    first = draw(pages)
    choices = {
        "Query": [("thing", "Thing", 1), (f"things(first: {first})", "Things", first), ("things", "Things", 20)],
        "Thing": [("same", "Thing", 1), ("parts", "Thing", 5), (f"others(last: {first})", "Things", first)],
        "Things": [("nodes", "Thing", 1), ("edges", "Edge", 1)],
        "Edge": [("node", "Thing", 1)],
    }
    text, kind, size = draw(st.sampled_from(choices[parent]))
    return Field(text, draw(selections(kind, depth - 1)), size)


def selections(parent: str, depth: int):
    leaf = st.sampled_from(LEAVES[parent]).map(Field)
    if depth == 0:
        return st.tuples(leaf)
    group = st.builds(Group, st.just(parent), st.deferred(lambda: selections(parent, depth - 1)), st.booleans())
    return st.lists(leaf | branches(parent, depth) | group, min_size=1, max_size=3).map(tuple)


def written_in_place(nodes) -> str:
    return " ".join(
        written_in_place(node.children)
        if isinstance(node, Group)
        else node.text + (f" {{ {written_in_place(node.children)} }}" if node.children else "")
        for node in nodes
    )


def written_with_fragments(nodes, named: dict[Group, str]) -> str:
    parts = []
    for node in nodes:
        below = written_with_fragments(node.children, named) if node.children else ""
        if isinstance(node, Field):
            parts.append(node.text + (f" {{ {below} }}" if below else ""))
        elif node.inline:
            parts.append(f"... on {node.type} {{ {below} }}")
        else:
            parts.append("..." + named.setdefault(node, f"F{len(named)}"))
    return " ".join(parts)


def naive(nodes) -> int:
    return sum(
        naive(node.children) if isinstance(node, Group) else 1 + node.size * naive(node.children) for node in nodes
    )


def price_of(document: str) -> int:
    ast = parse(document)
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    return price(SCHEMA, ast.definitions[0], fragments, {}, LIMITS).total


@settings(deadline=None)
@given(selections("Query", depth=5))
def test_the_cost_is_the_same_with_fragments_and_without(nodes):
    named: dict[Group, str] = {}
    document = "{ " + written_with_fragments(nodes, named) + " }"
    for group, name in named.items():
        document += f" fragment {name} on {group.type} {{ {written_with_fragments(group.children, named)} }}"
    assert price_of(document) == price_of("{ " + written_in_place(nodes) + " }") == naive(nodes)


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{ things(where: {}) { totalCount } }", {}, 21),
        ('{ things(where: {name: {eq: "a"}}) { totalCount } }', {}, 21 + 50),
        ('{ things(where: {or: [{name: {eq: "a", contains: "b"}}, {size: {eq: "c"}}]}) { totalCount } }', {}, 21 + 150),
        ('{ things(where: {tags: ["a", "b", "c"]}) { totalCount } }', {}, 21 + 50),
        ("{ things(where: {tags: []}) { totalCount } }", {}, 21 + 50),
        ("query($w: Where) { things(where: $w) { totalCount } }", {"w": {"tags": []}}, 21 + 50),
        ("query($e: String!) { things(where: {tags: [$e, $e]}) { totalCount } }", {"e": "a"}, 21 + 50),
        ("query($w: Where!) { things(where: {or: [$w, {}]}) { totalCount } }", {"w": {"tags": ["a"]}}, 21 + 100),
        ("{ things(where: {or: [{}, {or: []}, {or: [{}, {}]}]}) { totalCount } }", {}, 21 + 200),
        (
            "query($w: Where) { things(where: $w) { totalCount } }",
            {"w": {"or": [{}, {"or": []}, {"or": [{}, {}]}]}},
            21 + 200,
        ),
        (
            "query($w: Where) { things(where: $w) { totalCount } }",
            {"w": {"name": {"eq": "a"}, "tags": ["b"]}},
            21 + 100,
        ),
        ("query($w: Where) { things(where: $w) { totalCount } }", {}, 21),
        ("query($e: String) { things(where: {name: {eq: $e}}) { totalCount } }", {"e": "a"}, 21 + 50),
        ('{ search(text: "a", first: 5) { totalCount } }', {}, 1 + 5 * (1 + 25) + 250),
        ('{ things(where: {parts: {some: {name: {eq: "a"}}}}) { totalCount } }', {}, 21 + 200),
        ('{ things(where: {parts: {none: {parts: {some: {tags: ["a", "b"]}}}}}) { totalCount } }', {}, 21 + 350),
        (
            "query($w: Where) { things(where: $w) { totalCount } }",
            {"w": {"tags": ["a"], "parts": {"some": {"tags": ["b", "c"]}}}},
            21 + 50 + 200,
        ),
    ],
)
def test_what_looks_at_every_entity_is_priced(document, variables, cost):
    executor = Executor.build(FILTERED, parse(document), None, None, variables)
    [operation] = parse(document).definitions
    assert price(FILTERED, operation, {}, executor.variable_values.coerced, LIMITS).total == cost


@pytest.mark.parametrize(
    ("document", "looking"),
    [
        ("{ things(first: 90) { totalCount } }", 0),
        ('{ things(where: {name: {eq: "a"}}, first: 90) { totalCount } }', 50),
        ('{ search(text: "a", first: 5) { totalCount } }', 5 * 25 + 250),
        ('{ ...F } fragment F on Query { search(text: "a", first: 1) { totalCount } things { totalCount } }', 275),
    ],
)
def test_of_a_price_it_is_told_what_is_for_looking_at_everything(document, looking):
    [operation, *fragments] = parse(document).definitions
    assert price(FILTERED, operation, {one.name.value: one for one in fragments}, {}, LIMITS).looking == looking


ORDERED = "query ($by: [Key!]) { things(orderBy: $by, first: 1) { totalCount } }"


@pytest.mark.parametrize(
    ("document", "variables", "keys"),
    [
        ("{ things(orderBy: [], first: 1) { totalCount } }", {}, 0),
        ("{ things(orderBy: null, first: 1) { totalCount } }", {}, 0),
        ('{ things(orderBy: {field: "a"}, first: 1) { totalCount } }', {}, 1),
        ('{ things(orderBy: [{field: "a"}, {field: "b"}, {field: "a"}], first: 1) { totalCount } }', {}, 3),
        (ORDERED, {}, 0),
        (ORDERED, {"by": None}, 0),
        (ORDERED, {"by": {"field": "a"}}, 1),
        (ORDERED, {"by": [{"field": "a"}, {"field": "b", "direction": "DESC"}]}, 2),
    ],
)
def test_each_key_of_an_order_is_priced(document, variables, keys):
    executor = Executor.build(FILTERED, parse(document), None, None, variables)
    [operation] = parse(document).definitions
    found = price(FILTERED, operation, {}, executor.variable_values.coerced, LIMITS)
    assert (found.total, found.looking) == (2 + 25 * keys, 25 * keys)


@pytest.mark.parametrize(
    ("document", "first", "more"),
    [
        ("{ things(first: 90) { totalCount } }", 91, 0),
        ('{ things(where: {or: [{name: {eq: "a"}}, {}]}, first: 1) { totalCount } }', 2 + 100, 2 * 10),
        ('{ things(where: {parts: {some: {name: {eq: "a"}}}}, first: 1) { totalCount } }', 2 + 200, 35),
        ('{ things(where: {parts: {some: {parts: {none: {size: {eq: "a"}}}}}}, first: 1) { totalCount } }', 352, 60),
        ('{ things(orderBy: [{field: "a"}, {field: "b"}], first: 1) { totalCount } }', 2 + 50, 2 * 10),
        ('{ search(text: "a", first: 5) { totalCount } }', 1 + 5 * (1 + 25) + 250, 0),
        ('{ changes(from: "a") { totalCount } }', 2 + 500, 0),
    ],
)
def test_what_walks_past_every_entity_costs_more_where_there_are_more(document, first, more):
    [operation] = parse(document).definitions
    for thousands in (0, 1, 15, 45):
        assert price(FILTERED, operation, {}, {}, LIMITS, thousands).total == first + thousands * more


def test_a_price_changes_when_another_thousand_of_entities_is_begun_beyond_those_it_was_measured_with():
    assert list(map(beyond, (0, 45, 4_999, 5_000, 5_001, 6_000, 6_001, 50_000))) == [0, 0, 0, 0, 1, 1, 2, 45]


def test_what_is_live_has_its_thousands(monkeypatch):
    monkeypatch.setattr(pricing, "MEASURED", 5)
    monkeypatch.setattr(pricing, "THOUSAND", 4)
    edition = load(MemorySnapshot(world.files()))
    number = len(edition.library.records)
    assert live_of(edition).thousands == math.ceil((number - 5) / 4) > 1


def test_a_refusal_names_an_order_by_too_much():
    keys = ", ".join(f'{{field: "{place}"}}' for place in range(6))
    refused = refusal(100, f"{{ things(orderBy: [{keys}]) {{ totalCount }} }}")
    assert "things(orderBy: 6)" in str(refused)
    assert refused.hint == "Order `things` by 3 of the 6 keys: one costs 25."


@pytest.mark.parametrize(("number", "fits"), [(99, True), (100, False)])
def test_the_cost_is_what_bounds_the_things_of_a_where(number, fits):
    things = ", ".join(["{}"] * number)
    for where in (f"{{ or: [{things}] }}", f"{{ or: [{{ or: [{{ or: [{things}] }}] }}] }}"):
        [operation] = parse(f"{{ things(first: 1, where: {where}) {{ totalCount }} }}").definitions
        assert (price(FILTERED, operation, {}, {}, LIMITS).total <= LIMITS.cost) is fits


def test_a_refusal_names_a_filter_that_asks_too_much():
    refused = refusal(100, '{ things(where: {or: [{}, {}, {name: {eq: "c"}}]}) { totalCount } }')
    assert "things(where: 3)" in str(refused)
    assert "costs 171 of it" in str(refused)
    assert refused.hint == "Ask 1 of the 3 things in `where` of `things`: one costs 50 or so."


def test_a_refusal_knows_that_a_search_looks_into_what_it_finds():
    refused = refusal(1_000, '{ search(text: "a", first: 100) { totalCount } }')
    assert refused.hint == "Ask for `first: 28` of `search` instead of 100, and page through the rest."
    [smaller] = parse('{ search(text: "a", first: 28) { totalCount } }').definitions
    assert price(FILTERED, smaller, {}, {}, LIMITS).total <= 1_000


# ---- Where many fields share the cost, the advice is for all of them


def many(number: int, field: str, selection: str) -> str:
    return f"{{ {' '.join(f'a{place}: {field} {{ {selection} }}' for place in range(number))} }}"


KEYS = "{}, {}, {}, {}"


@pytest.mark.parametrize(
    ("document", "hint", "smaller"),
    [
        (
            many(20, "things(first: 100)", "totalCount"),
            "Ask for `first: 49` at most in the 20 places that have more, or in fewer places.",
            many(20, "things(first: 49)", "totalCount"),
        ),
        (
            many(15, "things", "totalCount a: totalCount b: totalCount c: totalCount"),
            "Ask for `first: 16` at most in the 15 places that have more, or in fewer places.",
            many(15, "things(first: 16)", "totalCount a: totalCount b: totalCount c: totalCount"),
        ),
        (
            f"{{ {' '.join(f'a{place}: things(first: {place}) {{ totalCount }}' for place in range(35, 75, 2))} }}",
            "Ask for `first: 54` at most in the 10 places that have more, or in fewer places.",
            f"{{ {' '.join(f'a{one}: things(first: {min(one, 54)}) {{ totalCount }}' for one in range(35, 75, 2))} }}",
        ),
        (
            many(10, f"things(first: 1, where: {{or: [{KEYS}]}})", "totalCount"),
            "Ask for 1 thing in `where` at most in the 10 places that have more, or in fewer places.",
            many(10, "things(first: 1, where: {or: [{}]})", "totalCount"),
        ),
        (
            many(10, f"things(first: 1, orderBy: [{KEYS}])", "totalCount"),
            "Ask for 3 keys in `orderBy` at most in the 10 places that have more, or in fewer places.",
            many(10, "things(first: 1, orderBy: [{}, {}, {}])", "totalCount"),
        ),
    ],
)
def test_where_many_fields_share_the_cost_the_advice_is_for_all_of_them(document, hint, smaller):
    limit = {"where": 600, "orderBy": 800}.get(
        next((word for word in ("where", "orderBy") if word in document), ""), 1_000
    )
    refused = refusal(limit, document)
    assert refused.hint == hint
    assert " costs " in str(refused)
    assert price(FILTERED, parse(smaller).definitions[0], {}, {}, LIMITS).total <= limit


def test_ids_that_many_fields_share_are_fewer_in_each():
    ids = f"nodes(ids: [{', '.join(chr(34) + str(one) + chr(34) for one in range(30))}])"
    assert advice(many(10, ids, "name"), 200) == (
        "Ask for 19 ids in `ids` at most in the 10 places that have more, or in fewer places."
    )


def test_the_advice_for_all_holds_in_fragments_and_where_lists_stand_in_lists():
    inner = "nodes { others(first: 60) { totalCount } }"
    text = f"{{ a: things(first: 60) {{ ...F }} b: things(first: 50) {{ ...F }} }} fragment F on Things {{ {inner} }}"
    told = advice(text, 2_000)
    assert told == "Ask for `first: 30` at most in the 3 places that have more, or in fewer places."
    assert priced(text.replace("60", "30").replace("50", "30")).total <= 2_000
    assert priced(text.replace("60", "31").replace("50", "31")).total > 2_000


def test_where_no_argument_helps_by_itself_it_is_named_all_the_same():
    assert advice("{ things(first: 3) { nodes { name } } }", 2) == (
        "Ask for fewer fields, or in several requests: `first` is more than 1 in 1 place."
    )
    searches = many(20, 'search(text: "a")', "totalCount")
    assert refusal(5_000, searches).hint == (
        "Ask for fewer fields, or in several requests: `first` is more than 1 in 20 places."
    )


def test_what_is_refused_after_it_was_priced_says_its_cost():
    class Elsewhere:
        def name(self, info):
            raise NotInMemory("a version", ("v0",))

    def nowhere(wanted):
        raise RequestError("VERSION_NOT_AVAILABLE", "There is no such version.")

    target = Delivery(SCHEMA, lambda: Live("v1", Elsewhere()), fetch=nowhere)
    reply = asyncio.run(target.answer(Operation("{ name named { name } }")))
    assert (reply.executed, reply.codes, reply.cost) == (False, ("VERSION_NOT_AVAILABLE",), 3)
