"""Search as a client asks for it. How words are found is tested in tests/content/test_search.py."""

from __future__ import annotations

import pytest

from content_api.content.load import load
from content_api.content.searchable import search_index
from tests import world
from tests.generator import generate
from tests.graph.asking import ask, edition_with, refusal, searchable, world_edition
from tests.world.snapshot import MemorySnapshot

SEARCH = """
query Search($words: String!, $kinds: [EntityKind!], $first: Int, $after: String, $locale: Locale) {
  content(locale: $locale) {
    search(text: $words, kinds: $kinds, first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { key }
      edges { cursor score node { __typename key name } highlights { field text html ranges { start end } } }
    }
  }
}
"""


def search(text, on=None, **variables):
    return ask(SEARCH, on, words=text, **variables)["content"]["search"]


def keys(text, on=None, **variables):
    return [node["key"] for node in search(text, on, **variables)["nodes"]]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("moon hiccups", "moon-hiccups"),
        ("hiccup", "moon-hiccups"),  # another form of the word
        ("hicups", "moon-hiccups"),  # misspelt
        ("lunar singultus", "moon-hiccups"),  # an alternate name
        ("X00.1", "moon-hiccups"),  # a code
        ("warm so", "warm-socks"),  # not yet typed to its end
    ],
)
def test_a_search_finds_what_a_person_means(text, first):
    assert keys(text)[0] == first


def test_a_search_stays_in_its_locale():
    german = search("Mondschluckauf", locale="de")
    assert german["edges"][0]["node"] == {"__typename": "Condition", "key": "moon-hiccups", "name": "Mondschluckauf"}
    assert keys("Mondschluckauf", locale="en") == []


def test_what_falls_back_is_found_in_the_text_that_is_served():
    assert keys("glow of the left ear", locale="de")[0] == "left-ear-glow"
    assert "star-sneezes" in keys("star sneezes", locale="de")
    assert "star-sneezes" not in keys("Sternenniesen", locale="de")  # a draft translation is found by nobody


def test_kinds_narrow_a_search_and_null_does_not():
    assert keys("fire", kinds=["CAUTION"])[0] == "not-near-fire"
    assert {edge["node"]["__typename"] for edge in search("fire", kinds=["CAUTION"])["edges"]} == {"Caution"}
    assert keys("moon hiccups", kinds=None) == keys("moon hiccups")
    assert keys("moon hiccups", kinds=[]) == []


@pytest.mark.parametrize("text", ["Cloud yawns", "Soft humming"])
def test_drafts_and_withdrawn_entities_are_not_found(text):
    assert not {"cloud-yawns", "soft-humming"} & set(keys(text))


def test_a_recalled_entity_is_not_found():
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "A test."}, "since": "2026-01-01T00:00:00Z"}
    assert keys("quiet tea", kinds=["TREATMENT"])[0] == "quiet-tea"
    assert "quiet-tea" not in keys("quiet tea", edition_with({"recalls.json": {"/recalls": [recall]}}))


def test_highlights_mark_what_was_found_and_escape_the_rest():
    edit = {"treatments/warm-socks.json": {"/text/en/name": "Socks & more"}}
    edge = search("socks", edition_with(edit), kinds=["TREATMENT"])["edges"][0]
    found = edge["highlights"][0]
    assert (found["field"], found["html"]) == ("NAME", "<mark>Socks</mark> &amp; more")
    assert [found["text"][part["start"] : part["end"]] for part in found["ranges"]] == ["Socks"]


def test_pages_of_a_search_cover_everything_once():
    edition = searchable(load(MemorySnapshot(generate(200))))
    word = edition.library.records[edition.library.indexes.kinds["condition"][0]].entity.text["en"].name.split()[-1]
    whole = search(word, edition, first=100)
    assert whole["totalCount"] > 3
    found, after = [], None
    while True:
        page = search(word, edition, first=3, after=after)
        assert page["totalCount"] == whole["totalCount"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        found += [edge["node"]["key"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(found) == whole["totalCount"]
    assert found[:100] == [edge["node"]["key"] for edge in whole["edges"]]


def test_a_search_that_finds_nothing_is_an_empty_page():
    page = search("zzzzzz qqqqqq")
    assert (page["totalCount"], page["edges"], page["nodes"]) == (0, [], [])
    none = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page["pageInfo"] == none


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"words": "moon", "after": "nonsense"}, "BAD_CURSOR"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(variables, code):
    assert refusal(SEARCH, **variables).code == code


def test_a_cursor_of_a_list_is_not_one_of_a_search():
    token = ask("{ conditions { pageInfo { endCursor } } }")["conditions"]["pageInfo"]["endCursor"]
    assert refusal(SEARCH, words="moon", after=token).code == "BAD_CURSOR"


def test_an_index_made_from_the_one_before_answers_as_one_made_afresh():
    before = world_edition()
    search_index(before)
    changes = {"treatments/quiet-tea.json": {"/text/en/name": "Loud coffee"}}
    after = load(MemorySnapshot(world.edited(changes)), known=before)
    fresh = searchable(load(MemorySnapshot(world.edited(changes))))
    search_index(after, before)
    for text in ("coffee", "quiet tea", "moon", "ears", "X00.1"):
        assert search(text, after) == search(text, fresh)
    assert keys("coffee", before) == []
