"""How much a document asks for, counted in one pass that knows nothing of the schema, and stops at the first breach.

Each definition is walked once and each fragment's totals are remembered, so that the work is linear in the text
whatever the fragments multiply to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
)

from content_api.delivery.limits import OR_MORE, Limits, refusal, too_long
from content_api.errors import RequestError

# The two ways into the schema's description of itself. Names with two underscores are GraphQL's own, so that no field
# of ours can be mistaken for them.
INTROSPECTION = frozenset({"__schema", "__type"})

FEWER = "Ask for less, or in several requests; a fragment counts wherever it is spread."


def hold(limits: Limits, ast: DocumentNode) -> None:
    """Refuse a document, valid or not, that breaks a limit, by RequestError. What does not depend on variables is
    settled here.

    Nothing is expanded when there are too many fragments: the number alone is a refusal, and it bounds how deep one
    fragment leads to another. A fragment that no operation uses is validated like any other, so it is held as well.
    """
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    number = sum(isinstance(node, FragmentDefinitionNode) for node in ast.definitions)
    if number > limits.fragments:
        raise refusal("DOCUMENT_TOO_LONG", number, limits.fragments, "fragments", "Merge or leave out some.")
    counter = _Counter(limits, fragments)
    for node in ast.definitions:
        if isinstance(node, OperationDefinitionNode):
            counter.operation(node)
    for name in fragments:
        counter.fragment(name)


@dataclass(slots=True)
class Totals:
    """What one operation, or one fragment, comes to once fragments are expanded. Depths count fields, leaves included.

    `depth` leaves out what stands below `__schema` and `__type`; the two `introspection_` totals hold that.
    """

    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    depth: int = 0
    introspection_depth: int = 0
    introspection_aliases: int = 0

    def add_field(self, node: FieldNode, depth: int, introspection: bool) -> None:
        """A field that stands so many below the start, inside introspection or not."""
        self.fields += 1
        if depth == 0:
            self.root_fields += 1
        if node.alias:
            self.aliases += 1
            self.introspection_aliases += introspection
        if introspection:
            self.introspection_depth = max(self.introspection_depth, depth + 1)
        elif depth >= self.depth:
            self.depth = depth + 1

    def add_fragment(self, other: Totals, depth: int, introspection: bool) -> None:
        """A fragment that is spread there."""
        self.fields += other.fields
        self.root_fields += other.root_fields if depth == 0 else 0
        self.aliases += other.aliases
        self.introspection_aliases += other.aliases if introspection else other.introspection_aliases
        inside = max(other.depth, other.introspection_depth) if introspection else other.introspection_depth
        outside = 0 if introspection else other.depth
        self.introspection_depth = max(self.introspection_depth, depth + inside if inside else 0)
        self.depth = max(self.depth, depth + outside if outside else 0)

    def is_within(self, most: Totals) -> bool:
        return (
            self.fields <= most.fields
            and self.aliases <= most.aliases
            and self.depth <= most.depth
            and self.root_fields <= most.root_fields
            and self.introspection_aliases <= most.introspection_aliases
            and self.introspection_depth <= most.introspection_depth
        )


def most_of_operation(limits: Limits) -> Totals:
    return Totals(
        limits.fields,
        limits.root_fields,
        limits.aliases,
        limits.depth,
        limits.introspection_depth,
        limits.introspection_aliases,
    )


def most_of_fragment(limits: Limits) -> Totals:
    """What breaks a limit wherever it is spread: nobody knows yet whether that is at the root, or in introspection."""
    most = most_of_operation(limits)
    return replace(most, root_fields=sys.maxsize, depth=max(most.depth, most.introspection_depth))


class _Counter:
    """Counts while it walks, and refuses; remembers each fragment by name."""

    def __init__(self, limits: Limits, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.limits = limits
        self.directives = 0
        self.fragments = fragments
        self.most, self.most_of_fragment = most_of_operation(limits), most_of_fragment(limits)
        self.known: dict[str, Totals] = {}

    def fragment(self, name: str) -> Totals:
        """Totals of a fragment; nothing for one that is missing, or is being walked: validation reports both."""
        if name not in self.known:
            self.known[name] = Totals()
            if name in self.fragments:
                self.known[name] = self.walk(self.fragments[name], self.most_of_fragment, " in one fragment")
        return self.known[name]

    def operation(self, definition: OperationDefinitionNode) -> None:
        self.walk(definition, self.most, "")

    def walk(self, definition: OperationDefinitionNode | FragmentDefinitionNode, most: Totals, where: str) -> Totals:
        """Count every selection that is written in a definition. Inline fragments add no depth, as in an answer."""
        totals = Totals()
        self.see_directives(definition.directives)
        for variable in definition.variable_definitions or ():
            self.see_directives(variable.directives)
            self.see_value(variable.default_value)
        waiting = [(definition.selection_set, 0, False)]
        while waiting:
            selection_set, depth, introspection = waiting.pop()
            for node in selection_set.selections:
                self.see_directives(node.directives)
                match node:
                    case FieldNode():
                        self.see_arguments(node.arguments)
                        totals.add_field(node, depth, introspection)
                        if node.selection_set:
                            inside = introspection or node.name.value in INTROSPECTION
                            waiting.append((node.selection_set, depth + 1, inside))
                    case FragmentSpreadNode():
                        totals.add_fragment(self.fragment(node.name.value), depth, introspection)
                    case InlineFragmentNode():
                        waiting.append((node.selection_set, depth, introspection))
                if not totals.is_within(most):
                    raise refused(totals, most, where)
        return totals

    def see_directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in directives or ():
            self.directives += 1
            if self.directives > self.limits.directives:
                hint = "Put one on a fragment instead."
                raise refusal("DOCUMENT_TOO_LONG", self.directives, self.limits.directives, "directives", hint, OR_MORE)
            self.see_arguments(directive.arguments)

    def see_arguments(self, arguments: Iterable[ArgumentNode] | None) -> None:
        for argument in arguments or ():
            self.see_value(argument.value)

    def see_value(self, value: ValueNode | None) -> None:
        waiting = [value]
        while waiting:
            match waiting.pop():
                case ListValueNode(values=values):
                    if len(values) > self.limits.list_items:
                        raise too_long(len(values), self.limits.list_items, "one list")
                    waiting.extend(values)
                case ObjectValueNode(fields=fields):
                    waiting.extend(field.value for field in fields)


def refused(found: Totals, most: Totals, where: str) -> RequestError:
    """The refusal for the first of these that is over what it may be. It was counted no further than to there."""
    inside = " below `__schema` and `__type`"
    rows = [
        ("TOO_DEEP", found.depth, most.depth, "levels of fields", "Start a second request further down, by key."),
        ("TOO_DEEP", found.introspection_depth, most.introspection_depth, f"levels of fields{inside}", FEWER),
        ("TOO_MANY_ALIASES", found.aliases, most.aliases, "aliases", FEWER),
        ("TOO_MANY_ALIASES", found.introspection_aliases, most.introspection_aliases, f"aliases{inside}", FEWER),
        ("TOO_MANY_FIELDS", found.root_fields, most.root_fields, "fields at the root", FEWER),
        ("TOO_MANY_FIELDS", found.fields, most.fields, "fields", FEWER),
    ]
    code, actual, limit, noun, hint = next(row for row in rows if row[1] > row[2])
    return refusal(code, actual, limit, noun + where, hint, OR_MORE)
