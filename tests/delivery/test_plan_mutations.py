"""Would a mistake in the compiler be noticed? Each of these is made, and must be caught by what test_plan.py asks.

A mutant is the source of a module with one piece replaced. It is caught where an answer differs from the executor's, or
where the executor has to answer what a plan should.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog

from content_api.delivery import arguments, execution, leaves, pipeline, plan, plans
from content_api.delivery.operation import Operation, Reply
from tests.delivery import odd
from tests.delivery.odd import Box
from tests.delivery.test_plan import ASKED, COLLECTED, COMPLETED, LEFT, SWITCHED, WISH
from tests.waiting import at_once

# What is wrong, the module, what stands there, and what stands there instead.
MUTANTS = {
    "an alias is swapped for the name": (
        plan,
        "{key!r}: {completed",
        "{details[0].node.name.value!r}: {completed",
    ),
    "the order of fields is lost": (plan, "enumerate(fields.items())", "enumerate(sorted(fields.items()))"),
    "of merged fields the last counts": (plan, "subfields(kind, details)", "subfields(kind, details[-1:])"),
    "a type condition is dropped": (plan, "self.selection(one, details)", "self.selection(possible[0][1], details)"),
    "one selection stands for all": (plan, "tuple(detail.node for detail in details)", "()"),
    "@skip is ignored": (
        plan,
        "executor.variable_values, root,",
        "executor.variable_values._replace(coerced=dict.fromkeys(executor.variable_values.coerced, False)), root,",
    ),
    "switches are not told apart": (plans, "tuple([variables.coerced.get(name) for name in self.switches])", "()"),
    "switches in fragments are overlooked": (plans, "list(document.definitions)", "list(document.definitions[:1])"),
    "operations of a document are not told apart": (
        plans,
        "self._sighted(document, operation.name.value if operation.name else None)",
        "self._sighted(document, None)",
    ),
    "a default is lost": (arguments, "convert(field, get_argument_values(field, node))", "convert(field, {})"),
    "a default is lost beside a variable": (arguments, "found = dict(others)", "found = {}"),
    "arguments are of the first field that has some": (plan, "given[{len(self.arguments) - 1}]", "given[0]"),
    "arguments are those of the first answer": (
        arguments,
        "coerced = variables.coerced",
        "coerced = arguments.__dict__.setdefault('first', variables).coerced",
    ),
    "null is taken for what is not given": (
        arguments,
        "one.variable in coerced:",
        "coerced.get(one.variable) is not None:",
    ),
    "null is given where it may not be": (arguments, "if value is None and not one.nullable:", "if False:"),
    "what is converted is given as it is": (arguments, "return None\n    return next", "return name\n    return next"),
    "variables in lists are overlooked": (arguments, "any(map(_varies, values))", "False"),
    "variables in objects are overlooked": (arguments, "any(_varies(field.value) for field in fields)", "False"),
    "null is refused where it may be": (plan, "None if {value} is None else {found}", "{found}"),
    "null is let through where it may not be": (plan, "if nullable else found", ""),
    "a list loses its nulls": (plan, "for item in {items}]", "for item in ({items}) if item is not None]"),
    "a leaf that may be null is not": (leaves, "if value is None and nullable:", "if False:"),
    "a leaf that may not be null is": (leaves, "if value is None and nullable:", "if value is None:"),
    "an error is taken for a value": (leaves, " or isinstance(value, Exception)", ""),
    "an error is taken for an object": (plan, "value is None or isinstance(value, Exception)", "value is None"),
    "null is taken for an object": (
        plan,
        "value is None or isinstance(value, Exception)",
        "isinstance(value, Exception)",
    ),
    "nobody looks at an object's type": (plan, "self.checking(kind) if checked else []", "[]"),
    "any sequence is a list": (plan, "value.__class__ is not tuple", "not hasattr(value, '__iter__')"),
    "an enum's value is its name": (leaves, "{value: kind.coerce_output_value(value) for", "{value: value for"),
    "nothing is coerced": (leaves, "found = coerce(value)", "found = value"),
    "what is coerced to nothing is let through": (leaves, "if found is None or found is Undefined:", "if False:"),
    "whatever counts as true is": (leaves, "GraphQLBoolean: bool}", "GraphQLBoolean: int}"),
    "the name of a type is another's": (plan, "{key!r}: {kind.name!r}", "{key!r}: 'Named'"),
    "a mutation is planned": (plan, "operation.operation is not OperationType.QUERY or", ""),
    "what nobody knows is made up": (plan, 'raise Unplanned(f"nobody told', 'return repr(f"nobody told'),
    "what is too much is written all the same": (plan, 'if value == "item":', "if False:"),
    "a plan that was left has the last word": (
        execution,
        "        return None\n    return Executed",
        "        return Executed(ExecutionResult({}, None), None, planned=True)\n    return Executed",
    ),
}


@contextmanager
def mutated(modules: tuple[ModuleType, ...], module: ModuleType, old: str, new: str) -> Iterator[None]:
    """The modules, loaded anew, one of them with a piece of its source replaced."""
    kept = {loaded.__name__: sys.modules[loaded.__name__] for loaded in modules}
    try:
        for loaded in modules:
            source = Path(str(loaded.__file__)).read_text()
            if loaded is module:
                assert source.count(old) == 1, f"this stands {source.count(old)} times in {loaded.__name__}: {old}"
                source = source.replace(old, new)
            sys.modules[loaded.__name__] = made = ModuleType(loaded.__name__)
            exec(compile(source, str(loaded.__file__), "exec"), made.__dict__)
        yield
    finally:
        sys.modules.update(kept)


MODULES = (leaves, arguments, plan, plans, execution)
"""Those that make and run plans."""

TWO = """query One($x: Boolean!, $end: String!) { wished @skip(if: $x) a: wished(end: $end) }
query Two { box { must } }"""

SHARED = """query ($x: Boolean!) { box { ...Rest } }
fragment Rest on Box { must text @skip(if: $x) }"""

Question = tuple[str, Any, list[dict[str, Any]], bool]
"""A document, what it is asked of, the operations that are asked one after the other, and whether plans answer them."""
QUESTIONS: list[Question] = [
    *((text, box, [{}], True) for text, box in COMPLETED),
    *((text, box, [{}], False) for text, box in LEFT),
    *((text, Box(inner=Box(must="in"), must="out"), [{}], True) for text in COLLECTED),
    *((text, Box(), [variables], True) for text, variables in ASKED),
    (WISH, Box(), [{"end": "?"}, {"end": "."}], True),
    ("query ($times: Int!) { wished(times: $times) }", Box(), [{"times": 1}, {"times": 2}], True),
    ("query ($a: Int!, $b: Int!) { a: wished(times: $a) b: wished(times: $b) }", Box(), [{"a": 1, "b": 2}], True),
    (SWITCHED, Box(), [{"a": True}, {"a": False}, {"a": True, "c": False}, {"a": True, "b": False}], True),
    (TWO, Box(), [{"name": "Two"}, {"name": "One", "x": True, "end": "."}], True),
    (SHARED, Box(), [{"x": True}, {"x": False}], True),
    ("query A { wished } query B { box { must } }", Box(), [{"name": "A"}, {"name": "B"}], True),
    ("query ($times: Int = 3) { wished(times: $times) }", Box(), [{"times": None}], False),
    ("{ informed }", Box(), [{}], False),
    ("{ box { grid } }", Box(grid=[[1], []]), [{}], False),
    ("mutation { change }", Box(), [{}], False),
]


def operations(question: Question) -> list[Operation]:
    text, _, asked, _ = question
    return [
        Operation(text, {key: value for key, value in one.items() if key != "name"}, one.get("name")) for one in asked
    ]


@cache
def references() -> list[list[Reply]]:
    """What the executor says to each."""
    found = []
    for question in QUESTIONS:
        on = odd.delivery(question[1], reader=None)
        found.append([at_once(on.answer(operation)) for operation in operations(question)])
    return found


def faults() -> list[str]:
    """The documents that are answered otherwise than by the executor, or on another road than they should be."""
    found = []
    for question, replies in zip(QUESTIONS, references(), strict=True):
        text, box, _, planned = question
        on = odd.delivery(box)
        on.plans = sys.modules[plans.__name__].Plans(odd.READER, sights=1)
        works = [on.begin(operation) for operation in operations(question)]
        if [on.attempt(work) for work in works] != replies or any(work.planned is not planned for work in works):
            found.append(text)
    return found


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():  # to print what is behind an error takes seconds
        yield


def test_without_a_mistake_there_is_no_fault():
    assert faults() == []


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_is_caught(mistake, monkeypatch):
    with mutated(MODULES, *MUTANTS[mistake]):
        monkeypatch.setattr(pipeline, "execution", sys.modules[execution.__name__])
        assert faults()
