"""How much a document asks for, counted in one pass that knows nothing of the schema.

Each definition is walked once and each fragment's totals are remembered, so that the work is linear in the text
whatever the fragments multiply to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

# The two ways into the schema's description of itself. Names with two underscores are GraphQL's own, so that no field
# of ours can be mistaken for them.
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class OperationTotals:
    """What one operation, or one fragment, comes to once fragments are expanded. Depths count fields, leaves included.

    `depth` leaves out what stands below `__schema` and `__type`; the two `introspection_` totals hold that.
    """

    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    depth: int = 0
    introspection_depth: int = 0
    introspection_aliases: int = 0

    def add_field(self, node: FieldNode, place: Place) -> None:
        aliased = node.alias is not None
        self.fields += 1
        self.root_fields += place.depth == 0
        self.aliases += aliased
        if place.introspection:
            self.introspection_aliases += aliased
            self.introspection_depth = max(self.introspection_depth, place.depth + 1)
        else:
            self.depth = max(self.depth, place.depth + 1)

    def add_fragment(self, other: OperationTotals, place: Place) -> None:
        self.fields += other.fields
        self.root_fields += other.root_fields if place.depth == 0 else 0
        self.aliases += other.aliases
        self.introspection_aliases += other.aliases if place.introspection else other.introspection_aliases
        inside = max(other.depth, other.introspection_depth) if place.introspection else other.introspection_depth
        outside = 0 if place.introspection else other.depth
        self.introspection_depth = max(self.introspection_depth, place.depth + inside if inside else 0)
        self.depth = max(self.depth, place.depth + outside if outside else 0)


@dataclass(frozen=True, slots=True)
class DocumentTotals:
    """What the document comes to as written, and what each of its operations comes to when expanded.

    `fragment_fields` is the largest number of fields of a fragment on its own: one that no operation uses is validated
    like any other. Nothing but `fragments` is counted where there are more of them than may be expanded.
    """

    fragments: int
    fragment_fields: int = 0
    directives: int = 0
    list_items: int = 0
    operations: tuple[OperationTotals, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: `depth` fields below its definition's start, and whether inside introspection."""

    depth: int = 0
    introspection: bool = False

    def below(self, node: FieldNode) -> Place:
        return Place(self.depth + 1, self.introspection or node.name.value in INTROSPECTION)


def count(ast: DocumentNode, most_fragments: int) -> DocumentTotals:
    """Total a parsed document, valid or not.

    Nothing is expanded when there are more fragments than `most_fragments`: the number alone is a refusal, and it
    bounds how deep one fragment leads to another.
    """
    fragments = [node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)]
    if len(fragments) > most_fragments:
        return DocumentTotals(len(fragments))
    counter = _Counter({node.name.value: node for node in fragments})
    operations = [counter.walk(node) for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    return DocumentTotals(
        fragments=len(fragments),
        fragment_fields=max((counter.fragment(node.name.value).fields for node in fragments), default=0),
        directives=counter.directives,
        list_items=counter.list_items,
        operations=tuple(operations),
    )


class _Counter:
    """Counts while it walks; remembers each fragment by name."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.directives = 0
        self.list_items = 0
        self.fragments = fragments
        self.known: dict[str, OperationTotals] = {}

    def fragment(self, name: str) -> OperationTotals:
        """Totals of a fragment; nothing for one that is missing, or is being walked: validation reports both."""
        if name not in self.known:
            self.known[name] = OperationTotals()
            if name in self.fragments:
                self.known[name] = self.walk(self.fragments[name])
        return self.known[name]

    def walk(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> OperationTotals:
        totals = OperationTotals()
        self.see_directives(definition.directives)
        for variable in definition.variable_definitions or ():
            self.see_directives(variable.directives)
            self.see_value(variable.default_value)
        for node, place in _selections(definition.selection_set):
            self.see_directives(node.directives)
            if isinstance(node, FieldNode):
                self.see_arguments(node.arguments)
                totals.add_field(node, place)
            elif isinstance(node, FragmentSpreadNode):
                totals.add_fragment(self.fragment(node.name.value), place)
        return totals

    def see_directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in directives or ():
            self.directives += 1
            self.see_arguments(directive.arguments)

    def see_arguments(self, arguments: Iterable[ArgumentNode] | None) -> None:
        for argument in arguments or ():
            self.see_value(argument.value)

    def see_value(self, value: ValueNode | None) -> None:
        waiting = [value]
        while waiting:
            match waiting.pop():
                case ListValueNode(values=values):
                    self.list_items = max(self.list_items, len(values))
                    waiting.extend(values)
                case ObjectValueNode(fields=fields):
                    waiting.extend(field.value for field in fields)


def _selections(start: SelectionSetNode) -> Iterator[tuple[SelectionNode, Place]]:
    """Every selection written in a definition, with its place. Inline fragments add no depth, as in an answer."""
    waiting = [(start, Place())]
    while waiting:
        selection_set, place = waiting.pop()
        for node in selection_set.selections:
            yield node, place
            below = getattr(node, "selection_set", None)  # a spread has none, a leaf has None
            if below is not None:
                waiting.append((below, place.below(node) if isinstance(node, FieldNode) else place))
