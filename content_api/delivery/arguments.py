"""The arguments of one field of a plan: worked out when the plan is made, as far as no variable is among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.values import VariableValues

from content_api.delivery.leaves import Unplanned

Convert = Callable[[GraphQLField, Mapping[str, Any]], dict[str, Any]]
"""A field's arguments as its function takes them, from what graphql-core made of what a client gave."""
Arguments = Callable[[VariableValues], Mapping[str, Any]]


def fixed(field: GraphQLField, node: FieldNode, convert: Convert) -> dict[str, Any] | None:
    """The arguments, where they are the same for every answer; None where variables are among them."""
    if any(_varies(argument.value) for argument in node.arguments or ()):
        return None
    return convert(field, get_argument_values(field, node))


def varying(field: GraphQLField, node: FieldNode, convert: Convert) -> Arguments:
    """What makes the arguments of an answer from its variables. Raises where the executor would report an error."""
    direct = [_direct(field, argument.name.value, argument.value, convert) for argument in node.arguments or ()]
    taken = [one for one in direct if one]
    left = [argument for argument in node.arguments or () if argument.name.value not in {one.name for one in taken}]
    if any(_varies(argument.value) for argument in left):
        return lambda variables: convert(field, get_argument_values(field, node, variables))
    needed = {one.name for one in taken if one.required}
    others = GraphQLField(field.type, {name: one for name, one in field.args.items() if name not in needed})
    rest = FieldNode(name=node.name, arguments=tuple(left))
    return _taking(taken, convert(field, get_argument_values(others, rest)))


class Direct(NamedTuple):
    """An argument that is a variable and goes to the function as it is: nobody converts it."""

    name: str
    python_name: str
    variable: str
    nullable: bool
    required: bool


def _taking(taken: list[Direct], others: Mapping[str, Any]) -> Arguments:
    """The same as graphql-core makes, in a fifth of the time. `others` has the defaults of those taken, too."""

    def arguments(variables: VariableValues) -> Mapping[str, Any]:
        coerced = variables.coerced
        found = dict(others)
        for one in taken:
            if one.variable in coerced:
                value = found[one.python_name] = coerced[one.variable]
                if value is None and not one.nullable:
                    raise Unplanned(f"`{one.name}` is null")
            elif one.required:
                raise Unplanned(f"`{one.name}` is not given")
        return found

    return arguments


def _direct(field: GraphQLField, name: str, value: ValueNode, convert: Convert) -> Direct | None:
    python_name = _passed_on(field, name, convert) if isinstance(value, VariableNode) else None
    if python_name is None or not isinstance(value, VariableNode):
        return None
    argument = field.args[name]
    nullable, required = not is_non_null_type(argument.type), is_required_argument(argument)
    return Direct(name, python_name, value.name.value, nullable, required)


def _passed_on(field: GraphQLField, name: str, convert: Convert) -> str | None:
    """The Python name of an argument that goes to the function as it is: what is no value of any type shows it."""
    mark = object()
    try:
        found = convert(field, {name: mark})
    except Exception:  # noqa: BLE001 - whatever there is to convert cannot be converted
        return None
    return next((python_name for python_name, value in found.items() if value is mark), None)


def _varies(value: ValueNode) -> bool:
    """Whether a variable is in a value."""
    match value:
        case VariableNode():
            return True
        case ListValueNode(values=values):
            return any(map(_varies, values))
        case ObjectValueNode(fields=fields):
            return any(_varies(field.value) for field in fields)
    return False
