"""What a server remembers of requests that never come again: its memory before and after a million of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.delivery.comparing import ENTITIES, QUICK_ENTITIES, progress
from tests.bench.delivery.content import prepared
from tests.bench.delivery.load import NUMBER, Numbers, Request, load
from tests.bench.delivery.processes import cores, memory_bytes
from tests.bench.delivery.queries import posted
from tests.bench.delivery.servers import CACHED, UNCACHED, Server, running, without
from tests.bench.figures import markdown

REQUESTS, QUICK_REQUESTS = 1_000_000, 2_000
SECONDS, QUICK_SECONDS = 10.0, 0.5  # of one load, after which memory is looked at
# Of all requests. Where others use the machine, a server that stands still for a moment sends some away.
MOST_REFUSED = 0.05
# Something is found, so that there is an answer to keep, and the variables are new each time.
DOCUMENT = """
query Unique($slug: String!, $other: String!) {
  condition(slug: $slug) { key name summary }
  other: condition(key: $other) { name }
}
"""


def table(quick: bool, number: int | None = None) -> str:
    """A row for each server of ours, of so many requests; a million if not said, and few if `quick`."""
    if reason := without("wrk")():
        return f"Not measured: {reason}."
    number = number or (QUICK_REQUESTS if quick else REQUESTS)
    with tempfile.TemporaryDirectory(prefix="content-api-bench-") as scratch:
        rows = [row(name, Path(scratch) / name, number, quick) for name in dict.fromkeys((CACHED, UNCACHED))]
    return markdown(
        ("server", "requests", "memory after a tenth", "after half", "after all", "growth since a tenth"), rows
    )


def row(name: str, folder: Path, number: int, quick: bool) -> tuple[str, ...]:
    """Memory after a tenth is what it is compared to: by then all is loaded, and caches that are bounded are full."""
    folder.mkdir()
    with (
        prepared(folder, QUICK_ENTITIES if quick else ENTITIES) as content,
        running(name, content, folder / "server", cores()[0]) as server,
    ):
        slugs = content.places.conditions
        questions = [posted(DOCUMENT, {"slug": slug, "other": f"nobody-{NUMBER}"}) for slug in slugs]
        seen = list(watched(server, questions, number, quick))
    tenth, half, whole = (at(seen, number * share) for share in (0.1, 0.5, 1))
    sent = seen[-1][0]
    return name, f"{sent:,}", megabytes(tenth), megabytes(half), megabytes(whole), f"{(whole - tenth) / 1e6:+.1f} MB"


def watched(server: Server, questions: Sequence[Request], number: int, quick: bool) -> Iterator[tuple[int, int]]:
    """After each load: how many requests were answered so far, and the server's memory."""
    numbers, answered = Numbers(), 0
    while answered < number:
        seconds = QUICK_SECONDS if quick else SECONDS
        seen = load(server.url, questions, seconds, cores()[1], first_number=numbers.stock(), refusals=True)
        if seen.refused > seen.requests * MOST_REFUSED:
            raise RuntimeError(f"{server.name} refused {seen.refused:,} of {seen.requests:,} requests")
        answered += seen.requests - seen.refused
        memory = memory_bytes(server.process)
        progress(f"{server.name}: {answered:,} of {number:,} requests, {megabytes(memory)}")
        yield answered, memory


def at(seen: list[tuple[int, int]], number: float) -> int:
    """The memory when so many requests had been answered."""
    return next(memory for answered, memory in seen if answered >= number)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
