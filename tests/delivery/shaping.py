"""Texts with slots for names and strings, and a delivery that tells whether it answered one by the shape of others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from content_api.delivery.answering import Answering
from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.plans import Plans
from content_api.delivery.shapes import Shapes
from tests.delivery import odd
from tests.delivery.odd import Box, Cat, Dog

# Names that clients may choose, and that mean something elsewhere; and texts that look like something else.
NAMES = ("a", "b", "on", "query", "must", "end", "fragment", "true", "__x", "x1", "Box", "version")
STRINGS = (
    "",
    "a",
    "b",
    "!",
    "é",
    "{ a: b }",
    "# no",
    "$a",
    "isOverdue",
    "RED",
    'q"',
    "b\\",
    "…",
    "\t",
    "\u2028",
    ") (",
)
BOX = Box(
    text="t",
    must="m",
    texts=["\x00000"],
    pet=Dog(name="Rex"),
    pets=[Cat(name="Tom"), Dog(name="Rex")],
    inner=Box(must="in"),
    sure=None,
)


class Shaping(Delivery):
    """Remembers whether the last answer came by a shape."""

    shaped = False

    def _by_shape(self, work: Answering, at_once: bool) -> Reply | None:
        reply = super()._by_shape(work, at_once)
        self.shaped = reply is not None
        return reply


def shaping(box: object = BOX, shapes: type[Shapes] = Shapes, **bounds: int) -> Shaping:
    """What answers from a box, by shapes and plans from the first sight on."""
    made = Shaping(odd.SCHEMA, lambda: Live("v1", odd.Query(box=box)), reader=odd.READER)  # type: ignore[arg-type]
    return at_first_sight(made, shapes, **bounds)


def at_first_sight(made: Shaping, shapes: type[Shapes] = Shapes, **bounds: int) -> Shaping:
    made.plans = Plans(made.reader, made.memory, sights=1)  # type: ignore[arg-type]
    made.shapes = shapes(made.schema, **{"sights": 1} | bounds)
    return made


def filled(template: str, names: Sequence[str], strings: Sequence[str]) -> str:
    """A template with names in place of `%n` and strings in place of `%s`, as GraphQL writes them."""
    given = {"%n": iter(names), "%s": (json.dumps(text, ensure_ascii=False) for text in strings)}
    return re.sub("%[ns]", lambda slot: next(given[slot[0]]), template)


def fillings(template: str, most: int, seed: int = 0) -> Iterator[str]:
    """So many texts of a template. The names in one are few, so that some are equal."""
    names, strings = template.count("%n"), template.count("%s")
    random = Random(seed)
    for _ in range(most):
        few = random.sample(NAMES, random.randint(2, 5))
        yield filled(template, random.choices(few, k=names), random.choices(STRINGS, k=strings))


def asked_of(template: str, most: int) -> Iterator[Operation]:
    """So many operations with texts of a template, each asked in one of the ways there are."""
    random = Random(1)
    for text in fillings(template, most):
        yield random.choice(operations(text))


def operations(text: str) -> list[Operation]:
    """The ways to ask for a text: with its variables and its name, and with others."""
    names = re.findall(r"\$ ?(\w+)", text)
    all_given = {name: f"{number}" for number, name in enumerate(names)}
    variables: list[dict[str, Any]] = [{}, all_given, all_given | {"other": 1}, {"\x00000": "3"}]
    variables += [all_given | {name: value} for name in names for value in (None, 4)]
    found = [Operation(text, each) for each in variables]
    if "query " in text:
        found += [Operation(text, operation_name=name) for name in ("a", "b", "\x00000", "")]
    return found


# What is asked in turn. Only the first is read: what comes after is answered by its shape.
ALIKE: list[tuple[str | Operation, ...]] = [
    ("query A { a: box { must } }", "query B { c: box { must } }", "query C { d: box { must } }"),
    ("{ a: wished b: wished }", "{ b: wished a: wished }"),
    ("{ box { text: must a: on inner { text } } }", "{ box { text: must b: on inner { text } } }"),
    ("{ on: wished true: wished }", "{ query: wished fragment: wished }"),
    ("{ box { ...A } } fragment A on Box { a: must }", "{ box { ...B } } fragment B on Box { b: must }"),
    ("{ box { pet { ...on Dog { a: name } } } }", "{ box { pet { ...on Dog { b: name } } } }"),
    ('{ wished(end: "a") }', '{ wished(end: "") }', '{ wished(end: ") (") }'),
    ('{ wished(end: "a", note: "b") }', '{ wished(end: "c", note: "d") }'),
    ('{ wished(wish: { words: ["a", "b"] }) }', '{ wished(wish: { words: ["c", "{"] }) }'),
    ('{ a: wished(end: "x") a: wished(end: "x") }', '{ b: wished(end: "y") b: wished(end: "y") }'),
    ('{ a: cut(at: "x", text: "y") }', '{ b: cut(at: "x", text: "z") }'),
    ('{ a: cut(id: "x", text: "x") }', '{ b: cut(id: "x", text: "x") }'),
    ('query ($a: String = "x") { cut(id: "y", text: $a) }', 'query ($a: String = "x") { cut(id: "z", text: $a) }'),
    ("query A { wished }", Operation("query B { wished }", operation_name="B")),
    (
        Operation("query ($a: Int!) { wished(times: $a) }", {"a": 1}),
        Operation("query ($b: Int!) { wished(times: $b) }", {"b": 2}),
    ),
]
# The second is read as well: it differs in more, or has to be refused.
UNLIKE: list[tuple[str | Operation, ...]] = [
    ("query A { wished }", Operation("query B { wished }", operation_name="A")),
    ("query A { wished }", Operation("query B { wished }", operation_name="\x00000")),
    (
        Operation("query ($a: Int!) { wished(times: $a) }", {"a": 1}),
        Operation("query ($b: Int!) { wished(times: $b) }", {"b": 1, "c": [0] * 101}),
    ),
    (
        "query ($a: Int = 1) { wished(times: $a) }",
        Operation("query ($b: Int = 1) { wished(times: $b) }", {"\x00000": 2}),
    ),
    ("query ($a: Int = 1) { wished(times: $a) }", "query ($a: Int = 1) { wished(times: $b) }"),
    ("{ box { a: must text } }", "{ box { text: must text } }"),
    ("{ box { a: must } }", "{ box { 1a: must } }"),
    ("{ a: wished(times: 1) b: wished(times: 2) }", "{ a: wished(times: 1) a: wished(times: 2) }"),
    ('{ a: wished(end: "x") a: wished(end: "x") }', '{ a: wished(end: "x") a: wished(end: "y") }'),
    ("{ box { ...A } } fragment A on Box { must }", "{ box { ...A } } fragment B on Box { must }"),
    ("{ box { ... A } } fragment A on Box { must }", "{ box { ... A } } fragment B on Box { must }"),
    ("{ box { ...query } } fragment query on Box { must }", "{ box { ...query } } fragment query off Box { must }"),
    (
        "{ box { ...query a: must } } fragment query\non Box { on }",
        "{ box { ...b a: must } } fragment b\non Box { on }",
    ),
    ("{ a: box { texts } }", "{ b: box { texts } }"),
    ('{ wished(end: "x") }', '{ wished(end: "x\ny") }'),
    ('{ wished(end: "x") }', '{ wished(end: "\\") }'),
    ('{ needed(times: 1, words: ["x""y"]) }', '{ needed(times: 1, words: ["""y"]) }'),
    ('{ cut(at: "x") }', '{ cut(at: "xy") }'),
    ('{ needed(times: 1, words: "a") }', '{ needed(times: "1", words: "a") }'),
    ("{ a: wished(times: 1) }", "{ a: wished(times: 2) }"),
    ('{ a: wished(end: "a") }', '{ a: wished(note: "a") }'),
    ("{ a: wished }", "{ version: wished }"),
    ('{ wished(end: "a") }', '{ wished(end: "as of isOverdue") }'),
    ("query A { a: wished }", "mutation A { a: change }"),
    (
        "query A { wished } query B { box { must } }",
        Operation("query A { wished } query B { rooted }", {}, "B"),
    ),
    ("{ a: wished # so\n}", "{ b: wished # so\n}"),
]
# Texts of each are answered by a shape, unless there is an error.
SHAPED = (
    "query %n { %n: box { %n: must %n: text } }",
    "query %n { box { must } }",
    "{ %n: box { %n: must must %n: text } }",
    "{%n:box{%n:must,%n:text}}",
    "query %n\n{ %n : box {\r\n\t%n:must } }",
    "\ufeffquery %n { %n: box { %n: must } }",
    "{ box { ...%n ...%n } } fragment %n on Box { %n: must } fragment %n on Box { text }",
    "{ box { ...%n ... %n } } fragment %n on Box { %n: must } fragment  %n on Box { text }",
    "fragment %n on Box { %n: must } query %n { box { ...%n } }",
    "{ box { pet { ...on Cat { %n: name } ...%n } } } fragment %n on Dog { %n: name }",
    "{ box { pets { %n: __typename ... on Named { %n: name } ... on Cat { %n: lives } } } }",
    "{ %n: __typename %n: box { %n: __typename } }",
    "query ($%n: String!) { %n: wished(end: $%n) }",
    "query %n($%n: String!, $%n: String) { wished(end: $%n, note: $%n) }",
    "query ($ %n: String!) { wished(end: $%n) }",
    "{ %n: wished(end: %s) %n: wished(end: %s) }",
    "{ wished(end: %s, note: %s) }",
    "{ wished(note: null) %n: wished(note: %s) }",
    "{ wished(wish: { words: [%s, %s] }) }",
    "{ wished(wish: { words: %s, more: { colour: RED } }) }",
    "{ wished(wish: { more: { words: [%s] } }) %n: needed(times: 1, words: [%s]) }",
    "query ($%n: String = %s) { wished(note: $%n) }",
    "{ %n: box @include(if: true) { %n: must @skip(if: false) } }",
    "query ($a: Boolean = true) { %n: box { %n: must @skip(if: $a) text } }",
    "{ %n: box { inner { %n: must } inner { %n: text } } }",
    "{ box { query %n: must fragment %n: text on } }",
    "{ box { fragment %n: must %n: query } }",
    "{ box { query %n: must %n: on query } }",
)
# Texts of each are read one by one, or refused.
READ = (
    "query %n { box { %n: must } } query %n { box { text } }",
    "# %n\n{ %n: box { must } }",
    '{ %n: wished(end: """%n""") }',
    "mutation %n { %n: change }",
    "{ wished(size: %s) }",
    "{ wished(size: %s, end: %s) }",
    "{ wished(times: %s) %n: wished }",
    "{ box { must @skip(if: %s) } }",
    "{ %n: broken %n: wished }",
    "{ %n: box { sure { must } } }",
    "{ %n: __schema { %n: __typename } }",
    "{ %n: informed }",
    "query %n @skip(if: %s) { %n: box { must } }",
    "query ($a: Int = 1 @skip(if: true)) { %n: wished(times: $a) }",
    "{ %n: box { must } } query { %n",
    "{ wished(end: 1%n: 2) }",
    "{ %n: 1%n }",
    "{ a(%n: box { must } }",
    '{ %n: wished(end: "a) }',
    "%n",
    "type %n { %n: Int }",
    "{ é%n: box { must } }",
)
EITHER = (
    "{ box { inner { on } fragment %n on } }",
    "{ box { query %n fragment %n } }",
)
