"""What docs/reference/faults.md promises in seconds, of content as large as what comes with it and of real servers.

How long the same takes at other sizes is measured by `make bench ARGS=returning`.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from tests.bench.loading import changed
from tests.cli.command import Serving, serving
from tests.generator import generate
from tests.publish.world import following, in_content
from tests.repositories import Repository
from tests.waiting import PATIENCE

pytestmark = pytest.mark.anyio

ENTITIES = 45  # as many as are shipped
FILES = generate(ENTITIES)
SYMPTOM = next(path for path in FILES if path.startswith("symptoms/"))
SUMMARY = f'{{ symptom(key: "{Path(SYMPTOM).stem}") {{ summary }} }}'
PROMISED = 1.0  # seconds, from what happened to what was good being live again
IMPORTING = 1.0  # seconds of a start that are none of the content's: docs/performance.md


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "content.git", bare=True)
    repository.commit(in_content(FILES))
    return repository


def symptom(number: int) -> dict[str, bytes]:
    return in_content({SYMPTOM: changed(FILES[SYMPTOM], number - 1)})


def answer(number: int) -> dict[str, object]:
    return {"symptom": {"summary": f"A summary that has been changed {number} times."}}


def live_after(server: Serving, number: int) -> float:
    """Seconds from now until this number is answered, which half a minute must do for."""
    return server.wait_until(30, SUMMARY, answer(number))


def test_row_27_a_server_that_was_killed_answers_soon_after_its_restart_without_network(repository, tmp_path):
    """Killed while it publishes, twice; what it begins with is what it served, or what it was about to."""
    arguments = {"CONTENT_API_REPOSITORY": repository.path.as_uri(), "CONTENT_API_CACHE": str(tmp_path / "cache")}
    arguments["CONTENT_API_POLL_SECONDS"] = "0.1"
    away, times = tmp_path / "away", []
    for number in (1, 3):
        with serving("--ref", "main", cwd=tmp_path, **arguments) as server:
            repository.commit(symptom(number))
            live_after(server, number)
            repository.commit(symptom(number + 1))
            time.sleep(0.05 * number)
            server.process.kill()
            server.process.wait()
        repository.path.rename(away)
        began = time.monotonic()
        with serving("--ref", "main", cwd=tmp_path, **arguments) as server:
            assert server.ask(SUMMARY) in (answer(number), answer(number + 1))
            times.append(time.monotonic() - began)
        away.rename(repository.path)
    assert min(times) < (PROMISED + IMPORTING) * PATIENCE, times


async def test_row_27_of_a_restart_the_content_takes_less_than_a_second(repository):
    """In this process, which has imported everything: so the promise holds by itself, however busy the machine is."""
    with following(repository) as seen:
        await seen.publisher.look()
    times = []
    for _ in range(5):
        began = time.monotonic()
        with following(repository) as seen:
            assert (seen.live, seen.beginning.trouble) == (repository.git("rev-parse", "main"), None)
            await seen.ask(SUMMARY)
            times.append(time.monotonic() - began)
    assert median(times) < PROMISED, times


def test_row_30_a_branch_that_is_set_back_is_live_in_less_than_a_second(repository, tmp_path):
    """From git's knowing it to an answer, with the wait for the next look, which is a tenth of a second here."""
    commits = [repository.commit(symptom(number)) for number in range(1, 7)]
    with serving(
        "--ref", "main", "--content", str(repository.path), cwd=tmp_path, CONTENT_API_POLL_SECONDS="0.1"
    ) as server:
        times = []
        for number in range(5, 0, -1):
            repository.branch("main", commits[number - 1])
            times.append(live_after(server, number))
    assert median(times) < PROMISED, times
