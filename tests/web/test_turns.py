"""What takes milliseconds, and is asked by many at once, has a turn of the event loop for each: whoever asks little is
answered in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from content_api.web.health import Status
from content_api.web.hooks import GitHook
from content_api.web.signatures import Verification
from content_api.web.versions import Overview, VersionsPage

TOGETHER = 10
PIECES = 3
UNSIGNED = {b"x-hub-signature-256": b"sha256=" + b"0" * 64}


def request(headers: dict[bytes, bytes]) -> Request:
    """One whose body is there in pieces."""
    left = [{"type": "http.request", "body": b"x" * 1_000, "more_body": number > 0} for number in range(PIECES)]

    async def receive() -> dict[str, object]:
        return left.pop()

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [*headers.items()]}
    return Request(scope, receive)


def pages_of_versions(work: Callable[[], None], monkeypatch) -> Callable[[], Awaitable[Response]]:
    def overlook(after: str | None) -> Overview:
        work()
        return Overview(Status(ready=True), None)

    page = VersionsPage(overlook, lambda: None)
    return lambda: page.respond(request({}))


def pieces_of_pushes(work: Callable[[], None], monkeypatch) -> Callable[[], Awaitable[Response]]:
    monkeypatch.setattr(Verification, "feed", lambda self, piece: work())
    hook = GitHook(lambda: None, ["a secret of the git host"])
    return lambda: hook.respond(request(UNSIGNED))


@pytest.mark.parametrize("asking", [pages_of_versions, pieces_of_pushes])
def test_each_has_a_turn_of_its_own(asking, monkeypatch):
    turn, worked_in = 0, []

    async def turning() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def asked() -> None:
        ask = asking(lambda: worked_in.append(turn), monkeypatch)
        ticker = asyncio.create_task(turning())
        await asyncio.gather(*(ask() for _ in range(TOGETHER)))
        ticker.cancel()

    asyncio.run(asked())
    assert len(worked_in) >= TOGETHER
    assert len(set(worked_in)) == len(worked_in)
