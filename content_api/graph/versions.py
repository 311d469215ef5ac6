"""A version, as GraphQL shows it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from content_api.store import snapshot as store


@strawberry.type(description="A version of the content: one git commit, or a folder that is in no repository.")
class Version:
    record: strawberry.Private[store.Version]

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
