"""What every test of a fault asks: what was live stays and says why, and a later good push goes live."""

from __future__ import annotations

from tests.publish.world import Followed, moon

NAME = '{ site { version } condition(key: "moon-hiccups") { name } }'
BY_VERSION = 'query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


async def name(seen: Followed) -> str:
    answer = await seen.ask(NAME)
    assert answer["site"]["version"] == seen.live
    return answer["condition"]["name"]


async def stays(seen: Followed, before: str, *words: str) -> None:
    """What was live is live and answers, and it is said why there is nothing newer."""
    assert seen.live == before
    await name(seen)
    for word in words:
        assert word in seen.current.trouble.reason


async def recovers(seen: Followed, called: str = "Mended") -> None:
    """A good push goes live, and nothing more is said."""
    pushed = await seen.push(moon(called))
    assert (seen.live, seen.current.trouble, seen.current.refusal) == (pushed, None, None)
    assert await name(seen) == called
