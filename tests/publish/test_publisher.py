"""What is pushed goes live when it is good, and what was live stays when it is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from content_api.errors import RequestError
from content_api.publish.waits import Waits
from tests import world
from tests.publish.world import broken, following, in_content, moon

pytestmark = pytest.mark.anyio

NAME = '{ condition(key: "moon-hiccups") { name } }'


async def test_a_good_version_is_live_after_one_look_and_is_announced(repository):
    with following(repository) as seen:
        pushed = await seen.push(moon("New name"))
        assert seen.live == pushed
        assert await seen.ask(NAME) == {"condition": {"name": "New name"}}
        assert [version.id for version in seen.announced] == [pushed]


async def test_a_version_with_problems_is_refused_with_all_of_them_and_what_was_live_stays(repository):
    with following(repository) as seen, capture_logs() as logged:
        before = seen.live
        refused = await seen.push(broken())
        assert seen.live == before
        assert seen.current.refusal.version.id == refused
        assert [problem.pointer for problem in seen.current.refusal.problems] == ["/state"]
        assert any("content/conditions/moon-hiccups.json:" in entry.get("report", "") for entry in logged)


async def test_a_tree_that_breaks_a_limit_is_refused_like_any_other_version_with_problems(repository):
    with following(repository) as seen:
        before = seen.live
        refused = await seen.push({f"content/symptoms/{'deeper/' * 20}deep.json": b"{}"})
        assert (seen.live, seen.current.trouble) == (before, None)
        assert seen.current.refusal.version.id == refused
        assert [problem.rule for problem in seen.current.refusal.problems] == ["tree_size"]


async def test_a_version_that_was_refused_is_not_tried_again(repository, monkeypatch):
    with following(repository) as seen:
        await seen.push(broken())
        monkeypatch.setattr("content_api.publish.newest.judge", lambda *_: pytest.fail("tried again"))
        repository.tag("something-moved")
        await seen.publisher.look()
        assert seen.current.refused == 1


async def test_a_later_good_version_goes_live_by_itself(repository):
    with following(repository) as seen:
        await seen.push(broken())
        good = await seen.push(moon("Mended"))
        assert (seen.live, seen.current.refusal) == (good, None)


async def test_a_commit_beside_the_content_is_no_new_version(repository):
    with following(repository) as seen:
        before = seen.live
        beside = await seen.push({"README.md": "words"})
        assert (seen.live, seen.announced) == (before, [])
        await seen.publisher.at_least(beside)
        found = await seen.ask(
            'query ($v: String!) { content(version: $v) { site { version } condition(key: "moon-hiccups") { name } } }',
            v=beside,
        )
        assert found["content"]["site"]["version"] == beside


async def test_a_rollback_is_a_commit_like_any_other(repository):
    with following(repository) as seen:
        first = seen.live
        await seen.push(moon("Newer"))
        repository.branch("main", first)
        await seen.publisher.look()
        assert seen.live == first
        assert (await seen.ask(NAME))["condition"]["name"] == "Moon hiccups"


async def test_an_entity_that_came_may_go_again_by_a_rollback_but_not_by_a_push(repository):
    newcomer = world.edited({"symptoms/left-ear-glow.json": {"/id": "right-ear-glow", "/text/en/slug": "right"}})
    files = in_content({"symptoms/right-ear-glow.json": newcomer["symptoms/left-ear-glow.json"]})

    with following(repository) as seen:
        first = seen.live
        second = await seen.push(files)
        assert seen.live == second, seen.current.refusal
        await seen.push(dict.fromkeys(files))
        assert [problem.rule for problem in seen.current.refusal.problems] == ["ids_kept"]
        repository.branch("main", first)
        await seen.publisher.look()
        assert (seen.live, seen.current.refusal) == (first, None)


async def test_a_rewritten_branch_is_followed_and_logged(repository):
    with following(repository) as seen, capture_logs() as logged:
        await seen.push(moon("Before"))
        repository.branch("other", repository.git("rev-parse", "main~1"))
        rewritten = repository.commit(moon("Rewritten"), branch="other")
        repository.branch("main", rewritten)
        await seen.publisher.look()
        assert seen.live == rewritten
        assert "not a fast-forward" in [entry["event"] for entry in logged]


async def test_a_rewritten_branch_is_refused_where_a_setting_says_so_until_it_is_mended(repository):
    with following(repository, only_forward=True) as seen:
        first = seen.live
        before = await seen.push(moon("Before"))
        repository.branch("main", first)
        await seen.publisher.look()
        assert seen.live == before
        assert "FAST_FORWARD_ONLY" in seen.current.trouble.reason
        repository.branch("main", before)
        after = await seen.push(moon("After"))
        assert (seen.live, seen.current.trouble) == (after, None)


async def test_a_branch_that_is_deleted_is_an_alarm_and_what_is_live_stays(repository):
    with following(repository, ref="main") as seen:
        before = seen.live
        repository.git("update-ref", "-d", "refs/heads/main")
        pause = await seen.publisher.look()
        assert seen.live == before
        assert "'main'" in seen.current.trouble.reason
        assert pause >= 1
        repository.branch("main", before)
        await seen.publisher.look()
        assert seen.current.trouble is None


async def test_a_tag_that_is_moved_is_logged_and_names_the_other_version(repository):
    with following(repository) as seen:
        first = seen.live
        repository.tag("edition", first)
        second = await seen.push(moon("Second"))
        assert (await seen.ask('{ version(ref: "edition") { id } }'))["version"]["id"] == first
        repository.tag("edition", second)
        with capture_logs() as logged:
            await seen.publisher.look()
        assert ("a tag was moved", "edition") in [(entry["event"], entry.get("tag")) for entry in logged]
        assert (await seen.ask('{ version(ref: "edition") { id tags } }'))["version"] == {
            "id": second,
            "tags": ["edition"],
        }


async def test_what_is_pinned_stays_until_it_is_released(repository):
    with following(repository) as seen:
        first = seen.live
        second = await seen.push(moon("Second"))
        opened = seen.publisher.branch.repository
        opened.keep(seen.publisher.branch.pin_name, first)
        await seen.publisher.look()
        assert (seen.live, seen.current.pinned) == (first, True)
        await seen.push(moon("Third"))
        assert seen.live == first
        opened.keep(seen.publisher.branch.pin_name, None)
        await seen.publisher.look()
        assert seen.current.pinned is False
        assert seen.live not in (first, second)


async def test_a_pin_holds_although_the_branch_is_too_large_to_be_read(repository):
    with following(repository) as seen:
        first = seen.live
        await seen.push(moon("Second"))
        opened = seen.publisher.branch.repository
        opened.keep(seen.publisher.branch.pin_name, first)
        await seen.push({f"content/symptoms/{'deeper/' * 20}deep.json": b"{}"})
        assert (seen.live, seen.current.pinned, seen.current.trouble) == (first, True, None)


async def test_what_the_branch_recalled_is_there_again_when_it_is_rolled_back_and_released_at_once(repository):
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "It was wrong."}, "since": "2026-11-20T00:00:00Z"}
    tea = '{ treatment(key: "quiet-tea") { key } }'
    with following(repository) as seen, capture_logs() as logged:
        first = seen.live
        opened, pin = seen.publisher.branch.repository, seen.publisher.branch.pin_name
        opened.keep(pin, first)
        recalls = world.edited({"recalls.json": {"/recalls": [recall]}})["recalls.json"]
        await seen.push(in_content({"recalls.json": recalls}))
        assert await seen.ask(tea) == {"treatment": None}
        repository.branch("main", first)
        opened.keep(pin, None)
        await seen.publisher.look()
        assert await seen.ask(tea) == {"treatment": {"key": "quiet-tea"}}
    assert lifted(logged) == [["treatment/quiet-tea"]]


@pytest.mark.parametrize("seen_to_go", [True, False])
async def test_what_a_rollback_lifts_is_logged_by_name_also_at_a_restart(repository, seen_to_go):
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "It was wrong."}, "since": "2026-11-20T00:00:00Z"}
    recalls = world.edited({"recalls.json": {"/recalls": [recall]}})["recalls.json"]
    with following(repository) as seen, capture_logs() as logged:
        first = seen.live
        await seen.push(in_content({"recalls.json": recalls}))
        await seen.push(moon("Newer"))
        assert lifted(logged) == []
        repository.branch("main", first)
        if seen_to_go:
            await seen.publisher.look()
    if not seen_to_go:
        with capture_logs() as logged, following(repository) as again:
            assert again.live == first
    assert lifted(logged) == [["treatment/quiet-tea"]]


def lifted(logged: list) -> list[list[str]]:
    """The names in each warning that recalls do not hold any more."""
    return [entry["lifted"] for entry in logged if entry["event"] == "recalls are lifted"]


async def test_a_recall_hides_an_entity_although_an_older_version_is_pinned(repository):
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "It was wrong."}, "since": "2026-11-20T00:00:00Z"}
    listed = "{ treatments { nodes { key } } }"
    with following(repository) as seen:
        first = seen.live
        await seen.push(moon("Second"))
        seen.publisher.branch.repository.keep(seen.publisher.branch.pin_name, first)
        await seen.publisher.look()
        assert "quiet-tea" in str(await seen.ask(listed))
        recalls = world.edited({"recalls.json": {"/recalls": [recall]}})["recalls.json"]
        await seen.push(in_content({"recalls.json": recalls}))
        assert seen.live == first
        assert "quiet-tea" not in str(await seen.ask(listed))
    with following(repository) as again:
        assert again.live == first
        assert "quiet-tea" not in str(await again.ask(listed))


async def test_what_is_live_survives_a_force_push_and_gc(repository):
    with following(repository) as seen:
        live = await seen.push(moon("Kept"))
        await seen.publisher._record()
        repository.branch("main", repository.git("rev-parse", "main~1"))
        repository.git("reflog", "expire", "--expire=now", "--all")
        repository.git("gc", "--quiet", "--prune=now")
        assert seen.publisher.branch.repository.version(live).id == live


async def test_a_client_waits_for_its_own_version_or_is_told_that_it_is_not_live(repository):
    with following(repository) as seen:
        following_task = asyncio.create_task(seen.publisher.run())
        pushed = repository.commit(moon("Mine"))
        await seen.publisher.at_least(pushed)
        assert seen.live == pushed
        seen.publisher.branch = replace(seen.publisher.branch, waits=Waits(seconds=0.2))
        with pytest.raises(RequestError, match="is not live") as refused:
            await seen.publisher.at_least("0" * 40)
        assert (refused.value.code, refused.value.status) == ("VERSION_NOT_YET_LIVE", 503)
        bad = repository.commit(broken())
        with pytest.raises(RequestError, match="has 1 problem and is not served"):
            await seen.publisher.at_least(bad)
        with pytest.raises(RequestError, match="names no commit"):
            await seen.publisher.at_least("main")
        following_task.cancel()


@pytest.mark.parametrize("turns", range(5))
async def test_it_ends_when_it_is_told_to_though_it_is_told_to_look_at_the_same_moment(repository, turns):
    """With asyncio.wait_for of Python 3.11 it went on looking for ever, and the server never ended."""
    with following(repository) as seen:
        seen.publisher.poll_seconds = 60
        task = asyncio.create_task(seen.publisher.run())
        await asyncio.sleep(1)
        seen.publisher.look_now()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        _, pending = await asyncio.wait([task], timeout=2)
        task.cancel()
        assert not pending


async def test_a_tag_is_followed_though_the_newest_version_is_refused(repository):
    with following(repository) as seen:
        first = seen.live
        await seen.push(broken())
        repository.tag("edition", first)
        await seen.publisher.look()
        assert (await seen.ask('{ version(ref: "edition") { id } }'))["version"]["id"] == first
        assert seen.current.refusal is not None


async def test_a_version_that_is_too_large_is_refused_with_the_path(repository):
    with following(repository) as seen:
        live = seen.live
        refused = await seen.push({f"content/{'deep/' * 20}file.json": b"{}"})
        assert (seen.live, seen.current.refusal.version.id) == (live, refused)
        assert [problem.rule for problem in seen.current.refusal.problems] == ["tree_size"]


async def test_a_client_that_waits_for_a_refused_version_is_told_at_once(repository):
    with following(repository, waits=Waits(seconds=60)) as seen:
        refused = await seen.push(broken())
        with pytest.raises(RequestError, match="has 1 problem and is not served"):
            await asyncio.wait_for(seen.publisher.at_least(refused), 5)


async def test_who_waits_does_not_have_what_failed_tried_again_and_again(repository):
    with following(repository, ref="main", waits=Waits(seconds=0.2)) as seen:
        repository.git("update-ref", "-d", "refs/heads/main")
        await seen.publisher.look()
        with pytest.raises(RequestError, match="is not live"):
            await seen.publisher.at_least("0" * 40)
        assert not seen.publisher._nudge.is_set()


async def test_what_fails_as_it_goes_live_is_done_again_by_the_next_look(repository, monkeypatch):
    with following(repository) as seen, monkeypatch.context() as patched:
        before = seen.live
        patched.setattr(seen.publisher.archive, "_keep", lambda _: 1 / 0)
        pushed = await seen.push(moon("Newer"))
        assert (seen.live, seen.current.trouble is None) == (before, False)
        patched.undo()
        await seen.publisher.look()
        assert (seen.live, seen.current.trouble) == (pushed, None)
        assert await seen.ask(NAME) == {"condition": {"name": "Newer"}}
