"""A branch of a real repository that holds the small world, with the parts of the server that follow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import orjson

from content_api.answers import delivery
from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation, Reply
from content_api.publish.beginning import Beginning, begin
from content_api.publish.branch import Branch
from content_api.publish.current import Current
from content_api.publish.publisher import Publisher
from content_api.store import GitRepository, open_mirrored, open_repository
from content_api.store.git import DEADLINE
from content_api.store.mirror import Mirror
from content_api.store.remote import read_remote
from content_api.store.snapshot import Limits, Version
from tests import world
from tests.repositories import Change, Repository

MOON = "conditions/moon-hiccups.json"


def in_content(files: Mapping[str, Change]) -> dict[str, Change]:
    return {f"content/{path}": change for path, change in files.items()}


def moon(name: str) -> dict[str, Change]:
    """The one file that changes most in these tests: the moon's hiccups under another name."""
    return in_content({MOON: world.edited({MOON: {"/text/en/name": name}})[MOON]})


def broken() -> dict[str, Change]:
    return in_content({MOON: world.edited({MOON: {"/state": "DONE"}})[MOON]})


def new_repository(folder: Path, *, bare: bool = True) -> Repository:
    """A repository with one commit of the small world."""
    repository = Repository(folder, bare=bare)
    repository.commit(in_content(world.files()), message="The small world")
    return repository


@dataclass
class Followed:
    """A branch that is followed, look by look."""

    repository: Repository
    publisher: Publisher
    beginning: Beginning
    announced: list[Version] = field(default_factory=list)
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        self.delivery = delivery(self.publisher.current, self.publisher.archive)

    @property
    def current(self) -> Current:
        return self.publisher.current

    @property
    def live(self) -> str:
        return self.current.edition.version.id

    async def push(self, files: Mapping[str, Change], **options: str) -> str:
        """Commit, and have it looked at."""
        commit = self.repository.commit(files, **options)
        await self.publisher.look()
        return commit

    async def reply(self, text: str, **variables: object) -> Reply:
        return await self.delivery.answer(Operation(text, variables))

    async def ask(self, text: str, **variables: object) -> dict:
        """The data of an answer without errors."""
        body = orjson.loads((await self.reply(text, **variables)).body)
        assert "errors" not in body, body
        return body["data"]

    async def refusal(self, text: str, **variables: object) -> dict:
        """The one error of an answer: its message, with its code and hint."""
        [error] = orjson.loads((await self.reply(text, **variables)).body)["errors"]
        return {"message": error["message"], **error["extensions"]}


@contextmanager
def following(
    repository: Repository,
    ref: str = "HEAD",
    *,
    cache: Path | None = None,
    limits: Limits | None = None,
    deadline: float = DEADLINE,
    **options: object,
) -> Iterator[Followed]:
    """What a server does at its start, without the server. The looks are the test's.

    With a `cache`, the repository is followed as one on another machine, through a mirror in that folder.
    """
    with opened(repository, cache, deadline) as (found, mirror):
        branch = Branch(found, ref, limits or Limits(), **options)  # type: ignore[arg-type]
        beginning = begin(branch)
        current = Current(beginning.live.edition, beginning.refusal)
        announced: list[Version] = []
        publisher = Publisher(
            branch,
            current,
            beginning.archive,
            beginning.live,
            PurePath("content"),
            announce=announced.append,
            poll_seconds=0,  # whenever the test looks, it is time to fetch
            mirror=mirror,
        )
        yield Followed(repository, publisher, beginning, announced)


@contextmanager
def opened(
    repository: Repository, cache: Path | None, deadline: float
) -> Iterator[tuple[GitRepository, Mirror | None]]:
    if cache is None:
        with open_repository(repository.path, folder="content", deadline=deadline) as found:
            yield found, None
    else:
        with open_mirrored(read_remote(repository.path.as_uri()), cache, fresh=False, folder="content") as mirrored:
            assert mirrored.repository is not None
            yield mirrored.repository, mirrored.mirror
