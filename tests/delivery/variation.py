"""A query asked in another way: with variables, fragments, aliases, directives, and fields in several parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse_type,
    print_ast,
    value_from_ast_untyped,
)

# Arguments that random values are mostly refused for: a refusal says little about a plan.
REFUSED = ("after", "before", "last", "version")


def varied(document: DocumentNode, schema: GraphQLSchema, random: Random) -> tuple[str, dict[str, Any]]:
    """The text of a query that asks much the same, and its variables. It may be that it contradicts itself."""
    [operation] = document.definitions
    work = _Variation(schema, random)
    selections = work.selections(schema.query_type, operation.selection_set.selections)
    asked = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=NameNode(value="Asked"),
        variable_definitions=tuple(work.definitions),
        directives=(),
        selection_set=SelectionSetNode(selections=selections),
    )
    return print_ast(DocumentNode(definitions=(asked, *work.fragments))), work.variables


class _Variation:
    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self.schema = schema
        self.random = random
        self.fragments: list[FragmentDefinitionNode] = []
        self.definitions: list[VariableDefinitionNode] = []
        self.variables: dict[str, Any] = {}
        self.switches: list[str] = []

    def happens(self, probability: float) -> bool:
        return self.random.random() < probability

    # --- Selections

    def selections(self, kind: Any, nodes: Sequence[SelectionNode]) -> tuple[SelectionNode, ...]:
        found: list[SelectionNode] = []
        for node in nodes:
            found += self.field(kind, node) if isinstance(node, FieldNode) else [self.inline(kind, node)]
        if self.happens(0.15):
            alias = NameNode(value="what") if self.happens(0.5) else None
            node = FieldNode(name=NameNode(value="__typename"), alias=alias, arguments=(), directives=())
            found.insert(self.random.randrange(len(found) + 1), node)
        return tuple(self.wrapped(kind, found))

    def field(self, kind: Any, node: FieldNode) -> list[FieldNode]:
        """The field, now and then once more, or in two parts that only together ask for what it asks."""
        field = self.schema.get_field(kind, node.name.value)
        below = node.selection_set.selections if node.selection_set else ()
        inner = self.selections(get_named_type(field.type), below) if below else ()
        alias = NameNode(value=f"{node.name.value}_{len(self.fragments)}") if self.happens(0.1) else node.alias
        arguments = tuple(self.argument(field, one) for one in node.arguments if not self.is_left_out(one))
        cut = self.random.randrange(len(inner) + 1) if self.happens(0.15) else len(inner)
        parts = [inner[:cut], inner[cut:]] if cut < len(inner) else [inner, inner] if self.happens(0.05) else [inner]
        return [
            FieldNode(
                name=node.name,
                alias=alias,
                arguments=arguments,
                directives=self.directives(0.08),
                selection_set=SelectionSetNode(selections=part) if part else None,
            )
            for part in parts
            if part or not inner
        ]

    def is_left_out(self, node: ArgumentNode) -> bool:
        return node.name.value in REFUSED and self.happens(0.9)

    def inline(self, kind: Any, node: InlineFragmentNode) -> InlineFragmentNode:
        narrowed = self.schema.get_type(node.type_condition.name.value) if node.type_condition else kind
        inner = SelectionSetNode(selections=self.selections(narrowed, node.selection_set.selections))
        return InlineFragmentNode(
            type_condition=node.type_condition, directives=self.directives(0.1), selection_set=inner
        )

    def wrapped(self, kind: Any, found: list[SelectionNode]) -> list[SelectionNode]:
        """Some of the neighbours, from one on, in a fragment; and a fragment once more where it stood before."""
        if not found or not self.happens(0.25):
            return found
        start = self.random.randrange(len(found))
        inner, condition = (
            SelectionSetNode(selections=tuple(found[start:])),
            NamedTypeNode(name=NameNode(value=kind.name)),
        )
        if self.happens(0.5):
            condition = None if self.happens(0.3) else condition
            given = self.directives(0.3)
            return [
                *found[:start],
                InlineFragmentNode(type_condition=condition, directives=given, selection_set=inner),
            ]
        name = NameNode(value=f"part{len(self.fragments)}")
        self.fragments.append(
            FragmentDefinitionNode(
                name=name, type_condition=condition, variable_definitions=(), directives=(), selection_set=inner
            )
        )
        times = 2 if self.happens(0.3) else 1
        return [
            *found[:start],
            *(FragmentSpreadNode(name=name, arguments=(), directives=self.directives(0.3)) for _ in range(times)),
        ]

    def directives(self, probability: float) -> tuple[DirectiveNode, ...]:
        names = [name for name in ("skip", "include") if self.happens(probability)]
        return tuple(
            DirectiveNode(
                name=NameNode(value=name), arguments=(ArgumentNode(name=NameNode(value="if"), value=self.switch(name)),)
            )
            for name in names
        )

    def switch(self, name: str) -> ValueNode:
        """Whether, mostly so that the field is there: as a literal, or as a variable that may be used again."""
        if self.happens(0.3):
            return BooleanValueNode(value=(name == "include") == self.happens(0.8))
        if self.switches and self.happens(0.4):
            return VariableNode(name=NameNode(value=self.random.choice(self.switches)))
        default = BooleanValueNode(value=self.happens(0.5)) if self.happens(0.3) else None
        variable = self.declare("Boolean" if default else "Boolean!", default)
        if default is None or self.happens(0.5):
            self.variables[variable.name.value] = self.happens(0.5)
        self.switches.append(variable.name.value)
        return variable

    # --- Arguments

    def argument(self, field: Any, node: ArgumentNode) -> ArgumentNode:
        kind = field.args[node.name.value].type
        return ArgumentNode(name=node.name, value=self.value(kind, node.value))

    def value(self, kind: Any, node: ValueNode) -> ValueNode:
        """The value, or a variable for it or for something in it: given, left to its default, null, or left out."""
        if self.happens(0.6):
            return self.inside(kind, node)
        if self.happens(0.2):
            return self.declare(str(kind), node)  # the default: nothing is given
        variable = self.declare(str(kind), None)
        if is_non_null_type(kind) or self.happens(0.9):
            self.variables[variable.name.value] = value_from_ast_untyped(node)
        elif self.happens(0.3):
            self.variables[variable.name.value] = None
        return variable

    def inside(self, kind: Any, node: ValueNode) -> ValueNode:
        bare = get_nullable_type(kind)
        if isinstance(node, ListValueNode) and is_list_type(bare):
            return ListValueNode(values=tuple(self.value(bare.of_type, item) for item in node.values))
        if isinstance(node, ObjectValueNode) and is_input_object_type(bare):
            fields = [
                ObjectFieldNode(name=one.name, value=self.value(bare.fields[one.name.value].type, one.value))
                for one in node.fields
            ]
            return ObjectValueNode(fields=tuple(fields))
        return node

    def declare(self, kind: str, default: ValueNode | None) -> VariableNode:
        variable = VariableNode(name=NameNode(value=f"v{len(self.definitions)}"))
        if isinstance(default, NullValueNode) and kind.endswith("!"):
            default = None
        self.definitions.append(
            VariableDefinitionNode(variable=variable, type=parse_type(kind), default_value=default, directives=())
        )
        return variable
