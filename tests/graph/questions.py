"""Random questions about a small world that has three versions, and what answers them."""

from __future__ import annotations

import asyncio
import atexit
import re
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import graphql
from graphql import ArgumentNode, DocumentNode, FieldNode, IntValueNode, ListValueNode, NameNode, StringValueNode
from hypothesis import strategies as st
from hypothesis_graphql import queries

from content_api.answers import live_in
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.view import view_of
from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation, Reply
from content_api.graph.identifiers import cursor, node_id
from content_api.graph.schema import sdl
from tests.graph.asking import SCHEMA
from tests.publish.world import following, moon, new_repository

FAR = 10**9
NO_LIMITS = Limits(
    **dict.fromkeys(
        ("characters", "tokens", "fragments", "directives", "depth", "aliases", "root_fields", "fields"), FAR
    ),
    **dict.fromkeys(("introspection_depth", "introspection_aliases", "list_items", "values", "cost", "seconds"), FAR),
    **dict.fromkeys(("name_characters", "page_size", "node_ids", "search_characters"), FAR),
)

# --- What is asked with ----------------------------------------------------------------------------------------------

# Arguments that random text would never hit get a scalar of their own, which the real schema knows nothing of: the
# queries hold literals, and those are as valid where the schema says String, ID or Int.
ARGUMENTS = (
    (r"\bslug: String\n", "slug: AnySlug\n"),
    (r"\bkey: String\n", "key: AnyKey\n"),
    (r"\bcode: String!\n", "code: AnyCode!\n"),
    (r"\b(after|before): String\n", r"\1: AnyCursor\n"),
    (r"\b(first|last): Int\n", r"\1: AnySize\n"),
    (r"\bid: ID!\n(\s*\): Node)", r"id: AnyId!\n\1"),
    (r"\bids: \[ID!\]!", "ids: [AnyId!]!"),
    (r"\btext: String!\n(?=.*?\): SearchConnection)", "text: AnyWords!\n"),
    (r"\b(version|ref|to): String\n", r"\1: AnyVersion\n"),
    (r"\bfrom: String!\n", "from: AnyVersion!\n"),
)
SCALARS = ("AnySlug", "AnyKey", "AnyCode", "AnyCursor", "AnySize", "AnyId", "AnyWords", "AnyVersion")


def asking_schema() -> str:
    text = sdl(SCHEMA)
    for pattern, replacement in ARGUMENTS:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL if "Search" in pattern else 0)
    return text + "".join(f"\nscalar {name}" for name in SCALARS)


def half_real(real: list[str]) -> st.SearchStrategy[StringValueNode]:
    """Mostly something that is there, sometimes anything else."""
    there = st.sampled_from(real)
    return (there | there | there.map(str.upper) | st.text(max_size=20)).map(lambda text: StringValueNode(value=text))


def real_ones(edition: Edition) -> dict[str, list[str]]:
    """Slugs, keys, codes, cursors and ids of what an edition has, hidden things included."""
    library = edition.library
    records = library.records.values()
    views = [view_of(edition, locale) for locale in library.site.locales]
    return {
        "AnySlug": [text.slug for record in records for text in record.entity.text.values()] + ["bright-ears"],
        "AnyKey": [record.entity.id for record in records],
        "AnyCode": [code for _, code in library.indexes.codes],
        "AnyCursor": [cursor(edition.version.id, key) for key in library.records] + [cursor("0" * 40, "condition/x")],
        "AnyVersion": [*served().versions, "edition-1", "2026-11-22T10:00:00Z"],
        "AnyId": [node_id(shown) for view in views for kind in EntityKind for shown in view.all(kind)],
        "Locale": list(library.site.locales),
        "AnyWords": ["moon hiccups", "glowign ears", "X00.1", "schluckauf", '"', "a:b", "*", "AND OR NOT"],
    }


class Mended(graphql.Visitor):
    """Takes back what most random arguments are refused for, so that the rest of the query gets its turn."""

    def __init__(self, real: dict[str, list[str]]) -> None:
        super().__init__()
        self.real = real

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        given = self.mended({argument.name.value: argument.value for argument in node.arguments})
        arguments = [ArgumentNode(name=NameNode(value=name), value=value) for name, value in given.items()]
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=tuple(arguments),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def mended(self, given: dict[str, Any]) -> dict[str, Any]:
        texts = {name: value.value for name, value in given.items() if isinstance(value, StringValueNode)}
        if "first" in given:
            kept = ["where", "orderBy", "text", "kinds", "from", "to", "since", "first"]
            return {name: value for name, value in given.items() if name in kept}
        if "key" in given:
            chosen = next((name for name in ("key", "slug") if texts.get(name)), None)
            return {chosen: given[chosen]} if chosen else {"key": StringValueNode(value="nothing")}
        if "id" in given and texts.get("id") not in self.real["AnyId"]:
            return {"id": StringValueNode(value=self.real["AnyId"][0])}
        if "ids" in given:
            return {"ids": ListValueNode(values=[i for i in given["ids"].values if i.value in self.real["AnyId"]])}
        if "locale" in given and texts.get("locale") not in self.real["Locale"]:
            return {name: value for name, value in given.items() if name != "locale"}
        return given


@cache
def asked() -> st.SearchStrategy[DocumentNode]:
    """Queries, three of four of them mended. None has a fragment with a name, a variable or a directive."""
    real = real_ones(served().edition)
    scalars = {name: half_real(known) for name, known in real.items()}
    scalars["AnySize"] = st.integers(1, 101).map(lambda size: IntValueNode(value=str(size)))
    found = queries(asking_schema(), custom_scalars=scalars, print_ast=lambda ast: ast)
    mended = found.map(lambda ast: graphql.visit(ast, Mended(real)))
    return st.one_of(mended, mended, mended, found)


# --- What answers ----------------------------------------------------------------------------------------------------


class Served:
    """Three versions of the world in a repository, the last of them live."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.open = ExitStack()
        folder = self.open.enter_context(tempfile.TemporaryDirectory(prefix="content-api-queries-"))
        repository = new_repository(Path(folder) / "content.git")
        repository.tag("edition-1")
        for name in ("Second", "Third"):
            repository.commit(moon(f"Hiccups of the {name.lower()} moon"))
        self.versions = repository.git("rev-list", "main").split()
        followed = self.open.enter_context(following(repository))
        self.edition, self.archive = followed.current.edition, followed.publisher.archive
        self.live = live_in(followed.current)

    def answer(self, operation: Operation, limits: Limits) -> Reply:
        return self.loop.run_until_complete(self.delivery(limits).answer(operation))

    @cache  # noqa: B019 - there is one of us
    def delivery(self, limits: Limits) -> Delivery:
        return Delivery(SCHEMA, self.live, limits, self.archive.holding)

    def close(self) -> None:
        self.open.close()
        self.loop.close()


@cache
def served() -> Served:
    made = Served()
    atexit.register(made.close)
    return made


def contradicts_itself(body: dict[str, Any]) -> bool:
    """Whether a query was refused because it asks for two things by one name: one in a thousand here is not valid."""
    messages = [error["message"] for error in body.get("errors", ())]
    return "data" not in body and all(re.match("Fields '.*' conflict because", message) for message in messages)
