"""Back to what was live: a branch that is set back to an older commit, and a server that was killed."""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.figures import duration, markdown
from tests.bench.publishing import NEVER, QUICK_SIZES, SECRET, SIZES, asked, asking, prepared, published
from tests.cli.command import Serving, serving
from tests.repositories import Repository

STEPS = 8  # back; as many versions are kept beside the one that is live
STARTS = 3


def table(quick: bool) -> str:
    """A row for each size. A hook tells of each move, so that no wait for the next look is in it."""
    rows = []
    for size in QUICK_SIZES if quick else SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            repository, key, commits = prepared(Path(scratch), size, STEPS + 1)
            rows.append((f"{size:,}", *row(repository, key, commits)))
    head = (
        "entities",
        "back to a version not read since the start, median",
        "slowest",
        "back to one that is kept, median",
        "slowest",
        "killed, from its start to its first answer, median",
    )
    return markdown(head, rows)


def row(repository: Repository, key: str, commits: Sequence[str]) -> tuple[str, ...]:
    settings = {"CONTENT_API_HOOK_SECRETS": SECRET, "CONTENT_API_POLL_SECONDS": str(NEVER)}
    arguments = ("--content", str(repository.path), "--ref", "main")
    with serving(*arguments, cwd=repository.path, **settings) as server:
        unread, kept = (set_back(server, repository, key, commits) for _ in range(2))
        server.process.kill()
        server.process.wait()
    starts = []
    for _ in range(STARTS):
        began = time.monotonic()
        with serving(*arguments, cwd=repository.path, **settings) as server:
            first_answer(server, key)
            starts.append(time.monotonic() - began)
            server.process.kill()
            server.process.wait()
    figures = (median(unread), max(unread), median(kept), max(kept), median(starts))
    return tuple(duration(figure) for figure in figures)


def set_back(server: Serving, repository: Repository, key: str, commits: Sequence[str]) -> list[float]:
    """Push the newest commit, and set the branch back to one older one after the other; the seconds to each's text."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    newest, *older = reversed(commits)
    published(server, connection, repository, key, newest, True)
    times = []
    for commit in older:
        time.sleep(0.5)
        times.append(published(server, connection, repository, key, commit, True).seconds)
    connection.close()
    return times


def first_answer(server: Serving, key: str) -> bytes:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    try:
        return asked(connection, asking(key))
    finally:
        connection.close()
