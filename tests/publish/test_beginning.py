"""What is served when the server starts: the newest version that can be."""

from __future__ import annotations

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from content_api.content.problems import ContentRefused
from content_api.errors import ObjectUnreadable, RevisionUnknown
from content_api.opening import open_configured, start
from content_api.settings import Settings
from tests import world
from tests.cli.command import run, serving
from tests.publish.world import MOON, broken, following, moon
from tests.repositories import Repository

pytestmark = pytest.mark.anyio


async def recorded(repository: Repository) -> None:
    """A server runs for a moment, and writes down what is live."""
    with following(repository) as seen:
        await seen.publisher._record()


def test_the_newest_version_is_served_and_nothing_has_to_be_said(repository):
    newest = repository.commit(moon("Newest"))
    with following(repository) as seen:
        assert seen.live == newest
        assert (seen.beginning.refusal, seen.beginning.trouble) == (None, None)


def test_where_the_newest_has_problems_the_newest_without_is_served_and_the_refusal_is_known(repository):
    good = repository.commit(moon("Good"))
    repository.commit(broken())
    worst = repository.commit({"content/site.json": b"{}"})
    with following(repository) as seen:
        assert seen.live == good
        assert seen.current.refusal.version.id == worst


async def test_what_keeps_the_newest_from_being_live_at_the_start_is_in_the_log(repository):
    good = repository.commit(moon("Good"))
    worst = repository.commit(broken())
    with capture_logs() as logged, following(repository) as seen:
        await run_once(seen)
    [told] = [line for line in logged if line["event"] == "refused"]
    assert (told["version"], told["live"], told["problems"], told["log_level"]) == (worst, good, 1, "warning")
    assert MOON in told["report"]


async def test_trouble_at_the_start_is_in_the_log_once(repository):
    repository.commit(moon("Good"))
    await recorded(repository)
    newest = repository.commit(moon("Damaged"))
    blob = repository.git("rev-parse", f"{newest}:content/{MOON}")
    repository.loose(blob).unlink()
    with capture_logs() as logged, following(repository) as seen:
        await run_once(seen)
    [told] = [line for line in logged if "reason" in line and line["log_level"] == "error"]
    assert blob in told["reason"]


async def run_once(seen) -> None:
    """The publisher runs until it has looked."""
    running = asyncio.create_task(seen.publisher.run())
    await seen.publisher._next_look(10)
    running.cancel()


async def test_what_was_live_is_tried_first_and_what_came_after_is_read_at_the_cost_of_the_change(
    repository, monkeypatch
):
    await recorded(repository)
    newest = repository.commit(moon("While it was down"))
    read: list[str] = []
    monkeypatch.setattr("content_api.content.reading.parse", counting(read))
    with following(repository) as seen:
        assert seen.live == newest
    assert read.count(MOON) == 2
    assert read.count("site.json") == 1


async def test_between_what_was_live_and_what_is_broken_the_newest_good_one_is_found(repository):
    await recorded(repository)
    good = repository.commit(moon("Good"))
    repository.commit(broken())
    with following(repository) as seen:
        assert seen.live == good


async def test_where_a_rewritten_branch_has_no_good_version_what_was_live_stays(repository):
    await recorded(repository)
    live = repository.git("rev-parse", "main")
    repository.git("update-ref", "refs/heads/elsewhere", live)
    repository.git("symbolic-ref", "HEAD", "refs/heads/new")
    refused = repository.commit({"content/site.json": b"{}"}, branch="new")
    private = repository.git("for-each-ref", "--format=%(refname)", "refs/content-api")
    assert private == "refs/content-api/live/HEAD"
    with following(repository) as seen:
        assert seen.live == live
        assert seen.current.refusal.version.id == refused


async def test_where_a_branch_was_rewritten_against_a_setting_what_was_live_stays(repository):
    first = repository.git("rev-parse", "main")
    live = repository.commit(moon("Live"))
    await recorded(repository)
    repository.branch("main", first)
    repository.commit(moon("Rewritten"))
    with following(repository, only_forward=True) as seen:
        assert seen.live == live
        assert "FAST_FORWARD_ONLY" in seen.beginning.trouble.reason


@pytest.mark.parametrize("fault", ["too large", "damaged", "gone"])
async def test_a_server_whose_branch_cannot_be_read_begins_with_what_it_served_last(repository, fault):
    live = repository.git("rev-parse", "main")
    repository.git("update-ref", "refs/content-api/live/main", live)
    newest = repository.commit({f"content/{'deep/' * 20}file.json": b"{}"})
    if fault == "damaged":
        lose(repository, newest)
    elif fault == "gone":
        repository.git("update-ref", "-d", "refs/heads/main")
    settings = Settings(content=repository.path, ref="main")
    started = start(open_configured(settings, fresh=False), settings)
    with started.opened:
        assert started.current.edition.version.id == live
        if fault == "too large":
            assert (started.current.refusal.version.id, started.current.trouble) == (newest, None)
        else:
            assert {"damaged": newest, "gone": "'main'"}[fault] in started.current.trouble.reason


TOO_LARGE = {f"content/{'deep/' * 20}file.json": b"{}"}


def test_a_first_start_on_a_version_that_is_too_large_serves_the_newest_one_before_it(repository):
    before = repository.git("rev-parse", "main")
    refused = repository.commit(TOO_LARGE)
    with serving("--content", str(repository.path), cwd=repository.path) as server:
        assert f"It has 1 problem; served is {before[:12]}" in server.said
        told = json.loads(server.get("/readyz"))
        assert (told["version"], told["refused"]["version"]) == (before, refused)
        assert (told["refused"]["problems"], told["refused"]["withheld"]) == ([], 1), "the path may be that of a draft"
        assert "folders are nested too deep" in server.log.read_text()


def test_a_first_start_on_the_version_after_one_that_is_too_large_serves_it(repository):
    repository.commit(TOO_LARGE)
    good = repository.commit(dict.fromkeys(TOO_LARGE) | moon("Mended"))
    with following(repository) as seen:
        assert (seen.live, seen.current.refusal) == (good, None)


def test_what_a_version_after_one_that_is_too_large_must_account_for_is_what_was_before_that(repository):
    before = repository.git("rev-parse", "main")
    repository.commit(TOO_LARGE)
    most = [f"content/{path}" for path in world.files() if "/" in path and path != MOON]
    refused = repository.commit(dict.fromkeys((*TOO_LARGE, *most)))
    with following(repository) as seen:
        assert (seen.live, seen.current.refusal.version.id) == (before, refused)
        found = {problem.rule: problem.found for problem in seen.current.refusal.problems}
        assert "gone" in found["mass_delete"]


def test_a_first_start_where_everything_is_too_large_ends_with_the_problem(tmp_path):
    repository = Repository(tmp_path / "content.git", bare=True)
    repository.commit(TOO_LARGE)
    ended = run("serve", "--port", "0", "--content", str(repository.path), cwd=tmp_path)
    assert ended.returncode == 1
    assert "tree_size" in ended.stderr
    assert "folders are nested too deep" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_was_live_may_be_too_large_by_limits_that_are_new(repository):
    before = repository.git("rev-parse", "main")
    live = repository.commit({f"content/symptoms/more-{number}.json": b"{}" for number in range(30)})
    repository.git("update-ref", "refs/content-api/live/HEAD", live)
    settings = Settings(content=repository.path, max_files=len(world.files()) + 10)
    started = start(open_configured(settings, fresh=False), settings)
    with started.opened:
        assert (started.current.edition.version.id, started.current.refusal.version.id) == (before, live)


async def test_the_folder_of_what_was_live_last_is_known_though_the_newest_version_has_no_content(tmp_path):
    repository = Repository(tmp_path / "top.git", bare=True)
    live = repository.commit(world.files())
    repository.git("update-ref", "refs/content-api/live/HEAD", live)
    newest = repository.commit({"site.json": None})
    settings = Settings(content=repository.path)
    started = start(open_configured(settings, fresh=False), settings)
    with started.opened:
        assert (started.current.edition.version.id, started.current.refusal.version.id) == (live, newest)


def test_a_branch_that_was_never_live_is_not_exchanged_for_another(repository):
    repository.git("update-ref", "refs/content-api/live/main", "main")
    settings = Settings(content=repository.path, ref="mian")
    with pytest.raises(RevisionUnknown, match="Did you mean 'main'"):
        open_configured(settings, fresh=False)


def test_where_nothing_is_good_all_problems_of_the_newest_are_told(tmp_path):
    repository = Repository(tmp_path / "empty", bare=True)
    repository.commit({"content/site.json": b"[]"})
    repository.commit({"content/site.json": b"{}"})
    with pytest.raises(ContentRefused) as refused, following(repository):
        pass
    assert {problem.path for problem in refused.value.problems} == {"site.json"}


async def test_where_the_newest_cannot_be_read_the_one_before_is_served_with_the_reason(repository):
    before = repository.git("rev-parse", "main")
    repository.commit(moon("Damaged"))
    blob = repository.git("rev-parse", f"main:content/{MOON}")
    lose(repository, blob)
    with following(repository) as seen:
        assert seen.live == before
        assert blob in seen.beginning.trouble.reason


def test_a_repository_without_any_readable_version_is_said_to_be_damaged(repository):
    blob = repository.git("rev-parse", "main:content/site.json")
    lose(repository, blob)
    with pytest.raises(ObjectUnreadable, match=blob), following(repository):
        pass


def lose(repository: Repository, found: str) -> None:
    """Take one object away, wherever git keeps it."""
    packs = list((repository.git_directory / "objects" / "pack").glob("*.pack"))
    for pack in packs:
        data = pack.read_bytes()
        pack.unlink()
        pack.with_suffix(".idx").unlink()
        for beside in pack.parent.glob(f"{pack.stem}.*"):
            beside.unlink()
        repository.git("unpack-objects", "-q", input=data)
    repository.loose(found).unlink()


def counting(read: list[str]):
    from content_api.content.parse import parse

    def parse_and_count(path, *rest, **known):
        read.append(path)
        return parse(path, *rest, **known)

    return parse_and_count
