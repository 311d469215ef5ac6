"""What clients can listen to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable

import strawberry

from content_api.graph.versions import Version
from content_api.store import snapshot as store

Listen = Callable[[], AsyncIterator[store.Version]]


@strawberry.type(description="What the server says by itself, over a WebSocket or as server-sent events.")
class Subscription:
    listen: strawberry.Private[Listen]

    @strawberry.subscription(
        description="Each version that goes live from now on; ask `Query` for the present one. A client that reads "
        "slowly gets the newest and not those before it, so that what it hears last is live."
    )
    def version_published(self) -> AsyncGenerator[Version, None]:
        return _shown(
            self.listen()
        )  # no generator itself: it would not begin to listen until it is asked for the first


async def _shown(versions: AsyncIterator[store.Version]) -> AsyncGenerator[Version, None]:
    async for version in versions:
        yield Version(record=version)
