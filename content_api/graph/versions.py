"""Versions, as GraphQL shows them: what git knows of a commit, and what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from content_api.content.archive import Archive
from content_api.content.edition import Edition
from content_api.content.layout import changed_entities
from content_api.content.view import Shown
from content_api.errors import RequestError
from content_api.graph.connections import DEFAULT_PAGE, Edge, Page, PageInfo
from content_api.graph.identifiers import cursor, cursor_parts
from content_api.store import snapshot as store
from content_api.store.history import FileChange, FileChangeKind, Logged

USUAL_HISTORY = 10  # what an editor looks at; most entities have fewer


@strawberry.type(description="How many entities a version changed, counted by their files. Drafts are counted too.")
class VersionChanges:
    added: int = strawberry.field(description="Entities whose file came.")
    changed: int = strawberry.field(description="Entities of which some file changed, translations included.")
    removed: int = strawberry.field(description="Entities whose file went.")


@strawberry.type(
    description="A version of the content: one git commit, or a folder that is in no repository. One that has problems "
    "is a version too, and never live: see `refused`."
)
class Version:
    record: strawberry.Private[store.Version]
    files: strawberry.Private[Sequence[FileChange] | None] = None
    is_refused: strawberry.Private[bool | None] = None

    @strawberry.field(
        description="The commit id, in full; `folder-` and a hash for a folder. `Content-Version` says the same."
    )
    def id(self) -> str:
        return self.record.id

    @strawberry.field(description="The tags that name this very commit; none for most versions.")
    def tags(self) -> list[str]:
        return list(self.record.tags)

    @strawberry.field(description="When it was committed, by the committer's clock; null for a folder.")
    def committed_at(self) -> datetime | None:
        return self.record.committed_at

    @strawberry.field(description="The name of who wrote it, as the commit says; null where it does not.")
    def author(self) -> str | None:
        return self.record.author

    @strawberry.field(description="What the commit says of itself, its first line and the rest; null for a folder.")
    def message(self) -> str | None:
        return self.record.message

    @strawberry.field(
        description="What it changed, in numbers, against the version before it on its branch. Null for a commit that "
        "came by a merge, and where the history that is known does not reach back to it."
    )
    def changed(self) -> VersionChanges | None:
        return None if self.files is None else in_numbers(self.files)

    @strawberry.field(
        description="Whether it was refused: it has problems by the rules of this server, is not served, and cannot be "
        "opened. False for one that was live here since the server began. Null where it is not known, as this server "
        "has not checked it since: opening it tells."
    )
    def refused(self) -> bool | None:
        return self.is_refused


@strawberry.type(description="A page of the versions, the newest first.")
class VersionConnection:
    edges: list[Edge[Version]] = strawberry.field(description="The versions of the page with their cursors.")
    nodes: list[Version] = strawberry.field(description="The versions of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many versions are known in all.")


def in_numbers(files: Sequence[FileChange]) -> VersionChanges:
    kinds = list(changed_entities((change.path, change.kind) for change in files).values())
    return VersionChanges(
        added=kinds.count(FileChangeKind.ADDED),
        changed=kinds.count(FileChangeKind.CHANGED),
        removed=kinds.count(FileChangeKind.REMOVED),
    )


def version(edition: Edition, name: str | None) -> Version:
    """What is known of a version, from the live one's history where it stands there, else from its own commit."""
    archive = edition.archive
    commit = edition.version.id if name is None else archive.named(name)
    logged = archive.logged(commit)
    if logged:
        return in_list(logged, archive)
    found = edition_of(edition, commit).version
    return Version(record=archive.tagged(found), is_refused=archive.refused(commit))


def in_list(logged: Logged, archive: Archive) -> Version:
    """A version of the branch, with what is known of it now."""
    version = archive.tagged(logged.version)
    return Version(record=version, files=logged.files, is_refused=archive.refused(version.id))


def edition_of(edition: Edition, commit: str) -> Edition:
    """The edition of a commit, beside one that is known."""
    return edition if commit == edition.version.id else edition.archive.edition(commit)


def edition_named(edition: Edition, name: str) -> Edition:
    return edition_of(edition, edition.archive.named(name))


def versions(edition: Edition, asked: Page) -> VersionConnection:
    """A page of the versions up to an edition's. A cursor is a place in history, which a publication does not move."""
    found = edition.archive.versions(edition.version.id)
    start = 0 if asked.after is None else place_after(asked.after, edition)
    part = found[start : start + (DEFAULT_PAGE if asked.first is None else asked.first)]
    nodes = [in_list(one, edition.archive) for one in part]
    edges = [Edge(cursor=cursor(node.record.id, "versions"), node=node) for node in nodes]
    info = PageInfo(
        has_next_page=start + len(part) < len(found),
        has_previous_page=start > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return VersionConnection(edges=edges, nodes=nodes, page_info=info, total_count=len(found))


def place_after(token: str, edition: Edition) -> int:
    commit, name = cursor_parts(token)
    place = edition.archive.behind(edition.version.id, commit)
    if place is None or name != "versions":
        raise RequestError("BAD_CURSOR", "The cursor is not from this list.", "Take it from a page of `versions`.")
    return place


def history(shown: Shown, first: int | None) -> list[Version]:
    """The versions that changed an entity's files, up to the one that it is shown in, newest first."""
    archive, commit = shown.view.edition.archive, shown.view.edition.version.id
    logged = archive.touching(commit, *(path for path, _ in shown.record.files))
    return [in_list(one, archive) for one in logged[: first or USUAL_HISTORY]]


def updated_at(shown: Shown) -> datetime | None:
    archive, commit = shown.view.edition.archive, shown.view.edition.version.id
    logged = archive.touching(commit, *(path for path, _ in shown.record.files))
    return logged[0].version.committed_at if logged else None
