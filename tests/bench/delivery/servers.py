"""The servers that are compared, and how each is started. A row more in OURS or PEERS is one server more."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.bench.delivery.content import Content
from tests.bench.delivery.load import Request
from tests.bench.delivery.processes import pinned
from tests.bench.delivery.queries import QUERIES, got, posted
from tests.cli.command import COMMAND, clean_environment
from tests.live import PATIENT, ROOT, free_port

PEERS_FOLDER = Path(__file__).parent / "peers"
MERCURIUS = PEERS_FOLDER / "mercurius"
SECONDS_TO_START = 60  # beside seven others, on the core that all of them share

OURS: dict[str, Mapping[str, str]] = {
    "content-api": {},
    "content-api-uncached": {"CONTENT_API_ANSWER_BYTES": "0"},
    "content-api-unplanned": {"CONTENT_API_ANSWER_BYTES": "0", "CONTENT_API_PLANS": "false"},
}
"""Name -> the settings that it is started with."""
CACHED = "content-api"
"""Which of OURS has answers ready that were asked for before."""
UNCACHED = "content-api-uncached"
"""Which of OURS works out every answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs. `sends_files` says that it is asked for bytes by their address, and knows no GraphQL."""

    name: str
    url: str
    process: int
    sends_files: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """How to start a server: its command, given the content, a folder of its own and a port; and what it lacks here."""

    command: Callable[[Content, Path, int], list[str]]
    lacking: Callable[[], str | None] = lambda: None
    sends_files: bool = False


# ---- commands


def ours(content: Content, folder: Path, port: int) -> list[str]:
    return [*COMMAND, "serve", "--content", str(content.repository), "--port", str(port)]


def strawberry(*options: str) -> Callable[[Content, Path, int], list[str]]:
    def command(content: Content, folder: Path, port: int) -> list[str]:
        return python("plain_strawberry", str(content.repository), str(port), *options)

    return command


def mercurius(content: Content, folder: Path, port: int) -> list[str]:
    entities = folder / "entities.json"
    entities.write_text(json.dumps(content.exported()))
    return ["node", str(MERCURIUS / "server.js"), str(ROOT / "schema/schema.graphql"), str(entities), str(port)]


def uvicorn(content: Content, folder: Path, port: int) -> list[str]:
    return python("uvicorn_alone", str(written(content, folder / "files")), str(port))


def nginx(content: Content, folder: Path, port: int) -> list[str]:
    written(content, folder / "files")
    text = (PEERS_FOLDER / "nginx.conf").read_text().replace("FOLDER", str(folder)).replace("PORT", str(port))
    (folder / "nginx.conf").write_text(text)
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def python(peer: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"tests.bench.delivery.peers.{peer}", *arguments]


def written(content: Content, folder: Path) -> Path:
    """A folder with our answers, for servers that send bytes: `Q1/0` is the first answer to Q1."""
    for name, query in QUERIES.items():
        (folder / name).mkdir(parents=True)
        for place, operation in enumerate(query.operations(content.places) if query.repeats else ()):
            (folder / name / str(place)).write_bytes(content.answer(*operation))
    return folder


# ---- what they need


def without(program: str) -> Callable[[], str | None]:
    return lambda: None if shutil.which(program) else f"{program} is not installed"


def without_packages() -> str | None:
    if not (MERCURIUS / "node_modules").is_dir():
        return without("node")() or "its packages are not installed: run `make test-node-deps`"
    return without("node")()


PEERS: dict[str, Peer] = {
    **dict.fromkeys(OURS, Peer(ours)),
    "strawberry": Peer(strawberry()),
    "strawberry-caches": Peer(strawberry("--caches")),
    "mercurius": Peer(mercurius, without_packages),
    "uvicorn": Peer(uvicorn, sends_files=True),
    "nginx": Peer(nginx, without("nginx"), sends_files=True),
}
"""All servers by name, ours first."""


# ---- running


def as_it_comes() -> dict[str, str]:
    """An environment in which a server has the limits that it has if nobody says."""
    return {name: value for name, value in clean_environment().items() if name not in PATIENT}


@contextmanager
def running(name: str, content: Content, folder: Path, core: int) -> Iterator[Server]:
    """Start a server on a free port and a core, wait until it answers, and end it afterwards."""
    peer, port = PEERS[name], free_port()
    folder.mkdir()
    command, environment = peer.command(content, folder, port), as_it_comes() | OURS.get(name, {})
    with (folder / "log").open("wb") as log, pinned(core):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    server = Server(name, f"http://127.0.0.1:{port}", process.pid, peer.sends_files)
    try:
        wait_until_it_answers(server, process, folder / "log", content)
        yield server
    finally:
        end(process)


def wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path, content: Content) -> None:
    """Ask for Q1 until there is an answer. Raises RuntimeError, with the log, where there will be none."""
    [question, *_] = requests(server, "Q1", content)
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if ask(server, question).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"{server.name} does not answer:\n{log.read_text(errors='replace')[-4_000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# ---- asking


def requests(server: Server, name: str, content: Content) -> list[Request]:
    """What to send to a server for a query, in turn; nothing where it can have no answer ready."""
    query = QUERIES[name]
    operations = query.operations(content.places)
    if server.sends_files:
        found = [Request("GET", f"/{name}/{place}") for place, _ in enumerate(operations)] if query.repeats else []
    elif query.conditional:
        found = [by_id(server, document) if server.name in OURS else got(query=document) for document, _ in operations]
    else:
        found = [posted(*operation) for operation in operations]
    return [knowing(server, request) for request in found] if query.conditional else found


def by_id(server: Server, document: str) -> Request:
    """The request that asks by the document's id alone, which the server is told first."""
    known = {"documentId": f"sha256:{hashlib.sha256(document.encode()).hexdigest()}"}
    ask(server, got(query=document, **known)).raise_for_status()
    return got(**known)


def knowing(server: Server, request: Request) -> Request:
    """The request of a client that has the answer. What gives answers no ETag is sent one that is not theirs."""
    etag = ask(server, request).headers.get("etag", '"none"')
    return Request(request.method, request.target, {**request.headers, "If-None-Match": etag}, request.body)


# One for all: to make a client reads the machine's certificates, which takes longer than to be answered.
CLIENT = httpx2.Client(trust_env=False, timeout=30)


def ask(server: Server, request: Request) -> httpx2.Response:
    """Send one request, as it is."""
    return CLIENT.request(
        request.method, server.url + request.target, content=request.body, headers=dict(request.headers)
    )
