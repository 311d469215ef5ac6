"""The list of recalls, and recalls seen through the graph."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from content_api.content.edition import Edition
from content_api.content.noted import noting
from content_api.content.recalled import described, recalled_as
from content_api.graph.scalars import DATE_TIME
from tests import world
from tests.graph.asking import ask, edition_with, result, world_edition

LIST = """query Recalls($since: DateTime) {
  recalls(since: $since) { kind key reason since replacement { kind key entity { name } } }
}"""
TEA = {
    "id": "treatment/quiet-tea",
    "reason": {"en": "Too loud.", "de": "Zu laut."},
    "since": "2026-11-20T11:00:00+01:00",
    "replacement": "treatment/warm-socks",
}
EARS = {"id": "symptom/left-ear-glow", "reason": {"en": "A lamp."}, "since": "2026-11-21T00:00:00Z"}
COMETS = {"id": "cause/late-comets", "reason": {"en": "Punctual."}, "since": "2026-11-21T00:00:00Z"}


def recalling(*recalls: dict[str, object]) -> Edition:
    return edition_with({"recalls.json": {"/recalls": list(recalls)}})


def listed(since: str | None = None) -> list[str]:
    return [recall["key"] for recall in ask(LIST, recalling(TEA, EARS, COMETS), since=since)["recalls"]]


def test_nothing_is_recalled_until_something_is():
    assert ask(LIST)["recalls"] == []


def test_a_recall_says_what_why_when_and_what_instead():
    [ears, tea] = ask(LIST, recalling(TEA, EARS))["recalls"]
    assert tea == {
        "kind": "TREATMENT",
        "key": "quiet-tea",
        "reason": "Too loud.",
        "since": "2026-11-20T10:00:00Z",
        "replacement": {"kind": "TREATMENT", "key": "warm-socks", "entity": {"name": "Warm socks"}},
    }
    assert (ears["key"], ears["replacement"]) == ("left-ear-glow", None)


def test_the_newest_recall_comes_first_and_those_of_one_moment_by_kind_and_key():
    assert listed() == ["late-comets", "left-ear-glow", "quiet-tea"]


@pytest.mark.parametrize(
    ("since", "left"),
    [
        ("2026-11-20T10:00:00Z", 3),  # the moment itself
        ("2026-11-20T12:30:00+02:30", 3),  # the same in another zone
        ("2026-11-20T10:00:01Z", 2),
        ("2026-11-21T00:00:01Z", 0),
    ],
)
def test_recalls_since_a_moment_are_those_made_then_or_later(since, left):
    assert len(listed(since)) == left


@pytest.mark.parametrize("since", ["2026-11-20T10:00:00", "2026-11-20", "yesterday", "", 1_700_000_000])
def test_a_moment_without_a_day_a_time_and_a_zone_is_refused_with_one_that_is_right(since):
    [error] = result(LIST, since=since).errors
    assert "A moment is a day and time with its zone, as in `2026-11-22T09:00:00Z`." in error.message


def test_a_moment_is_answered_in_utc_and_read_back_as_it_was():
    moment = datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=UTC)
    assert DATE_TIME.serialize(moment) == "2026-11-22T09:00:00.000001Z"
    assert DATE_TIME.parse_value(DATE_TIME.serialize(moment)) == moment


# --- What an answer lacks --------------------------------------------------------------------------------------------


def noted(text: str, on: Edition) -> list[str]:
    with noting() as found:
        ask(text, on)
    return [told["key"] for told in described(found.recalled, on)]


@pytest.mark.parametrize(
    "text",
    [
        '{ search(text: "quiet tea") { totalCount } }',
        "{ treatments { totalCount } }",
        '{ treatments(where: { name: { eq: "Quiet tea" } }) { totalCount } }',
        '{ treatment(slug: "quiet-tea") { name } }',
        '{ condition(key: "moon-hiccups") { treatments { treatment { key } } } }',
        '{ content(locale: "de") { treatment(key: "quiet-tea") { name } } }',
    ],
)
def test_an_answer_that_lacks_what_was_recalled_can_say_so(text):
    assert noted(text, recalling(TEA)) == ["treatment/quiet-tea"]
    later = recalled_as(world_edition(), recalling(TEA).recalls)
    assert noted(text, later) == ["treatment/quiet-tea"]


@pytest.mark.parametrize(
    "text",
    [
        '{ search(text: "hiccups", kinds: [CONDITION]) { totalCount } }',
        "{ conditions { totalCount } }",
        '{ treatments(where: { name: { eq: "Warm socks" } }) { totalCount } }',
        '{ condition(key: "moon-hiccups") { name } }',
        "{ recalls { key } }",
    ],
)
def test_an_answer_that_would_not_have_it_says_nothing(text):
    assert noted(text, recalling(TEA)) == []


def test_the_id_of_a_recalled_entity_is_noted():
    id = ask('{ treatment(key: "quiet-tea") { id } }')["treatment"]["id"]
    for field in (f'node(id: "{id}")', f'nodes(ids: ["{id}"])'):
        assert noted(f"{{ {field} {{ id }} }}", recalling(TEA)) == ["treatment/quiet-tea"]


def test_no_search_finds_what_a_later_version_recalled():
    text = '{ search(text: "quiet tea") { totalCount nodes { key } } }'
    before = ask(text, world_edition())["search"]
    later = ask(text, recalled_as(world_edition(), recalling(TEA).recalls))["search"]
    assert before["nodes"][0]["key"] == "quiet-tea"
    assert "quiet-tea" not in [node["key"] for node in later["nodes"]]
    assert later["totalCount"] == len(later["nodes"])


def test_an_older_version_shows_nothing_without_the_warning_that_a_later_one_replaces():
    old = edition_with({"cautions/all-made-up.json": world.REMOVED})
    recall = {"id": "caution/ask-first", "replacement": "caution/all-made-up", "reason": {"en": "Ask whom?"}}
    live = recalling(recall | {"since": "2026-11-21T00:00:00Z"})
    text = '{ treatment(key: "quiet-tea") { requiredCautions { key } } symptom(key: "left-ear-glow") { key } }'
    assert ask(text, live)["treatment"] == {"requiredCautions": [{"key": "all-made-up"}]}
    later = recalled_as(old, live.recalls)
    assert ask(text, later) == {"treatment": None, "symptom": {"key": "left-ear-glow"}}
    with noting() as found:
        ask(text, later)
    [told] = described(found.recalled, later)
    assert (told["key"], told["replacement"]) == ("caution/ask-first", "caution/all-made-up")
    assert told["withheld"] == ["treatment/quiet-tea"]
