"""How things stand, taken from a real branch that is followed: what anybody is told, and what stays in the log."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from content_api.delivery.lane import Lane
from content_api.delivery.reuse import Answers
from content_api.errors import OperatorError
from content_api.observe.journal import Journal
from content_api.observe.metrics import Delivered, Figures
from content_api.publish.current import Current, trouble_with
from content_api.publish.making import make_edition
from content_api.publish.purging import Purging
from content_api.standing import Overviews, delivered, figures_of, status_of
from content_api.store.snapshot import Limits
from content_api.web.health import as_json
from content_api.web.known import KnownRequests
from content_api.web.listeners import Listeners
from content_api.web.load import Load
from content_api.web.versions import PAGE_SIZE, Changed
from tests import world
from tests.publish.world import MOON, broken, following, in_content, moon, new_repository
from tests.repositories import ISOLATED, Repository
from tests.world.snapshot import MemorySnapshot

YAWNS = "conditions/cloud-yawns.json"

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)
    return new_repository(tmp_path / "repository")


async def test_what_is_live_is_told_with_the_tags_that_it_has_now(repository):
    with following(repository) as seen:
        assert status_of(seen.current).tags == ()
        repository.tag("spring")
        await seen.publisher.look()
        status = status_of(seen.current)
        assert (status.ready, status.version, status.tags) == (True, seen.live, ("spring",))
        assert status.live_since == seen.current.since
        assert (status.pinned, status.trouble, status.refused) == (False, None, None)


async def test_a_server_that_is_told_to_end_is_not_ready_and_says_why(repository):
    with following(repository) as seen:
        told = as_json(status_of(seen.current, is_ending=True))
        assert (told["ready"], told["reason"], told["version"]) == (False, "The server was told to end.", seen.live)
        assert "reason" not in as_json(status_of(seen.current))


async def test_a_refusal_is_told_whole_and_without_paths_or_addresses(repository):
    with following(repository) as seen:
        refused = await seen.push(broken(), message="A slip\n\nAt length", author="Eve <eve@example.org>")
        status = status_of(seen.current)
        assert status.refused.version == refused
        assert (status.refused.author, status.refused.message) == ("Eve", "A slip")
        assert [(problem.path, problem.pointer) for problem in status.refused.problems] == [(MOON, "/state")]
        text = orjson.dumps(as_json(status)).decode()
        assert str(repository.path) not in text
        assert "@" not in text


async def test_of_a_refusal_what_is_about_drafts_is_counted_and_not_told(repository):
    unreadable = world.edited({YAWNS: {"/text/en/slug": "Not A Slug"}, MOON: {"/state": "NONE"}})
    naming = world.edited({MOON: {"/text/en/slug": "cloud-yawns"}})
    with following(repository) as seen:
        await seen.push(in_content(unreadable))
        status = status_of(seen.current)
        assert [problem.path for problem in status.refused.problems] == [MOON]
        assert status.refused.withheld == len(seen.current.refusal.problems) - 1 > 0
        assert "yawns" not in orjson.dumps(as_json(status)).decode().lower()
        assert figures_of(seen.current, None, 0).problems == len(seen.current.refusal.problems)
        await seen.push(in_content(world.files() | naming))
        status = status_of(seen.current)
        assert (status.refused.problems, status.refused.withheld) == ((), 2)


async def test_an_author_who_is_called_like_an_address_is_told_without_its_host(repository):
    with following(repository) as seen:
        await seen.push(broken(), author="eve@example.org <eve@example.org>")
        assert status_of(seen.current).refused.author == "eve"


async def test_all_problems_are_told_up_to_a_hundred(repository):
    with following(repository) as seen:
        await seen.push(in_content({f"causes/cause-{number}.json": b'{"state": "PUBLISHED"}' for number in range(101)}))
        assert len(status_of(seen.current).refused.problems) == 100


async def test_trouble_is_told_in_words_for_anybody_and_logged_whole(repository):
    with following(repository, ref="main") as seen, capture_logs() as logged:
        repository.git("update-ref", "-d", "refs/heads/main")
        await seen.publisher.look()
        trouble = status_of(seen.current).trouble
        assert trouble.reason == "The branch that is followed is missing."
        assert trouble.since == seen.current.trouble.since
        [entry] = [entry for entry in logged if entry["log_level"] == "error"]
        assert str(repository.path) in entry["reason"]


def errors(kind: type[OperatorError] = OperatorError) -> list[type[OperatorError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in errors(below))]


def test_of_no_error_does_anybody_learn_a_path():
    for kind in errors():
        assert re.fullmatch(r"[A-Z][^/]*\.", kind.public), kind
    trouble = trouble_with(PermissionError(13, "Permission denied", "/srv/content.git/HEAD"))
    assert "/srv" in trouble.reason
    assert trouble.public == "The server cannot read what is published."


async def test_the_overview_lists_versions_newest_first_with_what_they_changed(repository):
    with following(repository) as seen:
        first = seen.live
        second = await seen.push(moon("Second"), message="Second")
        overview = Overviews(seen.current).overview(None)
        assert overview.live.id == second
        assert [one.version.id for one in overview.versions] == [second, first]
        assert [one.changed for one in overview.versions] == [Changed(0, 1, 0), Changed(13, 0, 0)]
        assert (overview.total, overview.first, overview.after) == (2, True, None)


async def test_the_overview_goes_on_behind_a_version_whatever_is_published_meanwhile(repository):
    for number in range(PAGE_SIZE):
        repository.commit(moon(f"Number {number}"), message=f"Number {number}")
    with following(repository) as seen:
        first = Overviews(seen.current).overview(None)
        assert len(first.versions) == PAGE_SIZE
        assert first.after == first.versions[-1].version.id
        await seen.push(moon("Meanwhile"))
        second = Overviews(seen.current).overview(first.after)
        assert [one.version.message for one in second.versions] == ["The small world"]
        assert (second.first, second.after) == (False, None)


async def test_what_a_version_changed_is_counted_once(repository, monkeypatch):
    with following(repository) as seen:
        overviews = Overviews(seen.current)
        first = overviews.overview(None)
        monkeypatch.setattr("content_api.standing.in_numbers", lambda _: pytest.fail("counted again"))
        assert overviews.overview(None).versions == first.versions


async def test_behind_a_version_that_is_nowhere_there_is_nothing(repository):
    with following(repository) as seen:
        await seen.push(moon("Second"))
        for name in ("0" * 40, "main", "", seen.live[:12]):
            assert Overviews(seen.current).overview(name) is None


def test_files_outside_git_have_an_overview_without_a_list():
    current = Current(make_edition(MemorySnapshot(world.files()), Limits()))
    overview = Overviews(current).overview(None)
    assert (overview.total, overview.versions, overview.after) == (0, [], None)
    assert overview.live is current.edition.version


async def test_the_figures_follow_what_happens(repository):
    with following(repository) as seen:
        archive = seen.publisher.archive
        assert figures_of(seen.current, archive, 5.0) == Figures(
            version=seen.live,
            live_since=seen.current.since.timestamp(),
            published=0,
            refused=0,
            publication_seconds=0.0,
            problems=0,
            trouble_since=None,
            pinned=False,
            kept=0,
            loading=0,
            committed=seen.current.edition.version.committed_at.timestamp(),
            started=5.0,
        )
        await seen.push(moon("Second"))
        await seen.push(broken())
        repository.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
        await seen.publisher.look()
        found = figures_of(seen.current, archive, 5.0)
        assert (found.version, found.published, found.refused, found.problems) == (seen.live, 1, 1, 1)
        assert found.publication_seconds > 0
        assert found.trouble_since == seen.current.trouble.since.timestamp()
        assert (found.kept, found.loading) == (1, 0)


async def test_the_log_has_a_line_for_each_publication_and_each_refusal(repository):
    with following(repository) as seen, capture_logs() as logged:
        was = seen.live
        live = await seen.push(moon("Second"), author="\x1b[31mEve <eve@example.org>")
        refused = await seen.push(broken())
        published, told = [entry for entry in logged if "version" in entry]
        assert (published["event"], published["version"], published["entities"]) == ("live", live, 13)
        assert (published["was"], published["pinned"]) == (was, False)
        assert published["author"] == "\N{REPLACEMENT CHARACTER}[31mEve"
        assert published["seconds"] > 0
        assert (told["version"], told["author"], told["problems"]) == (refused, "An Editor", 1)
        assert (told["event"], told["live"]) == ("refused", live)
        assert told["seconds"] > 0
        assert f"content/{MOON}:" in told["report"]


async def test_a_cache_that_cannot_be_told_is_seen_by_everybody(repository):
    purging = Purging.at(["http://127.0.0.1:6081/"])
    with following(repository) as seen:
        assert status_of(seen.current, purging).unpurged is None
        purging.caches[0].trouble_since = seen.current.since
        assert status_of(seen.current, purging).unpurged == seen.current.since
        found = delivered(Answers(), KnownRequests(), Lane(), Load(1), Listeners(), Journal(2), purging)
        assert found == Delivered(*[0] * 13, purge_trouble=True)
