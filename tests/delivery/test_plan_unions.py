"""Our schema has no union: whatever is asked of a small one that has unions and interfaces in one another, of whatever
objects, a plan answers it as graphql-core's executor does, to the byte, or leaves it to the executor."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import graphql
import pytest
import structlog
from graphql import (
    DocumentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    parse,
)
from graphql.execution import Executor
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from content_api.delivery.operation import Operation
from content_api.delivery.plan import compiled
from tests.delivery import odd
from tests.delivery.odd import Box, Cat, Colour, Dog, Puppy, Size
from tests.delivery.test_plan_properties import QUERIES, VARIATIONS
from tests.delivery.variation import FORMS, forms, varied
from tests.graph.questions import NO_LIMITS
from tests.waiting import at_once

pytestmark = pytest.mark.usefixtures("turns")

# What has no plan, and values without fields, which test_plan.py asks: of what is left, unions are met more often.
LEFT_OUT = (
    *("grid", "informed", "rooted", "later", "broken", "number", "share", "yes", "loud", "colour", "perhaps"),
    *("texts", "gaps", "maybe", "query", "fragment", "on", "inner", "holes"),
)


@cache
def asked() -> st.SearchStrategy[DocumentNode]:
    schema = re.sub(rf"\n +({'|'.join(LEFT_OUT)}): .*", "", graphql.print_schema(odd.SCHEMA))
    short = st.text(max_size=1).map(lambda text: StringValueNode(value=text))
    scalars = {"Short": short, "Loud": short}
    boxes, any_field = (
        queries(schema, fields=fields, custom_scalars=scalars, print_ast=lambda ast: ast) for fields in (["box"], None)
    )
    several = st.lists(boxes, min_size=2, max_size=4).map(merged)
    return st.one_of(several, several, several, any_field)


def merged(documents: list[DocumentNode]) -> DocumentNode:
    """What each of several queries asks, asked by one."""
    selections = [one for document in documents for one in document.definitions[0].selection_set.selections]
    asked = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=(),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(selections)),
    )
    return DocumentNode(definitions=(asked,))


class Boxes:
    """Boxes with anything in them; where `odd`, now and then with what does not belong there."""

    def __init__(self, random: Random, odd: bool) -> None:
        self.random = random
        self.odd = odd

    def of(self, *choices: Any) -> Any:
        if self.odd and self.random.random() < 0.1:
            return self.random.choice((None, ValueError("secret"), object(), Puppy(name="Rex"), Cat(name="Tom"), 2**40))
        return self.random.choice(choices)

    def many(self, make: Any) -> list[Any]:
        return [make() for _ in range(self.random.randint(0, 3))]

    def cat(self) -> Cat:
        return Cat(name=self.of("Tom", "Mog"), lives=self.of(1, 9))

    def pet(self) -> Any:
        return self.of(self.cat(), Dog(name="Rex", size=self.of(Size.SMALL, Size.LARGE)))

    def box(self, depth: int = 3) -> Box:
        def inner() -> Box:
            return self.box(depth - 1)

        def found() -> Any:
            return self.of(None, self.pet(), inner()) if depth else self.of(None, self.pet())

        made = Box(
            text=self.of(None, "", "text"),
            must=self.of("must", ""),
            number=self.of(0, -1, 2**31 - 1),
            colour=self.of(Colour.RED, "blue"),
            perhaps=self.of(None, Colour.BLUE),
            texts=self.many(lambda: self.of("a", "b")),
            gaps=tuple(self.many(lambda: self.of("a", None))),
            maybe=self.of(None, [], ["a"]),
            named=self.of(None, self.pet(), self.cat()),
            pet=self.of(None, self.pet()),
            pets=self.many(self.pet),
            living=self.of(None, self.cat()),
            found=self.many(found),
            dog=self.of(None, Dog(name="Rex")),
        )
        made.sure = self.of(inner()) if depth else made
        if depth:
            made.inner, made.boxes = self.of(None, inner()), self.many(inner)
            made.holes = self.many(lambda: self.of(None, inner()))
        return made


def outcome(operation: Operation, box: Box) -> str:
    """Compare what both roads say, and tell which one it was that answered."""
    on, reference = odd.delivery(box), odd.delivery(box, reader=None)
    on.limits = reference.limits = NO_LIMITS
    work = on.begin(operation)
    reply = on.attempt(work)
    assert reply == at_once(reference.answer(operation)), operation
    if work.planned:
        assert not reply.codes
        return "by a plan"
    return f"by the executor, {'with errors' if reply.codes else 'without'}" if reply.executed else reply.codes[0]


SOME = max(300, QUERIES // 3)  # the schema is small: what there is to meet has been met by then


def test_a_plan_answers_of_unions_and_interfaces_as_the_executor_does():
    seen: Counter[str] = Counter()
    planned: Counter[str] = Counter()

    @settings(max_examples=-(-SOME // VARIATIONS))
    @given(asked(), st.integers(0, 2**32))
    def compare(query, seed):
        for number in range(seed, seed + VARIATIONS):
            random = Random(number)
            text, variables = varied(query, odd.SCHEMA, random)
            strange = random.random() < 0.3
            road = outcome(Operation(text, variables), Boxes(random, strange).box())
            seen[road] += 1
            assert strange or road != "by the executor, without", (text, variables)
            if road == "by a plan":
                planned.update(forms(text, odd.SCHEMA))

    with structlog.testing.capture_logs():  # to print what is behind an error takes seconds
        compare()
    print(dict(seen), dict(planned))
    assert seen.total() >= SOME
    assert seen["by a plan"] > seen.total() / 3
    assert seen["by the executor, with errors"] > 0
    asked_here = {*FORMS, "a union"} - {"a variable in a list or an object"}  # few fields here have arguments
    rare = [form for form in sorted(asked_here) if planned[form] < seen["by a plan"] / 50]
    assert not rare, f"seldom or never among what plans answered: {rare}"


EACH = """{ box { found { __typename
  ... on Named { name }
  ... on Living { lives }
  ... on Cat { friend { ... on Named { called: name } } }
  ... on Dog { size lives: size }
  ... on Pet { ... on Dog { name } ... on Cat { __typename } }
  ... on Box { must inner { found { ... on Box { text } } } }
} } }"""


def test_what_is_asked_of_a_union_is_decided_for_each_of_its_types_when_the_plan_is_made():
    plan = compiled(Executor.build(odd.SCHEMA, parse(EACH), None, None, {}), odd.READER)
    inside = Box(found=[Dog(name="Rex"), Box(text="deep"), None])
    box = Box(found=[Cat(name="Tom"), None, Dog(name="Rex", size=Size.SMALL), Box(must="in", inner=inside), Box()])
    data = plan.data(odd.Query(box=box), plan_variables())
    cat = {"__typename": "Cat", "name": "Tom", "lives": 9, "friend": {"called": "Rex"}}
    dog = {"__typename": "Dog", "name": "Rex", "size": "SMALL", "lives": "SMALL"}
    full = {"__typename": "Box", "must": "in", "inner": {"found": [{}, {"text": "deep"}, None]}}
    empty = {"__typename": "Box", "must": "", "inner": None}
    assert data == {"box": {"found": [cat, None, dog, full, empty]}}
    assert [list(one) for one in data["box"]["found"] if one] == [list(one) for one in (cat, dog, full, empty)]


def plan_variables() -> Any:
    return Executor.build(odd.SCHEMA, parse("{ wished }"), None, None, {}).variable_values
