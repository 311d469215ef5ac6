"""Previews beside a branch that is followed, for the tests of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

import orjson
import pytest

from content_api.delivery.operation import Operation, Reply
from content_api.delivery.persisted import Persisted
from content_api.errors import RequestError
from content_api.previewing import open_preview
from content_api.publish.previews import Previews
from content_api.web.previews import OpenedPreview
from tests.publish.world import Followed, following
from tests.repositories import Change, Repository

NAME = '{ condition(key: "moon-hiccups") { name served { version } } }'
DRAFT = '{ condition(key: "cloud-yawns") { name state } }'
SEARCH = "query ($words: String!) { search(text: $words) { nodes { key } } }"
AT = 'query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


@dataclass
class Previewed:
    """A branch that is followed, with previews of others. Their looks see everything at once."""

    followed: Followed
    previews: Previews

    def opened(self, branch: str) -> AbstractAsyncContextManager[OpenedPreview]:
        delivery = self.followed.delivery
        return open_preview(self.previews, delivery, Persisted(longest=delivery.limits.characters), branch)

    async def reply(self, branch: str, text: str, **variables: object) -> Reply:
        async with self.opened(branch) as opened:
            return await opened.answer(Operation(text, variables))

    async def ask(self, branch: str, text: str, **variables: object) -> dict:
        body = orjson.loads((await self.reply(branch, text, **variables)).body)
        assert "errors" not in body, body
        return body["data"]

    async def name(self, branch: str) -> str:
        return (await self.ask(branch, NAME))["condition"]["name"]

    async def found(self, branch: str, words: str) -> list[str]:
        return [node["key"] for node in (await self.ask(branch, SEARCH, words=words))["search"]["nodes"]]

    async def is_missing(self, branch: str) -> bool:
        with pytest.raises(RequestError) as refused:
            await self.reply(branch, NAME)
        return (refused.value.code, str(refused.value)) == ("NOT_FOUND", "There is no preview at this path.")


@contextmanager
def previewing(repository: Repository, *patterns: str, **options: object) -> Iterator[Previewed]:
    with following(repository, **options) as followed:  # type: ignore[arg-type]  # what a Branch is told
        branch = followed.publisher.branch
        yield Previewed(followed, Previews(branch, lambda: followed.publisher.live, patterns or ("*",), 0.0))


def on(repository: Repository, branch: str, files: Mapping[str, Change], **options: str) -> str:
    """Commit to a branch, which begins where main is now."""
    if not repository.git("for-each-ref", f"refs/heads/{branch}"):
        repository.branch(branch, "main")
    return repository.commit(files, branch=branch, **options)
