"""Translations in files of their own, and those whose source has moved on."""

from __future__ import annotations

from typing import Any

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.translations import stale_translations
from tests import world
from tests.content.refusal import Told, problems, told
from tests.world import REMOVED, as_bytes, document
from tests.world.snapshot import MemorySnapshot

COMETS = "causes/late-comets.json"
GERMAN = "causes/late-comets.de.json"
MOON = "conditions/moon-hiccups.json"


def edition_of(changes: dict[str, world.Edit]) -> Edition:
    return load(MemorySnapshot(world.edited(changes)))


def inline(content: dict[str, Any]) -> None:
    """Put the German of the file beside it into the entity."""
    german = document(GERMAN)
    content["text"]["de"] = german["text"]
    for item in (*content["examples"], *content["mechanism"]):
        item["text"]["de"] = german["items"][item["key"]]["text"]


def test_a_translation_beside_the_entity_is_as_if_it_were_in_it():
    beside = edition_of({}).library
    within = edition_of({GERMAN: REMOVED, COMETS: inline}).library
    assert beside.records["cause/late-comets"].entity == within.records["cause/late-comets"].entity
    assert beside.indexes == within.indexes
    assert beside.records["cause/late-comets"].entity.text["de"].slug == "spaete-kometen"


def test_a_translation_that_changes_alone_makes_the_entity_anew():
    snapshot = MemorySnapshot(world.edited({GERMAN: {"/text/name": "Sehr späte Kometen"}}))
    later = load(snapshot, known=edition_of({}))
    assert later.library.records["cause/late-comets"].entity.text["de"].name == "Sehr späte Kometen"
    assert snapshot.blobs_read == [snapshot.entries[GERMAN].blob]
    assert later.library == load(snapshot).library


def test_a_translation_that_goes_leaves_the_entity_without_it():
    snapshot = MemorySnapshot(world.edited({GERMAN: REMOVED}))
    later = load(snapshot, known=edition_of({}))
    assert set(later.library.records["cause/late-comets"].entity.text) == {"en"}
    assert later.library == load(snapshot).library


def test_a_problem_in_a_translation_is_told_in_its_own_file():
    found = told({GERMAN: {"/text/summary": "<b>Spät</b>", "/items/waking/text": "Das *Licht*"}})
    assert [(each.path, each.pointer, each.line, each.rule) for each in found] == [
        (GERMAN, "/text/summary", '"summary": "<b>Spät</b>",', "markup_allowed"),
        (GERMAN, "/items/waking/text", '"text": "Das *Licht*"', "markup_allowed"),
    ]


def test_sections_that_differ_are_told_in_the_translation():
    [found] = told({GERMAN: {"/text/sections/0/key": "ueberblick"}})
    assert (found.path, found.pointer, found.line) == (GERMAN, "/text/sections", '"sections": [')


def test_an_item_that_is_not_translated_is_told_at_the_item():
    [found] = told({GERMAN: {"/items/waking": REMOVED}})
    assert (found.path, found.pointer, found.found) == (COMETS, "/mechanism/0/text", "There is no text in `de`")


def test_a_text_for_no_item_is_refused():
    assert told({GERMAN: {"/items/wakking": {"text": "Licht"}, "/items/waking": {"words": "Licht"}}}) == [
        Told(
            GERMAN,
            '"words": "Licht"',
            "/items/waking/words",
            "translations_whole",
            "The item `waking` has no text `words`",
            "Expected text",
        ),
        Told(
            GERMAN,
            '"wakking": {',
            "/items/wakking",
            "translations_whole",
            "`cause/late-comets` has no item with the key `wakking`",
            "Expected the key of an item",
            "Did you mean `waking`?",
        ),
    ]


def test_a_text_of_no_length_is_refused_before_it_is_merged():
    [found] = told({GERMAN: {"/items/waking/text": ""}})
    assert (found.path, found.pointer, found.rule) == (GERMAN, "/items/waking/text", "model")


def test_a_translation_of_nothing_is_refused():
    [found] = told({COMETS: REMOVED, MOON: {"/causes/0": REMOVED}})
    assert (found.path, found.found) == (GERMAN, "This translates `cause/late-comets`, which is not there")


def test_a_translation_of_what_cannot_be_read_is_not_told_to_be_of_nothing():
    assert {each.path for each in told({COMETS: b"{"})} == {COMETS}


def test_a_locale_in_both_files_is_refused():
    german = document(GERMAN) | {"id": "moon-hiccups", "items": {}}
    beside = "conditions/moon-hiccups.de.json"
    [found] = problems(MemorySnapshot(world.files() | {beside: as_bytes(german)}))
    assert (found.path, found.pointer, found.found) == (beside, "/locale", f"`{MOON}` has text in `de` too")


def test_evidence_is_translated_field_by_field():
    """Question and finding of one item are two texts."""
    socks = "treatments/warm-socks.json"
    content = document(socks)
    german = {"$schema": "../x/translation.schema.json", "id": "warm-socks", "locale": "de"}
    german |= {"text": content["text"].pop("de"), "items": without_german(content)}
    files = world.files() | {socks: as_bytes(content), "treatments/warm-socks.de.json": as_bytes(german)}
    beside = load(MemorySnapshot(files)).library.records["treatment/warm-socks"].entity
    assert beside == edition_of({}).library.records["treatment/warm-socks"].entity
    assert german["items"]["fewer-hiccups"].keys() == {"question", "finding"}


def without_german(value: Any, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Take the German out of every item of a document; return it as a translation file has it."""
    found = {} if found is None else found
    if isinstance(value, dict):
        for name in ("text", "question", "finding"):
            if "key" in value and isinstance(value.get(name), dict) and "de" in value[name]:
                found.setdefault(value["key"], {})[name] = value[name].pop("de")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        without_german(inner, found)
    return found


# --- Stale translations ----------------------------------------------------------------------------------------------


def stale(changes: dict[str, world.Edit]) -> set[str]:
    return {each.key for each in stale_translations(edition_of(changes).library)} - {"symptom/glowing-ears"}


def test_a_translation_is_stale_once_its_source_text_changes():
    assert stale({}) == set()
    assert stale({MOON: {"/text/en/summary": "Hiccups."}}) == {"condition/moon-hiccups"}
    assert stale({COMETS: {"/text/en/sections/0/heading": "Comets"}}) == {"cause/late-comets"}


def test_a_translation_is_not_stale_for_what_is_no_text():
    assert stale({MOON: {"/kind": "SYNDROME", "/codings": []}}) == set()
    content = document(MOON)
    assert stale({MOON: as_bytes(dict(reversed(content.items())))}) == set()
