"""Previews: branches as they are now, drafts included, at the cost of what differs."""

from __future__ import annotations

import orjson
import pytest

from content_api.content.search import SearchIndex
from content_api.publish.previews import BranchHasProblems
from tests import world
from tests.publish.previewing import AT, DRAFT, NAME, SEARCH, on, previewing
from tests.publish.world import MOON, broken, in_content, moon

pytestmark = pytest.mark.anyio


# ---- what a preview shows


async def test_a_branch_is_shown_as_it_is_now_and_says_its_own_commit(repository):
    first = on(repository, "review/moon", moon("On a branch"))
    with previewing(repository) as seen:
        reply = await seen.reply("review/moon", NAME)
        assert reply.version == first
        assert orjson.loads(reply.body)["data"]["condition"] == {"name": "On a branch", "served": {"version": first}}
        second = on(repository, "review/moon", moon("Again"))
        assert (await seen.reply("review/moon", NAME)).version == second
        assert (await seen.name("review/moon"), await seen.name("main")) == ("Again", "Moon hiccups")
        assert (await seen.followed.ask(NAME))["condition"]["name"] == "Moon hiccups"


async def test_a_commit_that_leaves_the_content_alone_is_shown_under_its_own_id(repository):
    base = repository.git("rev-parse", "main")
    repository.branch("review/moon", base)
    commit = on(repository, "review/moon", {"README.md": b"Nothing of the content"})
    with previewing(repository) as seen:
        assert (await seen.reply("review/moon", NAME)).version == commit


async def test_drafts_are_shown_in_a_preview_and_not_beside_it(repository):
    with previewing(repository) as seen:
        assert await seen.ask("main", DRAFT) == {"condition": {"name": "Cloud yawns", "state": "DRAFT"}}
        assert await seen.followed.ask(DRAFT) == {"condition": None}


async def test_a_draft_translation_is_shown_in_a_preview_and_not_beside_it(repository):
    text = '{ content(locale: "de") { condition(key: "star-sneezes") { name } } }'
    with previewing(repository) as seen:
        assert (await seen.ask("main", text))["content"]["condition"]["name"] == "Sternenniesen"
        assert (await seen.followed.ask(text))["content"]["condition"]["name"] == "Star sneezes"


async def test_a_search_finds_what_a_preview_shows_and_the_public_one_stays_as_it_was(repository):
    on(repository, "review/moon", moon("Singing kettles"))
    with previewing(repository) as seen:
        before = await seen.followed.ask(SEARCH, words="kettles clouds")
        assert await seen.found("review/moon", "kettles") == ["moon-hiccups"]
        assert await seen.found("main", "clouds") == ["cloud-yawns"]
        assert await seen.found("main", "kettles") == []
        assert await seen.followed.ask(SEARCH, words="kettles clouds") == before
        assert (SearchIndex, True) not in seen.followed.current.edition.memo


async def test_a_search_follows_the_branch(repository):
    on(repository, "review/moon", moon("Singing kettles"))
    with previewing(repository) as seen:
        assert await seen.found("review/moon", "kettles") == ["moon-hiccups"]
        on(repository, "review/moon", moon("Dancing pots"))
        assert await seen.found("review/moon", "kettles") == []
        assert await seen.found("review/moon", "pots") == ["moon-hiccups"]


async def test_another_version_in_a_preview_is_what_its_branch_leads_to_with_drafts(repository):
    base = repository.git("rev-parse", "main")
    repository.branch("review/moon", base)
    first = on(repository, "review/moon", moon("First"))
    on(repository, "review/moon", moon("Second"))
    repository.tag("for-review", first)
    elsewhere = repository.commit(moon("Elsewhere"))
    with previewing(repository) as seen:
        for version, name in ((first, "First"), ("for-review", "First"), (base, "Moon hiccups")):
            assert (await seen.ask("review/moon", AT, v=version))["content"]["condition"]["name"] == name
        draft = 'query ($v: String) { content(version: $v) { condition(key: "cloud-yawns") { name } } }'
        assert (await seen.ask("review/moon", draft, v=first))["content"]["condition"]["name"] == "Cloud yawns"
        found = 'query ($v: String) { content(version: $v) { search(text: "clouds") { totalCount } } }'
        assert (await seen.ask("review/moon", found, v=base))["content"]["search"]["totalCount"] == 1
        reply = await seen.reply("review/moon", AT, v=elsewhere)
        assert reply.codes == ("VERSION_NOT_AVAILABLE",)


async def test_a_page_of_a_preview_goes_on_in_its_version_after_a_push(repository):
    page = """query ($after: String) { conditions(first: 1, after: $after) {
        totalCount pageInfo { endCursor } nodes { key served { version } } } }"""
    first = on(repository, "review/moon", moon("Zebra hiccups"))
    with previewing(repository) as seen:
        begun = (await seen.ask("review/moon", page))["conditions"]
        on(repository, "review/moon", moon("Aardvark hiccups"))
        after = begun["pageInfo"]["endCursor"]
        second = (await seen.ask("review/moon", page, after=after))["conditions"]
        assert (begun["nodes"][0]["key"], begun["totalCount"]) == ("cloud-yawns", second["totalCount"])
        assert second["nodes"][0]["served"]["version"] == first


async def test_nodes_and_what_is_known_of_the_version_are_those_of_the_preview(repository):
    commit = on(repository, "review/moon", moon("On a branch"), message="For review")
    text = '{ version { id message } versions { nodes { id } } condition(key: "cloud-yawns") { id } }'
    with previewing(repository) as seen:
        found = await seen.ask("review/moon", text)
        assert found["version"] == {"id": commit, "message": "For review"}
        node = "query ($id: ID!) { node(id: $id) { ... on Condition { name } } }"
        assert (await seen.ask("review/moon", node, id=found["condition"]["id"]))["node"] == {"name": "Cloud yawns"}


async def test_what_does_not_differ_from_what_is_live_is_not_read_again(repository):
    on(repository, "review/moon", moon("On a branch"))
    with previewing(repository) as seen:
        await seen.name("review/moon")
        live = seen.followed.current.edition.library.records
        shown = seen.previews._kept["review/moon"].edition.library.records
        assert [key for key, record in shown.items() if record is not live[key]] == ["condition/moon-hiccups"]


# ---- a branch with problems


async def test_a_branch_with_problems_answers_with_all_of_them_until_they_are_mended(repository):
    on(repository, "review/moon", moon("Good"))
    with previewing(repository) as seen:
        assert await seen.name("review/moon") == "Good"
        bad = on(repository, "review/moon", broken())
        for _ in range(2):
            with pytest.raises(BranchHasProblems) as refused:
                await seen.reply("review/moon", NAME)
            assert str(refused.value) == f"Version {bad[:12]} of this branch has 1 problem in 1 file."
            [problem] = refused.value.extensions["problems"]
            assert (problem["path"], problem["pointer"]) == (MOON, "/state")
            assert problem["line"] > 1
            assert problem["rule"]
            assert "DONE" in problem["message"]
        on(repository, "review/moon", moon("Mended"))
        assert await seen.name("review/moon") == "Mended"


async def test_problems_that_are_told_again_and_again_take_no_more_memory(repository):
    on(repository, "review/moon", broken())
    depths = []
    with previewing(repository) as seen:
        for _ in range(5):
            with pytest.raises(BranchHasProblems) as refused:
                await seen.reply("review/moon", NAME)
            depths.append(len(refused.traceback))
    assert len(set(depths[1:])) == 1


async def test_what_would_keep_a_branch_from_going_live_is_a_problem_of_its_preview(repository):
    gone = in_content({path: None for path in world.files() if "left-ear-glow" in path})
    on(repository, "review/gone", gone)
    with previewing(repository) as seen:
        with pytest.raises(BranchHasProblems) as refused:
            await seen.reply("review/gone", NAME)
        assert any("left-ear-glow" in problem.found for problem in refused.value.problems)


async def test_what_is_live_may_have_more_than_a_branch_that_began_before(repository):
    repository.branch("review/old", repository.git("rev-parse", "main"))
    on(repository, "review/old", moon("Old"))
    late = world.document("symptoms/left-ear-glow.json")
    late["id"] = late["text"]["en"]["slug"] = "late-glow"
    repository.commit(in_content({"symptoms/late-glow.json": world.as_bytes(late)}))
    with previewing(repository) as seen:
        assert await seen.name("review/old") == "Old"
