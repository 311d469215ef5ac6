"""Full-text search as a connection, with what was found marked."""

from __future__ import annotations

from html import escape

import strawberry

from content_api.content.deadline import look
from content_api.content.fields import EntityKind
from content_api.content.noted import noted_by, touch
from content_api.content.search import Highlight as Marked
from content_api.content.search import Hit
from content_api.content.searchable import SearchField, hidden_identities, search_index_in_memory
from content_api.content.tags import SEARCH
from content_api.content.view import View
from content_api.errors import RequestError
from content_api.graph.connections import DEFAULT_PAGE, Page, PageInfo, key_at, view_of_page
from content_api.graph.entities import Entity, entity_of
from content_api.graph.identifiers import cursor


@strawberry.type(description="A part of a text, from `start` up to `end`. Characters are Unicode code points.")
class TextRange:
    start: int = strawberry.field(description="Place of the first character, counted from 0.")
    end: int = strawberry.field(description="Place after the last character.")


@strawberry.type(description="A text in which something was found.")
class Highlight:
    marked: strawberry.Private[Marked]

    @strawberry.field(description="Which text it is.")
    def field(self) -> SearchField:
        return SearchField(self.marked.field)

    @strawberry.field(description="The text, or for the body a fragment of it, as plain text.")
    def text(self) -> str:
        return self.marked.text

    @strawberry.field(description="The parts of `text` that were found.")
    def ranges(self) -> list[TextRange]:
        return [TextRange(start=start, end=end) for start, end in self.marked.ranges]

    @strawberry.field(description="`text` as HTML, with what was found in `<mark>`. Everything else is escaped.")
    def html(self) -> str:
        text, end, pieces = self.marked.text, 0, []
        for start, stop in self.marked.ranges:
            pieces += [escape(text[end:start]), f"<mark>{escape(text[start:stop])}</mark>"]
            end = stop
        return "".join([*pieces, escape(text[end:])])


@strawberry.type(description="An entity that was found.")
class SearchEdge:
    cursor: str = strawberry.field(description="Opaque; names this place in this version of the result.")
    node: Entity = strawberry.field(description="The entity that was found.")
    score: float = strawberry.field(description="Compares the results of one search; means nothing beyond.")
    highlights: list[Highlight] = strawberry.field(description="Where the words were found; the weightiest first.")


@strawberry.type(description="A page of a search result, the best first.")
class SearchConnection:
    edges: list[SearchEdge] = strawberry.field(description="What was found, with cursors, scores and highlights.")
    nodes: list[Entity] = strawberry.field(description="The entities that were found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many entities were found in all.")


def search(view: View, text: str, kinds: list[EntityKind] | None, asked: Page) -> SearchConnection:
    """A page of what a text finds in a view. Raises RequestError for a page that cannot be."""
    look()
    touch(SEARCH)
    view = view_of_page(view, asked)
    version = view.edition.version.id
    offset = 0 if asked.after is None else place_after(key_at(asked.after, version))
    index, hidden = search_index_in_memory(view.edition, view.drafts), hidden_identities(view.edition)
    among = None if kinds is None else frozenset(kind.value for kind in kinds)
    limit = DEFAULT_PAGE if asked.first is None else asked.first
    page = index.search(text, locale=view.locale, kinds=among, limit=limit, offset=offset, without=hidden)
    if hidden and noted_by() is not None:
        for kind, name in index.among(hidden, text, locale=view.locale, kinds=among):
            view.note(f"{kind}/{name}")
    edges = [edge(view, hit, cursor(version, str(place))) for place, hit in enumerate(page.hits, offset)]
    info = PageInfo(
        has_next_page=offset + len(edges) < page.total,
        has_previous_page=offset > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return SearchConnection(edges=edges, nodes=[one.node for one in edges], page_info=info, total_count=page.total)


def place_after(place: str) -> int:
    """The place that a page begins with, after the place that a cursor names."""
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise RequestError("BAD_CURSOR", "The cursor is not from a search.", "Take it from the page before.")
    return int(place) + 1


def edge(view: View, hit: Hit, token: str) -> SearchEdge:
    """A hit with its entity, which the search finds only if the view shows it."""
    shown = view.show(f"{hit.kind}/{hit.key}")
    if shown is None:
        raise LookupError(f"the index has {hit.kind}/{hit.key}, which its edition does not show")
    highlights = [Highlight(marked=marked) for marked in hit.highlights]
    return SearchEdge(cursor=token, node=entity_of(shown), score=hit.score, highlights=highlights)
