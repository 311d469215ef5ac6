"""Pages of lists, forwards and backwards, and the version that a cursor carries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.graph.identifiers import cursor
from tests import generator
from tests.graph.asking import ask, edition_with, refusal, world_edition
from tests.world.snapshot import MemorySnapshot

COUNT = 130  # more than the largest page
PAGE = """query($where: ConditionFilter, $orderBy: [EntityOrder!],
        $first: Int, $after: String, $last: Int, $before: String) {
    conditions(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { key } edges { cursor node { key } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }"""


@cache
def many() -> Edition:
    return load(MemorySnapshot(generator.generate(conditions=COUNT, symptoms=5, causes=5, treatments=5, cautions=5)))


def page(on: Edition | None = None, **arguments: Any) -> Any:
    return ask(PAGE, on or many(), **arguments)["conditions"]


def keys(found: Any) -> list[str]:
    return [node["key"] for node in found["nodes"]]


@cache
def all_keys() -> tuple[str, ...]:
    return tuple(keys(page(first=100)) + keys(page(last=30)))


def forwards(size: int, **arguments: Any) -> Iterator[Any]:
    after = None
    for _ in range(COUNT + 1):
        found = page(first=size, after=after, **arguments)
        assert found["nodes"] or after is None, "the page before said that there was more"
        yield found
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]
    raise AssertionError("there is always a next page")


def backwards(size: int, **arguments: Any) -> Iterator[Any]:
    before = None
    for _ in range(COUNT + 1):
        found = page(last=size, before=before, **arguments)
        assert found["nodes"] or before is None, "the page before said that there was more"
        yield found
        if not found["pageInfo"]["hasPreviousPage"]:
            return
        before = found["pageInfo"]["startCursor"]
    raise AssertionError("there is always a previous page")


SIZES = st.integers(1, 100) | st.sampled_from([1, COUNT // 2, 65, 99, 100])
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "where": st.sampled_from([None, {}, {"kind": {"eq": "DISEASE"}}, {"name": {"contains": "G"}}]),
        "orderBy": st.sampled_from([None, [], [{"field": "KEY", "direction": "DESC"}], [{"field": "SLUG"}]]),
    },
)


def slow(size: int) -> bool:
    return size < 10  # a page of one is read 130 times: once, below, is enough


@settings(max_examples=15)  # each reads up to 26 pages
@given(SIZES.filter(lambda size: not slow(size)), ARGUMENTS)
def test_pages_cover_every_item_once_in_either_direction(size, arguments):
    there = list(forwards(size, **arguments))
    back = list(backwards(size, **arguments))
    expected = [key for found in there for key in keys(found)]
    assert len(set(expected)) == len(expected) == there[0]["totalCount"]
    assert [key for found in reversed(back) for key in keys(found)] == expected
    for pages in (there, back):
        assert all(found["totalCount"] == len(expected) for found in pages)
        assert all(len(keys(found)) == size for found in pages[:-1])
    assert [found["pageInfo"]["hasPreviousPage"] for found in there] == [index > 0 for index in range(len(there))]
    assert [found["pageInfo"]["hasNextPage"] for found in back] == [index > 0 for index in range(len(back))]


def test_pages_of_one_cover_every_item_too():
    where = {"where": {"kind": {"eq": "SYNDROME"}, "name": {"contains": "a"}}}
    there = [keys(found)[0] for found in forwards(1, **where)]
    assert there == [keys(found)[0] for found in backwards(1, **where)][::-1]
    assert len(there) > 20


@settings(max_examples=50)
@example(after=COUNT - 1, before=0, size=1, from_the_end=False)
@given(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), SIZES, st.booleans())
def test_a_page_between_two_cursors_is_cut_from_what_lies_between_them(after, before, size, from_the_end):
    every = list(all_keys())
    version = many().version.id
    arguments: dict[str, Any] = {
        "after": cursor(version, f"condition/{every[after]}"),
        "before": cursor(version, f"condition/{every[before]}"),
        ("last" if from_the_end else "first"): size,
    }
    between = every[after + 1 : before]
    expected = between[-size:] if from_the_end else between[:size]
    found = page(**arguments)
    assert keys(found) == expected
    assert found["totalCount"] == COUNT
    if expected:
        assert found["pageInfo"]["hasPreviousPage"] is (every.index(expected[0]) > 0)
        assert found["pageInfo"]["hasNextPage"] is (every.index(expected[-1]) < COUNT - 1)
    else:  # an empty page stands right after `after`
        assert found["pageInfo"]["hasPreviousPage"] is True
        assert found["pageInfo"]["hasNextPage"] is (after < COUNT - 1)


def test_a_page_has_twenty_items_when_nothing_is_said():
    found = page()
    assert keys(found) == list(all_keys()[:20])
    assert page(first=None, last=None, after=None, before=None, where=None, orderBy=None) == found
    assert [edge["node"]["key"] for edge in found["edges"]] == keys(found)
    assert found["edges"][0]["cursor"] == found["pageInfo"]["startCursor"]
    assert found["edges"][-1]["cursor"] == found["pageInfo"]["endCursor"]


def test_an_empty_list_has_a_page_without_cursors():
    found = page(where={"key": {"eq": "nothing"}})
    assert found == {
        "totalCount": 0,
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


def test_a_page_is_counted_from_one_end():
    assert refusal(PAGE, many(), first=1, last=1).code == "BAD_USER_INPUT"


# --- Cursors ---------------------------------------------------------------------------------------------------------


def test_a_cursor_carries_the_version_it_was_made_in():
    place = page(first=1)["pageInfo"]["endCursor"]
    error = refusal(PAGE, world_edition(), after=place)
    assert error.code == "VERSION_NOT_AVAILABLE"
    assert many().version.id[:12] in str(error)


def test_a_cursor_of_the_version_before_is_not_taken_for_one_of_this():
    edition = edition_with({"conditions/moon-hiccups.json": {"/text/en/name": "Hiccups of the moon"}})
    place = page(edition, first=1)["pageInfo"]["endCursor"]
    for name in ("after", "before"):
        assert refusal(PAGE, **{name: place}).code == "VERSION_NOT_AVAILABLE"
    assert keys(page(edition, after=place)) == ["star-sneezes"]


def test_a_cursor_of_another_list_is_refused():
    version = world_edition().version.id
    disease = {"kind": {"eq": "DISEASE"}}
    for key in ("symptom/glowing-ears", "condition/star-sneezes", "condition/cloud-yawns", "nothing"):
        error = refusal(PAGE, where=disease, after=cursor(version, key))
        assert error.code == "BAD_CURSOR"
        assert "Keep `where`" in error.hint


def test_a_cursor_that_is_none_is_refused():
    for place in ("", "0", "YXJyYXljb25uZWN0aW9uOjE="):
        assert refusal(PAGE, after=place).code == "BAD_CURSOR"
        assert refusal(PAGE, before=place).code == "BAD_CURSOR"
