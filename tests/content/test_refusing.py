"""Which problems are about drafts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.problems import ContentRefused, Problem
from content_api.content.refusing import private, refusal_as_too_large
from content_api.errors import ObjectUnreadable, SnapshotTooLarge
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
        load(MemorySnapshot(changed), known=world_edition())
    assert found.value.problems
    return found.value


def withheld(edits: dict[str, world.Edit], files: dict[str, bytes] | None = None) -> set[str]:
    """Paths of the problems that are private."""
    return {problem.path for problem in refused(edits, files).private}


def test_what_is_wrong_with_something_that_is_published_is_for_everybody():
    for edit in ({"/state": "NONE"}, {"/text/en/slug": "Not A Slug"}, {"/symptoms/0/symptom": "nothing"}):
        assert withheld({MOON: edit}) == set()
    assert withheld({}, {MOON: world.files()[MOON][:-3]}) == set(), "what cannot be read"


@pytest.mark.parametrize(
    "edit", [{"/text/en/slug": "Not A Slug"}, {"/unknown": 1}, {"/related": [{"condition": "nothing"}]}]
)
def test_what_is_wrong_with_a_draft_is_not(edit):
    assert withheld({YAWNS: edit, MOON: {"/state": "NONE"}}) == {YAWNS}


def test_a_draft_that_is_no_json_is_one():
    assert withheld({}, {YAWNS: world.files()[YAWNS][:-3]}) == {YAWNS}


def test_nor_is_what_names_a_draft_in_its_words():
    found = refused({SNEEZES: {"/text/en/slug": "cloud-yawns"}, MOON: {"/symptoms/0/symptom": "nothing"}})
    assert {problem.path for problem in found.private} == {SNEEZES, YAWNS}
    assert [problem.path for problem in found.problems if problem not in found.private] == [MOON]


def test_nor_is_a_text_that_nobody_has_checked():
    published = {SOCKS: {"/text/de/slug": "Kein Name"}}
    assert withheld(published) == set()
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
            load(MemorySnapshot(world.edited({path: {"/state": REMOVED}})), known=known)
        told = [problem.path for problem in found.value.problems if problem not in found.value.private]
        assert (path in told) == (known is not None and was == "PUBLISHED")


# ---- whatever is wrong with drafts, no word of them is told


def beside_drafts() -> dict[str, bytes]:
    """The hushed world, with a draft that alone names a source and a person, and a section that only drafts have."""
    files = hushed_files()
    condition = json.loads(files["conditions/hushed-condition.json"])
    condition["citations"] = [condition["citations"][0] | {"source": "hushed-trial", "supports": []}]
    source = next(json.loads(data) for path, data in files.items() if path.startswith("sources/"))
    condition["text"]["en"]["slug"] = "hushed-slug"
    star = json.loads(files[STAR])
    star["text"]["de"]["sections"][0]["key"] = star["text"]["en"]["sections"][0]["key"]
    return files | {
        "conditions/hushed-condition.json": world.as_bytes(condition),
        "sources/hushed-trial.json": world.as_bytes(source | {"id": "hushed-trial"}),
    }


STAR = "conditions/star-sneezes.json"  # of which the German text is a draft
HUSHED_FILES = beside_drafts()
BEFORE = load(MemorySnapshot(HUSHED_FILES))
FILES = {f"{kind}s/hushed-{kind}.json": f"hushed-{kind}" for kind in KINDS}
SECRET = (MARK, TRANSLATED, *FILES.values(), "hushed-trial", "hushed-slug", "secret-plan")
SECRET_PLAN = HUSHED_FILES["conditions/hushed-condition.json"].replace(b"hushed-condition", b"secret-plan")


def told(files: Mapping[str, bytes | None], *, known: Edition | None = BEFORE) -> str | None:
    """What is told to everybody of a version with these changes; None where nothing is wrong with it."""
    changed = {path: data for path, data in (HUSHED_FILES | files).items() if data is not None}
    try:
        load(MemorySnapshot(changed), known=known, before=BEFORE.library.records)
    except ContentRefused as refused:
        return "\n".join(repr(problem) for problem in refused.problems if problem not in refused.private)
    return None


def edited(path: str, *edits: tuple[str, Any]) -> dict[str, bytes]:
    return {path: world.edited({path: dict(edits)}, HUSHED_FILES)[path]}


def leaks(said: str | None) -> list[str]:
    """The secrets in what is told of a version, which must have been refused."""
    assert said is not None, "nothing is wrong"
    return [word for word in SECRET if word in said.lower()]


def pointers(value: Any, place: str = "") -> Iterator[str]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from pointers(part, f"{place}/{name}")


BROKEN = ("/text/en/slug", f"A {MARK} slug")
BROKEN_GERMAN = ("/text/de/slug", f"Ein {MARK}")


@pytest.mark.parametrize("path", [*FILES, STAR])
@pytest.mark.parametrize("wrong", ["NONE of these", {"unknown": 1}, REMOVED])
def test_whatever_stands_wrong_in_a_draft_is_told_to_nobody(path: str, wrong: Any):
    document = json.loads(HUSHED_FILES[path])
    places = [place for place in pointers(document) if place and (path != STAR or place.startswith("/text/de/"))]
    besides = BROKEN_GERMAN if path == STAR else BROKEN
    for place in places:
        if not besides[0].startswith(place):
            assert leaks(told(edited(path, besides, (place, wrong)))) == [], place
    assert len(places) > 10


@pytest.mark.parametrize(
    "state", ["draft", "Draft", "", " DRAFT", "DRAFT ", None, 1, ["DRAFT"], {"DRAFT": 1}, "HIDDEN"]
)
@pytest.mark.parametrize("known", [BEFORE, None])
def test_a_draft_whose_state_is_misspelt_is_one(state: Any, known: Edition | None):
    for path in FILES:
        assert leaks(told(edited(path, ("/state", state), BROKEN), known=known)) == []
    new = world.edited({"conditions/secret-plan.json": {"/state": state}}, {"conditions/secret-plan.json": SECRET_PLAN})
    assert leaks(told(new, known=known)) == []


def test_a_file_that_says_two_things_is_a_draft_if_one_of_them_is():
    conflict = b'<<<<<<< ours\n  "state": "PUBLISHED",\n=======\n  "state": "DRAFT",\n>>>>>>> theirs\n'
    assert leaks(told({"conditions/secret-plan.json": conflict})) == []


@pytest.mark.parametrize(
    "path",
    [
        "conditions/Secret-Plan.json",
        "conditions/secret_plan.json",
        "conditions/secret-plan .json",
        "conditions/secret-plan/secret-plan.json",
        "condition/secret-plan.json",
        "conditions/secret-plan.json.orig",
        "conditions/secret-plan.de_DE.json",
        "conditions/secret-plan.de.json",
        "Conditions/hushed-condition.json",
        "conditions/Hushed-Condition.json",
        "secret-plan.json",
        "secret-plan\u00e9.json",
    ],
)
@pytest.mark.parametrize("data", [SECRET_PLAN, b"", b"{}", SECRET_PLAN.replace(b'"state"', b'"States"')])
def test_a_draft_that_stands_in_a_wrong_place_is_told_to_nobody(path: str, data: bytes):
    assert leaks(told({path: data})) == []


def test_what_says_that_it_is_published_is_told_wherever_it_stands():
    assert "conditions/Moon.json" in (told({"conditions/Moon.json": HUSHED_FILES[MOON]}) or "")


@pytest.mark.parametrize("status", ["draft", "", None, "NONE", REMOVED])
def test_a_text_that_does_not_say_that_it_is_checked_is_a_draft(status: Any):
    for path in (STAR, COMETS):
        place = "/text" if path == COMETS else "/text/de"
        wrong = (f"{place}/slug", f"Ein {MARK}")
        assert leaks(told(edited(path, (f"{place}/translation/status", status), wrong))) == []
        assert leaks(told(edited(path, (f"{place}/translation", REMOVED), wrong))) == []
        cut = world.edited({path: dict([(f"{place}/translation/status", status), wrong])}, HUSHED_FILES)[path][:-3]
        assert leaks(told({path: cut})) == []


def test_a_text_in_a_locale_that_is_none_is_one_that_nobody_has_checked():
    german = json.loads(HUSHED_FILES[STAR])["text"]["de"] | {"slug": f"Ein {MARK}"}
    for locale in ("de_DE", "DE", "german", "de-", ""):
        assert leaks(told(edited(STAR, ("/text/de", REMOVED), (f"/text/{locale}", german)))) == []


def test_what_an_item_says_in_such_a_text_is_told_to_nobody():
    places = [place.removesuffix("/de") for place in pointers(json.loads(HUSHED_FILES[SOCKS])) if place.endswith("/de")]
    place = next(place for place in places if place != "/text")
    for status, is_told in (("CHECKED", True), ("DRAFT", False)):
        said = told(edited(SOCKS, (f"{place}/de", f"{MARK} {{{{name}}}}"), ("/text/de/translation/status", status)))
        assert (leaks(said) != []) is is_told


@pytest.mark.parametrize("path", FILES)
def test_a_draft_that_is_cut_or_goes_is_told_to_nobody(path: str):
    data = HUSHED_FILES[path]
    for length in range(0, len(data), 97):
        for known in (BEFORE, None):
            assert leaks(told({path: data[:length]}, known=known)) == []
    if path != "conditions/hushed-condition.json":
        assert leaks(told({path: None})) == []
    assert leaks(told({path: None, "redirects.json": b"{"})) == []


def test_what_names_a_draft_or_something_in_one_is_told_to_nobody():
    redirects = json.loads(HUSHED_FILES["redirects.json"])
    moves = [("condition/hushed-slug", "condition/moon-hiccups"), ("condition/x", "condition/hushed-conditio")]
    for old, new in moves:
        listed = {"redirects": [*redirects["redirects"], {"from": old, "to": new}]}
        assert leaks(told({"redirects.json": world.as_bytes(redirects | listed)})) == []
    for edit in (
        ("/text/en/slug", "hushed-slug"),
        ("/text/de/slug", TRANSLATED),
        ("/citations/0/source", "hushed-tria"),
        ("/citations/0/source", "hushed-trials"),
        ("/requiredCautions/0", "hushed-cautio"),
        ("/symptoms/0/symptom", "hushed-symptom"),
    ):
        said = told(edited(MOON, edit))
        assert [word for word in leaks(said) if word != edit[1]] == [], edit


def test_a_draft_that_cannot_be_read_is_not_told_by_a_file_that_has_its_id():
    cut = {"conditions/secret-plan.json": SECRET_PLAN[:-3]}
    assert leaks(told(edited(MOON, ("/id", "secret-plan")) | cut)) == []
    assert leaks(told(edited(MOON, ("/id", "secret-plan")))) == ["secret-plan"]


def test_a_section_that_only_a_draft_text_has_is_told_to_nobody():
    wrong = ("/citations/0/supports", ["hushed-slu"])
    for text, is_told in (("de", False), ("en", True)):
        said = told(edited(STAR, (f"/text/{text}/sections/0/key", "hushed-slug"), wrong))
        assert ("Did you mean `hushed-slug`?" in (said or "")) is is_told


def test_what_published_things_are_called_too_is_for_everybody():
    [key, *_] = [section["key"] for section in json.loads(HUSHED_FILES[MOON])["text"]["en"]["sections"]]
    assert key.encode() in HUSHED_FILES["conditions/hushed-condition.json"]
    assert f"Did you mean `{key}`?" in (told(edited(MOON, ("/citations/0/supports", [key[:-1]]))) or "")


@pytest.mark.parametrize(
    ("data", "is_told"),
    [
        (b'{"text": {"translation": {"status": "CHECKED"}}', True),
        (b'{"text": {"translation": {"of": "0", "status" :"SOURCE"', True),
        (b'{"text": {"translation": {"status": "DRAFT"}}', False),
        (b'{"text": {"translation": {"status": "draft"}}', False),
        (b'{"text": {"translation": {"status": 1}}', False),
        (b'{"translation": {"status": "CHECKED"}, "translation": {"status": "DRAFT"}', False),
        (b"[]", False),
        (b"{", False),
        (b"\xff", False),
        (b"", True),
        (None, False),
    ],
)
def test_a_text_that_cannot_be_read_says_by_its_bytes_whether_it_is_checked(data: bytes | None, is_told: bool):
    """What is empty says nothing; of what cannot be read at all nobody knows."""
    problem = Problem(COMETS, 1, 1, "", "json", "It is cut", "It goes on")
    found = private([problem], {COMETS: data}, None, BEFORE.library.records)
    assert (found == frozenset()) is is_told


def test_a_source_that_drafts_alone_name_is_told_to_nobody():
    assert leaks(told(edited("sources/hushed-trial.json", ("/title", 1)))) == []
    used = json.loads(HUSHED_FILES[MOON])["citations"][0]["source"]
    assert f"sources/{used}.json" in (told(edited(f"sources/{used}.json", ("/title", 1))) or "")


def test_a_limit_of_the_tree_tells_the_path_of_nothing_that_may_be_a_draft():
    for path, is_told in (("conditions/hushed-condition.json", False), (MOON, True), ("", True), ("x/y", False)):
        error = SnapshotTooLarge(path, "it is too deep", "it may be less so")
        assert (refusal_as_too_large("here", error, BEFORE.library.records).private == frozenset()) is is_told


# ---- what cannot be read


def test_a_version_is_refused_though_a_file_beside_what_is_wrong_cannot_be_read():
    class Damaged(MemorySnapshot):
        def read(self, blobs):
            for blob in blobs:
                if blob == lost:
                    raise ObjectUnreadable("it is gone")
                yield from super().read([blob])

    main = COMETS.replace(".de", "")
    snapshot = Damaged(HUSHED_FILES | edited(COMETS, ("/unknown", 1)))
    lost = snapshot.entries[main].blob
    with pytest.raises(ContentRefused) as found:
        load(snapshot, known=BEFORE)
    assert [problem.path for problem in found.value.problems] == [COMETS]
    assert found.value.private == frozenset(), "it was published before"
