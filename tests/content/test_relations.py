"""One test per rule for what refers to what, named after it; each shows the breach as an editor is told of it."""

from __future__ import annotations

from random import Random

from content_api.content.load import load
from content_api.content.suggest import suggestion
from tests import world
from tests.content.refusal import Told, refusal, told, world_edition
from tests.generator import Prose, around, as_bytes, symptom
from tests.world import REMOVED, document
from tests.world.snapshot import MemorySnapshot

MOON = "conditions/moon-hiccups.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
EARS = "symptoms/glowing-ears.json"
LEFT_EAR = "symptoms/left-ear-glow.json"
FIRE = "cautions/not-near-fire.json"
ASK = "cautions/ask-first.json"


def test_references_resolve_or_the_nearest_id_is_suggested():
    assert told({MOON: {"/symptoms/0/symptom": "glowing-eers"}}) == [
        Told(
            MOON,
            '"symptom": "glowing-eers",',
            "/symptoms/0/symptom",
            "references_resolve",
            "There is no symptom `glowing-eers`",
            "Expected the id of a symptom",
            "Did you mean `glowing-ears`?",
        )
    ]


def test_references_resolve_to_the_right_kind():
    assert told({MOON: {"/symptoms/0/symptom": "late-comets"}}) == [
        Told(
            MOON,
            '"symptom": "late-comets",',
            "/symptoms/0/symptom",
            "references_resolve",
            "`late-comets` is a cause",
            "Expected the id of a symptom",
        )
    ]


def test_references_resolve_to_another_entity():
    assert told({SOCKS: {"/alternatives/0": "warm-socks"}}) == [
        Told(
            SOCKS,
            '"warm-socks"',
            "/alternatives/0",
            "references_resolve",
            "`treatment/warm-socks` refers to itself",
            "Expected another entity",
        )
    ]


def test_references_resolve_where_they_name_their_kind_themselves():
    found = told({ASK: {"/appliesTo/4": "treatment/quite-tea"}, TEA: {"/requiredCautions": []}})
    assert found == [
        Told(
            ASK,
            '"treatment/quite-tea"',
            "/appliesTo/4",
            "references_resolve",
            "There is no treatment `quite-tea`",
            "Expected `kind/id` of an entity",
            "Did you mean `treatment/quiet-tea`?",
        )
    ]


def test_references_resolve_in_the_links_of_a_text():
    body = "See [this](ref:symptom/glowing-eers)."
    assert told({MOON: {"/text/en/sections/1/channels/web/body": body}}) == [
        Told(
            MOON,
            f'"body": "{body}"',
            "/text/en/sections/1/channels/web/body",
            "references_resolve",
            "There is no symptom `glowing-eers`",
            "Expected `kind/id` of an entity",
            "Did you mean `symptom/glowing-ears`?",
        )
    ]


def test_references_resolve_is_broken_by_deleting_a_caution():
    """The file that goes is not the one to blame: whoever still requires the caution is told."""
    expected = ("references_resolve", "There is no caution `not-near-fire`", "Expected the id of a caution")
    assert told({FIRE: REMOVED}) == [
        Told(path, '"not-near-fire",', "/requiredCautions/0", *expected) for path in (MOON, SOCKS)
    ]


def test_published_refers_to_published():
    assert told({LEFT_EAR: {"/state": "DRAFT"}}) == [
        Told(
            MOON,
            '"symptom": "left-ear-glow",',
            "/symptoms/1/symptom",
            "published_refers_to_published",
            "`symptom/left-ear-glow` is DRAFT, but `condition/moon-hiccups` is published",
            "Publish `symptom/left-ear-glow` too, or take the reference out",
        )
    ]


def test_published_refers_to_published_but_a_caution_may_apply_to_a_draft():
    assert "condition/cloud-yawns" in document(ASK)["appliesTo"]
    assert told({}) == []


AGREE = "Both must name each other: add it there, or take it out here"


def test_required_cautions_agree_or_the_caution_is_told():
    assert told({SOCKS: {"/requiredCautions": ["ask-first"]}}) == [
        Told(
            FIRE,
            '"treatment/warm-socks"',
            "/appliesTo/1",
            "required_cautions_agree",
            "`treatment/warm-socks` does not name `not-near-fire` in its `requiredCautions`",
            AGREE,
        )
    ]


def test_required_cautions_agree_or_who_requires_it_is_told():
    assert told({ASK: {"/appliesTo/4": REMOVED}}) == [
        Told(
            TEA,
            '"ask-first"',
            "/requiredCautions/0",
            "required_cautions_agree",
            "`caution/ask-first` does not name `treatment/quiet-tea` in its `appliesTo`",
            AGREE,
        )
    ]


def test_must_display_has_every_channel():
    assert told({FIRE: {"/text/en/sections/0/channels/app": REMOVED}}) == [
        Told(
            FIRE,
            '"sections": [',
            "/text/en/sections",
            "must_display_has_every_channel",
            "`mustDisplay` is true, but there is no text for the channel `app`",
            "Write a section with text for `app`",
        )
    ]


def test_no_cycles_among_symptoms_that_are_part_of_others():
    assert told({EARS: {"/partOf": "left-ear-glow"}}) == [
        Told(
            LEFT_EAR,
            '"partOf": "glowing-ears",',
            "/partOf",
            "no_cycles",
            "This closes a circle: symptom/glowing-ears -> symptom/left-ear-glow -> symptom/glowing-ears",
            "Break the circle",
        )
    ]


def test_no_cycles_among_conditions_whichever_of_two_names_the_other():
    """A says that B is broader; A also says that B is narrower by way of C."""
    star = "conditions/star-sneezes.json"
    changes = {
        MOON: {"/relatedConditions/0/relation": "BROADER"},
        star: {"/relatedConditions": [{"condition": "cloud-yawns", "relation": "BROADER"}], "/state": "DRAFT"},
        "conditions/cloud-yawns.json": {
            "/relatedConditions": [{"condition": "moon-hiccups", "relation": "BROADER"}],
        },
    }
    [circle] = [found for found in told(changes) if found.rule == "no_cycles"]
    assert circle.found == (
        "This closes a circle: "
        "condition/cloud-yawns -> condition/moon-hiccups -> condition/star-sneezes -> condition/cloud-yawns"
    )
    assert (circle.path, circle.pointer, circle.line) == (star, "/relatedConditions/0", "{")


def test_no_cycles_by_way_of_narrower_conditions():
    star = "conditions/star-sneezes.json"
    narrower = {"/relatedConditions/0/relation": "NARROWER"}
    broader = {"/relatedConditions/0/relation": "BROADER"}
    assert [found.rule for found in told({MOON: broader, star: broader})] == ["no_cycles"]
    assert [found.rule for found in told({MOON: narrower, star: narrower})] == ["no_cycles"]
    assert told({MOON: broader, star: narrower}) == []


def test_no_cycles_whose_place_depends_on_what_was_known():
    """a is part of b, b of c, c of d; then d of a. Told where the walk from a ends, though a is not looked at."""
    prose = Prose(Random(0))
    above = {"a": "b", "b": "c", "c": "d", "d": None}
    files = around() | {
        f"symptoms/{name}.json": as_bytes(symptom(name, 1, prose, part_of=other)) for name, other in above.items()
    }
    closed = MemorySnapshot(world.edited({"symptoms/d.json": {"/partOf": "a"}}, files))
    [problem] = refusal(closed)
    assert (problem.path, problem.pointer) == ("symptoms/d.json", "/partOf")
    assert refusal(closed, known=load(MemorySnapshot(files))) == (problem,)


def test_no_cycles_however_long_the_way_up():
    """Longer than Python could walk by calls within calls."""
    prose = Prose(Random(0))
    last = 1_200
    files = around() | {
        f"symptoms/s-{index}.json": as_bytes(
            symptom(f"s-{index}", index, prose, part_of=f"s-{index + 1}" if index < last else None)
        )
        for index in range(last + 1)
    }
    known = load(MemorySnapshot(files))
    closed = MemorySnapshot(world.edited({f"symptoms/s-{last}.json": {"/partOf": "s-0"}}, files))
    [problem] = refusal(closed, known=known)
    assert problem.path == f"symptoms/s-{last}.json"
    assert problem.found.endswith("symptom/s-0")


def test_lists_name_things_once():
    assert told({MOON: {"/symptoms/1/symptom": "glowing-ears"}}) == [
        Told(
            MOON,
            '"symptom": "glowing-ears",',
            "/symptoms/1/symptom",
            "lists_name_things_once",
            "`symptom/glowing-ears` stands here twice",
            "Keep one of the two",
        )
    ]


def test_lists_name_things_once_whatever_kind_the_list_is_of():
    [found] = told({SOCKS: {"/alternatives/-": "quiet-tea"}})
    assert (found.rule, found.path, found.pointer) == ("lists_name_things_once", SOCKS, "/alternatives/1")


def test_a_recalled_entity_may_be_gone():
    """A recall hides it in every version; who refers to it is no one's mistake."""
    recall = {"id": "symptom/left-ear-glow", "reason": {"en": "Wrong ear."}, "since": "2026-11-01T00:00:00Z"}
    changes = {LEFT_EAR: REMOVED, "recalls.json": {"/recalls/-": recall}}
    assert told(changes, before=world_edition().library.records) == []


def test_a_suggestion_is_the_nearest_and_of_equals_the_first():
    assert suggestion("tingeling", ["numbness", "tingling"]) == "Did you mean `tingling`?"
    assert suggestion("ear-x", ["ear-z", "ear-y"]) == suggestion("ear-x", ["ear-y", "ear-z"]) == "Did you mean `ear-y`?"
    assert suggestion("Tingling", ["tingling"]) == "Did you mean `tingling`?"
    assert suggestion("snoring", ["tingling", "numbness"]) is None
    assert suggestion("snoring", []) is None
