"""Whether an operation asks one version only, by its whole id: then its answer never changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    StringValueNode,
    VariableNode,
)

# Fields of what changes in a version that does not: a review falls due one day, a tag is set or moved, and that a
# version has problems is found out.
PASSING = frozenset(("isOverdue", "tags", "refused"))
# A tag can be moved, and a prefix become ambiguous; only a whole id names the same thing for ever.
WHOLE_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def pinned_version(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
) -> str | None:
    """The one version that all root fields name by its whole id, or None. A valid operation has no circles."""
    named = {_named(field, variables) for field in _fields(operation.selection_set.selections, fragments)}
    version = named.pop() if len(named) == 1 else None
    return version if version and WHOLE_ID.fullmatch(version) else None


def _fields(
    selections: tuple[SelectionNode, ...], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    for selection in selections:
        match selection:
            case FieldNode(name=name) if name.value != "__typename":
                yield selection
            case FragmentSpreadNode(name=name):
                yield from _fields(fragments[name.value].selection_set.selections, fragments)
            case InlineFragmentNode(selection_set=below):
                yield from _fields(below.selections, fragments)


def _named(field: FieldNode, variables: Mapping[str, Any]) -> str | None:
    if field.name.value != "content":
        return None
    value = next((argument.value for argument in field.arguments or () if argument.name.value == "version"), None)
    match value:
        case StringValueNode(value=text):
            return text
        case VariableNode(name=name):
            found = variables.get(name.value)
            return found if isinstance(found, str) else None
    return None
