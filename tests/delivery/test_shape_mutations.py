"""Would a mistake about shapes be noticed? Each of these is made, and must be caught by texts of test_shapes.py.

A mutant is caught where an answer differs from the executor's, or where texts that have a shape are read one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache

import pytest
import structlog

from content_api.delivery import lifted, replies, shape, shapes
from content_api.delivery.operation import Operation, Reply
from tests.delivery import odd
from tests.delivery.shaping import ALIKE, BOX, UNLIKE, shaping
from tests.delivery.test_plan_mutations import mutated
from tests.waiting import at_once

MODULES = (lifted, shape, shapes)

# What is wrong, the module, what stands there, and what stands there instead.
MUTANTS = {
    "comments are overlooked": (lifted, '"\\\\", "#", ', '"\\\\", '),
    "escapes are overlooked": (lifted, '"\\\\", "#", ', '"#", '),
    "block strings are overlooked": (lifted, 'UNSURE = (\'"""\', ', "UNSURE = ("),
    "what may stand in a string is not looked at": (lifted, 'not "".join(strings).isprintable()', "False"),
    "a name may begin with a digit": (lifted, "not all(map(str.isidentifier, names))", "False"),
    "`...on` is taken for a fragment": (lifted, r"\.\.\.(?!on\b)(\w+)", r"\.\.\.(\w+)"),
    "which names are equal makes no difference": (
        lifted,
        "Outline(outside, inside, which_names, which_strings)",
        "Outline(outside, inside, (0,) * len(which_names), which_strings)",
    ),
    "which strings are equal makes no difference": (
        lifted,
        "Outline(outside, inside, which_names, which_strings)",
        "Outline(outside, inside, which_names, (0,) * len(which_strings))",
    ),
    "what stands in parentheses makes no difference": (lifted, "Outline(outside, inside,", 'Outline(outside, "",'),
    "aliases stay backwards": (lifted, "names += [name[::-1] for name in backwards]", "names += backwards"),
    "names that stand elsewhere are lifted": (shape, "if words.isdisjoint(names) else", "if True else"),
    "a name that stays gets a mark": (shape, "if name not in form.words}", "}"),
    "strings that stay make no difference": (
        shape,
        "return Variation(staying, strings,",
        "return Variation(staying, (),",
    ),
    "words make no difference": (shape, 'words_of(" ".join((*names, *lifted.strings)))', "frozenset()"),
    "words in strings make no difference": (shape, "(*names, *lifted.strings)", "names"),
    "strings of any type are lifted": (
        shape,
        "KINDS.get(get_nullable_type(self.types.get_input_type()))",
        "'String'",
    ),
    "strings of two types are lifted": (shape, "if len(kinds) == 1 else None", ""),
    "strings of defaults are lifted": (shape, "if argued and not directed else None", "if not directed else None"),
    "no string is lifted": (shape, "if argued and not directed else None", "if False else None"),
    "names are not compared with what the parser found": (
        shape,
        "if marking.marked != Counter({name: places[name] for name in marks}):",
        "if False:",
    ),
    "any name of the operation is its name": (shape, "if asked.operation_name not in (None, name):", "if False:"),
    "the operation's name is the mark": (
        shape,
        "name = _named(self.operation_name, names) if",
        "name = self.operation_name if",
    ),
    "variables that nobody defined are let through": (shape, "if len(given) != len(asked.variables):", "if False:"),
    "variables keep the names of the first": (
        shape,
        "[(variable, _named(variable, names)) for variable",
        "[(variable, variable) for variable",
    ),
    "strings are those of another place": (shape, "lifted.strings[number]\n", "lifted.strings[0]\n"),
    "whatever follows a mark is a name": (shape, "keys[piece[:MARK_ENDS]]", "keys[piece[:3] + b'\":']"),
    "a shape is found by its outline alone": (shapes, "key = outline, form.variation(lifted)", "key = outline, 0"),
    "nothing is seen often enough": (shapes, "and self._sights.enough(key)", "and False"),
}


@cache
def references() -> list[tuple[list[Operation], list[Reply], int]]:
    """What is asked in turn, what the executor says, and how much of it is read."""
    executor = odd.delivery(BOX, reader=None)
    found = []
    for turn in (*ALIKE, *UNLIKE):
        asked = [Operation(each) if isinstance(each, str) else each for each in turn]
        found.append((asked, [at_once(executor.answer(each)) for each in asked], 1 + (turn in UNLIKE)))
    return found


def faults() -> Iterator[list[Operation]]:
    """What is answered otherwise than by the executor, or after reading more or fewer texts than have to be read."""
    for asked, expected, read in references():
        on = shaping(BOX, shapes=sys.modules[shapes.__name__].Shapes)
        if [at_once(on.answer(operation)) for operation in asked] != expected or len(on.documents) != read:
            yield asked


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def test_without_a_mistake_there_is_no_fault():
    assert list(faults()) == []


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_is_caught(mistake, monkeypatch):
    with mutated(MODULES, *MUTANTS[mistake]):
        monkeypatch.setattr(replies, "spelt", sys.modules[shape.__name__].spelt)
        assert next(faults(), None)
