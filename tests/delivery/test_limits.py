from __future__ import annotations

import dataclasses

import pytest
from graphql import get_introspection_query, parse

from content_api.delivery.limits import Limits, hold, hold_variables
from content_api.delivery.totals import count
from content_api.errors import ERROR_CODES, RequestError
from tests.delivery.small import ask, body, delivery, error

LIMITS = Limits()


def inside(selections: str) -> str:
    return "{ thing { " + selections + " } }"


def characters(n: int) -> str:
    return "{ name }".ljust(n, ",")


def tokens(n: int) -> str:
    labels, names = divmod(n - 5, 6)  # `label(short: true)` is six tokens, and inside() five
    return inside("label(short: true) " * labels + "name " * names)


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
    return inside("name " * (n - 1))


def introspection_depth(n: int) -> str:
    return "{ __schema { types { fields { type { " + "ofType { " * (n - 5) + "name" + " }" * n


def introspection_aliases(n: int) -> str:
    return "{ __schema { types { " + " ".join(f"a{i}: name" for i in range(n)) + " name } } }"


def list_items(n: int) -> str:
    return inside("label(tags: [" + '"a" ' * n + "])")


def cost(n: int) -> str:
    # The list costs 1 + 100 * (1 + 48), `thing` itself 1, and each name below it 1.
    return "{ things(first: 100) { nodes { " + "name " * 48 + "} } thing { " + "name " * (n - 4902) + "} }"


CASES = [
    (characters, "DOCUMENT_TOO_LONG"),
    (tokens, "DOCUMENT_TOO_LONG"),
    (fragments, "DOCUMENT_TOO_LONG"),
    (directives, "DOCUMENT_TOO_LONG"),
    (depth, "TOO_DEEP"),
    (aliases, "TOO_MANY_ALIASES"),
    (root_fields, "TOO_MANY_FIELDS"),
    (fields, "TOO_MANY_FIELDS"),
    (introspection_depth, "TOO_DEEP"),
    (introspection_aliases, "TOO_MANY_ALIASES"),
    (list_items, "LIST_TOO_LONG"),
    (cost, "TOO_COSTLY"),
]


def test_every_limit_has_a_case():
    assert {case.__name__ for case, _ in CASES} == {field.name for field in dataclasses.fields(Limits)} - {
        "errors",
        "versions",
        "seconds",
    }  # how many errors are told is no case; test_loading.py has versions, test_timed.py seconds


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
    if case is not tokens:  # reading stops there, so that nobody knows how many there are
        assert f"{limit + 1:,}" in message
    assert "hint" in error(reply)["extensions"]
    assert code in ERROR_CODES


def test_a_list_in_the_variables_may_be_as_long_as_one_in_the_document():
    hold_variables(LIMITS, {"filter": {"ids": ["a"] * 100}})
    with pytest.raises(RequestError, match="101 items"):
        hold_variables(LIMITS, {"filter": [{"ids": ["a"] * 101}]})


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
    with pytest.raises(RequestError, match="21 directives"):
        hold(LIMITS, parse(document + f"fragment F on Thing {flag * 4} {{ name }}"))


def test_a_fragment_counts_wherever_it_is_spread():
    spread_three_times = "{ a: thing { ...F } b: thing { ...F } c: thing { same { ...F } } } "
    document = spread_three_times + "fragment F on Thing { " + "name " * 132 + "}"
    assert ask(document).executed
    assert "403 fields" in error(ask(document.replace("{ name", "{ name name")))["message"]


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
    assert "63 aliases" in error(ask(f"{{ {spreads} }} fragment F on Thing {{ {inner} }}"))["message"]


def test_nothing_is_expanded_where_there_are_too_many_fragments():
    assert count(parse(fragments(3)), most_fragments=3).operations[0].fields == 4
    assert count(parse(fragments(4)), most_fragments=3).operations == ()


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
    assert error(reply)["message"] == "There are 4 levels of fields; 3 are allowed."


def test_no_more_errors_are_shown_than_a_person_mends_at_once():
    reply = ask("{ a b c d e f g h }")
    assert len(body(reply)["errors"]) == 5
