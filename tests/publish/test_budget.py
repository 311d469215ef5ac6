"""Readers of a real server while a version is made that takes longer than it may."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2

from tests.bench.publishing import percentile, reading
from tests.cli.command import serving
from tests.generator import generate
from tests.publish.world import in_content
from tests.repositories import Repository

SMALL, LARGE = 45, 20_000  # entities; the large content takes twice the budget on a machine that has nothing else to do
BUDGET = 1.0
# Of a reader who asks a hundred times a second. On two cores, with others at work beside it, half of the answers took
# 4 ms and the slowest 70 to 140; one that waits for the build waits for the budget at least.
WORST, HALF = 0.5, 0.05


def test_row_32_readers_are_answered_while_a_version_is_made_that_is_refused_for_its_time(tmp_path: Path):
    repository = Repository(tmp_path / "content.git", bare=True)
    files = generate(SMALL)
    live = repository.commit(in_content(files))
    slow = repository.commit(in_content(generate(LARGE)), branch="slow")
    key = Path(next(path for path in files if path.startswith("symptoms/"))).stem
    settings = {"CONTENT_API_POLL_SECONDS": "0.1", "CONTENT_API_BUILD_SECONDS": str(BUDGET)}
    with serving("--ref", "main", "--content", str(repository.path), cwd=tmp_path, **settings) as server:
        with reading(server, key) as reads:
            began = time.monotonic()
            repository.branch("main", slow)
            refused = server.wait_for_status(lambda told: told["refused"])
            ended = time.monotonic()
        told = httpx2.get(f"{server.url}/readyz", trust_env=False).json()
    assert (told["version"], refused["version"]) == (live, slow)
    assert [problem["rule"] for problem in refused["problems"]] == ["build_time"]
    assert ended - began > BUDGET
    waited = [read.seconds for read in reads if read.due + read.seconds > began and read.due < ended]
    assert max(waited) < WORST
    assert percentile(waited, 50) < HALF
    assert len(waited) > 30 * (ended - began), "a reader who keeps asking"
