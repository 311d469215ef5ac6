"""Previews: branches as they are now, drafts included, at the cost of what differs, and no others than may be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
import pytest

from content_api.app import open_preview
from content_api.content.search import SearchIndex
from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError, StoreError
from content_api.publish import previews as module
from content_api.publish import queue
from content_api.publish.previews import BranchHasProblems, Previews
from content_api.store import GitRepository
from tests import world
from tests.publish.world import MOON, Followed, broken, following, in_content, moon
from tests.repositories import Change, Repository

pytestmark = pytest.mark.anyio

NAME = '{ condition(key: "moon-hiccups") { name served { version } } }'
DRAFT = '{ condition(key: "cloud-yawns") { name state } }'
SEARCH = "query ($words: String!) { search(text: $words) { nodes { key } } }"
AT = 'query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


@dataclass
class Previewed:
    """A branch that is followed, with previews of others. Their looks see everything at once."""

    followed: Followed
    previews: Previews

    async def reply(self, branch: str, text: str, **variables: object) -> Reply:
        async with open_preview(self.previews, self.followed.delivery, branch) as answer:
            return await answer(Operation(text, variables))

    async def ask(self, branch: str, text: str, **variables: object) -> dict:
        body = orjson.loads((await self.reply(branch, text, **variables)).body)
        assert "errors" not in body, body
        return body["data"]

    async def name(self, branch: str) -> str:
        return (await self.ask(branch, NAME))["condition"]["name"]

    async def found(self, branch: str, words: str) -> list[str]:
        return [node["key"] for node in (await self.ask(branch, SEARCH, words=words))["search"]["nodes"]]

    async def is_missing(self, branch: str) -> bool:
        with pytest.raises(RequestError) as refused:
            await self.reply(branch, NAME)
        return (refused.value.code, str(refused.value)) == ("NOT_FOUND", "There is no preview at this path.")


@contextmanager
def previewing(repository: Repository, *patterns: str) -> Iterator[Previewed]:
    with following(repository) as followed:
        branch = followed.publisher.branch
        yield Previewed(followed, Previews(branch, lambda: followed.publisher.live, patterns or ("*",), 0.0))


def on(repository: Repository, branch: str, files: Mapping[str, Change], **options: str) -> str:
    """Commit to a branch, which begins where main is now."""
    if not repository.git("for-each-ref", f"refs/heads/{branch}"):
        repository.branch(branch, "main")
    return repository.commit(files, branch=branch, **options)


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


# ---- branches that there is no preview of


@pytest.mark.parametrize(
    "branch",
    [
        "main",
        "review/none",
        "refs/heads/review/moon",
        "heads/review/moon",
        "review",
        "review/",
        "review/moon~1",
        "review/moon^{commit}",
        "review/*",
        "",
        "HEAD",
        "..",
        "-x",
        "review/\ud800",
        "review/" + "x" * 10_000,
    ],
)
async def test_a_branch_that_there_is_no_preview_of_is_missing_whatever_the_reason(repository, branch):
    commit = on(repository, "review/moon", moon("On a branch"))
    repository.tag("review/tag", commit)
    with previewing(repository, "review/*") as seen:
        assert await seen.name("review/moon") == "On a branch"
        for asked in (branch, commit, "review/tag"):
            assert await seen.is_missing(asked)


async def test_a_deleted_branch_and_one_that_became_a_folder_of_branches_are_missing(repository):
    on(repository, "x", moon("On a branch"))
    with previewing(repository) as seen:
        assert await seen.name("x") == "On a branch"
        repository.git("update-ref", "-d", "refs/heads/x")
        assert await seen.is_missing("x")
        assert not seen.previews._kept
        on(repository, "x/y", moon("Below"))
        assert await seen.is_missing("x")
        assert await seen.name("x/y") == "Below"


async def test_a_branch_that_names_no_commit_is_missing_and_hurts_no_other(repository):
    blob = repository.blob(b"no commit")
    file = repository.git_directory / "refs" / "heads" / "blob"
    file.write_text(f"{blob}\n")
    with previewing(repository) as seen:
        assert await seen.is_missing("blob")
        assert await seen.name("main") == "Moon hiccups"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("*", True), ("review/*", True), ("*/moon", True), ("review/moo?", True), ("review", False), ("Review/*", False)],
)
async def test_patterns_are_those_of_a_shell(repository, pattern, matches):
    on(repository, "review/moon", moon("On a branch"))
    with previewing(repository, "nothing", pattern) as seen:
        if matches:
            assert await seen.name("review/moon") == "On a branch"
        else:
            assert await seen.is_missing("review/moon")


async def test_names_beyond_ascii_are_names(repository):
    on(repository, "prüfung/äpfel.v2", moon("Überprüft"))
    with previewing(repository, "prüfung/*") as seen:
        assert await seen.name("prüfung/äpfel.v2") == "Überprüft"


# ---- many at once, and bounds


async def test_those_who_come_together_have_the_branch_looked_at_and_loaded_once(repository, monkeypatch):
    on(repository, "review/moon", moon("On a branch"))
    loads: list[str] = []
    load_beside = module.load_beside

    def counting(snapshot, *rest):
        loads.append(snapshot.version.id)
        return load_beside(snapshot, *rest)

    monkeypatch.setattr(module, "load_beside", counting)
    with previewing(repository) as seen:
        names = await asyncio.gather(*(seen.name("review/moon") for _ in range(20)))
    assert (set(names), len(loads)) == ({"On a branch"}, 1)


async def test_git_is_asked_for_branches_only_so_often(repository, monkeypatch):
    asked: list[tuple[str, ...]] = []
    refs = GitRepository.refs

    def counting(self, *under):
        asked.append(under)
        return refs(self, *under)

    with previewing(repository) as seen:
        seen.previews.look_seconds = 3600.0
        monkeypatch.setattr(GitRepository, "refs", counting)
        for name in ("main", "none", "nor-this"):
            await (seen.name(name) if name == "main" else seen.is_missing(name))
    assert asked.count(("refs/heads/",)) == 1


async def test_only_a_few_branches_are_kept_and_the_others_are_loaded_again(repository):
    names = [f"review/{number}" for number in range(module.KEPT + 3)]
    for name in names:
        on(repository, name, moon(name))
    with previewing(repository) as seen:
        for name in (*names, *names):
            assert await seen.name(name) == name
            assert len(seen.previews._kept) <= module.KEPT


async def test_a_branch_that_is_being_read_is_not_let_go(repository, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    for name in ("one", "two"):
        on(repository, name, moon(name))
    with previewing(repository) as seen:
        async with open_preview(seen.previews, seen.followed.delivery, "one") as answer:
            assert await seen.name("two") == "two"
            reply = await answer(Operation(AT, {"v": repository.git("rev-parse", "main")}))
            assert reply.codes == ()
        assert list(seen.previews._kept) == ["two"]


async def test_what_was_let_go_is_not_kept_by_itself(repository, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    for name in ("one", "two"):
        on(repository, name, moon(name))
    with previewing(repository) as seen:
        await seen.found("one", "moon")
        preview = seen.previews._kept["one"]
        await seen.name("two")
        assert (preview.archive._live, preview.archive._kept) == (None, {})
        assert all(isinstance(kept, SearchIndex) for kept in preview.edition.memo.values())


async def test_more_loads_than_may_wait_are_refused_and_told_to_come_again(repository, monkeypatch):
    monkeypatch.setattr(queue, "WAITING", 1)
    for name in ("one", "two", "three"):
        on(repository, name, moon(name))
    with previewing(repository) as seen:
        seen.previews.look_seconds = 3600.0
        await seen.is_missing("none")
        found = await asyncio.gather(*(seen.name(name) for name in ("one", "two", "three")), return_exceptions=True)
        refused = [one.code for one in found if isinstance(one, RequestError)]
        assert refused == ["OVERLOADED", "OVERLOADED"]
        assert await seen.name("three") == "three"


async def test_branches_and_their_older_versions_wait_in_one_queue(repository):
    on(repository, "one", moon("one"))
    with previewing(repository) as seen:
        await seen.name("one")
        assert seen.previews._kept["one"].archive.queue is seen.previews._loads
        assert seen.followed.publisher.archive.queue is not seen.previews._loads


async def test_a_repository_that_cannot_be_read_for_a_moment_is_told_and_comes_back(repository, monkeypatch):
    def failing(self, *under):
        raise StoreError("the disk is away, at /a/secret/path")

    with previewing(repository) as seen:
        with monkeypatch.context() as patched:
            patched.setattr(GitRepository, "refs", failing)
            with pytest.raises(RequestError) as refused:
                await seen.name("main")
        assert refused.value.code == "OVERLOADED"
        assert "secret" not in str(refused.value)
        assert await seen.name("main") == "Moon hiccups"


async def test_a_commit_that_is_damaged_cannot_be_read_and_is_read_once_it_is_mended(repository):
    commit = on(repository, "review/moon", moon("On a branch"))
    blob = repository.git("rev-parse", f"{commit}:content/{MOON}")
    with previewing(repository) as seen:
        kept = _away(repository, blob)
        with pytest.raises(RequestError) as refused:
            await seen.name("review/moon")
        assert (refused.value.code, str(refused.value)) == (
            "VERSION_NOT_AVAILABLE",
            f"Version {commit[:12]} cannot be read.",
        )
        repository.git("hash-object", "-w", "--stdin", input=kept)
        assert await seen.name("review/moon") == "On a branch"


def _away(repository: Repository, blob: str) -> bytes:
    """Take an object out of the repository, and return what it held."""
    held = repository.git("cat-file", "blob", blob).encode() + b"\n"
    for pack in repository.git_directory.glob("objects/pack/*.pack"):
        data = pack.read_bytes()
        for beside in pack.parent.glob(f"{pack.stem}.*"):
            beside.unlink()
        repository.git("unpack-objects", "-q", input=data)
    repository.loose(blob).unlink()
    return held
