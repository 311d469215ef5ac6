"""What clients can listen to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

import strawberry

from content_api.graph.versions import Version
from content_api.store import snapshot as store
from content_api.store.history import FileChange

Listen = Callable[[], AsyncIterator[store.Version]]
FilesOf = Callable[[str], Sequence[FileChange] | None]


@strawberry.type(description="What the server says by itself, over a WebSocket or as server-sent events.")
class Subscription:
    listen: strawberry.Private[Listen]
    files_of: strawberry.Private[FilesOf]

    @strawberry.subscription(
        description="Each version that goes live from now on; ask `Query` for the present one. A client that reads "
        "slowly gets the newest and not those before it, so that what it hears last is live."
    )
    def version_published(self) -> AsyncGenerator[Version, None]:
        # No generator itself: it would not begin to listen until it is asked for the first.
        return _shown(self.listen(), self.files_of)


async def _shown(versions: AsyncIterator[store.Version], files_of: FilesOf) -> AsyncGenerator[Version, None]:
    async for version in versions:
        yield Version(record=version, files=files_of(version.id), is_refused=False)
