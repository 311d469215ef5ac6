"""What a date stands for where not every version passed its checks, and what is told of those that did not."""

from __future__ import annotations

import asyncio

import pytest

from content_api.answers import delivery
from content_api.delivery.reuse import Answers
from content_api.publish import archive as archives
from content_api.publish.waits import Waits
from content_api.store.snapshot import Limits
from tests import world
from tests.publish.world import MOON, Followed, broken, following, in_content, moon
from tests.repositories import Repository

pytestmark = pytest.mark.anyio

NAME = 'query ($v: String) { content(version: $v) { site { version } condition(key: "moon-hiccups") { name } } }'
LISTED = "{ versions(first: 100) { nodes { id refused } } }"
GLOW = "symptoms/left-ear-glow.json"


def at(hour: int, minute: int = 0) -> str:
    """A moment of the day on which these tests commit."""
    return f"2026-11-22T{hour:02}:{minute:02}:00Z"


def commit(repository: Repository, hour: int, files) -> str:
    return repository.commit(files, date=f"{1_795_305_600 + 3600 * hour} +0000")


def in_three_hours(repository: Repository) -> tuple[str, str, str]:
    """A good version at ten, one with problems at eleven, and a good one at twelve."""
    return (
        commit(repository, 10, moon("Ten")),
        commit(repository, 11, broken()),
        commit(repository, 12, moon("Twelve")),
    )


@pytest.fixture
def loaded(monkeypatch) -> list[str]:
    """The versions that are loaded beside the live one, in order."""
    found: list[str] = []

    def counting(repository, commit, *rest):
        found.append(commit)
        return load_older(repository, commit, *rest)

    load_older = archives.load_older
    monkeypatch.setattr(archives, "load_older", counting)
    return found


async def marks(seen: Followed) -> dict[str, bool | None]:
    return {node["id"]: node["refused"] for node in (await seen.ask(LISTED))["versions"]["nodes"]}


async def test_a_date_stands_for_what_was_live_then_and_not_for_what_was_refused(repository, loaded):
    ten, eleven, twelve = in_three_hours(repository)
    with following(repository) as seen:
        for moment, version in ((at(10, 30), ten), (at(11, 30), ten), (at(12, 30), twelve), (at(11, 59), ten)):
            assert (await seen.ask(NAME, v=moment))["content"]["site"]["version"] == version
        assert loaded == [ten, eleven], "none is loaded twice"
        refused = await seen.refusal(NAME, v=eleven)
        assert refused["message"] == f"Version {eleven[:12]} has 1 problem, and is not served."


async def test_a_date_stands_for_the_same_version_wherever_one_can_be_named(repository):
    ten, _, twelve = in_three_hours(repository)
    text = """query ($v: String!, $other: String) { version(ref: $v) { id }
        changes(from: $v, to: $other) { nodes { key fields { before after } } } }"""
    with following(repository) as seen:
        found = await seen.ask(text, v=at(11, 30), other=at(12, 30))
        assert found["version"]["id"] == ten
        [change] = found["changes"]["nodes"]
        assert [field["before"] for field in change["fields"]] == ['"Ten"']
        assert (await seen.ask(text, v=twelve, other=at(11, 30)))["changes"]["nodes"][0]["key"] == "moon-hiccups"


async def test_a_date_at_which_only_refused_versions_were_there_names_none(tmp_path):
    repository = Repository(tmp_path / "content.git", bare=True)
    bad = commit(repository, 10, in_content(world.files()) | broken())
    commit(repository, 11, broken() | in_content({"README.md": "still"}))
    commit(repository, 12, moon("Twelve"))
    with following(repository) as seen:
        for moment in (at(10, 30), at(11, 30)):
            for _ in range(2):
                refused = await seen.refusal(NAME, v=moment)
                assert refused["code"] == "VERSION_NOT_AVAILABLE"
                assert refused["message"].startswith(f"`{moment}` names no version that can be read: those from before")
        assert "nothing was live then" in (await seen.refusal(NAME, v=at(9)))["message"]
        assert (await marks(seen))[bad] is True


async def test_a_commit_that_left_the_content_as_it_was_is_passed_over_with_its_version(repository, loaded):
    ten = commit(repository, 10, moon("Ten"))
    eleven = commit(repository, 11, broken())
    beside = repository.commit({"README": "beside"}, date="1795345500 +0000")  # a quarter past eleven
    commit(repository, 12, moon("Twelve"))
    with following(repository) as seen:
        assert (await seen.ask(NAME, v=at(11, 30)))["content"]["site"]["version"] == ten
        assert beside[:12] in (await seen.refusal(NAME, v=beside))["message"]
        assert loaded == [eleven, ten]


async def test_only_so_many_refused_versions_are_passed_over(repository, loaded, monkeypatch):
    monkeypatch.setattr(archives, "PASSED_OVER", 3)
    commit(repository, 6, moon("Six"))
    bad = [commit(repository, hour, in_content({MOON: f"{{{hour}"})) for hour in (7, 8, 9, 10)]
    commit(repository, 12, moon("Twelve"))
    with following(repository) as seen:
        assert "as far as 3 versions back" in (await seen.refusal(NAME, v=at(10, 30)))["message"]
        assert loaded == bad[:0:-1]
        assert (await seen.ask(NAME, v=at(8, 30)))["content"]["condition"]["name"] == "Six"


async def test_more_versions_are_passed_over_than_an_operation_may_have_loaded(repository, loaded):
    one = commit(repository, 1, moon("One"))
    for hour in range(2, 22):
        commit(repository, hour, in_content({MOON: f"{{{hour}"}))
    commit(repository, 22, moon("Late"))
    with following(repository, kept_versions=0) as seen:
        assert (await seen.ask(NAME, v=at(21, 30)))["content"]["condition"]["name"] == "One"
        assert loaded.count(one) == 1, "it is held until it is read, where none is kept"
        assert not seen.publisher.archive._held


async def test_who_looks_for_long_is_told_to_come_again_and_finds_it_then(repository, loaded):
    ten, eleven, _ = in_three_hours(repository)
    with following(repository) as seen:
        seen.publisher.archive.queue.waits = Waits(load_seconds=-1)
        refused = await seen.refusal(NAME, v=at(11, 30))
        assert (refused["code"], loaded) == ("OVERLOADED", [])
        seen.publisher.archive.queue.waits = Waits()
        assert (await seen.ask(NAME, v=at(11, 30)))["content"]["site"]["version"] == ten
        assert loaded == [eleven, ten]


async def test_those_who_ask_for_the_same_moment_together_have_each_version_loaded_once(repository, loaded):
    ten, eleven, _ = in_three_hours(repository)
    with following(repository) as seen:
        found = await asyncio.gather(*(seen.ask(NAME, v=at(11, minute)) for minute in range(5)))
        assert {each["content"]["site"]["version"] for each in found} == {ten}
        assert loaded == [eleven, ten]


async def test_what_could_not_be_checked_in_time_is_no_reason_to_tell_an_older_moment(repository, monkeypatch):
    """It may have been live: to answer from an older version would be a guess."""
    in_three_hours(repository)
    with following(repository) as seen:
        monkeypatch.setattr(seen.publisher.archive, "limits", Limits(seconds=-1))
        assert "has 1 problem" in (await seen.refusal(NAME, v=at(10, 30)))["message"]
        monkeypatch.setattr(seen.publisher.archive, "limits", Limits())
        repository.tag("something-moved")
        await seen.publisher.look()
        assert (await seen.ask(NAME, v=at(10, 30)))["content"]["condition"]["name"] == "Ten"


async def test_what_is_larger_than_is_read_is_passed_over_too(repository):
    ten = commit(repository, 10, moon("Ten"))
    deep = f"{'down/' * 20}notes.json"
    large = commit(repository, 11, in_content({deep: "{}"}))
    commit(repository, 12, in_content({deep: None}))
    commit(repository, 13, moon("Thirteen"))
    with following(repository) as seen:
        assert "has 1 problem" in (await seen.refusal(NAME, v=large))["message"]
        assert (await seen.ask(NAME, v=at(11, 30)))["content"]["site"]["version"] == ten


# ---- what is told of those that were refused


async def test_a_version_that_was_refused_is_marked_once_a_later_one_mends_it(repository, loaded):
    with following(repository) as seen:
        first = seen.live
        bad = await seen.push(broken())
        assert list(await marks(seen)) == [first]
        good = await seen.push(moon("Mended"))
        assert await marks(seen) == {good: False, bad: True, first: False}
        text = """query ($v: String!) { version(ref: $v) { refused }
            condition(key: "moon-hiccups") { history { id refused } } }"""
        found = await seen.ask(text, v=bad[:12])
        assert found["version"] == {"refused": True}
        assert {each["id"]: each["refused"] for each in found["condition"]["history"]} == await marks(seen)
        refused = await seen.refusal(NAME, v=bad)
        assert refused["message"] == f"Version {bad[:12]} has 1 problem, and is not served."
        assert refused["hint"] == "`versions` marks those that are known to be `refused`."
        assert not loaded, "it was read when it was pushed"


async def test_what_is_not_known_after_a_restart_is_known_when_somebody_has_opened_it(repository):
    ten, eleven, twelve = in_three_hours(repository)
    with following(repository) as seen:
        first = repository.git("rev-parse", f"{ten}^")
        assert await marks(seen) == {twelve: False, eleven: None, ten: None, first: None}
        await seen.refusal(NAME, v=eleven)
        assert await marks(seen) == {twelve: False, eleven: True, ten: None, first: None}
        await seen.push(moon("Later"))
        assert (await marks(seen))[eleven] is True


async def test_what_a_restart_passes_over_is_marked(repository):
    with following(repository) as seen:
        await seen.publisher.look()
    bad = repository.commit(broken())
    with following(repository) as seen:
        assert seen.current.refusal.version.id == bad
        await seen.push(moon("Mended"))
        assert (await marks(seen))[bad] is True


async def test_a_date_knows_of_what_was_refused_for_what_it_left_out(repository, loaded):
    """Alone it has no problems: that something vanished without notice is seen beside what was live."""
    new = {GLOW: {"/id": "glow", "/text/en/slug": "glow"}}
    glow = {"symptoms/glow.json": world.edited(new)[GLOW]}
    ten = commit(repository, 10, in_content(glow))
    with following(repository) as seen:
        bad = commit(repository, 11, in_content(dict.fromkeys(glow)))
        await seen.publisher.look()
        assert seen.live == ten
        commit(repository, 12, in_content(glow) | moon("Twelve"))
        await seen.publisher.look()
        assert (await seen.ask(NAME, v=at(11, 30)))["content"]["site"]["version"] == ten
        assert (await seen.refusal(NAME, v=bad))["code"] == "VERSION_NOT_AVAILABLE"
        assert not loaded


async def test_no_more_is_remembered_than_so_much(repository, monkeypatch):
    monkeypatch.setattr(archives, "REMEMBERED", 2)
    with following(repository) as seen:
        bad = [await seen.push(in_content({MOON: f"{{{number}"})) for number in range(4)]
        await seen.push(moon("Mended"))
        known = await marks(seen)
        assert [known[version] for version in bad] == [None, None, True, True]


async def test_what_is_refused_while_what_leads_to_it_is_live_is_told_in_answers_that_are_kept(repository):
    _, eleven, _ = in_three_hours(repository)
    with following(repository) as seen:
        seen.delivery = delivery(seen.current, seen.publisher.archive, Answers(1_000_000))
        for expected in (None, True):
            assert (await marks(seen))[eleven] is expected
            assert (await marks(seen))[eleven] is expected, "from the answer that was kept"
            assert seen.delivery.answers.reused > 0
            await seen.refusal(NAME, v=eleven)


async def test_an_answer_that_says_whether_a_version_was_refused_is_not_good_for_ever(repository):
    ten, _, _ = in_three_hours(repository)
    text = """query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { history { %s } } } }"""
    with following(repository) as seen:
        assert (await seen.reply(text % "message", v=ten)).pinned
        reply = await seen.reply(text % "refused", v=ten)
        assert (reply.pinned, "version" in reply.tags) == (False, True)
