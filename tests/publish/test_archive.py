"""Other versions than the live one: loaded when somebody asks, a few kept, and none that must not be read."""

from __future__ import annotations

import asyncio
import gc
import threading

import orjson
import pytest

from content_api.content.edition import Edition
from content_api.content.view import view_of
from content_api.errors import RequestError
from content_api.publish import archive as archives
from content_api.publish.making import load_older
from content_api.publish.waits import Waits
from tests import world
from tests.publish.world import broken, following, in_content, moon
from tests.repositories import Repository
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.anyio

NAME = 'query ($v: String) { content(version: $v) { site { version } condition(key: "moon-hiccups") { name } } }'


async def name_in(seen, version: str) -> str:
    return (await seen.ask(NAME, v=version))["content"]["condition"]["name"]


def with_versions(repository: Repository, number: int) -> list[str]:
    return [repository.commit(moon(f"Name {place}")) for place in range(number)]


async def test_any_version_is_read_by_its_id_a_prefix_a_tag_or_a_moment(repository):
    [early] = [repository.commit(moon("Early"), date="1763900000 +0000")]
    repository.tag("edition-1", early, message="An annotated tag")
    repository.commit(moon("Late"), date="1764000000 +0000")
    with following(repository) as seen:
        for version in (early, early[:7], "edition-1", "2025-11-23T13:00:00Z"):
            assert await name_in(seen, version) == "Early"
        assert await name_in(seen, "2025-11-23T00:00:00+00:00") == "Moon hiccups"


async def test_references_search_and_counts_are_those_of_the_version(repository):
    early = repository.git("rev-parse", "main")
    repository.commit(moon("Singing kettles"))
    text = """query ($v: String) { content(version: $v) {
        symptom(key: "glowing-ears") { conditions { condition { name } } }
        search(text: "kettles") { totalCount nodes { name } } conditions { totalCount } } }"""
    with following(repository) as seen:
        old, new = (await seen.ask(text, v=early))["content"], (await seen.ask(text))["content"]
    names = [edge["condition"]["name"] for edge in old["symptom"]["conditions"]]
    assert "Moon hiccups" in names
    assert "Singing kettles" not in names
    assert (old["search"]["totalCount"], new["search"]["totalCount"]) == (0, 1)


async def test_a_page_comes_from_the_version_of_its_cursor_whatever_was_published_in_between(repository):
    page = """query ($after: String) { conditions(first: 1, after: $after) {
        pageInfo { endCursor } nodes { served { version } name } } }"""
    with following(repository) as seen:
        before = seen.live
        first = (await seen.ask(page))["conditions"]
        await seen.push(moon("Aardvark hiccups"))
        second = (await seen.ask(page, after=first["pageInfo"]["endCursor"]))["conditions"]
        assert second["nodes"][0]["served"]["version"] == before
        assert second["nodes"][0]["name"] != first["nodes"][0]["name"]


async def test_only_so_many_versions_are_kept_and_the_rest_is_loaded_again(repository):
    versions = with_versions(repository, 5)
    with following(repository, kept_versions=2) as seen:
        for version in (*versions, *versions):
            assert await name_in(seen, version) == f"Name {versions.index(version)}"
        assert seen.publisher.archive.kept == 2


async def test_what_was_live_is_let_go_when_those_who_began_in_it_have_their_answer(repository, monkeypatch):
    both = 'query ($v: String) { condition(key: "moon-hiccups") { name } ' + NAME.partition("{")[2]
    go_on = threading.Event()

    def slowly(*given):
        assert go_on.wait(10)
        return load_older(*given)

    monkeypatch.setattr(archives, "load_older", slowly)
    with following(repository, kept_versions=0) as seen:
        first = seen.live
        await seen.push(moon("Second"))
        view = view_of(seen.current.edition)
        asked = asyncio.create_task(seen.ask(both, v=first))
        await asyncio.sleep(0)
        await seen.push(moon("Third"))
        go_on.set()
        answer = await asked
        assert (answer["condition"]["name"], answer["content"]["condition"]["name"]) == ("Second", "Moon hiccups")
        until(PATIENCE, lambda: not view._shown)  # what it worked out refers to it, and would keep the edition for ever
        assert seen.publisher.archive.kept == 0


async def test_versions_asked_for_together_are_loaded_once_each(repository, monkeypatch):
    versions = with_versions(repository, 3)
    loads: list[str] = []

    def counting(opened, commit, *rest):
        loads.append(commit)
        return archives_load_older(opened, commit, *rest)

    archives_load_older = archives.load_older
    monkeypatch.setattr(archives, "load_older", counting)
    with following(repository) as seen:
        names = await asyncio.gather(*(name_in(seen, version) for version in versions * 5))
    assert sorted(set(names)) == ["Name 0", "Name 1", "Name 2"]
    assert sorted(loads) == sorted(versions[:2])  # the third is live


async def test_more_loads_than_may_wait_are_refused_and_told_to_come_again(repository):
    versions = with_versions(repository, 4)
    with following(repository, waits=Waits(loads=1)) as seen:
        replies = await asyncio.gather(*(seen.reply(NAME, v=version) for version in versions[:3]))
        assert sorted(reply.codes for reply in replies) == [(), ("OVERLOADED",), ("OVERLOADED",)]
        assert await name_in(seen, versions[1]) == "Name 1"


async def test_an_operation_may_have_only_so_many_versions_loaded(repository):
    versions = with_versions(repository, 6)
    fields = " ".join(
        f'v{place}: content(version: "{version}") {{ site {{ version }} }}'
        for place, version in enumerate(versions[:5])
    )
    with following(repository) as seen:
        assert (await seen.refusal(f"{{ {fields} }}"))["code"] == "TOO_MANY_VERSIONS"


async def test_a_version_with_problems_was_never_published_and_is_not_read(repository):
    bad = repository.commit(broken())
    repository.commit(moon("Mended"))
    with following(repository) as seen:
        for _ in range(2):
            refused = await seen.refusal(NAME, v=bad)
            assert (refused["code"], "has 1 problem" in refused["message"]) == ("VERSION_NOT_AVAILABLE", True)


async def test_a_refusal_that_is_repeated_takes_no_more_memory(repository):
    bad = repository.commit(broken())
    repository.commit(moon("Mended"))
    depths = []
    with following(repository) as seen:
        await seen.refusal(NAME, v=bad)
        for _ in range(5):
            with pytest.raises(RequestError) as refused:
                seen.publisher.archive.edition(bad)
            depths.append(len(refused.traceback))
    assert len(set(depths)) == 1


@pytest.mark.parametrize(
    "name", ["main", "HEAD", "HEAD~1", "main@{1}", "refs/heads/main", "0" * 40, "-x", "", "2026-11-22", "a" * 500]
)
async def test_nothing_else_names_a_version(repository, name):
    side = repository.commit(moon("On a branch"), branch="side")
    with following(repository) as seen:
        for asked in (name, side, side[:8]):
            refused = await seen.refusal(NAME, v=asked)
            assert refused["code"] == "VERSION_NOT_AVAILABLE"
            assert refused["hint"]
        assert not seen.publisher.archive.queue


async def test_a_version_that_a_rewritten_branch_no_longer_leads_to_is_served_no_more(repository):
    first = repository.git("rev-parse", "main")
    with following(repository) as seen:
        second = await seen.push(moon("Second"))
        repository.branch("main", first)
        await seen.publisher.look()
        assert (await seen.refusal(NAME, v=second))["code"] == "VERSION_NOT_AVAILABLE"


async def test_a_commit_that_came_by_a_merge_can_be_read_and_is_no_version_of_the_branch(repository):
    base = repository.git("rev-parse", "main")
    repository.branch("side", base)
    side = repository.commit(moon("On the side"), branch="side")
    tree = repository.git("rev-parse", f"{side}^{{tree}}")
    merge = repository.git(
        "-c",
        "user.name=E",
        "-c",
        "user.email=e@example.org",
        "commit-tree",
        tree,
        "-p",
        base,
        "-p",
        side,
        "-m",
        "Merge",
    )
    repository.branch("main", merge)
    with following(repository) as seen:
        assert await name_in(seen, side) == "On the side"
        listed = (await seen.ask("{ versions { totalCount nodes { id } } }"))["versions"]
        assert [node["id"] for node in listed["nodes"]] == [merge, base]
        asked = (await seen.ask("query ($v: String) { version(ref: $v) { id changed { changed } } }", v=side))[
            "version"
        ]
        assert asked == {"id": side, "changed": None}


async def test_a_recall_hides_an_entity_in_every_version_and_the_answer_says_so(repository):
    first = repository.git("rev-parse", "main")
    listed = "query ($v: String) { content(version: $v) { treatments { nodes { key } } } }"
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "It was wrong."}, "since": "2026-11-20T00:00:00Z"}
    recalls = world.edited({"recalls.json": {"/recalls": [recall]}})["recalls.json"]
    with following(repository) as seen:
        second = await seen.push(moon("Second"))
        assert "quiet-tea" in str(await seen.ask(listed, v=first))  # in memory now, from before the recall
        await seen.push(in_content({"recalls.json": recalls}))
        for version in (None, first, second):
            reply = await seen.reply(listed, v=version)
            body = orjson.loads(reply.body)
            assert "quiet-tea" not in str(body["data"])
            assert [note["key"] for note in body["extensions"]["recalled"]] == ["treatment/quiet-tea"]
            assert not reply.pinned
        await seen.push(in_content({"recalls.json": world.files()["recalls.json"]}))
        assert "quiet-tea" in str(await seen.ask(listed, v=first))


async def test_what_became_of_something_that_is_recalled_by_now_is_not_told_and_the_answer_says_so(repository):
    asked = """query ($from: String!, $to: String!, $kinds: [EntityKind!]) {
        changes(from: $from, to: $to, kinds: $kinds) { totalCount nodes { key } } }"""
    louder = world.edited({"treatments/quiet-tea.json": {"/text/en/summary": "Tea that is loud."}})
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "It was wrong."}, "since": "2026-11-20T00:00:00Z"}
    recalls = world.edited({"recalls.json": {"/recalls": [recall]}})["recalls.json"]
    first = repository.git("rev-parse", "main")
    with following(repository) as seen:
        second = await seen.push(in_content(louder))
        between = {"from": first, "to": second}
        assert (await seen.ask(asked, **between))["changes"] == {"totalCount": 1, "nodes": [{"key": "quiet-tea"}]}
        await seen.push(in_content({"recalls.json": recalls}))
        for _ in range(2):  # compared, and remembered
            reply = await seen.reply(asked, **between)
            body = orjson.loads(reply.body)
            assert body["data"]["changes"] == {"totalCount": 0, "nodes": []}
            assert [note["key"] for note in body["extensions"]["recalled"]] == ["treatment/quiet-tea"]
        assert "extensions" not in orjson.loads((await seen.reply(asked, **between, kinds=["CAUSE"])).body)


async def test_editions_that_are_served_no_more_are_let_go_although_others_were_waited_for_meanwhile(repository):
    kept = archives.KEPT
    older = with_versions(repository, kept + 4)
    with following(repository) as seen:
        gc.unfreeze()
        others = {
            id(found) for found in gc.get_objects() if type(found) is Edition and found is not seen.current.edition
        }
        for number, commit in enumerate(older[:-1]):
            assert await name_in(seen, commit) == f"Name {number}"
            await seen.push(moon(f"Newer {number}"))
        gc.collect()
        gc.unfreeze()  # what was frozen although it was garbage is seen again
        editions = [found for found in gc.get_objects() if type(found) is Edition and id(found) not in others]
        assert len(editions) <= kept + 2  # the live one, and the first, which the beginning has
