"""From a push to the first answer that has it, and what readers notice of it meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import uuid4

from tests.bench.figures import duration, markdown
from tests.bench.loading import changed
from tests.cli.command import Serving, serving
from tests.generator import generate
from tests.repositories import Repository

SIZES = (45, 5_000, 50_000)  # as many as are shipped, as a large site may have, and ten times that
QUICK_SIZES = (45, 500)
BRANCH = "refs/heads/main"
SECRET = "a-secret-of-the-git-host"
POLL_SECONDS = 1.0  # as it is if nobody says
NEVER = 3_600.0  # seconds between two looks where a hook tells of a push
PAUSE_SECONDS = 0.002  # between two questions of who waits for the new text: that is how exact the figures are
READS_A_SECOND = 100  # of a reader, whatever the last answer took: a server that stands still is asked all the same
# With a hook, and with looks. A push that a hook tells of takes the time of three or four questions of the reader: of
# 60 pushes, what 99 of 100 wait for is what the third slowest waits for, and twice as much in one run as in the next.
PUSHES, QUICK_PUSHES = (300, 60), (3, 3)
IDLE_SECONDS = 5.0
ROUNDS = 6  # of idle times and publications in turn, so that both have their share of what else the machine does


@dataclass(frozen=True, slots=True)
class Time:
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Published(Time):
    """When the branch was told to move, and when the new text was first in an answer."""

    commit: str


@dataclass(frozen=True, slots=True)
class Read:
    """When a question was due, and how long after that the answer was there."""

    due: float
    seconds: float


def table(quick: bool) -> str:
    """Two rows for each size: with a hook that tells of a push, and with looks once a second."""
    rows = []
    for size in QUICK_SIZES if quick else SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            hooked, looked = QUICK_PUSHES if quick else PUSHES
            repository, key, commits = prepared(Path(scratch), size, hooked + looked)
            for way, some in (("a hook", commits[:hooked]), ("a look each second", commits[hooked:])):
                rows.append((f"{size:,}", way, *row(repository, key, some, way == "a hook", quick)))
    head = (
        "entities",
        "told by",
        "push to first answer, median",
        "99 of 100",
        "of it, from seen to live",
        "a reader's 99 of 100, idle",
        "during publications",
        "ratio",
    )
    return markdown(head, rows)


def prepared(scratch: Path, size: int, pushes: int) -> tuple[Repository, str, list[str]]:
    """A bare repository, the symptom that changes, and commits that are there and that no branch that is served has."""
    repository = Repository(scratch / "content.git", bare=True)
    files = generate(size)
    first = repository.commit({f"content/{path}": data for path, data in files.items()})
    path = next(path for path in files if path.startswith("symptoms/"))
    repository.branch("later", first)
    commits = [
        repository.commit({f"content/{path}": changed(files[path], number)}, branch="later") for number in range(pushes)
    ]
    repository.git("gc", "--quiet")
    return repository, Path(path).stem, commits


def row(repository: Repository, key: str, commits: Sequence[str], hooked: bool, quick: bool) -> tuple[str, ...]:
    settings = {
        "CONTENT_API_HOOK_SECRETS": SECRET,
        "CONTENT_API_POLL_SECONDS": str(NEVER if hooked else POLL_SECONDS),
    }
    with serving("--content", str(repository.path), "--ref", "main", cwd=repository.path, **settings) as server:
        idle_times, publications, reads = measured(server, repository, key, commits, hooked, quick)
        logged = logged_seconds(server)
    times = [each.seconds for each in publications]
    otherwise = percentile([read.seconds for read in reads if during(read, idle_times)], 99)
    meanwhile = percentile([read.seconds for read in reads if during(read, publications)], 99)
    return (
        duration(percentile(times, 50)),
        duration(percentile(times, 99)),
        duration(percentile([logged[each.commit] for each in publications], 50)),
        duration(otherwise),
        duration(meanwhile),
        f"{meanwhile / otherwise:.1f}",
    )


def during(read: Read, times: Sequence[Time]) -> bool:
    """Whether any of a read's time was one of these."""
    return any(read.due < each.ended and read.due + read.seconds > each.began for each in times)


def percentile(values: Sequence[float], share: int) -> float:
    """The value that this many of a hundred are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)]


# ---- publishing


def measured(
    server: Serving, repository: Repository, key: str, commits: Sequence[str], hooked: bool, quick: bool
) -> tuple[list[Time], list[Published], list[Read]]:
    """Push one commit after the other while a reader reads. Now and then nothing is pushed for some seconds."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    random = Random(0)
    idle_times, publications = [], []
    with reading(server, key) as reads:
        for number, commit in enumerate(commits):
            if number % -(-len(commits) // ROUNDS) == 0:
                idle_times.append(idle(1.0 if quick else IDLE_SECONDS))
            publications.append(published(server, connection, repository, key, commit, hooked))
            time.sleep(random.uniform(0.2, 0.6 if hooked else 1.2))  # so that a push falls anywhere between two looks
    connection.close()
    return idle_times, publications, reads


def idle(seconds: float) -> Time:
    began = time.monotonic()
    time.sleep(seconds)
    return Time(began, time.monotonic())


def published(
    server: Serving,
    connection: http.client.HTTPConnection,
    repository: Repository,
    key: str,
    commit: str,
    hooked: bool,
) -> Published:
    body = asking(key)
    before = asked(connection, body)
    began = time.monotonic()
    repository.git("update-ref", BRANCH, commit)
    if hooked:
        call_hook(connection)
    while asked(connection, body) == before:
        if time.monotonic() - began > 60:
            raise RuntimeError(f"{commit} is not live after a minute:\n{server.log.read_text()[-2_000:]}")
        time.sleep(PAUSE_SECONDS)
    return Published(began, time.monotonic(), commit)


def asking(key: str) -> bytes:
    """A light question, whose answer has the text that changes."""
    query = "query ($key: String!) { symptom(key: $key) { name summary requiredCautions { name summary } } }"
    return json.dumps({"query": query, "variables": {"key": key}}).encode()


def asked(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200 or b'"data"' not in answer:
        raise RuntimeError(f"{response.status}: {answer.decode()}")
    return answer


def call_hook(connection: http.client.HTTPConnection) -> None:
    body = uuid4().bytes
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection.request("POST", "/hooks/git", body, {"X-Hub-Signature-256": f"sha256={digest}"})
    response = connection.getresponse()
    response.read()
    if response.status != 202:
        raise RuntimeError(f"The hook was answered {response.status}")


def logged_seconds(server: Serving) -> dict[str, float]:
    """Commit -> what the log says that its publication took. To read the log takes a processor from the server."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if '"event": "live"' in line]
    return {line["version"]: line["seconds"] for line in lines}


# ---- reading


@contextmanager
def reading(server: Serving, key: str) -> Iterator[list[Read]]:
    """Have somebody read, in a process of its own, while the block runs. The list is filled when it ends."""
    command = [sys.executable, "-m", "tests.bench.publishing", server.url.removeprefix("http://"), key]
    reads: list[Read] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()
        try:
            yield reads
        finally:
            reads += [Read(*each) for each in json.loads(reader.communicate()[0])]


def read_until_told(address: str, key: str) -> None:
    """Ask something light, so many times a second, until standard input ends; then print when and how long.

    A reader is on another machine, and never waits for a processor of this one. So it goes before all others here,
    where the system allows that.
    """
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    connection = http.client.HTTPConnection(address, timeout=60)
    body = asking(key)
    reads: list[tuple[float, float]] = []
    print("ready", flush=True)
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], max(due - time.monotonic(), 0))[0]:
        asked(connection, body)
        reads.append((due, time.monotonic() - due))
        due += 1 / READS_A_SECOND
    print(json.dumps(reads))


if __name__ == "__main__":
    read_until_told(sys.argv[1], sys.argv[2])
