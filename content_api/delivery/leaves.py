"""What becomes of a value that has no fields, as graphql-core's executor completes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

Complete = Callable[[Any], Any]

# What is of this very class is its own completed value. Int and Float are not here: numbers have bounds.
UNCHANGED: Mapping[GraphQLLeafType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


class Unplanned(Exception):
    """The plan does not know what the executor would do here. Says why, for a person."""


def completing(kind: GraphQLLeafType, nullable: bool) -> Complete:
    """What completes any value of a type; raises where the executor might report an error."""
    coerce = kind.coerce_output_value

    def complete(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None or value is Undefined or isinstance(value, Exception):
            raise Unplanned(f"{value!r} where a {kind} belongs")
        found = coerce(value)
        if found is None or found is Undefined:
            raise Unplanned(f"{kind} makes {found!r} of {value!r}")
        return found

    return complete


def names_of(kind: GraphQLEnumType) -> dict[str, str]:
    """Value -> name, of the values that are text, members of Python enums included: these equal their text."""
    values = [value.value for value in kind.values.values() if isinstance(value.value, str)]
    return {value: kind.coerce_output_value(value) for value in values}
