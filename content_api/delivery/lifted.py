"""A text in two parts: its outline, and the names and strings that were lifted out of it.

This is no parser: it looks for the few signs that names and strings stand at, which takes a hundredth of the time.
What it does not surely know stays in the outline, or the whole text is left alone. That costs time and nothing else:
texts of one outline differ in what was lifted, and in nothing else. What is lifted is one token each, and what that
token is gets compared with what graphql-core's parser found, once for each outline: delivery/shape.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# GraphQL has no parentheses in parentheses but one: directives of variables, which there are none of.
ARGUMENTS = re.compile(r"(\([^()]*+\))")
# What stands before a name, what finds both, and what stands for the name when it is lifted. Patterns begin with
# letters, so that they are looked for in C. Each has a sign of its own: which of them finds a name may depend on other
# names, and decides where it comes in the order of all.
NAMED = (
    ("query ", re.compile(r"query (\w+)", re.ASCII), "\0"),
    ("...", re.compile(r"\.\.\.(?!on\b)(\w+)", re.ASCII), "\1"),
    ("fragment ", re.compile(r"fragment (\w+)", re.ASCII), "\2"),
)
VARIABLE = "$", re.compile(r"\$(\w+)", re.ASCII), "\3"
# Aliases are found from the end: a colon comes first then, and the name ends where the word does.
ALIAS = ":", re.compile(r":(\w+)", re.ASCII), "\4"
# Block strings, escapes, comments, and these signs. In strings, too: they are rare there.
UNSURE = ('"""', "\\", "#", "\0", "\1", "\2", "\3", "\4")
# Names are numbered with three digits. Ours has a limit of 1,000 tokens in all.
MOST_NAMES = 1_000


class Outline(NamedTuple):
    """What is left of a text. Texts of one outline have the same tokens, but for the values of what was lifted."""

    outside: str
    """What stands outside of parentheses, from its end to its beginning."""
    inside: str
    """What stands in them."""
    names: tuple[int, ...]
    """Which name stands at each place that one was lifted from: they are numbered as they first come."""
    strings: tuple[int, ...]


class Lifted(NamedTuple):
    """An outline, and the different names and strings that were lifted, as they first come."""

    outline: Outline
    names: tuple[str, ...]
    strings: tuple[str, ...]


def lift(text: str) -> Lifted | None:
    """The parts of a text; None for one that is left alone."""
    quoted = text.split('"')
    strings = quoted[1::2]
    if any(sign in text for sign in UNSURE) or not "".join(strings).isprintable():
        return None
    pieces = ARGUMENTS.split('"'.join(quoted[::2]))
    inside, outside = "".join(pieces[1::2]), "(".join(pieces[::2])
    if ")" in outside or outside.count("(") != len(pieces) // 2:
        return None
    names: list[str] = []
    for named in NAMED:
        if named[0] in outside:
            outside = _cut(outside, named, names)
    inside = _cut(inside, VARIABLE, names)
    backwards: list[str] = []
    outside = _cut(outside[::-1], ALIAS, backwards)
    names += [name[::-1] for name in backwards]
    if len(names) > MOST_NAMES or not all(map(str.isidentifier, names)):
        return None
    which_names, different = _numbered(names)
    which_strings, texts = _numbered(strings)
    return Lifted(Outline(outside, inside, which_names, which_strings), different, texts)


def _cut(text: str, named: tuple[str, re.Pattern[str], str], found: list[str]) -> str:
    """The text without the names that stand behind a mark."""
    mark, pattern, sign = named
    pieces = pattern.split(text)
    found += pieces[1::2]
    return (mark + sign).join(pieces[::2])


def _numbered(values: Iterable[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Which value stands at each place, and the different ones."""
    numbers: dict[str, int] = {}
    return tuple([numbers.setdefault(value, len(numbers)) for value in values]), tuple(numbers)
