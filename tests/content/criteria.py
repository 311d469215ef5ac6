"""Strategies for criteria: anything that can be asked of a kind, with operands that are often right."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import strategies as st

from content_api.content import askable, select
from content_api.content.edition import Edition
from content_api.content.fields import Described, EntityKind
from content_api.content.view import view_of

TEXT_OPERATORS = ("eq", "ne", "in", "not_in", "contains", "starts_with", "exists")
ENUM_OPERATORS = ("eq", "ne", "in", "not_in", "exists")


def operands(edition: Edition) -> dict[tuple[str, str], list[Any]]:
    """(table, field) -> the values that an edition has there in any locale: what a client is likely to ask for.

    A field that several kinds share has the values of all of them, for some kind may have none.
    """
    found: dict[int, dict[Any, None]] = {}

    def add(table: str, thing: Any) -> None:
        for field in askable.FIELDS[table].values():
            if isinstance(field, askable.One | askable.Values):
                values = [field.read(thing)] if isinstance(field, askable.One) else field.read(thing)
                found.setdefault(id(field), {}).update(dict.fromkeys(values))
            elif isinstance(field, askable.Elements) and not isinstance(field.table, EntityKind):
                for element in field.read(thing):
                    add(field.table, element)

    for locale in edition.library.site.locales:
        view = view_of(edition, locale)
        for kind in EntityKind:
            for shown in view.all(kind):
                add(kind, shown)
    return {
        (table, name): list(found[id(field)])
        for table, fields in askable.FIELDS.items()
        for name, field in fields.items()
        if id(field) in found
    }


def disguised(text: str, how: int) -> str:
    """The same text but for case and accents, or a part of it."""
    accented = unicodedata.normalize("NFC", text.replace("e", "e\u0301").replace("o", "o\u0308"))
    return (text, text.upper(), accented, text[: len(text) // 2], text[2:6], accented.lower()[1:], text.title())[how]


def texts(known: list[str]) -> st.SearchStrategy[str]:
    real = st.builds(disguised, st.sampled_from(known), st.integers(0, 6)) if known else st.nothing()
    return real | st.sampled_from(["", "a", "E", "ü", "İ", "ß"]) | st.text(max_size=3)


def of_values(known: list[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Operator -> operands, for a field that has some of these values."""
    if all(isinstance(value, bool) for value in known):
        return {"eq": st.booleans(), "exists": st.booleans()}
    enum = isinstance(known[0], Described)
    one = st.sampled_from(list(type(known[0]))) if enum else texts(known)
    several = st.lists(one, max_size=3)
    choices = dict.fromkeys(ENUM_OPERATORS if enum else TEXT_OPERATORS, one)
    return choices | {"in": several, "not_in": several, "exists": st.booleans()}


class Asking:
    """Draws criteria on the tables of FIELDS. `known` is what `operands` found."""

    def __init__(self, known: dict[tuple[str, str], list[Any]]) -> None:
        self.operators = {place: of_values(values) for place, values in known.items()}

    def criteria(self, table: str, depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
        """Up to three criteria at each level, and up to `depth` levels."""
        return st.composite(lambda draw: self.drawn(draw, table, depth))()

    def drawn(self, draw: st.DrawFn, table: str, depth: int) -> dict[str, Any]:
        names = [name for name in askable.FIELDS[table] if depth or (table, name) in self.operators]
        if depth and isinstance(table, EntityKind):
            names += ["and", "or", "not"]
        return {name: self.operand(draw, table, name, depth) for name in self.some(draw, names)}

    def operand(self, draw: st.DrawFn, table: str, name: str, depth: int) -> Any:
        if name in ("and", "or"):
            return [self.drawn(draw, table, depth - 1) for _ in range(draw(st.integers(0, 2)))]
        if name == "not":
            return self.drawn(draw, table, depth - 1)
        field = askable.FIELDS[table][name]
        if isinstance(field, askable.Target):
            return self.drawn(draw, field.table, depth - 1)
        if isinstance(field, askable.Elements):
            quantifiers = self.some(draw, list(select.QUANTIFIERS))
            return {quantifier: self.drawn(draw, field.table, depth - 1) for quantifier in quantifiers}
        operators = self.operators[table, name]
        return {operator: draw(operators[operator]) for operator in self.some(draw, list(operators))}

    @staticmethod
    def some(draw: st.DrawFn, names: list[str]) -> list[str]:
        """Mostly one of them, sometimes none or a few."""
        number = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3, 0)))
        return list(dict.fromkeys(draw(st.sampled_from(names)) for _ in range(number)))
