"""What differs between two editions: what became of each entity, and nothing of a draft for the public."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from content_api.content import change
from content_api.content.change import Change, ChangeKind, changes, differences
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.models import Recall, Site
from content_api.content.patch import ABSENT, FieldChange
from content_api.content.recalled import recalled_as
from tests import generator, world
from tests.content.changing import edition, german_texts, told
from tests.content.refusal import world_edition
from tests.world import REMOVED
from tests.world.snapshot import MemorySnapshot

ADDED, CHANGED, RENAMED, WITHDRAWN, GONE = ChangeKind
MOON = "conditions/moon-hiccups.json"
SNEEZES = "conditions/star-sneezes.json"
YAWNS = "conditions/cloud-yawns.json"
GLOW = "symptoms/left-ear-glow.json"
COMETS = "causes/late-comets.de.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
ASK = "cautions/ask-first.json"

WITHDRAW = {"/state": "WITHDRAWN", "/withdrawnReason": {"en": "It was a lamp.", "de": "Es war eine Lampe."}}
RECALL = {"id": "treatment/quiet-tea", "reason": {"en": "Too loud."}, "since": "2026-11-20T10:00:00Z"}
WHO_REFERS_TO_TEA = ("caution/ask-first", "condition/moon-hiccups", "condition/star-sneezes", "treatment/warm-socks")


def since_the_world(edits: Mapping[str, world.Edit], *, drafts: bool = False) -> tuple[Change, ...]:
    return changes(world_edition(), edition(edits), drafts=drafts)


def ear(id: str, **fields: Any) -> dict[str, bytes]:
    """A symptom that the world has not, much like one that it has."""
    content = world.document(GLOW) | {"id": id} | fields
    content["text"]["en"] |= {"slug": id, "name": f"The {id}"}
    return {f"symptoms/{id}.json": world.as_bytes(content)}


def redirects(*moves: tuple[str, str]) -> dict[str, world.Edit]:
    return {"redirects.json": {"/redirects": [{"from": old, "to": new} for old, new in moves]}}


# --- What became of an entity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("drafts", [False, True])
def test_nothing_differs_from_itself_however_it_was_loaded(drafts):
    assert changes(world_edition(), world_edition(), drafts=drafts) == ()
    assert changes(world_edition(), load(MemorySnapshot(world.files())), drafts=drafts) == ()


def test_a_changed_entity_says_which_fields_changed_and_who_refers_to_it():
    before = world.document(TEA)
    [found] = since_the_world({TEA: {"/text/en/summary": "Tea without a sound.", "/role": "FIRST_LINE"}})
    assert found == Change(
        CHANGED,
        "treatment/quiet-tea",
        names={locale: text["name"] for locale, text in before["text"].items()},
        fields=(
            FieldChange("/text/en/summary", before["text"]["en"]["summary"], "Tea without a sound."),
            FieldChange("/role", before["role"], "FIRST_LINE"),
        ),
        affected=WHO_REFERS_TO_TEA,
    )


def test_a_file_that_was_only_laid_out_anew_changed_nothing():
    compact = json.dumps(world.document(MOON)).encode()
    assert since_the_world({MOON: compact}, drafts=True) == ()


def test_an_entity_that_is_new_was_added_and_the_other_way_round_removed():
    later = edition({}, ear("right-ear-glow"))
    same = {"key": "symptom/right-ear-glow", "names": {"en": "The right-ear-glow"}}
    assert changes(world_edition(), later) == (Change(ADDED, **same),)
    assert changes(later, world_edition()) == (Change(GONE, **same),)


def test_who_refers_to_a_new_entity_is_told_with_it_and_what_they_say_with_them():
    reference = {"symptom": "right-ear-glow", "frequency": "SOME"}
    later = edition({MOON: {"/symptoms/-": reference}}, ear("right-ear-glow"))
    condition, added = changes(world_edition(), later)
    assert condition.fields == (FieldChange("/symptoms/2", ABSENT, reference),)
    assert (added.kind, added.affected) == (ADDED, ("condition/moon-hiccups",))


def test_an_entity_with_another_id_was_renamed_and_what_changed_besides_is_told():
    edits = {GLOW: REMOVED, MOON: {"/symptoms/1/symptom": "one-ear-glow"}}
    later = edition(
        edits | redirects(("symptom/left-ear-glow", "symptom/one-ear-glow")), ear("one-ear-glow", kind="SYMPTOM")
    )
    condition, renamed = changes(world_edition(), later)
    assert condition.kind is CHANGED
    assert (renamed.kind, renamed.key, renamed.previous_key) == (
        RENAMED,
        "symptom/one-ear-glow",
        "symptom/left-ear-glow",
    )
    assert renamed.names == {"en": "The one-ear-glow"}
    assert [each.pointer for each in renamed.fields] == ["/text/en/slug", "/text/en/name", "/kind"]
    assert renamed.affected == ("condition/moon-hiccups",)


def test_an_entity_that_leads_to_one_that_was_there_already_was_removed():
    edits = {GLOW: REMOVED, MOON: {"/symptoms/1": REMOVED}}
    later = edition(edits | redirects(("symptom/left-ear-glow", "symptom/glowing-ears")))
    assert told(changes(world_edition(), later)) == {"condition/moon-hiccups": CHANGED, "symptom/left-ear-glow": GONE}


def test_of_several_that_were_merged_into_a_new_one_the_first_is_its_former_self():
    before = edition({}, ear("right-ear-glow"))
    edits = {GLOW: REMOVED, MOON: {"/symptoms/1/symptom": "ears"}}
    moves = redirects(("symptom/right-ear-glow", "symptom/ears"), ("symptom/left-ear-glow", "symptom/ears"))
    found = changes(before, edition(edits | moves, ear("ears")))
    assert [(each.key, each.kind, each.previous_key) for each in found[1:]] == [
        ("symptom/ears", RENAMED, "symptom/left-ear-glow"),
        ("symptom/right-ear-glow", GONE, None),
    ]


@pytest.mark.parametrize("drafts", [False, True])
def test_an_entity_that_is_withdrawn_says_why_under_the_name_that_people_knew(drafts):
    edits = {SOCKS: WITHDRAW | {"/text/en/name": "Old socks"}, MOON: {"/treatments/0": REMOVED}}
    found = since_the_world(edits, drafts=drafts)[1]
    names = {"en": "Warm socks", "de": "Warme Socken"}
    assert found == Change(WITHDRAWN, "treatment/warm-socks", names=names, reason=WITHDRAW["/withdrawnReason"])


@pytest.mark.parametrize("drafts", [False, True])
def test_a_recalled_entity_is_withdrawn_though_its_file_did_not_change(drafts):
    recalled = edition({"recalls.json": {"/recalls": [RECALL]}})
    [found] = changes(world_edition(), recalled, drafts=drafts)
    assert (found.kind, found.key, found.reason) == (WITHDRAWN, "treatment/quiet-tea", {"en": "Too loud."})
    assert found.affected == WHO_REFERS_TO_TEA
    [back] = changes(recalled, world_edition(), drafts=drafts)
    assert (back.kind, back.key) == (ADDED, "treatment/quiet-tea")


def test_what_is_recalled_and_gone_is_withdrawn_though_a_new_one_stands_in_for_it():
    edits = {
        GLOW: REMOVED,
        MOON: {"/symptoms/1": REMOVED},
        "recalls.json": {"/recalls": [RECALL | {"id": "symptom/left-ear-glow"}]},
    } | redirects(("symptom/left-ear-glow", "symptom/right-ear-glow"))
    found = told(changes(world_edition(), edition(edits, ear("right-ear-glow"))))
    assert (found["symptom/left-ear-glow"], found["symptom/right-ear-glow"]) == (WITHDRAWN, ADDED)


def test_what_is_recalled_in_both_is_no_change_whatever_happens_to_it():
    recalls = {"recalls.json": {"/recalls": [RECALL]}}
    assert changes(edition(recalls), edition(recalls | {TEA: {"/role": "FIRST_LINE"}})) == ()


def test_what_a_later_recall_hides_is_named_and_not_told():
    moves = redirects(("symptom/left-ear-glow", "symptom/one-ear-glow"))
    edits = {TEA: {"/role": "FIRST_LINE"}, GLOW: REMOVED, MOON: {"/symptoms/1/symptom": "one-ear-glow"}} | moves
    after = edition(edits, ear("one-ear-glow"))
    recalls = [RECALL, RECALL | {"id": "symptom/one-ear-glow"}]
    later = {each["id"]: TypeAdapter(Recall).validate_python(each) for each in recalls}
    found = differences(*(recalled_as(each, later) for each in (world_edition(), after)))
    assert told(found.told) == {"condition/moon-hiccups": CHANGED}
    assert found.hidden == ("symptom/one-ear-glow", "treatment/quiet-tea")
    everything = differences(world_edition(), after)
    assert (len(everything.told), everything.hidden) == (3, ())
    assert changes(world_edition(), after) == everything.told


def test_changes_come_by_kind_and_then_by_key():
    entities = [path for path, data in world.files().items() if b'"PUBLISHED"' in data]
    found = since_the_world({path: {"/text/en/name": "Another name"} for path in entities})
    assert [each.key for each in found] == [
        *("condition/moon-hiccups", "condition/star-sneezes"),
        *("symptom/glowing-ears", "symptom/left-ear-glow"),
        *("cause/late-comets", "cause/old-moonlight"),
        *("treatment/quiet-tea", "treatment/warm-socks"),
        *("caution/all-made-up", "caution/ask-first", "caution/not-near-fire"),
    ]


def test_a_translation_in_a_file_of_its_own_is_a_field_of_its_entity():
    [found] = since_the_world({COMETS: {"/text/name": "Sehr späte Kometen", "/items/waking/text": "Es ist hell."}})
    assert found.key == "cause/late-comets"
    assert [each.pointer for each in found.fields] == ["/text/de/name", "/mechanism/0/text/de"]
    assert found.names["de"] == "Sehr späte Kometen"


def test_what_is_no_entity_makes_no_change():
    edits = {"site.json": {"/publisher/name": "Somebody else"}, "sources/test-review.json": {"/title": "Another"}}
    assert since_the_world(edits, drafts=True) == ()


# --- Drafts, and what is nobody's business ---------------------------------------------------------------------------


def test_to_the_public_a_published_draft_is_added_and_its_caution_applies_to_it_from_now_on():
    published = edition({YAWNS: {"/state": "PUBLISHED"}})
    added, caution = changes(world_edition(), published)
    assert (added.key, added.kind, added.fields) == ("condition/cloud-yawns", ADDED, ())
    assert added.affected == ("caution/ask-first",)
    assert caution.key == "caution/ask-first"
    assert caution.fields == (FieldChange("/appliesTo/2", ABSENT, "condition/cloud-yawns"),)
    removed, caution = changes(published, world_edition())
    assert (removed.key, removed.kind, removed.affected) == ("condition/cloud-yawns", GONE, ())
    assert caution.fields == (FieldChange("/appliesTo/2", "condition/cloud-yawns", ABSENT),)


def test_to_an_editor_a_published_draft_changed_its_state():
    [found] = since_the_world({YAWNS: {"/state": "PUBLISHED"}}, drafts=True)
    assert found.fields == (FieldChange("/state", "DRAFT", "PUBLISHED"),)


def test_a_draft_that_changes_is_a_change_to_editors_alone():
    edits = {YAWNS: {"/text/en/name": "Yawns at clouds"}}
    assert since_the_world(edits) == ()
    assert told(since_the_world(edits, drafts=True)) == {"condition/cloud-yawns": CHANGED}


def test_a_new_draft_a_draft_that_goes_and_one_that_is_withdrawn_are_nothing_to_the_public():
    caution = {ASK: {"/appliesTo/2": REMOVED}}
    for edits, new in (
        ({}, ear("new-ear-glow", state="DRAFT")),
        ({YAWNS: REMOVED} | caution, {}),
        ({YAWNS: WITHDRAW | {"/withdrawnReason": {"en": "Never mind."}}}, {}),
    ):
        assert changes(world_edition(), edition(edits, new)) == ()
        assert changes(world_edition(), edition(edits, new), drafts=True) != ()


def test_a_draft_that_is_renamed_as_it_is_published_is_new_to_the_public():
    content = world.document(YAWNS) | {"id": "yawns", "state": "PUBLISHED"}
    content["text"]["en"]["slug"] = "yawns"
    edits = {YAWNS: REMOVED, ASK: {"/appliesTo/2": "condition/yawns"}}
    later = edition(
        edits | redirects(("condition/cloud-yawns", "condition/yawns")),
        {"conditions/yawns.json": world.as_bytes(content)},
    )
    found = next(each for each in changes(world_edition(), later) if each.key == "condition/yawns")
    assert (found.kind, found.previous_key, found.fields) == (ADDED, None, ())
    [found] = [each for each in changes(world_edition(), later, drafts=True) if each.kind is RENAMED]
    assert (found.key, found.previous_key) == ("condition/yawns", "condition/cloud-yawns")


def test_text_of_a_draft_translation_is_nothing_to_the_public_until_somebody_has_checked_it():
    draft = {SNEEZES: {"/text/de/summary": "Niesen."}}
    assert since_the_world(draft) == ()
    assert [each.pointer for each in since_the_world(draft, drafts=True)[0].fields] == ["/text/de/summary"]
    [found] = since_the_world({SNEEZES: {"/text/de/translation/status": "CHECKED"}})
    [whole] = found.fields
    assert (whole.pointer, whole.before, whole.after["name"]) == ("/text/de", ABSENT, "Sternenniesen")
    assert found.names == {"en": "Star sneezes", "de": "Sternenniesen"}


def test_names_and_reasons_in_a_draft_translation_are_not_told():
    draft = {"/text/de/translation/status": "DRAFT"}
    withdrawn = edition({SOCKS: draft | WITHDRAW, MOON: {"/treatments/0": REMOVED}})
    found = changes(edition({SOCKS: draft}), withdrawn)[1]
    assert (found.names, found.reason) == ({"en": "Warm socks"}, {"en": "It was a lamp."})
    found = changes(edition({SOCKS: draft}), withdrawn, drafts=True)[1]
    assert (set(found.names), found.reason) == ({"en", "de"}, WITHDRAW["/withdrawnReason"])


def test_items_are_compared_without_the_locale_of_a_draft_translation():
    draft = {"/text/de/translation/status": "DRAFT"}
    places = [pointer for pointer in german_texts(world.document(SOCKS)) if not pointer.startswith("/text/")]
    assert {"/onset/text/de", "/plan/adjustedTo/0/text/de", "/evidence/0/finding/de"} < set(places)
    before, after = edition({SOCKS: draft}), edition({SOCKS: draft | dict.fromkeys(places, "Anders.")})
    assert changes(before, after) == ()
    [found] = changes(before, after, drafts=True)
    assert {each.pointer for each in found.fields} == set(places)


def test_a_draft_that_refers_to_what_changed_is_not_affected_to_the_public():
    edits = {SNEEZES: {"/text/en/name": "Sneezes"}}
    [public], [editors] = since_the_world(edits), since_the_world(edits, drafts=True)
    assert "condition/cloud-yawns" not in public.affected
    assert set(editors.affected) == {*public.affected, "condition/cloud-yawns"}


def test_a_link_that_stands_in_a_draft_translation_alone_affects_nobody():
    link = {"/text/de/sections/0/channels/web/body": "[Ohren](ref:symptom/left-ear-glow)"}
    before, later = edition({SNEEZES: link}), edition({SNEEZES: link, GLOW: {"/text/en/name": "Ear"}})
    assert [each.affected for each in changes(before, later)] == [("condition/moon-hiccups",)]
    assert [each.affected for each in changes(before, later, drafts=True)] == [
        ("condition/moon-hiccups", "condition/star-sneezes")
    ]


def test_facts_schemas_and_revisions_of_translations_are_for_editors_alone():
    edits = {
        MOON: {
            "/$schema": "condition.schema.json",
            "/text/en/statements": ["F2"],
            "/text/en/sections/0/statements": ["F2"],
            "/text/de/translation/of": "0" * 12,
        }
    }
    assert since_the_world(edits) == ()
    [found] = since_the_world(edits, drafts=True)
    assert {each.pointer for each in found.fields} == {
        "/$schema",
        *("/text/en/statements/0", "/text/en/sections/0/statements/0"),
        "/text/de/translation/of",
    }


# --- Cost ------------------------------------------------------------------------------------------------------------


def test_only_what_stands_in_other_files_is_looked_into(monkeypatch: pytest.MonkeyPatch):
    files = generator.generate(200, seed=1)
    before = load(MemorySnapshot(files))
    path = next(path for path in files if path.startswith("treatments/"))
    after = load(MemorySnapshot(world.edited({path: {"/text/en/name": "Another"}}, files)))
    looked_into = []
    document = change._Side.document
    monkeypatch.setattr(change._Side, "document", lambda side, key: looked_into.append(key) or document(side, key))
    [found] = changes(before, after)
    assert looked_into == [found.key, found.key]


def test_the_same_file_read_as_of_another_model_is_looked_into():
    """As when an older version is brought up to date while it is read."""
    before, later = world_edition(), edition({TEA: {"/role": "FIRST_LINE"}})
    old, new = (side.library.records["treatment/quiet-tea"] for side in (before, later))
    records = later.library.records.set(new.key, replace(new, files=old.files))
    assert changes(before, replace(later, library=replace(later.library, records=records))) == ()
    migrated = replace(later.library, records=records, site=later_model(later))
    assert told(changes(before, replace(later, library=migrated))) == {"treatment/quiet-tea": CHANGED}


def later_model(edition: Edition) -> Site:
    site = world.edited({"site.json": {"/modelVersion": edition.library.site.model_version + 1}})["site.json"]
    found: Site = TypeAdapter(Site).validate_json(site)
    return found
