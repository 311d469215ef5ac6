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

# Stands for a name that was lifted.
GAP = "\0"
# Block strings, escapes, comments, and the gap itself. In strings, too: they are rare there.
UNSURE = ('"""', "\\", "#", GAP)
# GraphQL has no parentheses in parentheses but one: directives of variables, which there are none of.
ARGUMENTS = re.compile(r"(\([^()]*+\))")
# What stands before a name, and what finds both. Each pattern begins with letters, so that they are looked for in C.
NAMED = (
    ("query ", re.compile(r"query (\w+)", re.ASCII)),
    ("...", re.compile(r"\.\.\.(?!on\b)(\w+)", re.ASCII)),
    ("fragment ", re.compile(r"fragment (\w+)", re.ASCII)),
)
VARIABLE = re.compile(r"\$(\w+)", re.ASCII)
# Aliases are found from the end: a colon comes first then, and the name ends where the word does.
ALIAS = re.compile(r":(\w+)", re.ASCII)
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
    for mark, pattern in NAMED:
        if mark in outside:
            outside = _cut(outside, pattern, mark + GAP, names)
    inside = _cut(inside, VARIABLE, "$" + GAP, names)
    backwards: list[str] = []
    outside = _cut(outside[::-1], ALIAS, ":" + GAP, backwards)
    names += [name[::-1] for name in backwards]
    if len(names) > MOST_NAMES or not all(map(str.isidentifier, names)):
        return None
    which_names, different = _numbered(names)
    which_strings, texts = _numbered(strings)
    return Lifted(Outline(outside, inside, which_names, which_strings), different, texts)


def _cut(text: str, pattern: re.Pattern[str], instead: str, found: list[str]) -> str:
    """The text without the names that the pattern finds."""
    pieces = pattern.split(text)
    found += pieces[1::2]
    return instead.join(pieces[::2])


def _numbered(values: Iterable[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Which value stands at each place, and the different ones."""
    numbers: dict[str, int] = {}
    return tuple([numbers.setdefault(value, len(numbers)) for value in values]), tuple(numbers)
