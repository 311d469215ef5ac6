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
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from websockets.frames import Frame, Opcode

from content_api.delivery.operation import Operation
from tests import world
from tests.bench.figures import duration, markdown, resident_bytes
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

Listen = Callable[[int, Callable[[], None]], Awaitable[float]]


async def listen_on_socket(port: int, begun: Callable[[], None]) -> float:
    """Listen over a WebSocket, and return the moment at which a version is heard of.

    The server has heeded the subscription when it answers the ping that is sent after it.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GREETING)
    await reader.readuntil(b'{"type":"pong"}')
    begun()
    with closing(writer):
        while True:
            opcode, payload = await frame(reader)
            if opcode is Opcode.PING:
                writer.write(Frame(Opcode.PONG, payload).serialize(mask=True))
            elif b'"next"' in payload:
                return time.perf_counter()


async def frame(reader: asyncio.StreamReader) -> tuple[Opcode, bytes]:
    first, size = await reader.readexactly(2)
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2))
    return Opcode(first & 0x0F), await reader.readexactly(size)


async def listen_to_stream(port: int, begun: Callable[[], None]) -> float:
    """Listen to an event stream, and return the moment at which a version is heard of."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /graphql/stream?query={quote(DOCUMENT)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    await reader.readuntil(b":\n\n")
    begun()
    with closing(writer):
        await reader.readuntil(b"event: next\n")
        return time.perf_counter()


TRANSPORTS: dict[str, Listen] = {"WebSocket": listen_on_socket, "event stream": listen_to_stream}


def table(quick: bool) -> str:
    """One row for each transport, each against a server of its own."""
    number = 200 if quick else 5_000
    allow_files(number + SPARE_FILES)
    rows = [row(name, listen, number) for name, listen in TRANSPORTS.items()]
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


def row(name: str, listen: Listen, number: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as scratch:
        repository = Repository(Path(scratch) / "repository")
        repository.commit({f"content/{path}": data for path, data in world.files().items()})
        with serving("--reload", cwd=repository.path, CONTENT_API_CONNECTIONS_PER_ADDRESS=f"{2 * number}") as server:
            memory, spread, wait = asyncio.run(measured(server, repository, listen, number))
    return f"{number:,}", name, f"{memory / number / 1000:.1f} kB", duration(spread), duration(wait)


async def measured(server: Serving, repository: Repository, listen: Listen, number: int) -> tuple[int, float, float]:
    """Bytes of all listeners; seconds from the first that is told to the last, and the longest that a reader waited."""
    [first_ever] = await opened(server, listen, 1)  # what is loaded for it is nobody's
    first_ever.cancel()
    await asyncio.wait([first_ever])
    before = resident_bytes(server.process.pid)
    listeners = await opened(server, listen, number)
    memory = resident_bytes(server.process.pid) - before
    with asking(server) as answers:
        files = world.edited({MOON: {"/text/en/name": "Another name"}})
        await asyncio.to_thread(repository.commit, {f"content/{MOON}": files[MOON]})
        moments = await asyncio.gather(*listeners)
        first, last = min(moments), max(moments)
        waits = [ended - began for began, ended in answers() if began < last and ended > first]
        return memory, last - first, max(waits, default=0.0)


async def opened(server: Serving, listen: Listen, number: int) -> list[asyncio.Task[float]]:
    """That many who listen, from when the server listens to all of them."""
    port = int(server.url.rpartition(":")[2])
    places, begun = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(0)

    def next_one() -> None:
        places.release()
        begun.release()

    async def one() -> float:
        await places.acquire()
        return await listen(port, next_one)

    listeners = [asyncio.create_task(one()) for _ in range(number)]
    for _ in listeners:
        await begun.acquire()
    return listeners


@contextmanager
def asking(server: Serving) -> Iterator[Callable[[], list[tuple[float, float]]]]:
    """Have somebody ask, in a process of its own: this one is too busy listening. What is yielded stops that, and says
    when each question was sent and answered, by a clock that processes share."""
    command = [sys.executable, "-m", "tests.bench.listening", server.url.removeprefix("http://")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()
        yield lambda: json.loads(reader.communicate()[0])


def ask_until_told(address: str) -> None:
    """Ask something small again and again until standard input ends."""
    ask = asking_of(address, Operation("{ __typename }"))
    ask()
    print("ready", flush=True)
    answers = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        began = time.perf_counter()
        ask()
        answers.append((began, time.perf_counter()))
    print(json.dumps(answers))


if __name__ == "__main__":
    ask_until_told(sys.argv[1])
