from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator

import hypothesis
import pytest
from graphql import FragmentSpreadNode, InlineFragmentNode, SelectionSetNode, get_introspection_query, parse
from hypothesis import strategies as st

from content_api.delivery.limits import Limits, hold_variables
from content_api.delivery.operation import Operation
from content_api.delivery.subscribe import Subscriptions
from content_api.delivery.totals import hold
from content_api.errors import ERROR_CODES, LONGEST_MESSAGE, RequestError
from tests.delivery.small import Voice, ask, body, delivery, error

LIMITS = Limits()
ITEM = '"a" '


def inside(selections: str) -> str:
    return "{ thing { " + selections + " } }"


def characters(n: int) -> str:
    return "{ name }".ljust(n, ",")


def tokens(n: int) -> str:
    full, left = divmod(n - 5, 109)  # inside() is five tokens, and an aliased label with a list nine and its items
    sizes = [100] * full + [left - 9]
    return inside(" ".join(f"a{i}: label(tags: [{ITEM * size}])" for i, size in enumerate(sizes)))


def name_characters(n: int) -> str:
    return f"{{ {'a' * n}: name }}"


def fragments(n: int) -> str:
    names = [f"f{i}" for i in range(n)]
    return inside(" ".join(f"...{name}" for name in names)) + " ".join(
        f"fragment {name} on Thing {{ name }}" for name in names
    )


def directives(n: int) -> str:
    return inside("name @include(if: true) " * n)


def depth(n: int) -> str:
    return inside("same { " * (n - 2) + "name" + " }" * (n - 2))


def aliases(n: int) -> str:
    return inside(" ".join(f"a{i}: name" for i in range(n)))


def root_fields(n: int) -> str:
    return "{ " + "name " * n + "}"


def fields(n: int) -> str:
    # In forty places, or too much would be compared first.
    each, left = divmod(n - 40, 20)
    sizes = [each + (i < left) for i in range(20)]
    return (
        "{ "
        + " ".join(f"a{i}: thing {{ {'name ' * 9} same {{ {'name ' * (k - 9)}}} }}" for i, k in enumerate(sizes))
        + " }"
    )


def comparisons(n: int) -> str:
    # Each pair counts two: 70 names make 4,830, thirteen labels 156, four names 12 and two 2.
    return inside("name " * 70 + "label " * (n - 4_987) + "same { " + "name " * 4 + "} parts { name name }")


def introspection_depth(n: int) -> str:
    return "{ __schema { types { fields { type { " + "ofType { " * (n - 5) + "name" + " }" * n


def introspection_aliases(n: int) -> str:
    return "{ __schema { types { " + " ".join(f"a{i}: name" for i in range(n)) + " name } } }"


def list_items(n: int) -> str:
    return inside(f"label(tags: [{ITEM * n}])")


def cost(n: int) -> str:
    # The list costs 1 + 100 * (1 + 48), each `thing` 1, and each name below them 1.
    each, left = divmod(n - 4_905, 4)
    things = " ".join(f"a{i}: thing {{ {'name ' * (each + (i < left))}}}" for i in range(4))
    return "{ things(first: 100) { nodes { " + "name " * 48 + "} } " + things + " }"


def page_size(n: int) -> str:
    return f"{{ things(first: {n}) {{ totalCount }} }}"


CASES = [
    (characters, "DOCUMENT_TOO_LONG"),
    (tokens, "DOCUMENT_TOO_LONG"),
    (name_characters, "DOCUMENT_TOO_LONG"),
    (fragments, "DOCUMENT_TOO_LONG"),
    (directives, "DOCUMENT_TOO_LONG"),
    (depth, "TOO_DEEP"),
    (aliases, "TOO_MANY_ALIASES"),
    (root_fields, "TOO_MANY_FIELDS"),
    (fields, "TOO_MANY_FIELDS"),
    (comparisons, "TOO_MANY_FIELDS"),
    (introspection_depth, "TOO_DEEP"),
    (introspection_aliases, "TOO_MANY_ALIASES"),
    (list_items, "LIST_TOO_LONG"),
    (page_size, "BAD_USER_INPUT"),
    (cost, "TOO_COSTLY"),
]


# Those with tests of their own: how many errors are told and how large an answer may be further down, versions in
# test_loading.py, seconds in test_timed.py, ids and texts in test_price.py, and what is held before there is a document
# in tests/web.
ELSEWHERE = {"errors", "answer_bytes", "versions", "seconds", "body_bytes", "values", "json_depth", "json_digits"}
ELSEWHERE |= {"node_ids", "search_characters"}


STOPPED = {tokens, directives, depth, aliases, root_fields, fields, introspection_depth, introspection_aliases}
"""What is counted no further than to the first that is too many."""


def test_every_limit_has_a_case():
    assert {case.__name__ for case, _ in CASES} == {field.name for field in dataclasses.fields(Limits)} - ELSEWHERE


@pytest.mark.parametrize(("case", "code"), CASES, ids=[case.__name__ for case, _ in CASES])
def test_a_document_at_the_limit_is_executed(case, code):
    reply = ask(case(getattr(LIMITS, case.__name__)))
    assert reply.codes == ()
    assert reply.executed


@pytest.mark.parametrize(("case", "code"), CASES, ids=[case.__name__ for case, _ in CASES])
def test_a_document_one_past_the_limit_is_refused_with_the_limit(case, code):
    limit = getattr(LIMITS, case.__name__)
    reply = ask(case(limit + 1))
    assert not reply.executed
    assert reply.codes == (code,)
    message = error(reply)["message"]
    assert f"{limit:,}" in message or f"{limit}" in message
    if case is not comparisons:  # each takes two or more, so that nobody asks for one too many
        assert f"{limit + 1:,}" in message
    assert (" or more " in message) == (case in STOPPED)
    assert "hint" in error(reply)["extensions"]
    assert code in ERROR_CODES


def test_a_list_in_the_variables_may_be_as_long_as_one_in_the_document():
    hold_variables(LIMITS, {"filter": {"ids": ["a"] * 100}})
    with pytest.raises(RequestError, match="101 items"):
        hold_variables(LIMITS, {"filter": [{"ids": ["a"] * 101}]})


def test_values_of_variables_are_counted_wherever_they_stand():
    hold_variables(LIMITS, {"filter": [{"ids": ["a"] * 97}] * 10 + [{}] * 9})  # 1 + 19 + 10 + 970
    with pytest.raises(RequestError, match=r"1,001 or more values in the variables; 1,000 are allowed") as refused:
        hold_variables(LIMITS, {"filter": [{"ids": ["a"] * 97}] * 10 + [{}] * 10})
    assert refused.value.code == "TOO_MANY_VALUES"


def test_a_long_list_in_the_variables_is_refused_before_anything_runs():
    reply = ask("query ($ids: [ID!]!) { nodes(ids: $ids) { name } }", variables={"ids": ["a"] * 101})
    assert (reply.codes, reply.executed) == (("LIST_TOO_LONG",), False)


def test_a_list_inside_a_directive_or_an_object_or_a_default_counts_too():
    long = "[" + "1 " * 101 + "]"
    for document in (
        f"{{ name @include(if: {long}) }}",
        f"{{ thing(key: {{ a: {{ b: {long} }} }}) {{ name }} }}",
        f"query ($a: [Int] = {long}) {{ name }}",
    ):
        assert ask(document).codes == ("LIST_TOO_LONG",)


def test_directives_count_wherever_they_are_written():
    flag = "@include(if: true) "
    document = f"query Q {flag * 4} {{ thing {flag * 4} {{ ...F {flag * 5} ... {flag * 4} {{ name }} }} }}"
    with pytest.raises(RequestError, match="21 or more directives"):
        hold(LIMITS, parse(document + f"fragment F on Thing {flag * 4} {{ name }}"))


def test_a_fragment_counts_wherever_it_is_spread():
    spread_three_times = "{ a: thing { ...F } b: thing { ...F } c: thing { same { ...F } } } "
    each = "name " * 32
    nest = f"{each} label same {{ {each} same {{ {each} same {{ {each}}} }} }}"
    assert ask(spread_three_times + f"fragment F on Thing {{ {nest} }}").executed
    assert "403 or more fields" in error(ask(spread_three_times + f"fragment F on Thing {{ {nest} name }}"))["message"]


def test_depth_runs_through_fragments_and_not_through_inline_ones():
    chain = "{ thing { ...A } } fragment A on Thing { same { ...B } } fragment B on Thing { ... { ... on Thing { "
    at_limit = chain + "same { " * 9 + "name" + " }" * 9 + " } } }"
    assert ask(at_limit).executed
    assert ask(at_limit.replace("name", "same { name }")).codes == ("TOO_DEEP",)


def test_aliases_and_root_fields_run_through_fragments():
    inner = " ".join(f"a{i}: name" for i in range(20))
    assert ask(f"{{ ...F }} fragment F on Query {{ {inner} }}").executed
    assert ask(f"{{ ...F name }} fragment F on Query {{ {inner} }}").codes == ("TOO_MANY_FIELDS",)
    spreads = " ".join(f"t{i}: thing {{ ...F }}" for i in range(3))
    assert "63 or more aliases" in error(ask(f"{{ {spreads} }} fragment F on Thing {{ {inner} }}"))["message"]


def test_nothing_is_expanded_where_there_are_too_many_fragments():
    number = 2_000  # to expand them would take more than Python's stack
    chain = "".join(f"fragment f{i} on Thing {{ ...f{i + 1} }} " for i in range(number))
    with pytest.raises(RequestError, match="2,001 fragments; 30 are allowed"):
        hold(LIMITS, parse(f"{{ thing {{ ...f0 }} }} {chain} fragment f{number} on Thing {{ name }}"))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ " + "name " * 900 + "}", "21 or more fields at the root; 20 are allowed"),
        (inside("name " * 900), "401 or more fields; 400 are allowed"),
        (inside("a: name " * 900), "51 or more aliases; 50 are allowed"),
        (inside("name @include(if: true) " * 100), "21 or more directives; 20 are allowed"),
        (inside("same { " * 90 + "name" + " }" * 90), "13 or more levels of fields; 12 are allowed"),
        ("{ __schema { " + "a: types " * 900 + "} }", "1 or more aliases below `__schema` and `__type`; 0 are allowed"),
        (inside("...F " * 90) + "fragment F on Thing { " + "name " * 60 + "}", "421 or more fields; 400 are allowed"),
        (
            inside("...F") + "fragment F on Thing { " + "name " * 900 + "}",
            "401 or more fields in one fragment; 400 are allowed",
        ),
        (
            inside("...F") + "fragment F on Thing { " + "same { " * 90 + "name" + " }" * 91,
            "16 or more levels of fields in one fragment; 15 are allowed",
        ),
    ],
)
def test_counting_stops_at_the_first_that_is_too_many(document, message):
    with pytest.raises(RequestError, match=message):
        hold(LIMITS, parse(document))


def test_comments_are_counted_by_their_signs():
    assert ask("#\n" * 1_000 + "{ name }").executed
    reply = ask("#\n" * 1_001 + "{ name }")
    assert (reply.codes, reply.executed) == (("DOCUMENT_TOO_LONG",), False)
    assert error(reply)["message"] == "There are 1,001 `#`, each of which may be a comment; 1,000 are allowed."


class Naive:
    """Every limit of an operation as the page of limits words it: with every fragment written where it is spread."""

    def __init__(self, document: str) -> None:
        ast = parse(document)
        self.fragments = {node.name.value: node for node in ast.definitions[1:]}
        self.fields = list(self.expanded(ast.definitions[0].selection_set, 1, False))

    def expanded(self, selection_set: SelectionSetNode, level: int, inside: bool) -> Iterator[tuple[int, bool, bool]]:
        """Of each field its level, whether it is in introspection, and whether it has an alias."""
        for node in selection_set.selections:
            if isinstance(node, FragmentSpreadNode):
                yield from self.expanded(self.fragments[node.name.value].selection_set, level, inside)
            elif isinstance(node, InlineFragmentNode):
                yield from self.expanded(node.selection_set, level, inside)
            else:
                yield level, inside, node.alias is not None
                if node.selection_set:
                    yield from self.expanded(node.selection_set, level + 1, inside or node.name.value == "__schema")

    def is_within(self, limits: Limits) -> bool:
        return (
            len(self.fields) <= limits.fields
            and sum(level == 1 for level, _, _ in self.fields) <= limits.root_fields
            and sum(alias for _, _, alias in self.fields) <= limits.aliases
            and sum(alias for _, inside, alias in self.fields if inside) <= limits.introspection_aliases
            and max((level for level, inside, _ in self.fields if not inside), default=0) <= limits.depth
            and max((level for level, inside, _ in self.fields if inside), default=0) <= limits.introspection_depth
        )


COUNTED = ("fields", "root_fields", "aliases", "depth", "introspection_depth", "introspection_aliases")
ONE_IS_SMALL = st.builds(
    lambda name, most: Limits(**dict.fromkeys(COUNTED, 1_000) | {name: most}),
    st.sampled_from(COUNTED),
    st.integers(0, 8),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """An operation and two or three fragments, each of which spreads the next, so that all are used."""
    number = draw(st.integers(2, 3))

    def selections(depth: int, spread: str) -> str:
        parts = draw(st.lists(st.sampled_from(("name", "a: name", "same", "__schema", "... ", spread)), max_size=3))
        bodies = [
            f"{part} {{ {selections(depth + 1, spread)} }}" if part in ("same", "__schema", "... ") else part
            for part in (parts if depth < 3 else [part for part in parts if part in ("name", "a: name", spread)])
        ]
        return " ".join(bodies) or "name"

    spreads = [f"...f{i}" for i in range(number)] + ["name"]
    operation = f"{{ {selections(0, spreads[0])} same {{ {spreads[0]} }} }} "
    return operation + " ".join(
        f"fragment f{i} on Thing {{ {selections(0, spreads[i + 1])} {spreads[i + 1]} }}" for i in range(number)
    )


@hypothesis.given(documents(), ONE_IS_SMALL)
def test_what_stops_early_refuses_what_counting_all_of_it_would_and_nothing_else(document, limits):
    try:
        hold(limits, parse(document))
    except RequestError:
        assert not Naive(document).is_within(limits)
    else:
        assert Naive(document).is_within(limits)


def test_every_operation_of_a_document_is_held_to_the_limits():
    document = "query Small { name } query Large " + depth(13)
    assert ask(document, operation_name="Small").codes == ("TOO_DEEP",)


@pytest.mark.parametrize("all_options", [False, True])
def test_the_standard_introspection_query_passes(all_options):
    names = ("specified_by_url", "directive_is_repeatable", "schema_description", "input_value_deprecation")
    reply = ask(get_introspection_query(**dict.fromkeys(names, all_options)))
    assert reply.codes == ()
    assert body(reply)["data"]["__schema"]["queryType"]["name"] == "Query"


def test_a_tool_may_probe_several_types_by_alias():
    probes = " ".join(f'{name}: __type(name: "__{name}") {{ fields {{ name }} }}' for name in ("Type", "Field", "Enum"))
    assert ask(f"{{ {probes} }}").codes == ()


def test_an_alias_in_a_fragment_below_introspection_is_one_too_many():
    document = "{ __schema { types { ...F } } } fragment F on __Type { a: name }"
    assert ask(document).codes == ("TOO_MANY_ALIASES",)


def test_a_fragment_that_leads_into_introspection_has_the_depth_of_introspection():
    inner = "types { fields { type { " + "ofType { " * 10 + "name" + " }" * 13
    assert ask(f"{{ ...F }} fragment F on Query {{ __schema {{ {inner} }} }}").codes == ()
    assert ask(f"{{ __schema {{ ...G }} }} fragment G on __Schema {{ {inner} }}").codes == ()
    deeper = inner.replace("name", "ofType { name }")
    assert ask(f"{{ ...F }} fragment F on Query {{ __schema {{ {deeper} }} }}").codes == ("TOO_DEEP",)
    assert ask(f"{{ __schema {{ ...G }} }} fragment G on __Schema {{ {deeper} }}").codes == ("TOO_DEEP",)


def test_a_cycle_of_fragments_is_left_to_validation():
    reply = ask("{ thing { ...A } } fragment A on Thing { ...B } fragment B on Thing { ...A }")
    assert reply.codes == ("GRAPHQL_VALIDATION_FAILED",)
    assert "within itself" in error(reply)["message"]


def test_a_limit_can_be_set():
    reply = ask(depth(4), on=delivery(Limits(depth=3)))
    assert error(reply)["message"] == "There are 4 or more levels of fields; 3 are allowed."


def test_no_more_errors_are_shown_than_a_person_mends_at_once():
    reply = ask("{ a b c d e f g h }")
    assert len(body(reply)["errors"]) == 5


def test_no_more_errors_of_fields_are_shown_either_and_how_many_more_there_are_is():
    ids = [f"a{i}: refused" for i in range(8)]
    reply = ask("{ name " + " ".join(ids) + " }")
    told = body(reply)
    assert (len(told["errors"]), told["extensions"]) == (5, {"moreErrors": 3})
    assert told["data"]["name"] == "small"
    few = body(ask("{ name " + " ".join(ids[:5]) + " }"))
    assert len(few["errors"]) == 5
    assert "extensions" not in few


def sized(size: int) -> str:
    """A document whose answer has so many bytes."""
    alias = "a" * (size - len('{"data":{"":"small"}}'))
    return f"{{ {alias}: name }}"


def test_an_answer_may_be_as_large_as_the_limit_and_no_larger():
    target = delivery(Limits(answer_bytes=500, name_characters=500))
    assert len(ask(sized(500), on=target).body) == 500
    reply = ask(sized(501), on=target)
    assert (reply.codes, reply.executed, reply.reusable) == (("ANSWER_TOO_LARGE",), False, False)
    assert error(reply)["message"] == "The answer has 501 bytes; 500 are sent."
    assert "hint" in error(reply)["extensions"]
    assert reply.cost == 1


def test_an_answer_is_measured_in_bytes_and_not_in_characters():
    target = delivery(Limits(answer_bytes=500))
    accented = "{ nodes(ids: [" + '"é" ' * 12 + "]) { name } }"
    size = len(ask(accented, on=target).body)
    assert size > len(ask(accented.replace("é", "e"), on=target).body)
    assert ask(accented, on=delivery(Limits(answer_bytes=size))).codes == ()
    assert ask(accented, on=delivery(Limits(answer_bytes=size - 1))).codes == ("ANSWER_TOO_LARGE",)


def test_an_event_that_is_too_large_is_the_last_of_its_subscription():
    target = Subscriptions(delivery(Limits(answer_bytes=20)), Voice())

    async def heard() -> list[tuple[str, ...]]:
        return [reply.codes async for reply in target.subscribe(Operation("subscription { said(times: 1) }"))]

    assert asyncio.run(heard()) == [("ANSWER_TOO_LARGE",)]


LONG = "x" * 5_000
ECHOES = [
    f"{{ {LONG} }}",
    f"{{ name(first: {LONG}) }}",
    f"{{ thing(key: [{LONG}]) {{ name }} }}",
    f"query ({LONG}: Int) {{ name }}",
    f"query ($a: {LONG}) {{ name }}",
    f"{{ thing {{ ...{LONG} }} }}",
    f'{{ name @include(if: "{LONG}") }}',
    "".join(f"query a{i} {{ name }} " for i in range(100)),
    "{ things(first: 100) { nodes { "
    + " ".join(f"{LONG[:900]}{i}: others(first: 100) {{ edges {{ node {{ name }} }} }}" for i in range(9))
    + " } } }",
]


@pytest.mark.parametrize("document", ECHOES)
def test_no_message_and_no_hint_is_longer_than_a_person_reads(document):
    for operation_name in (None, LONG):
        reply = ask(document, operation_name=operation_name)
        assert reply.codes
        for told in body(reply)["errors"]:
            assert len(told["message"]) <= LONGEST_MESSAGE
            assert len(told["extensions"].get("hint", "")) <= LONGEST_MESSAGE


def test_the_values_of_variables_are_not_repeated_at_length_either():
    for given in (LONG, [LONG] * 9, {LONG: LONG}, 10**4_000):
        reply = ask("query ($a: Int!) { picky(size: $a) }", variables={"a": given})
        assert reply.codes[0] == "BAD_VARIABLES"
        assert all(len(told["message"]) <= LONGEST_MESSAGE for told in body(reply)["errors"])


def doubling(levels: int) -> str:
    nest = "".join(f"fragment f{i} on Thing {{ ...f{i + 1} ...f{i + 1} }} " for i in range(levels))
    return "{ thing { ...f0 } } " + nest + f"fragment f{levels} on Thing {{ name }}"


def test_a_nest_of_doubling_fragments_is_refused_by_its_number_or_its_fields():
    assert ask(doubling(40)).codes == ("DOCUMENT_TOO_LONG",)
    assert ask(doubling(29)).codes == ("TOO_MANY_FIELDS",)


def test_deep_variables_are_refused():
    deep: list = []
    for _ in range(150):
        deep = [deep]
    reply = ask("query ($a: Int) { picky(size: $a) }", variables={"a": deep})
    assert reply.codes == ("BAD_VARIABLES",)
