"""Which branches there is no preview of, and how much previews may take."""

from __future__ import annotations

import asyncio

import pytest

from content_api.content.search import SearchIndex
from content_api.delivery.operation import Operation
from content_api.errors import RequestError, StoreError
from content_api.publish import previews as module
from content_api.publish.waits import Waits
from content_api.store import GitRepository
from tests.publish.previewing import AT, on, previewing
from tests.publish.world import MOON, moon
from tests.repositories import Repository

pytestmark = pytest.mark.anyio


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
        async with seen.opened("one") as opened:
            assert await seen.name("two") == "two"
            reply = await opened.answer(Operation(AT, {"v": repository.git("rev-parse", "main")}))
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


async def test_more_loads_than_may_wait_are_refused_and_told_to_come_again(repository):
    for name in ("one", "two", "three"):
        on(repository, name, moon(name))
    with previewing(repository, waits=Waits(loads=1)) as seen:
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
