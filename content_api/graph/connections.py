"""Pages of a list, after the Relay connection model. A cursor carries the version that it was made in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import strawberry
from strawberry import UNSET

from content_api.content.deadline import look
from content_api.content.noted import touch
from content_api.content.view import Shown, View, view_of
from content_api.errors import RequestError
from content_api.graph.identifiers import cursor, cursor_parts

DEFAULT_PAGE = 20  # a screenful; small enough that nobody pays for what was not asked for
UNLESS = "unless the server says otherwise"
"""Said of a limit that is a setting, in the schema, which is the same at every server."""

T = TypeVar("T")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item; give it as `after` for more.")


@strawberry.type(description="An item of a list, with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque; names this place in this version of the list.")
    node: T = strawberry.field(description="The item itself.")


class Slice(NamedTuple):
    """Places `start` to `end` (exclusive) of a list of `total`."""

    start: int
    end: int
    total: int


@strawberry.type(
    description="A page of a list. The next page comes from the same version, whatever was published since."
)
class Connection(Generic[T]):
    version: strawberry.Private[str]
    part: strawberry.Private[Slice]

    @strawberry.field(description="The items of the page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        # Made when they are asked for: most pages ask for nodes, and cursors take longer than all else of a page.
        return [Edge(cursor=cursor(self.version, _key(node)), node=node) for node in self.nodes]

    nodes: list[T] = strawberry.field(description="The items of the page.")

    @strawberry.field(description="Where the page stands.")
    def page_info(self) -> PageInfo:
        ends = (self.nodes[0], self.nodes[-1]) if self.nodes else ()
        return page_info([cursor(self.version, _key(end)) for end in ends], self.part)

    total_count: int = strawberry.field(description="How many items the whole list has.")


class Page(NamedTuple):
    """Which part of a list a client asked for."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


def page(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """A page from arguments, of which those not given are UNSET: it is the same as giving null."""
    return Page(*[None if argument is UNSET else argument for argument in (first, after, last, before)])  # type: ignore[arg-type]


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


def cut(page: Page, found: Sequence[Keyed], version: str) -> Slice:
    """The slice of a list that a page stands for. Raises RequestError for arguments that make no page. How large one
    may be is seen before anything runs: delivery/price.py."""
    look()  # to find the place of a cursor, the list is walked
    if page.first is not None and page.last is not None:
        raise RequestError("BAD_USER_INPUT", "Both `first` and `last` are given.", "Give one of the two.")
    start = 0 if page.after is None else place_of(page.after, found, version) + 1
    end = len(found) if page.before is None else place_of(page.before, found, version)
    end = max(start, end)
    if page.last is not None:
        return Slice(max(start, end - page.last), end, len(found))
    return Slice(start, min(end, start + (DEFAULT_PAGE if page.first is None else page.first)), len(found))


def place_of(token: str, found: Sequence[Keyed], version: str) -> int:
    """The place of a cursor in a list."""
    key = key_at(token, version)
    place = next((index for index, item in enumerate(found) if item.key == key), None)
    if place is None:
        hint = "Keep `where`, `orderBy`, locale and channel the same from page to page."
        raise RequestError("BAD_CURSOR", "The cursor is not from this list.", hint)
    return place


def key_at(token: str, version: str) -> str:
    """What a cursor of this version points at."""
    cursor_version, key = cursor_parts(token)
    if cursor_version != version:
        raise RequestError("BAD_CURSOR", "`after` and `before` are of different versions.", "Give one of the two.")
    return key


def view_of_page(view: View, page: Page) -> View:
    """The view that a page is a page of: cursors stay in the version that they were made in."""
    token = page.after or page.before
    version = cursor_parts(token)[0] if token else view.edition.version.id
    if version == view.edition.version.id:
        return view
    archive = view.edition.archive
    return view_of(archive.edition(archive.named(version)), view.locale, view.channel, view.drafts)


def _key(node: Any) -> str:
    """The key of an entity, in whichever type of the graph it is."""
    shown: Shown = node.shown
    return shown.key


def page_info(cursors: Sequence[str], part: Slice) -> PageInfo:
    return PageInfo(
        has_next_page=part.end < part.total,
        has_previous_page=part.start > 0,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )


def connection(found: Sequence[Shown], page: Page, version: str, node: type[T]) -> Connection[T]:
    """A page of entities as a connection of their GraphQL type."""
    part = cut(page, found, version)
    shown = found[part.start : part.end]
    touch(*[each.record.key for each in shown])
    nodes = [node(shown=one) for one in shown]  # type: ignore[call-arg]
    return Connection(version=version, part=part, nodes=nodes, total_count=part.total)
