"""How long a version takes from git to an edition, and what it weighs: cold, and after a change of one file."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from content_api.content.edition import Edition
from content_api.content.load import gc_paused, load
from content_api.content.searchable import search_index
from content_api.store import open_repository
from content_api.store.git import GitRepository
from content_api.store.snapshot import Snapshot
from tests.bench.figures import duration, markdown, resident_bytes, seconds
from tests.generator import generate
from tests.repositories import Repository

SIZES = (32, 5_000, 50_000)
QUICK_SIZES = (32, 500)
CHANGES = 7


def table(quick: bool) -> str:
    """One row for each size, each measured in a process of its own."""
    rows = []
    for size in QUICK_SIZES if quick else SIZES:
        command = [sys.executable, "-m", "tests.bench.loading", str(size)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append(
            (
                f"{size:,}",
                duration(found["listing"]),
                duration(found["cold"]),
                duration(found["change"]),
                f"{found['bytes'] / size / 1000:.1f} kB",
                duration(found["indexing"]),
                f"{found['index_bytes'] / size / 1000:.1f} kB",
            )
        )
    head = (
        "entities",
        "list the tree",
        "load cold, from git",
        "load one change",
        "memory per entity",
        "index for search",
        "its memory per entity",
    )
    return markdown(head, rows)


def measured(size: int) -> dict[str, float]:
    """Seconds and bytes for generated content of a size, in a bare repository of one commit and then some more."""
    with tempfile.TemporaryDirectory() as scratch:
        repository = Repository(Path(scratch) / "content.git", bare=True)
        files = generate(size)
        first = repository.commit(files)
        path = next(path for path in files if path.startswith("symptoms/"))
        contents = [changed(files[path], number) for number in range(CHANGES)]
        commits = [repository.commit({path: content}) for content in contents]
        del files
        with open_repository(repository.path) as opened:
            return timed(opened, first, commits)


def changed(data: bytes, number: int) -> bytes:
    """The same file with another summary."""
    content = json.loads(data)
    content["text"]["en"]["summary"] = f"A summary that has been changed {number + 1} times."
    return json.dumps(content).encode()


def timed(repository: GitRepository, first: str, commits: list[str]) -> dict[str, float]:
    editions: list[Edition] = []
    before = resident_bytes()
    listing = seconds(lambda: repository.snapshot(first).entries)
    cold = seconds(lambda: editions.append(loaded(repository.snapshot(first))))
    weight = resident_bytes() - before
    indexing = seconds(lambda: search_index(editions[-1]))
    index_weight = resident_bytes() - before - weight
    snapshot = repository.snapshot(first)
    changes = []
    for commit in commits:

        def publish(commit: str = commit) -> None:
            nonlocal snapshot
            snapshot = repository.snapshot(commit, snapshot)
            known = editions[-1]
            editions[:] = [loaded(snapshot, known)]

        changes.append(seconds(publish))
    return {
        "listing": listing,
        "cold": cold,
        "change": median(changes),
        "bytes": weight,
        "indexing": indexing,
        "index_bytes": index_weight,
    }


def loaded(snapshot: Snapshot, known: Edition | None = None) -> Edition:
    """An edition as publish/making.py makes it, but for the search index, which is measured by itself."""
    with gc_paused():
        edition = load(snapshot, known=known, before=known.library.records if known else ())
        gc.freeze()
    return edition


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
