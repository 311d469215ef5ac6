"""What a client can send to hurt. None may cost more processor time than a dear honest question."""

from __future__ import annotations

import time

import pytest

from tests.delivery.small import ask, delivery

# The dearest take 0.15 s on a quiet machine, nearly all of it in graphql-core's rule about overlapping fields. A busy
# machine doubles that; what is not held at all takes many seconds.
MOST_SECONDS = 1.0


def doubling(levels: int) -> str:
    nest = "".join(f"fragment f{i} on Thing{{...f{i + 1} ...f{i + 1}}}" for i in range(levels))
    return "{thing{...f0}}" + nest + f"fragment f{levels} on Thing{{name}}"


def inside(selections: str) -> str:
    return "{thing{" + selections + "}}"


ATTACKS = {
    "forty fragments that double": doubling(40),
    "as many doubling fragments as are allowed": doubling(29),
    "a cycle of fragments": "{thing{...a}}fragment a on Thing{...b ...b}fragment b on Thing{...a ...a}",
    "a fragment in itself": "{thing{...a}}fragment a on Thing{same{...a ...a}}",
    "unused doubling fragments": "{name}" + doubling(29)[len("{thing{...f0}}") :],
    "ten thousand aliases": "{" + " ".join(f"a{i}:name" for i in range(10_000)) + "}",
    "deep nesting": inside("same{" * 5_000),
    "deep nesting that fits": inside("same{" * 300 + "name" + "}" * 300),
    "deep inline fragments": inside("...{" * 150 + "name" + "}" * 150),
    "deep lists": "{thing(key:" + "[" * 900 + "]" * 900 + "){name}}",
    "one huge token": "{" + "a" * 1_000_000 + "}",
    "a huge string": '{thing(key:"' + "a" * 9_900 + '"){name}}',
    "nothing but comments": "#\n" * 4_900 + "{name}",
    "one field as often as it may be": inside("name " * 399),
    "fields that must be merged": inside("same{name}" * 199),
    "deep fields that must be merged": inside("same{same{name}}" * 132),
    "fragments whose fields must be merged": inside("".join(f"...f{i} " for i in range(29)))
    + "".join(f"fragment f{i} on Thing{{{'same{name}' * 6}}}" for i in range(29)),
    "inline fragments that must be merged": inside("...on Thing{same{name}}" * 80),
    "arguments that must be compared": inside("label(short:true,tags:[])" * 80),
    "variables without end": "query(" + "".join(f"$a{i}:Int" for i in range(240)) + "){name}",
    "operations without end": "".join(f"query q{i}{{name}}" for i in range(180)),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_costs_little(attack):
    target = delivery()
    ask("{ name }", on=target)  # whatever is made once is made
    start = time.process_time()
    reply = ask(attack, on=target)
    assert time.process_time() - start < MOST_SECONDS
    assert "INTERNAL" not in reply.codes


def test_a_nest_of_doubling_fragments_is_refused_by_its_number_or_its_fields():
    assert ask(doubling(40)).codes == ("DOCUMENT_TOO_LONG",)
    assert ask(doubling(29)).codes == ("TOO_MANY_FIELDS",)


def test_deep_variables_are_refused():
    deep: list = []
    for _ in range(150):
        deep = [deep]
    reply = ask("query ($a: Int) { picky(size: $a) }", variables={"a": deep})
    assert reply.codes == ("BAD_VARIABLES",)
