"""Which problems are about drafts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.problems import ContentRefused
from tests import world
from tests.content.refusal import world_edition
from tests.world import REMOVED
from tests.world.hushed import KINDS, MARK, TRANSLATED, hushed_files
from tests.world.snapshot import MemorySnapshot

MOON = "conditions/moon-hiccups.json"
YAWNS = "conditions/cloud-yawns.json"  # a draft
SNEEZES = "conditions/star-sneezes.json"
COMETS = "causes/late-comets.de.json"
ASK = "cautions/ask-first.json"
GLOW = "symptoms/left-ear-glow.json"
SOCKS = "treatments/warm-socks.json"
NOT_CHECKED = {"/text/de/translation": {"status": "DRAFT"}}


def refused(edits: dict[str, world.Edit], files: dict[str, bytes] | None = None) -> ContentRefused:
    changed = world.edited(edits) | (files or {})
    with pytest.raises(ContentRefused) as found:
        load(MemorySnapshot(changed))
    assert found.value.problems
    return found.value


def private(edits: dict[str, world.Edit], files: dict[str, bytes] | None = None) -> set[str]:
    """Paths of the problems that are private."""
    return {problem.path for problem in refused(edits, files).private}


def test_what_is_wrong_with_something_that_is_published_is_for_everybody():
    for edit in ({"/state": "NONE"}, {"/text/en/slug": "Not A Slug"}, {"/symptoms/0/symptom": "nothing"}):
        assert private({MOON: edit}) == set()
    assert private({}, {MOON: world.files()[MOON][:-3]}) == set(), "what cannot be read"


@pytest.mark.parametrize(
    "edit", [{"/text/en/slug": "Not A Slug"}, {"/unknown": 1}, {"/related": [{"condition": "nothing"}]}]
)
def test_what_is_wrong_with_a_draft_is_not(edit):
    assert private({YAWNS: edit, MOON: {"/state": "NONE"}}) == {YAWNS}


def test_a_draft_that_is_no_json_is_one():
    assert private({}, {YAWNS: world.files()[YAWNS][:-3]}) == {YAWNS}


def test_nor_is_what_names_a_draft_in_its_words():
    found = refused({SNEEZES: {"/text/en/slug": "cloud-yawns"}, MOON: {"/symptoms/0/symptom": "nothing"}})
    assert {problem.path for problem in found.private} == {SNEEZES, YAWNS}
    assert [problem.path for problem in found.problems if problem not in found.private] == [MOON]


def test_nor_is_a_text_that_nobody_has_checked():
    published = {SOCKS: {"/text/de/slug": "Kein Name"}}
    assert private(published) == set()
    unchecked = {SOCKS: published[SOCKS] | NOT_CHECKED | {"/state": "NONE"}}
    found = refused(unchecked)
    assert [problem.pointer for problem in found.private] == ["/text/de/slug"]
    assert [problem.pointer for problem in found.problems if problem not in found.private] == ["/state"]


def test_of_what_is_gone_it_counts_what_it_was():
    before = world_edition().library.records
    gone = world.edited({YAWNS: REMOVED, GLOW: REMOVED, MOON: {"/symptoms/1": REMOVED}})
    assert YAWNS not in gone
    with pytest.raises(ContentRefused) as found:
        load(MemorySnapshot(gone), known=world_edition(), before=before)
    assert {problem.path for problem in found.value.problems} == {YAWNS, GLOW, ASK}
    assert {problem.path for problem in found.value.private} == {YAWNS, ASK}, "it applies to the draft, and says so"


@pytest.mark.parametrize("known", [None, world_edition()])
def test_where_it_does_not_say_what_it_is_it_is_what_it_was_or_may_be_a_draft(known):
    for path, was in ((MOON, "PUBLISHED"), (YAWNS, "DRAFT")):
        with pytest.raises(ContentRefused) as found:
            load(MemorySnapshot(world.files() | {path: b"{"}), known=known)
        told = [problem.path for problem in found.value.problems if problem not in found.value.private]
        assert (path in told) == (known is not None and was == "PUBLISHED")


# ---- whatever is wrong with drafts, no word of them is told

BEFORE = load(MemorySnapshot(hushed_files()))
FILES = {f"{kind}s/hushed-{kind}.json": f"hushed-{kind}" for kind in KINDS}
STAR = "conditions/star-sneezes.json"  # of which the German text is a draft


def told(files: dict[str, bytes | None], *, known: Edition | None = BEFORE) -> str:
    """What is told to everybody of a version with these changes; nothing, where it has no problem."""
    changed = {path: data for path, data in (hushed_files() | files).items() if data is not None}
    try:
        load(MemorySnapshot(changed), known=known, before=BEFORE.library.records)
    except ContentRefused as refused:
        return "\n".join(repr(problem) for problem in refused.problems if problem not in refused.private)
    return ""


def leaks(said: str) -> list[str]:
    return [word for word in (MARK, TRANSLATED, *FILES.values()) if word in said.lower()]


def pointers(value: Any, place: str = "") -> Iterator[str]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from pointers(part, f"{place}/{name}")


@pytest.mark.parametrize("path", [*FILES, STAR])
@pytest.mark.parametrize("wrong", ["NONE of these", {"unknown": 1}, REMOVED])
def test_whatever_stands_wrong_in_a_draft_is_told_to_nobody(path: str, wrong: Any):
    document = json.loads(hushed_files()[path])
    places = [place for place in pointers(document) if place and (path != STAR or place.startswith("/text/de/"))]
    for place in places:
        edited = world.edited({path: {place: wrong}}, hushed_files())[path]
        said = told({path: edited})
        if place != "/state":  # what is no draft any more is one that is published, or one that nobody knows
            assert leaks(said) == [], (place, said)
    assert len(places) > 10


@pytest.mark.parametrize("path", FILES)
def test_a_draft_that_is_cut_or_goes_is_told_to_nobody(path: str):
    data = hushed_files()[path]
    for length in range(0, len(data), 97):
        for known in (BEFORE, None):
            assert leaks(told({path: data[:length]}, known=known)) == []
    assert leaks(told({path: None})) == []
    assert leaks(told({path: None, "redirects.json": b'{"redirects": []}'})) == []


def test_what_names_a_draft_is_told_to_nobody():
    for path, name in FILES.items():
        kind = name.removeprefix("hushed-")
        for wrong in (name, name[:-1], f"{kind}/{name}"):
            for other in world.files():
                if other.endswith(".json") and b'"PUBLISHED"' in world.files()[other]:
                    edited = world.edited({other: {"/text/en/slug": wrong}}, hushed_files())[other]
                    assert leaks(told({other: edited})) in ([], [wrong] if wrong == name[:-1] else []), (path, other)
