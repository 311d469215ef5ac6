"""Bodies are read whole; large ones in turns."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from content_api.web.body import LARGE, read_body


def request(body: bytes) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "headers": []}, receive)


def test_large_bodies_come_one_at_a_time_and_small_ones_at_once():
    turn, come = 0, []

    async def counting() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def read(body: bytes, turns: asyncio.Lock) -> None:
        assert await read_body(request(body), 100_000, turns) == body
        come.append((len(body), turn))

    async def scene() -> None:
        counted, turns = asyncio.create_task(counting()), asyncio.Lock()
        await asyncio.gather(*(read(b"x" * size, turns) for size in [LARGE + 1] * 5 + [LARGE] * 5))
        counted.cancel()

    asyncio.run(scene())
    small, large = come[:5], come[5:]
    assert {size for size, _ in small} == {LARGE}
    assert len({turn for _, turn in small}) == 1
    assert [size for size, _ in large] == [LARGE + 1] * 5
    assert len({turn for _, turn in large}) == 5
