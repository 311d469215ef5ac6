"""The schema: the one place that reaches through Strawberry to the graphql-core schema inside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

import strawberry
from graphql import GraphQLInterfaceType, GraphQLSchema, GraphQLUnionType, is_introspection_type
from graphql.utilities import lexicographic_sort_schema, print_schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryType
from strawberry.types.object_type import StrawberryObjectDefinition
from strawberry.types.scalar import ScalarDefinition

from content_api.graph.entities import TYPES
from content_api.graph.query import Query
from content_api.graph.scalars import DATE, DATE_TIME, LOCALE, Locale
from content_api.graph.subscription import Subscription


class Names(NameConverter):
    """Strawberry's names, but that a ListFilter of CautionFilter is called CautionListFilter and says Filter once."""

    def from_generic(self, generic_type: StrawberryObjectDefinition, types: list[StrawberryType | type]) -> str:
        return super().from_generic(generic_type, types).replace("FilterListFilter", "ListFilter")


def build_schema() -> GraphQLSchema:
    """The schema as graphql-core has it. Strawberry's own parsing, caching and execution are not used."""
    return strawberry_schema()._schema


def strawberry_schema(extensions: Sequence[type[SchemaExtension]] = ()) -> strawberry.Schema:
    """The schema as Strawberry has it, which the benchmark also serves Strawberry's way."""
    scalars: dict[object, ScalarDefinition] = {Locale: LOCALE, date: DATE, datetime: DATE_TIME}
    config = StrawberryConfig(scalar_map=scalars, name_converter=Names())
    types = list(TYPES.values())
    return strawberry.Schema(query=Query, subscription=Subscription, types=types, config=config, extensions=extensions)


def sdl(schema: GraphQLSchema) -> str:
    """The schema in the schema definition language, sorted, so that a diff shows what changed."""
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


def possible_types(schema: GraphQLSchema) -> str:
    """Interface or union -> its types, as JSON: what Apollo Client's cache wants to know beforehand."""
    abstract = [
        kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and not is_introspection_type(kind)
    ]
    types = {kind.name: sorted(member.name for member in schema.get_possible_types(kind)) for kind in abstract}
    return json.dumps(types, indent=2, sort_keys=True) + "\n"
