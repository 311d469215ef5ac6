"""A document with other names and other strings in it: mostly of the same shape, and now and then by a hair not."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NameNode,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.delivery.shaping import NAMES, STRINGS

ROLES = {
    OperationDefinitionNode: "operation",
    FragmentDefinitionNode: "fragment",
    FragmentSpreadNode: "fragment",
    VariableNode: "variable",
}


def aliased(text: str, random: Random) -> DocumentNode:
    """The document, with more aliases."""
    return visit(parse(text), _Aliasing(random))


def respelt(
    document: DocumentNode, variables: Mapping[str, Any], random: Random
) -> tuple[str, dict[str, Any], str | None]:
    """A text that differs in names and strings, the same variables, and the name of its operation or none."""
    work = _Respelling(document, random)
    text = print_ast(visit(document, work))
    given = {work.chosen.get(("variable", name), name): value for name, value in variables.items()}
    name = next((new for (role, _), new in work.chosen.items() if role == "operation"), None)
    return text, given, random.choice((None, None, None, name, name, "Asked"))


class _Aliasing(Visitor):
    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node.alias or self.random.random() > 0.3:
            return None
        alias = NameNode(value=f"{node.name.value}_{self.random.randrange(20)}")
        return FieldNode(
            name=node.name,
            alias=alias,
            arguments=node.arguments,
            directives=node.directives,
            selection_set=node.selection_set,
        )


class _Respelling(Visitor):
    def __init__(self, document: DocumentNode, random: Random) -> None:
        super().__init__()
        self.random = random
        self.chosen: dict[tuple[str, str], str] = {}
        found = _Collecting()
        visit(document, found)
        self.names = [*found.names, *NAMES]
        self.strings = [*found.strings, *STRINGS]
        self.careful = random.random() < 0.8

    def enter_name(self, node: NameNode, key: Any, parent: Any, *_: Any) -> NameNode | None:
        role = "alias" if key == "alias" else ROLES.get(type(parent))
        return NameNode(value=self.name(role, node.value)) if role else None

    def name(self, role: str, value: str) -> str:
        """Mostly the same name for the same one; of a careless client, another now and then."""
        if not self.careful and self.random.random() < 0.05:
            return self.any(role)
        return self.chosen.setdefault((role, value), self.any(role))

    def any(self, role: str) -> str:
        if self.careful or self.random.random() < 0.8:
            return f"n{self.random.randrange(10**9)}"
        found = self.random.choice(self.names)
        return "part" if role == "fragment" and found == "on" else found

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        if self.random.random() < (0.9 if self.careful else 0.5):
            return None
        return StringValueNode(value=self.random.choice(self.strings))


class _Collecting(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.strings: list[str] = []

    def enter_name(self, node: NameNode, *_: Any) -> None:
        self.names.append(node.value)

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        self.strings.append(node.value)
