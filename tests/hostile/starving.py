"""Attacks that would keep a server too busy for others, in a process of its own, each until it is ended.

python -m tests.hostile.starving NAME URL FILE, where FILE has the dearest questions, as JSON: a list of texts in which
NUMBER stands for another number each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from tests.bench.delivery.load import NUMBER
from tests.hostile.forms import SOCKET
from tests.hostile.peer import request
from tests.hostile.unique import got, posted

BEGUN = "begun"
CROWD = 16
"""Connections that always have something open. More would wait longer each, and ask no more in all."""
PAST = 24
"""Versions that are not live, `v0` and so on: three times as many as are kept in memory."""
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Of the first version; each day since then has one more."""
PROTOCOL = "Sec-WebSocket-Protocol: graphql-transport-ws"
COUNTED = "{ conditions { totalCount } }"
NUMBERS = count(os.getpid() * 100_000)
CODINGS = cycle(f"Accept-Encoding: {coding}" for coding in ("gzip", "br", "zstd", "gzip;q=0.5, br", "identity"))
FORMATS = cycle(("text/plain", "application/openmetrics-text; version=1.0.0", "text/plain; version=1.0.0"))
PUSH, FALSE = bytes(4_000_000), "0" * 64


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

    async def once(self, sent: bytes) -> None:
        reader, writer = await asyncio.open_connection(self.place.hostname, self.place.port)
        writer.write(sent)
        await answer(reader)
        writer.close()


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


@asynccontextmanager
async def conversation(target: Target) -> AsyncIterator[ClientConnection]:
    """A socket that was greeted."""
    url = target.url.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None, open_timeout=30) as client:
        await client.send('{"type": "connection_init"}')
        await client.recv()
        yield client


async def subscriptions(target: Target) -> None:
    """Sockets on each of which texts are subscribed to, one after the other: hundreds at any time."""

    async def listening() -> None:
        while True:
            with suppress(Exception):  # whatever ends it, it begins anew
                async with conversation(target) as client:
                    for number in range(20):
                        payload = {
                            "query": f"subscription {{ versionPublished {{ {'id tags ' * 190} }} }}#{next(NUMBERS)}"
                        }
                        await client.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
                    await client.recv()
                    await asyncio.sleep(0.5)

    await asyncio.gather(*(listening() for _ in range(30)))


async def pings(target: Target) -> None:
    """Of both kinds, on sockets that read the answers: those of WebSockets, and those of graphql-transport-ws."""
    message = json.dumps({"type": "ping", "payload": {"said": ["x" * 100] * 90}}).encode()
    burst = frame(Opcode.PING, b"") * 5_000 + frame(Opcode.TEXT, message) * 2

    async def pinging() -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):  # whatever ends it, it begins anew
                reader, writer = await asyncio.open_connection(target.place.hostname, target.place.port)
                writer.write(request("GET /graphql HTTP/1.1", "Host: test", *SOCKET, PROTOCOL))
                await reader.readuntil(b"\r\n\r\n")
                writer.write(frame(Opcode.TEXT, b'{"type": "connection_init"}'))
                reading = asyncio.create_task(to_the_end(reader))
                while not reading.done():
                    writer.write(burst)
                    await writer.drain()

    await asyncio.gather(*(pinging() for _ in range(CROWD)))


def frame(kind: Opcode, data: bytes) -> bytes:
    return Frame(kind, data).serialize(mask=True)


async def to_the_end(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1_000_000):
            pass


# ---- what is asked again and again, and is nothing special


async def much_to_tell(target: Target) -> None:
    """What many clients ask for many fields, so that scraping takes long."""
    for number in range(20):
        for question in target.dear:
            text = question.replace(NUMBER, f"{number:010d}")
            await target.once(posted(text, f"GraphQL-Client-Name: client {number}"))


def old_versions() -> bytes:
    """In turn, more than are kept in memory, and as many as an operation may have loaded."""
    first = next(NUMBERS) * 4
    opened = (f'a{place}: content(version: "v{(first + place) % PAST}") {COUNTED}' for place in range(4))
    return posted(f"{{ {' '.join(opened)} }}")


def comparison() -> bytes:
    """Of two versions, and of two others, never the same in a row."""
    numbers = [next(NUMBERS) * 7 % PAST for _ in range(4)]
    compared = (
        f'a{place}: changes(from: "v{older}", to: "v{newer}") {{ totalCount }}'
        for place, (older, newer) in enumerate(zip(numbers[::2], numbers[1::2], strict=True))
    )
    return posted(f"{{ {' '.join(compared)} }}")


def date() -> bytes:
    """What was live then is looked for from there on back."""
    at = FIRST_DAY + timedelta(days=1 + next(NUMBERS) % PAST, hours=1, seconds=next(NUMBERS) % 3_600)
    return posted(f'{{ content(version: "{at:%Y-%m-%dT%H:%M:%SZ}") {COUNTED} }}')


def page_of_versions() -> bytes:
    return got("/versions", next(CODINGS))


def scrape() -> bytes:
    return got("/metrics", next(CODINGS), f"Accept: {next(FORMATS)}")


def large_file() -> bytes:
    return got("/static/graphiql.js", next(CODINGS))


def push_that_is_not_signed() -> bytes:
    """A large one, with as many signatures as are looked at, all of them false."""
    fields = (
        f"X-Hub-Signature-256: sha256={FALSE}",
        f"X-Forgejo-Signature: {FALSE}",
        f"X-Gitea-Signature: {FALSE}",
        f"webhook-id: {next(NUMBERS)}",
        f"webhook-timestamp: {time.time():.0f}",
        f"webhook-signature: v1,{FALSE}",
    )
    return request("POST /hooks/git HTTP/1.1", "Host: test", *fields, body=PUSH)


ASKED: dict[str, Callable[[], bytes]] = {
    ask.__name__.replace("_", " "): ask
    for ask in (
        old_versions,
        comparison,
        date,
        page_of_versions,
        scrape,
        large_file,
        push_that_is_not_signed,
    )
}


def asking(ask: Callable[[], bytes]) -> Callable[[Target], Awaitable[None]]:
    return lambda target: target.crowd(ask)


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
        pings,
    )
} | {name: asking(ask) for name, ask in ASKED.items()}


def main() -> None:
    name, url, file = sys.argv[1:]
    os.nice(5)  # whoever is attacked has a machine of its own
    target = Target(url, json.loads(Path(file).read_text()))
    if ASKED.get(name) is scrape:
        asyncio.run(much_to_tell(target))
    print(BEGUN, flush=True)
    asyncio.run(ATTACKS[name](target))


if __name__ == "__main__":
    main()
