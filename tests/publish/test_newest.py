"""The newest version without problems is served, by a server that runs as by one that was restarted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from content_api.errors import RequestError
from content_api.publish.waits import Waits
from content_api.store.git import GitRepository
from tests.cli.command import Serving, run, serving
from tests.publish.world import broken, following, in_content, moon, new_repository
from tests.repositories import Repository

pytestmark = pytest.mark.anyio

LIVE = "refs/content-api/live/HEAD"
NAME = '{ condition(key: "moon-hiccups") { name } }'

Move = Callable[[Repository], tuple[str | None, str | None]]
"""Moves the branch away from what is live; returns what should be live (None: what was), and what should be refused."""


def bad(repository: Repository, name: str = "Bad", **options: str) -> str:
    """Of each call another version: one that was refused is not tried again."""
    return repository.commit(broken() | in_content({f"conditions/{name.lower()}.json": b"{}"}), **options)


def a_good_one_below(repository: Repository) -> tuple[str, str]:
    return repository.commit(moon("Good")), bad(repository)


def a_good_one_below_many(repository: Repository) -> tuple[str, str]:
    repository.commit(moon("Better than nothing"))
    good = repository.commit(moon("Good"))
    return good, [bad(repository, f"bad-{number}") for number in range(5)][-1]


def a_good_one_below_what_is_too_large(repository: Repository) -> tuple[str, str]:
    return repository.commit(moon("Good")), repository.commit({f"content/{'deep/' * 20}file.json": b"{}"})


def a_good_one_between(repository: Repository) -> tuple[str, str]:
    bad(repository, "first")
    good = repository.commit(moon("Good") | in_content({"conditions/first.json": None}))
    return good, bad(repository, "last")


def none_that_is_good(repository: Repository) -> tuple[None, str]:
    bad(repository, "first")
    return None, bad(repository, "last")


def rewritten(repository: Repository) -> tuple[str, str]:
    repository.branch("main", repository.git("rev-parse", "main~1"))
    return a_good_one_below(repository)


def rewritten_with_nothing_good(repository: Repository) -> tuple[None, str]:
    repository.branch("main", repository.git("rev-parse", "main~1"))
    return None, bad(repository)


def a_merge_whose_first_parent_does_not_lead_to_what_is_live(repository: Repository) -> tuple[None, str]:
    live = repository.git("rev-parse", "main")
    repository.branch("main", f"{live}~1")
    side = repository.commit(moon("Good, and beside what is live"))
    tree = repository.git("rev-parse", f"{bad(repository)}^{{tree}}")
    name = ("-c", "user.name=An Editor", "-c", "user.email=editor@example.org")
    merge = repository.git(*name, "commit-tree", tree, "-p", side, "-p", live, "-m", "A merge")
    repository.branch("main", merge)
    return None, merge


MOVES: list[Move] = [
    a_good_one_below,
    a_good_one_below_many,
    a_good_one_below_what_is_too_large,
    a_good_one_between,
    none_that_is_good,
    rewritten,
    rewritten_with_nothing_good,
    a_merge_whose_first_parent_does_not_lead_to_what_is_live,
]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
async def test_a_running_server_and_a_restarted_one_serve_the_same(repository, move):
    before = repository.commit(moon("Live"))
    with following(repository) as seen:
        await seen.publisher._record()
        good, refused = move(repository)
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal.version.id) == (good or before, refused)
        assert seen.current.trouble is None
        assert [version.id for version in seen.announced] == ([good] if good else [])
        assert seen.current.refused == 1
    with following(repository) as restarted:
        assert (restarted.live, restarted.current.refusal.version.id) == (good or before, refused)
    repository.git("update-ref", LIVE, before)  # as where the server ended before it had written down what is live
    with following(repository) as restarted:
        assert (restarted.live, restarted.current.refusal.version.id) == (good or before, refused)
        await restarted.publisher.look()
        assert (restarted.live, restarted.current.refusal.version.id) == (good or before, refused)
        assert restarted.announced == []


async def test_a_rollback_to_a_version_with_problems_leaves_what_is_live(repository):
    refused = bad(repository)
    repository.branch("main", f"{refused}~1")
    before = repository.commit(moon("Live"))
    with following(repository) as seen:
        await seen.publisher._record()
        repository.branch("main", refused)
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal.version.id) == (before, refused)
    with following(repository) as restarted:
        assert (restarted.live, restarted.current.refusal.version.id) == (before, refused)


async def test_where_the_branch_may_not_be_rewritten_nothing_of_it_goes_live(repository):
    before = repository.commit(moon("Live"))
    with following(repository, only_forward=True) as seen:
        await seen.publisher._record()
        rewritten(repository)
        await seen.publisher.look()
        assert seen.live == before
        assert "FAST_FORWARD_ONLY" in seen.current.trouble.reason
    with following(repository, only_forward=True) as restarted:
        assert restarted.live == before
        assert "FAST_FORWARD_ONLY" in restarted.beginning.trouble.reason


async def test_no_more_versions_are_tried_than_at_the_start(repository, monkeypatch):
    monkeypatch.setattr("content_api.publish.newest.MOST_TRIED", 3)
    with following(repository) as seen:
        before = seen.live
        repository.commit(moon("Good, and too far down"))
        refused = [bad(repository, f"bad-{number}") for number in range(3)]
        await seen.publisher.look()
        assert (seen.live, list(seen.publisher._refusals)) == (before, refused)


async def test_what_was_refused_on_the_way_is_logged_and_remembered(repository, monkeypatch):
    with following(repository) as seen, capture_logs() as logged:
        good, below = repository.commit(moon("Good")), bad(repository, "below")
        tip = bad(repository, "tip")
        await seen.publisher.look()
        told = {entry["version"]: entry for entry in logged if "problems" in entry}
        assert told[below]["event"] == "an older version is refused as well"
        assert (told[tip]["event"], told[tip]["live"]) == ("refused", good)
        assert "content/conditions/tip.json" in told[tip]["report"]
        monkeypatch.setattr("content_api.publish.newest.judge", lambda *_: pytest.fail("tried again"))
        repository.tag("something-moved")
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal.version.id, seen.current.refused) == (good, tip, 1)


async def test_however_many_were_refused_before_git_is_asked_about_none_of_them_again(repository, monkeypatch):
    with following(repository) as seen:
        for number in range(5):
            bad(repository, f"bad-{number}")
            await seen.publisher.look()
        asked = []
        is_ancestor = GitRepository.is_ancestor
        monkeypatch.setattr(GitRepository, "is_ancestor", lambda *which: asked.append(which[1:]) or is_ancestor(*which))
        tip = bad(repository, "tip")
        await seen.publisher.look()
        assert (seen.current.refusal.version.id, asked) == (tip, [])


async def test_who_waits_for_one_of_the_versions_is_told_what_became_of_it(repository):
    with following(repository, waits=Waits(seconds=60)) as seen:
        good, below = repository.commit(moon("Good")), bad(repository, "below")
        tip = bad(repository, "tip")
        await seen.publisher.look()
        await seen.publisher.at_least(good)
        for refused, hint in ((below, "mends"), (tip, "/versions")):
            with pytest.raises(RequestError, match="is not served") as error:
                await seen.publisher.at_least(refused)
            assert hint in error.value.hint


async def test_a_version_that_is_released_onto_a_refused_one_gives_way_to_the_newest_good_one(repository):
    with following(repository) as seen:
        first = seen.live
        good = await seen.push(moon("Good"))
        opened, pin = seen.publisher.branch.repository, seen.publisher.branch.pin_name
        opened.keep(pin, first)
        refused = bad(repository)
        await seen.publisher.look()
        assert (seen.live, seen.current.pinned) == (first, True)
        opened.keep(pin, None)
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal.version.id) == (good, refused)


async def test_nothing_stands_in_for_a_pin_that_has_problems(repository):
    with following(repository) as seen:
        first = seen.live
        await seen.publisher._record()
        repository.commit(moon("Good, and not what was pinned"))
        refused = bad(repository)
        seen.publisher.branch.repository.keep(seen.publisher.branch.pin_name, refused)
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal.version.id) == (first, refused)
    with following(repository) as restarted:
        assert (restarted.live, restarted.current.refusal.version.id) == (first, refused)


async def test_what_came_before_a_damaged_version_is_served_and_the_damage_is_told(repository):
    with following(repository) as seen:
        first = seen.live
        await seen.publisher._record()
        good = repository.commit(moon("Good"))
        repository.commit(moon("Damaged"))
        blob = repository.git("rev-parse", "main:content/conditions/moon-hiccups.json")
        repository.loose(blob).unlink()
        await seen.publisher.look()
        assert seen.live == good
        assert blob in seen.current.trouble.reason
    repository.git("update-ref", LIVE, first)
    with following(repository) as restarted:
        assert restarted.live == good
        assert blob in restarted.beginning.trouble.reason


def test_a_push_of_a_good_commit_and_a_refused_one_is_told_everywhere_and_survives_a_kill(tmp_path):
    repository = new_repository(tmp_path / "content.git")
    editor = repository.clone(tmp_path / "editor.git")
    good, refused = editor.commit(moon("Good")), bad(editor)
    with serving("--content", str(repository.path), cwd=tmp_path) as server:
        editor.git("push", "--quiet", repository.path.as_uri(), "main")
        server.wait_until(10, NAME, {"condition": {"name": "Good"}})
        told_of(server, good, refused, tmp_path)
        assert refused in server.log.read_text()
        server.process.kill()
    with serving("--content", str(repository.path), cwd=tmp_path) as server:
        assert server.ask(NAME) == {"condition": {"name": "Good"}}
        told_of(server, good, refused, tmp_path)
        assert f"served is {good[:12]}" in server.said


def told_of(server: Serving, good: str, refused: str, folder: Path) -> None:
    """What is live and what was refused, wherever that is told."""
    server.wait_for_status(lambda told: told["version"] == good and told["refused"]["version"] == refused)
    assert "content_api_refused 1.0" in server.get("/metrics")
    assert refused[:12] in server.get("/versions")
    status = run("status", "--url", server.url, cwd=folder)
    assert (status.returncode, refused[:12] in status.stdout) == (1, True)
    for commit, found in ((good, 200), (refused, 503)):
        answer = httpx2.post(
            f"{server.url}/graphql", json={"query": NAME}, headers={"Content-Version-At-Least": commit}, trust_env=False
        )
        assert answer.status_code == found
