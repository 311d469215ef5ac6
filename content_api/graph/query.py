"""The root of the graph, and the content of one scope: everything below a scope stays in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar

import strawberry
from strawberry import UNSET

from content_api.content.edition import Edition
from content_api.content.fields import Channel, CodeSystem, EntityKind
from content_api.content.select import select
from content_api.content.view import View, view_of
from content_api.errors import RequestError
from content_api.graph.changes import ChangeConnection, change_connection, versions_of
from content_api.graph.connections import UNLESS, Connection, Page, connection, page, view_of_page
from content_api.graph.entities import TYPES, Cause, Caution, Condition, Entity, Node, Symptom, Treatment, entity_of
from content_api.graph.filters import (
    CauseFilter,
    CautionFilter,
    CautionOrder,
    ConditionFilter,
    EntityFilter,
    EntityOrder,
    SymptomFilter,
    TreatmentFilter,
)
from content_api.graph.identifiers import node_parts
from content_api.graph.recalls import Recall, recalls
from content_api.graph.scalars import Locale
from content_api.graph.search import SearchConnection, search
from content_api.graph.site import Site
from content_api.graph.versions import Version, VersionConnection, edition_named, edition_of, version, versions

Order: TypeAlias = EntityOrder | CautionOrder


NAMED = (
    "A tag, a commit id or at least 7 digits of one, or a moment such as `2026-11-22T10:00:00Z`, for what was live "
    "then: the newest version from before it that has no problems."
)
VERSION = f"{NAMED} The live version if not given."
WHERE = "Which of them. Everything that is given must hold."
ORDER_BY = "In which order. Several keys: the second orders what is equal by the first, and so on."
Slug: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The slug in the locale asked for, or in one that stands in for it; old slugs are found too. "
        "Give this or `key`."
    ),
]
Key: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The key, the same in every locale. Give this or `slug`.")
]
First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"How many from the start, or after `after`: 1 to 100, {UNLESS}; 20 if not given."),
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="A cursor: what comes after it. Take `pageInfo.endCursor`.")
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description=f"How many from the end, or before `before`: 1 to 100, {UNLESS}.")
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="A cursor: what comes before it. Take `pageInfo.startCursor`.")
]


@strawberry.type(description="Content in one version, locale and channel. What is reached from here stays in it.")
class Content:
    view: strawberry.Private[View]

    @strawberry.field(description="The condition with a slug or key; null where there is none.")
    def condition(self, slug: Slug = UNSET, key: Key = UNSET) -> Condition | None:
        return one(self.view, Condition, slug, key)

    @strawberry.field(description="The conditions, by name if no order is asked for.")
    def conditions(
        self,
        where: Annotated[ConditionFilter | None, strawberry.argument(description=WHERE)] = UNSET,
        order_by: Annotated[list[EntityOrder] | None, strawberry.argument(description=ORDER_BY)] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Condition]:
        return some(self.view, Condition, where, order_by, page(first, after, last, before))

    @strawberry.field(description="The symptom with a slug or key; null where there is none.")
    def symptom(self, slug: Slug = UNSET, key: Key = UNSET) -> Symptom | None:
        return one(self.view, Symptom, slug, key)

    @strawberry.field(description="The symptoms, by name if no order is asked for.")
    def symptoms(
        self,
        where: Annotated[SymptomFilter | None, strawberry.argument(description=WHERE)] = UNSET,
        order_by: Annotated[list[EntityOrder] | None, strawberry.argument(description=ORDER_BY)] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Symptom]:
        return some(self.view, Symptom, where, order_by, page(first, after, last, before))

    @strawberry.field(description="The cause with a slug or key; null where there is none.")
    def cause(self, slug: Slug = UNSET, key: Key = UNSET) -> Cause | None:
        return one(self.view, Cause, slug, key)

    @strawberry.field(description="The causes, by name if no order is asked for.")
    def causes(
        self,
        where: Annotated[CauseFilter | None, strawberry.argument(description=WHERE)] = UNSET,
        order_by: Annotated[list[EntityOrder] | None, strawberry.argument(description=ORDER_BY)] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Cause]:
        return some(self.view, Cause, where, order_by, page(first, after, last, before))

    @strawberry.field(description="The treatment with a slug or key; null where there is none.")
    def treatment(self, slug: Slug = UNSET, key: Key = UNSET) -> Treatment | None:
        return one(self.view, Treatment, slug, key)

    @strawberry.field(description="The treatments, by name if no order is asked for.")
    def treatments(
        self,
        where: Annotated[TreatmentFilter | None, strawberry.argument(description=WHERE)] = UNSET,
        order_by: Annotated[list[EntityOrder] | None, strawberry.argument(description=ORDER_BY)] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Treatment]:
        return some(self.view, Treatment, where, order_by, page(first, after, last, before))

    @strawberry.field(description="The caution with a slug or key; null where there is none.")
    def caution(self, slug: Slug = UNSET, key: Key = UNSET) -> Caution | None:
        return one(self.view, Caution, slug, key)

    @strawberry.field(description="The cautions, the gravest first if no order is asked for.")
    def cautions(
        self,
        where: Annotated[CautionFilter | None, strawberry.argument(description=WHERE)] = UNSET,
        order_by: Annotated[list[CautionOrder] | None, strawberry.argument(description=ORDER_BY)] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Caution]:
        return some(self.view, Caution, where, order_by, page(first, after, last, before))

    @strawberry.field(description="The entities that carry a code, or whose examples do, by kind and key.")
    def by_code(
        self,
        system: Annotated[CodeSystem, strawberry.argument(description="The code system.")],
        code: Annotated[str, strawberry.argument(description="The code, as the system writes it.")],
    ) -> list[Entity]:
        return [entity_of(shown) for shown in self.view.with_code(system, code)]

    @strawberry.field(
        description="Full-text search: finds other forms of a word, misspelt words, alternate names and codes. "
        "Names weigh most."
    )
    def search(
        self,
        text: Annotated[
            str, strawberry.argument(description=f"Words, as a person types them: at most 200 characters, {UNLESS}.")
        ],
        kinds: Annotated[
            list[EntityKind] | None, strawberry.argument(description="Only entities of these kinds; all if not given.")
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> SearchConnection:
        asked = page(first, after, None, None)
        return search(self.view, text, None if kinds is UNSET else kinds, asked)

    @strawberry.field(description="Who publishes the content, on what terms, in which locales and channels.")
    def site(self) -> Site:
        return Site(view=self.view)


@strawberry.type(
    description="The content of the live version, in the publisher's default locale, for the web. "
    "`content(locale:, channel:)` opens any other scope."
)
class Query(Content):
    edition: strawberry.Private[Edition]

    @strawberry.field(description="The content of another version, in another locale, or for another channel.")
    def content(
        self,
        version: Annotated[str | None, strawberry.argument(description=VERSION)] = UNSET,
        locale: Annotated[
            Locale | None, strawberry.argument(description="One of `site.locales`; the default locale if not given.")
        ] = UNSET,
        channel: Annotated[Channel, strawberry.argument(description="Who is being spoken to.")] = Channel.WEB,
    ) -> Content:
        edition = self.edition if version is UNSET or version is None else edition_named(self.edition, version)
        return Content(view=view_of(edition, None if locale is UNSET else locale, channel, self.view.drafts))

    @strawberry.field(
        description="What differs between two versions, as the public sees them: each entity that was added, changed, "
        "renamed, withdrawn or removed. In a preview, drafts included."
    )
    def changes(
        self,
        from_: Annotated[str, strawberry.argument(name="from", description=f"The older one. {NAMED}")],
        to: Annotated[
            str | None, strawberry.argument(description="The newer one; the live version if not given.")
        ] = UNSET,
        kinds: Annotated[
            list[EntityKind] | None, strawberry.argument(description="Only entities of these kinds; all if not given.")
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> ChangeConnection:
        older = edition_named(self.edition, from_)
        newer = edition_of(self.edition, newer_of(self.edition, to or None, after or None))
        shown = view_of(newer, drafts=self.view.drafts)
        return change_connection(older, shown, None if kinds is UNSET else kinds, page(first, after, None, None))

    @strawberry.field(
        description="What is known of a version; of the live one, if none is named. Null, with an error, for what "
        "names no version. Its content is in `content`.",
    )
    def version(self, ref: Annotated[str | None, strawberry.argument(description=VERSION)] = UNSET) -> Version | None:
        return version(self.edition, None if ref is UNSET else ref)

    @strawberry.field(
        description="The versions, newest first: every commit of the branch that changed the content, those that were "
        "refused included."
    )
    def versions(self, first: First = UNSET, after: After = UNSET) -> VersionConnection:
        return versions(self.edition, page(first, after, None, None))

    @strawberry.field(
        description="What was published and must not be shown any more, the newest recall first. It is not shown in "
        "older versions either."
    )
    def recalls(
        self,
        since: Annotated[
            datetime | None, strawberry.argument(description="Only those made then or later; all if not given.")
        ] = UNSET,
    ) -> list[Recall]:
        return recalls(self.view, None if since is UNSET else since)

    @strawberry.field(description="The entity with an id, in the locale and channel that the id stands for.")
    def node(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="An `id` of this API.")]
    ) -> Node | None:
        return node(self.edition, id, self.view.drafts)

    @strawberry.field(description="The entities with these ids, in the order given; null where there is none.")
    def nodes(
        self,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most 100 ids of this API, {UNLESS}.")],
    ) -> list[Node | None]:
        return [node(self.edition, id, self.view.drafts) for id in ids]


def newer_of(edition: Edition, name: str | None, after: str | None) -> str:
    """The commit that is compared to: the one named, or the one that was live when the first page was asked for."""
    if name:
        return edition.archive.named(name)
    return edition.archive.named(versions_of(after)[1]) if after else edition.version.id


E = TypeVar("E", bound=Entity)
KINDS = {node: kind for kind, node in TYPES.items()}


def one(view: View, node: type[E], slug: str | None, key: str | None) -> E | None:
    """The entity with a slug or a key. Raises RequestError unless exactly one of the two is given."""
    if bool(slug) == bool(key):
        given = "Both `slug` and `key` are given." if slug else "Neither `slug` nor `key` is given."
        raise RequestError("BAD_USER_INPUT", given, "Give exactly one of `slug` and `key`.")
    found = view.by_slug(KINDS[node], slug) if slug else view.by_key(KINDS[node], key or "")
    return node(shown=found) if found else None


def some(
    view: View, node: type[E], where: EntityFilter | None, order_by: Sequence[Order] | None, asked: Page
) -> Connection[E]:
    """A page of the entities of a kind that a filter leaves, ordered. Raises RequestError for bad arguments."""
    order = [(key.field, key.direction) for key in order_by or ()]
    view = view_of_page(view, asked)
    found = select(view, KINDS[node], where.criteria if where else None, order)
    return connection(found, asked, view.edition.version.id, node)


def node(edition: Edition, token: str, drafts: bool) -> Node | None:
    """The entity with an id, in its own scope; None also where the publisher no longer serves that locale."""
    key, locale, channel = node_parts(token)
    if locale not in edition.library.site.locales:
        return None
    shown = view_of(edition, locale, channel, drafts).show(key)
    return entity_of(shown) if shown else None


def root(edition: Edition, drafts: bool = False) -> Query:
    """The value that a query begins with: the default scope of an edition. Everything reached from it shows `drafts`
    or does not."""
    return Query(view=view_of(edition, drafts=drafts), edition=edition)
