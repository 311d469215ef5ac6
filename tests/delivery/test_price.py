from __future__ import annotations

from dataclasses import dataclass

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

from content_api.delivery.limits import Limits
from content_api.delivery.price import Price, hold_cost, price
from content_api.errors import RequestError
from tests.delivery.small import ask, delivery, error, schema

SCHEMA = schema()


def priced(document: str, variables: dict | None = None) -> Price:
    ast = parse(document)
    assert validate(SCHEMA, ast) == []
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    [operation] = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    return price(SCHEMA, operation, fragments, variables or {})


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ name }", 1),
        ("{ name thing { name same { name } } }", 5),
        ("{ things { totalCount } }", 1 + 20),
        ("{ things(first: 7) { totalCount } }", 1 + 7),
        ("{ things(last: 7) { totalCount } }", 1 + 7),
        ("{ things(first: 7, last: 9) { totalCount } }", 1 + 9),
        ("{ things(first: 0) { totalCount } }", 1),
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
        assert price(by_value, operation, {}, {}).total == 1 + size


def test_a_page_is_never_counted_as_more_than_the_largest_there_is():
    assert priced("{ things(first: 100000) { totalCount } }").total == 1 + 100
    assert priced("{ things(first: -5) { totalCount } }").total == 1


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


def test_a_refusal_names_the_dearest_path_and_the_argument_to_change():
    reply = ask(
        "{ cheap: things(first: 100) { totalCount }"
        " thing { many: others(first: 90) { nodes { parts { others { nodes { name label } } } } } } }"
    )
    assert (reply.executed, reply.codes, reply.cost_limit) == (False, ("TOO_COSTLY",), 5_000)
    assert reply.cost == 1 + 100 + 1 + 1 + 90 * (1 + 1 + 5 * (1 + 20 * 3))
    assert error(reply) == {
        "message": f"The operation could cost {reply.cost:,}; 5,000 is allowed. Its dearest path is "
        "thing > many(first: 90) > nodes > parts (a list, counted as 5) > others(first: 20).",
        "extensions": {
            "code": "TOO_COSTLY",
            "hint": "Give `first` of `many` a smaller number than 90, and page through the rest.",
        },
    }


def test_a_refusal_without_any_page_asks_for_fewer_fields():
    reply = ask("{ thing { parts { name label } } }", on=delivery(Limits(cost=10)))
    assert error(reply)["extensions"]["hint"] == "Ask for fewer fields, or in several requests."


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
    pages = st.integers(min_value=0, max_value=100)
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
    return price(SCHEMA, ast.definitions[0], fragments, {}).total


@settings(deadline=None)
@given(selections("Query", depth=5))
def test_the_cost_is_the_same_with_fragments_and_without(nodes):
    named: dict[Group, str] = {}
    document = "{ " + written_with_fragments(nodes, named) + " }"
    for group, name in named.items():
        document += f" fragment {name} on {group.type} {{ {written_with_fragments(group.children, named)} }}"
    assert price_of(document) == price_of("{ " + written_in_place(nodes) + " }") == naive(nodes)


FILTERED = build_schema(
    """
    input Where { name: Text, size: Text, or: [Where!], tags: [String!] }
    input Text { eq: String, contains: String }
    type Page { totalCount: Int }
    type Query { things(where: Where, first: Int): Page, search(text: String!, first: Int): Page }
    """
)


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{ things(where: {}) { totalCount } }", {}, 21),
        ('{ things(where: {name: {eq: "a"}}) { totalCount } }', {}, 21 + 50),
        ('{ things(where: {or: [{name: {eq: "a", contains: "b"}}, {size: {eq: "c"}}]}) { totalCount } }', {}, 21 + 150),
        ('{ things(where: {tags: ["a", "b", "c"]}) { totalCount } }', {}, 21 + 150),
        (
            "query($w: Where) { things(where: $w) { totalCount } }",
            {"w": {"name": {"eq": "a"}, "tags": ["b"]}},
            21 + 100,
        ),
        ("query($w: Where) { things(where: $w) { totalCount } }", {}, 21),
        ("query($e: String) { things(where: {name: {eq: $e}}) { totalCount } }", {"e": "a"}, 21 + 50),
        ('{ search(text: "a", first: 5) { totalCount } }', {}, 6 + 100),
    ],
)
def test_what_looks_at_every_entity_is_priced(document, variables, cost):
    executor = Executor.build(FILTERED, parse(document), None, None, variables)
    [operation] = parse(document).definitions
    assert price(FILTERED, operation, {}, executor.variable_values.coerced).total == cost


def test_a_refusal_names_a_filter_that_asks_too_much():
    [operation] = parse('{ things(where: {tags: ["a", "b", "c"]}) { totalCount } }').definitions
    with pytest.raises(RequestError) as refused:
        hold_cost(100, price(FILTERED, operation, {}, {}))
    assert "things(where: 3)" in str(refused.value)
    assert "fewer things in `where` of `things`" in refused.value.hint
