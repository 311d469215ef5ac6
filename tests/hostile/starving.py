"""Attacks that would keep a server too busy for others, in a process of its own, each until it is ended.

python -m tests.hostile.starving NAME URL FILE, where FILE has the dearest questions, as JSON: a list of texts in which
NUMBER stands for another number each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from tests.bench.delivery.load import NUMBER
from tests.hostile.unique import posted

BEGUN = "begun"
CROWD = 16
"""Connections that always have something open. More would wait longer each, and ask no more in all."""
NUMBERS = count(os.getpid() * 100_000)


def long_text() -> str:
    """A text that nobody has seen, and as long to read as any that is allowed."""
    fields = Random(next(NUMBERS)).choices(("key", "slug", "name"), k=390)
    return f'{{ condition(key: "nobody") {{ {" ".join(fields)} }} }}'


def refused_text() -> str:
    """One that is not valid, in four hundred fields."""
    return long_text().replace("slug", f"nothing{next(NUMBERS)}")


class Target:
    """The server that is attacked, and the dearest that it may be asked."""

    def __init__(self, url: str, dear: list[str]) -> None:
        self.url = url
        self.dear = dear
        self.place = urlsplit(url)

    def dear_question(self) -> str:
        number = next(NUMBERS)
        return self.dear[number % len(self.dear)].replace(NUMBER, f"{number:010d}")

    async def crowd(self, write: Callable[[], bytes], clients: int = CROWD) -> None:
        """Clients that ask again as soon as they are answered."""
        await asyncio.gather(*(self.asking(write) for _ in range(clients)))

    async def asking(self, write: Callable[[], bytes]) -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection(self.place.hostname, self.place.port)
                while True:
                    writer.write(write())
                    await answer(reader)


async def answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, after = head.partition(b"\r\ncontent-length:")
    if found:
        await reader.readexactly(int(after.partition(b"\r\n")[0]))


async def dearest_questions(target: Target) -> None:
    await target.crowd(lambda: posted(target.dear_question()))


async def texts_that_nobody_has_seen(target: Target) -> None:
    await target.crowd(lambda: posted(long_text()))


async def documents_that_are_refused(target: Target) -> None:
    await target.crowd(lambda: posted(refused_text()))


async def large_bodies(target: Target) -> None:
    """As large as a body may be, or of as many values as it may have."""
    document = "query ($given: ConditionFilter) { conditions(where: $given) { totalCount } }"

    def body() -> bytes:
        number = next(NUMBERS)
        lists = 99 if number % 2 else 9
        given = {"and": [{"and": [{}] * 99}] * lists, "name": {"contains": str(number)}}
        return posted(document, variables={"given": given, "other": ["x" * 500] * (lists - 9)})

    await target.crowd(body)


async def slow_clients(target: Target) -> None:
    """Hundreds that send a byte now and then, while a few ask what takes long."""

    async def slow() -> None:
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(target.place.hostname, target.place.port)
                for byte in posted(long_text()):
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(0.1)
                    await writer.drain()

    await asyncio.gather(*(slow() for _ in range(300)), target.crowd(lambda: posted(long_text())))


async def new_connections(target: Target) -> None:
    """One for each question, left without the answer."""

    async def coming() -> None:
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(target.place.hostname, target.place.port)
                writer.write(posted(long_text()))
                await asyncio.sleep(0.01)
                writer.close()

    await asyncio.gather(*(coming() for _ in range(CROWD)))


async def subscriptions(target: Target) -> None:
    """Sockets on each of which texts are subscribed to, one after the other: hundreds at any time."""

    async def listening() -> None:
        while True:
            with suppress(Exception):  # whatever ends it, it begins anew
                url = target.url.replace("http", "ws", 1) + "/graphql"
                async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None, open_timeout=30) as client:
                    await client.send('{"type": "connection_init"}')
                    await client.recv()
                    for number in range(20):
                        payload = {
                            "query": f"subscription {{ versionPublished {{ {'id tags ' * 190} }} }}#{next(NUMBERS)}"
                        }
                        await client.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
                    await client.recv()
                    await asyncio.sleep(0.5)

    await asyncio.gather(*(listening() for _ in range(30)))


async def versions(target: Target) -> None:
    """Old ones in turn, more than are kept in memory."""
    await target.crowd(
        lambda: posted(f'{{ content(version: "v{next(NUMBERS) % 12}") {{ conditions {{ totalCount }} }} }}')
    )


ATTACKS: dict[str, Callable[[Target], Awaitable[None]]] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        dearest_questions,
        texts_that_nobody_has_seen,
        documents_that_are_refused,
        large_bodies,
        slow_clients,
        new_connections,
        subscriptions,
        versions,
    )
}


def main() -> None:
    name, url, file = sys.argv[1:]
    os.nice(5)  # whoever is attacked has a machine of its own
    print(BEGUN, flush=True)
    asyncio.run(ATTACKS[name](Target(url, json.loads(Path(file).read_text()))))


if __name__ == "__main__":
    main()
