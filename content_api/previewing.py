"""What is below /preview/: branches that are previewed (publish/), answered as the live one is (delivery/)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import quote

import structlog

from content_api.answers import live_of, told_of
from content_api.delivery.delivery import Delivery
from content_api.delivery.documents import Document
from content_api.delivery.later import fetch_nothing
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.persisted import Persisted
from content_api.delivery.replies import refused
from content_api.delivery.subscribe import Replies, Subscriptions
from content_api.errors import RequestError
from content_api.graph.subscription import Subscription
from content_api.publish.followers import Followed
from content_api.publish.previews import Preview, Previews
from content_api.publish.publisher import Publisher
from content_api.settings import Settings, variable
from content_api.web.headers import PREVIEW
from content_api.web.previews import OpenedPreview, PreviewRoutes
from content_api.web.tokens import Tokens

log = structlog.get_logger("content_api")


def preview_routes(
    settings: Settings, publisher: Publisher | None, answers: Delivery, documents: Persisted
) -> PreviewRoutes | None:
    """What is below /preview/; None where nothing is, which is logged if somebody wanted it otherwise."""
    patterns, tokens = settings.preview_branches, settings.preview_tokens
    if not (patterns or tokens):
        return None
    if publisher is None:
        log.warning("there are no previews: they are of branches, and what is served are files as they stand")
        return None
    if not (patterns and tokens):
        missing = "preview_tokens" if patterns else "preview_branches"
        log.warning("there are no previews: one of the two settings is missing", missing=variable(missing))
        return None
    previews = Previews(publisher.branch, lambda: publisher.live, patterns)
    return PreviewRoutes(partial(open_preview, previews, answers, documents), Tokens.of(tokens))


@asynccontextmanager
async def open_preview(
    previews: Previews, answers: Delivery, documents: Persisted, branch: str
) -> AsyncIterator[OpenedPreview]:
    """What answers operations on a branch as it is now, drafts included."""
    async with previews.opened(branch) as preview:
        followed = previews.followed(branch, preview)
        yield OpenedPreview(
            documents.answering(over(preview, answers, branch)),
            partial(subscribe_to, previews, answers, documents, branch, followed),
            lambda: followed.ready,
        )


def over(preview: Preview, answers: Delivery, branch: str) -> Delivery:
    """What answers operations on a branch while its preview is open."""
    live = live_of(preview.edition, drafts=True, listening=listening_at(branch))
    return answers.beside(lambda: live, preview.archive.holding)


def listening_at(branch: str) -> str:
    path = f"{PREVIEW}/{quote(branch)}/graphql/stream"
    return f"Listen by server-sent events at `{path}`, with your token in `Authorization`."


def subscribe_to(
    previews: Previews, answers: Delivery, documents: Persisted, branch: str, followed: Followed, operation: Operation
) -> Replies:
    """The replies to an operation on a branch, whose preview is opened only when, and as long as, it is read."""

    def live() -> Live:
        return Live(followed.version.id, None, about=lambda version: told_of(followed.version))

    async def answer(operation: Operation, read: Document | None) -> Reply:
        try:
            async with previews.opened(branch) as preview:
                return await over(preview, answers, branch).answer(operation, read=read)
        except RequestError as error:
            return refused(listening.begin(operation), error)

    listening = answers.beside(live, fetch_nothing)
    heard = Subscription(listen=lambda: previews.listen(followed), files_of=followed.files_of)
    return documents.subscribing(Subscriptions(listening, heard, answer=answer))(operation)
