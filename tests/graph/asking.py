"""Questions put straight to the schema, as graphql-core answers them: without the limits and masks of delivery."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import ExecutionResult, graphql_sync

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.searchable import search_index
from content_api.errors import RequestError
from content_api.graph.query import root
from content_api.graph.schema import build_schema
from tests import world
from tests.world.snapshot import MemorySnapshot

SCHEMA = build_schema()


@cache
def world_edition() -> Edition:
    return searchable(load(MemorySnapshot(world.files())))


def edition_with(changes: Mapping[str, world.Edit]) -> Edition:
    """The world with some changes; raises ContentRefused where they break a rule."""
    return searchable(load(MemorySnapshot(world.edited(changes)), known=world_edition()))


def searchable(edition: Edition) -> Edition:
    """The edition with its index made, as it is before it is served."""
    search_index(edition)
    return edition


def result(text: str, on: Edition | None = None, **variables: Any) -> ExecutionResult:
    return graphql_sync(SCHEMA, text, root_value=root(on or world_edition()), variable_values=variables)


def ask(text: str, on: Edition | None = None, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = result(text, on, **variables)
    assert answer.errors is None, answer.errors
    return answer.data


def refusal(text: str, on: Edition | None = None, **variables: Any) -> RequestError:
    """The one RequestError of an answer."""
    [error] = result(text, on, **variables).errors or []
    assert isinstance(error.original_error, RequestError), error
    return error.original_error
