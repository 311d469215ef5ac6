"""How long it takes to know the versions of a branch: all of them, and one more."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from content_api.errors import RequestError
from content_api.store import open_repository
from content_api.store.history import read_history
from content_api.store.names import Names, read_names
from tests.bench.figures import duration, markdown, median_seconds, resident_bytes
from tests.repositories import Repository

SIZES = ((1_000, 5_000), (10_000, 5_000), (1_000, 50_000))
QUICK_SIZES = ((50, 500),)
RUNS = 5
FOLDERS = ("causes", "cautions", "conditions", "symptoms", "treatments")


def table(quick: bool) -> str:
    """One row for each size. Every commit changes three files of any folder."""
    head = ("commits", "files", "read all", "read one more", "memory", "names", "names, one more", "refuse a name")
    return markdown(head, [row(*size) for size in (QUICK_SIZES if quick else SIZES)])


def row(commits: int, files: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as scratch:
        repository = Repository(Path(scratch) / "content.git", bare=True)
        repository.git("fast-import", "--quiet", input=b"".join(stream(commits, files)))
        before, tip = (repository.git("rev-parse", name) for name in ("main~1", "main"))
        with open_repository(repository.path, folder="content") as opened:
            held = resident_bytes()
            known = read_history(opened, before)
            weight = resident_bytes() - held
            names = read_names(opened, known)
            history = read_history(opened, tip, known)
            return (
                f"{commits:,}",
                f"{files:,}",
                duration(median_seconds(lambda: read_history(opened, tip), RUNS)),
                duration(median_seconds(lambda: read_history(opened, tip, known), RUNS)),
                f"{weight / 1e6:.1f} MB",
                duration(median_seconds(lambda: read_names(opened, history), RUNS)),
                duration(median_seconds(lambda: read_names(opened, history, names), RUNS)),
                duration(median_seconds(lambda: refused(names), 1_000)),
            )


def stream(commits: int, files: int) -> Iterator[bytes]:
    """A branch for git fast-import: one commit with all files, then commits that change three."""
    chance = random.Random(1)
    for number in range(commits):
        message = b"Change %d" % number
        yield b"commit refs/heads/main\ncommitter An Editor <e> %d +0000\n" % (1_700_000_000 + number)
        yield b"data %d\n%s\n" % (len(message), message)
        for file in range(files) if number == 0 else chance.sample(range(files), 3):
            text = b"%d of %d" % (number, file)
            path = f"content/{FOLDERS[file % len(FOLDERS)]}/entity-{file}.json".encode()
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(text), text)


def refused(names: Names) -> None:
    with suppress(RequestError):
        names.resolve("no-such-version")
