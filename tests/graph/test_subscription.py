"""What is said of a version that goes live, straight from the schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

from graphql import parse, subscribe

from content_api.graph.subscription import Subscription
from content_api.store.history import FileChange, FileChangeKind
from content_api.store.snapshot import Version
from tests.graph.asking import SCHEMA

DOCUMENT = "subscription { versionPublished { id tags committedAt author message changed { added changed } } }"
COMMIT = Version(
    "a" * 40,
    ("v1", "v1.0"),
    datetime(2026, 11, 22, 10, tzinfo=timezone(timedelta(hours=1))),
    "An Editor",
    "Two\n\nlines",
)
FOLDER = Version("folder-0123456789ab")


def changed(commit: str) -> list[FileChange] | None:
    """What the one commit changed; of a folder that is not known."""
    return [FileChange("causes/diabetes.json", FileChangeKind.ADDED)] if commit == COMMIT.id else None


def heard(*versions: Version) -> list[dict]:
    """The data that a listener gets, when these versions go live and then no more do."""

    async def listen() -> AsyncIterator[Version]:
        for version in versions:
            yield version

    async def collected() -> list[dict]:
        stream = subscribe(SCHEMA, parse(DOCUMENT), Subscription(listen=listen, files_of=changed))
        return [(result.data or {}, result.errors)[bool(result.errors)] async for result in stream]

    return asyncio.run(collected())


def test_a_commit_is_told_with_all_that_git_knows_of_it():
    assert heard(COMMIT) == [
        {
            "versionPublished": {
                "id": "a" * 40,
                "tags": ["v1", "v1.0"],
                "committedAt": "2026-11-22T09:00:00Z",
                "author": "An Editor",
                "message": "Two\n\nlines",
                "changed": {"added": 1, "changed": 0},
            }
        }
    ]


def test_a_folder_has_an_id_and_nothing_else_to_tell():
    [data] = heard(FOLDER)
    assert data["versionPublished"] == {
        "id": "folder-0123456789ab",
        "tags": [],
        "committedAt": None,
        "author": None,
        "message": None,
        "changed": None,
    }


def test_who_subscribes_listens_from_that_moment_and_not_from_the_first_question():
    begun: list[str] = []

    async def nothing() -> AsyncIterator[Version]:
        return
        yield COMMIT

    def listen() -> AsyncIterator[Version]:
        begun.append("now")
        return nothing()

    subscribe(SCHEMA, parse(DOCUMENT), Subscription(listen=listen, files_of=changed))
    assert begun == ["now"]
