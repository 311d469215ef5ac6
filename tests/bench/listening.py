"""What those who listen cost: memory while nothing happens, and time when a version goes live."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from websockets.frames import Frame, Opcode

from content_api.delivery.operation import Operation
from tests import world
from tests.bench.figures import duration, markdown, resident_bytes, seconds
from tests.bench.querying import asking as asking_of
from tests.cli.command import Serving, serving
from tests.repositories import Repository

DOCUMENT = "subscription { versionPublished { id tags committedAt author message } }"
MOON = "conditions/moon-hiccups.json"
AT_ONCE = 100  # connections that are being opened
SPARE_FILES = 200

UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    % base64.b64encode(bytes(16))
)
MESSAGES = (
    {"type": "connection_init"},
    {"type": "subscribe", "id": "1", "payload": {"query": DOCUMENT}},
    {"type": "ping"},
)
GREETING = b"".join(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True) for message in MESSAGES)

Connect = Callable[[int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def socket_listener(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket whose subscription the server has heeded: it has answered the ping after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GREETING)
    await reader.readuntil(b'{"type":"pong"}')
    return reader, writer


async def stream_listener(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An event stream that has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /graphql/stream?query={quote(DOCUMENT)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    await reader.readuntil(b":\n\n")
    return reader, writer


TRANSPORTS: dict[str, Connect] = {"WebSocket": socket_listener, "event stream": stream_listener}


def table(quick: bool) -> str:
    """One row for each transport, each against a server of its own."""
    number = 200 if quick else 5_000
    allow_files(number + SPARE_FILES)
    rows = [row(name, connect, number) for name, connect in TRANSPORTS.items()]
    head = (
        "listeners",
        "over",
        "memory each, idle",
        "from the first told to the last",
        "longest wait of a reader meanwhile",
    )
    return markdown(head, rows)


def allow_files(number: int) -> None:
    """Let this process, and the servers that it starts, have that many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        raise RuntimeError(f"{number:,} open files are needed, {hard:,} are allowed: see `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), hard))


def row(name: str, connect: Connect, number: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as scratch:
        repository = Repository(Path(scratch) / "repository")
        repository.commit({f"content/{path}": data for path, data in world.files().items()})
        with serving("--reload", cwd=repository.path) as server:
            memory, spread, wait = asyncio.run(measured(server, repository, connect, number))
    return f"{number:,}", name, f"{memory / number / 1000:.1f} kB", duration(spread), duration(wait)


async def measured(server: Serving, repository: Repository, connect: Connect, number: int) -> tuple[int, float, float]:
    """Bytes of all listeners; seconds from the first that is told to the last, and the longest that a reader waited."""
    port = int(server.url.rpartition(":")[2])
    before = await weight(server, connect, port)
    places = asyncio.Semaphore(AT_ONCE)

    async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with places:
            return await connect(port)

    listeners = await asyncio.gather(*(opened() for _ in range(number)))
    memory = resident_bytes(server.process.pid) - before
    spread, wait = await published(server, repository, [reader for reader, _ in listeners])
    for _, writer in listeners:
        writer.close()
    return memory, spread, wait


async def weight(server: Serving, connect: Connect, port: int) -> int:
    """The server's memory when one has listened and left: what is loaded for the first is nobody's."""
    _, writer = await connect(port)
    writer.close()
    return resident_bytes(server.process.pid)


async def published(
    server: Serving, repository: Repository, readers: list[asyncio.StreamReader]
) -> tuple[float, float]:
    """Commit, and wait until all have heard, while somebody else reads."""
    files = world.edited({MOON: {"/text/en/name": "Another name"}})

    async def heard(reader: asyncio.StreamReader) -> float:
        await reader.readuntil(commit.encode())
        return time.perf_counter()

    with asking(server) as longest:
        commit = await asyncio.to_thread(repository.commit, {f"content/{MOON}": files[MOON]})
        moments = await asyncio.gather(*map(heard, readers))
        return max(moments) - min(moments), longest()


@contextmanager
def asking(server: Serving) -> Iterator[Callable[[], float]]:
    """Have somebody ask, in a process of its own: this one is too busy listening. What is yielded stops that, and says
    how long one answer took at most."""
    command = [sys.executable, "-m", "tests.bench.listening", server.url.removeprefix("http://")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()
        yield lambda: float(reader.communicate()[0])


def ask_until_told(address: str) -> None:
    """Ask something small again and again until standard input ends, then print the longest time that it took."""
    ask = asking_of(address, Operation("{ __typename }"))
    ask()
    print("ready", flush=True)
    longest = 0.0
    while not select.select([sys.stdin], [], [], 0)[0]:
        longest = max(longest, seconds(ask))
    print(longest)


if __name__ == "__main__":
    ask_until_told(sys.argv[1])
