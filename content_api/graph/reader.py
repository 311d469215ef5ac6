"""How a field gets its value, without GraphQL around it: read from Strawberry's own definitions, for the compiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import FunctionType
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from content_api.content.view import Shown, View
from content_api.graph.connections import Connection
from content_api.graph.values import PASSING

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF


class Reader:
    """Tells of the types and fields of a schema that `build_schema` built how Strawberry reads them.

    No field is described here: what cannot be told from its definition is not known, and is left to Strawberry.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._inside = schema._strawberry_schema  # type: ignore[attr-defined]

    def source_of(self, field: GraphQLField) -> str | Callable[..., Any] | None:
        """The attribute that a field is, or the function of the object and of its arguments by their Python names.

        None for a field whose resolver wants more than that, or whose result is not simply what that returns.
        """
        found = _definition(field)
        if found is None or found.extensions or found.is_async or found.is_subscription:
            return None
        resolver = found.base_resolver
        if resolver is None:
            return found.python_name if found.default_resolver is getattr else None
        wants_more = resolver.info_parameter or resolver.root_parameter or resolver.parent_parameter
        function = resolver.wrapped_func
        return function if isinstance(function, FunctionType) and resolver.self_parameter and not wants_more else None

    def arguments_of(self, field: GraphQLField, given: Mapping[str, Any]) -> dict[str, Any]:
        """A field's arguments as its function takes them, from what graphql-core made of what a client gave."""
        found = _definition(field)
        inside = self._inside
        return convert_arguments(
            dict(given), found.arguments if found else [], inside.schema_converter.scalar_registry, inside.config
        )

    def lasts(self, field: GraphQLField) -> bool:
        """Whether a field of an object stays as it is for as long as the edition and the day do."""
        found = _definition(field)
        return found is not None and not found.metadata.get(PASSING)

    def memory_of(self, kind: GraphQLObjectType) -> Callable[[Any], dict[Any, Any]] | None:
        """What finds, for an object of a type, where to keep what was made of it. None where objects are more than an
        entity in a view."""
        held = self.class_of(kind)
        return _made_of if held and [each.name for each in fields(held) if each.init] == ["shown"] else None

    def list_memory_of(self, kind: GraphQLObjectType, field: GraphQLField) -> Callable[[Any], dict[Any, Any]] | None:
        """What finds, for an object of a type, where to keep what was made of a field that lists entities of its view.

        None for other fields.
        """
        listed = get_named_type(field.type)
        page = self.class_of(listed) if isinstance(listed, GraphQLObjectType) else None
        held = self.class_of(kind)
        if page is None or held is None or not issubclass(page, Connection):
            return None
        return _made_in if any(each.name == "view" for each in fields(held)) else None

    def class_of(self, kind: GraphQLObjectType) -> type | None:
        """The class whose objects are surely of a type."""
        found = kind.extensions.get(DEFINITION)
        return found.origin if found else None


def _made_of(entity: Any) -> dict[Any, Any]:
    shown: Shown = entity.shown
    return shown.view.made(shown)


def _made_in(content: Any) -> dict[Any, Any]:
    view: View = content.view
    return view.made(None)


def _definition(field: GraphQLField) -> StrawberryField | None:
    found: StrawberryField | None = field.extensions.get(DEFINITION)
    return found
