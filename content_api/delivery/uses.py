"""Which fields of the schema an operation asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

INTROSPECTION = "__"


def fields_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> frozenset[str]:
    """The fields that a valid operation asks for, as `Condition.name`, whatever its `@skip` and `@include` come to.

    What is asked of an interface or a union is asked of all that it may be. Each fragment is looked at once.
    """
    root = schema.get_root_type(operation.operation)
    found: set[str] = set()
    waiting: list[tuple[SelectionSetNode, object]] = [(operation.selection_set, root)]
    seen: set[str] = set()
    while waiting:
        selections, parent = waiting.pop()
        for node in selections.selections:
            match node:
                case FieldNode():
                    _ask(schema, parent, node, found, waiting)
                case InlineFragmentNode():
                    condition = node.type_condition
                    waiting.append((node.selection_set, schema.get_type(condition.name.value) if condition else parent))
                case FragmentSpreadNode() if node.name.value not in seen:
                    seen.add(node.name.value)
                    fragment = fragments[node.name.value]
                    waiting.append((fragment.selection_set, schema.get_type(fragment.type_condition.name.value)))
    return frozenset(found)


def _ask(
    schema: GraphQLSchema,
    parent: object,
    node: FieldNode,
    found: set[str],
    waiting: list[tuple[SelectionSetNode, object]],
) -> None:
    name = node.name.value
    if name.startswith(INTROSPECTION) or not is_composite_type(parent):
        return
    found.update(_coordinates(schema, parent, name))
    field = schema.get_field(parent, name)
    if field and node.selection_set:
        waiting.append((node.selection_set, get_named_type(field.type)))


def _coordinates(schema: GraphQLSchema, parent: GraphQLCompositeType, name: str) -> Iterator[str]:
    """Each is one text for all documents: there are thousands of these, and of fields a few hundred."""
    yield sys.intern(f"{parent.name}.{name}")
    if is_abstract_type(parent):
        for possible in schema.get_possible_types(parent):
            yield sys.intern(f"{possible.name}.{name}")
