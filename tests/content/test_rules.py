"""One test per rule across entities, named after it; each shows the breach as an editor is told of it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from content_api.content.library_rules import LIBRARY_RULES
from content_api.content.load import load
from content_api.content.rules import RULES
from content_api.content.suggest import suggestion
from content_api.content.wording import WORDING_RULES
from tests import world
from tests.content import test_library_rules, test_wording
from tests.content.refusal import Told, refusal, told, world_edition
from tests.generator import Prose, around, as_bytes, symptom
from tests.world import REMOVED, document
from tests.world.snapshot import MemorySnapshot

MOON = "conditions/moon-hiccups.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
EARS = "symptoms/glowing-ears.json"
LEFT_EAR = "symptoms/left-ear-glow.json"
HUMMING = "symptoms/soft-humming.json"
FIRE = "cautions/not-near-fire.json"
ASK = "cautions/ask-first.json"


def test_every_rule_has_a_test_of_its_name():
    tests = [name for module in (test_library_rules, test_wording) for name in vars(module)] + list(globals())
    for rule in (*RULES, *LIBRARY_RULES, *WORDING_RULES):
        assert any(name.startswith(f"test_{rule.__name__}") for name in tests), rule.__name__


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
    """a is part of b, b of c, c of d; then d of a: told where the walk from a ends, though c and d alone are looked at."""
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


def test_slugs_unique_in_a_kind_and_locale():
    """Both are told, also when only one changed and neither refers to the other."""
    comets, moonlight = "causes/late-comets.json", "causes/old-moonlight.json"
    expected = "A slug must be unique among causes in a locale"
    line, pointer = '"slug": "late-comets",', "/text/en/slug"
    found = "The slug `late-comets` is also that of"
    assert told({moonlight: {"/text/en/slug": "late-comets"}}) == [
        Told(comets, line, pointer, "slugs_unique", f"{found} {moonlight}", expected),
        Told(moonlight, line, pointer, "slugs_unique", f"{found} {comets}", expected),
    ]


def test_slugs_unique_but_not_across_kinds_or_locales():
    assert told({LEFT_EAR: {"/text/en/slug": "moon-hiccups"}}) == []
    assert told({"conditions/star-sneezes.json": {"/text/de/slug": "moon-hiccups"}}) == []


def test_keys_unique_among_items():
    assert told({SOCKS: {"/limits/0/key": "itching"}}) == [
        Told(
            SOCKS,
            '"key": "itching",',
            "/limits/0/key",
            "keys_unique",
            "The key `itching` stands 2 times in `treatment/warm-socks`",
            "Sections and items of one entity have different keys",
        )
    ]


def test_keys_unique_among_sections():
    changes: dict[str, Any] = {MOON: {f"/text/{locale}/sections/2/key": "overview" for locale in ("en", "de")}}
    assert [(found.rule, found.pointer, found.line) for found in told(changes)] == [
        ("keys_unique", "/text/en/sections/2/key", '"key": "overview",'),
        ("keys_unique", "/text/de/sections/2/key", '"key": "overview",'),
    ]


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


def test_sources_exist():
    assert told({MOON: {"/citations/0/source": "test-clinic-pag"}}) == [
        Told(
            MOON,
            '"source": "test-clinic-pag",',
            "/citations/0/source",
            "sources_exist",
            "There is no source `test-clinic-pag`",
            "Expected the id of a file in sources/",
            "Did you mean `test-clinic-page`?",
        )
    ]


@pytest.mark.parametrize(
    "pointer",
    ["/text/en/sections/2/attributedTo", "/onset/citation", "/onset/attributedTo", "/evidence/0/citation"],
)
def test_sources_exist_wherever_one_is_named(pointer):
    [found] = told({SOCKS: {pointer: "nobody"}})
    assert (found.rule, found.pointer, found.found) == ("sources_exist", pointer, "There is no source `nobody`")
    assert '"nobody"' in found.line


def test_sources_exist_and_support_what_is_there():
    assert told({MOON: {"/citations/0/supports/0": "overveiw"}}) == [
        Told(
            MOON,
            '"overveiw"',
            "/citations/0/supports/0",
            "sources_exist",
            "`condition/moon-hiccups` has no section or item with the key `overveiw`",
            "Expected the key of a section or item",
            "Did you mean `overview`?",
        )
    ]


def test_sources_exist_until_the_file_of_one_goes():
    found = told({"sources/test-review.json": REMOVED})
    assert {(each.path, each.pointer) for each in found if each.rule == "sources_exist"} == {
        (MOON, "/citations/1/source"),
        (SOCKS, "/citations/1/source"),
        (SOCKS, "/duration/citation"),
        (SOCKS, "/evidence/0/citation"),
        (SOCKS, "/regulatory/0/citation"),
    }


def test_claims_have_evidence():
    def claim(key: str) -> tuple[str, str, str]:
        expected = (
            f"Name `{key}` in the `supports` of a citation with the role EVIDENCE, whose source does not sell the "
            "treatment; or word it as a claim of its source and name that in `attributedTo`"
        )
        return "claims_have_evidence", f"`{key}` claims an effect and has no evidence", expected

    assert told({SOCKS: {"/citations/1": REMOVED}}) == [
        Told(SOCKS, "{", "/text/en/sections/1", *claim("effect")),
        Told(SOCKS, "{", "/text/de/sections/1", *claim("effect")),
        Told(SOCKS, '"duration": {', "/duration", *claim("duration")),
        Told(SOCKS, "{", "/evidence/0", *claim("fewer-hiccups")),
    ]


def test_claims_have_evidence_from_somebody_who_does_not_sell_it():
    found = told({"sources/test-review.json": {"/conflictOfInterest": "PUBLISHER_SELLS_THE_TREATMENT"}})
    assert {(each.rule, each.path) for each in found} == {("claims_have_evidence", SOCKS)}


def test_claims_have_evidence_or_say_whose_they_are():
    [found] = told({SOCKS: {"/text/en/sections/2/attributedTo": REMOVED, "/text/de/sections/2/heading": "Laut Shop"}})
    assert (found.rule, found.pointer) == ("claims_have_evidence", "/text/en/sections/2")
    [found] = told({SOCKS: {"/onset/attributedTo": REMOVED}})
    assert (found.pointer, found.expected) == ("/onset", "Name the source in `attributedTo`")


@pytest.mark.parametrize("words", ["Socks relieve it.", "Effective for many.", "They reduce the pain.", "It eases."])
def test_claims_have_evidence_when_the_words_of_a_treatment_tell_of_an_effect(words):
    [found] = told({SOCKS: {"/sideEffects/0/text/en": words}})
    assert (found.rule, found.pointer, found.line) == ("claims_have_evidence", "/sideEffects/0", "{")
    assert told({MOON: {"/audience/note/text/en": words}}) == []


def test_review_is_whole_or_not_there():
    assert told({MOON: {"/review/lastReviewedOn": "2026-01-01"}}) == [
        Told(
            MOON,
            '"review": {',
            "/review",
            "review_is_whole",
            "The status is NOT_CLINICALLY_REVIEWED, but there is a date or a reviewer",
            "Both dates must be null and `reviewers` empty",
        )
    ]


@pytest.mark.parametrize(
    "changes", [{"/review/reviewers": []}, {"/review/lastReviewedOn": None}, {"/review/nextReviewDueOn": None}]
)
def test_review_is_whole_with_a_reviewer_and_both_dates(changes):
    assert told({TEA: changes}) == [
        Told(
            TEA,
            '"review": {',
            "/review",
            "review_is_whole",
            "The status is CLINICALLY_REVIEWED, but a date or the reviewer is missing",
            "Give at least one reviewer and both dates, or NOT_CLINICALLY_REVIEWED",
        )
    ]


def test_review_is_whole_with_its_dates_in_order():
    assert told({TEA: {"/review/nextReviewDueOn": "2026-01-15"}}) == [
        Told(
            TEA,
            '"nextReviewDueOn": "2026-01-15",',
            "/review/nextReviewDueOn",
            "review_is_whole",
            "The next review is due on 2026-01-15, not after the last one on 2026-01-15",
            "It must be later",
        )
    ]


def test_review_is_whole_with_reviewers_who_are_there():
    assert told({TEA: {"/review/reviewers/0": "test-reviewr"}}) == [
        Told(
            TEA,
            '"test-reviewr"',
            "/review/reviewers/0",
            "review_is_whole",
            "There is no person `test-reviewr`",
            "Expected the id of a file in people/",
            "Did you mean `test-reviewer`?",
        )
    ]


def test_withdrawn_says_why():
    assert told({HUMMING: {"/withdrawnReason": None}}) == [
        Told(
            HUMMING,
            '"state": "WITHDRAWN",',
            "/state",
            "withdrawn_says_why",
            "`symptom/soft-humming` is WITHDRAWN without a reason",
            "Say why in `withdrawnReason`",
        )
    ]
    assert told({LEFT_EAR: {"/withdrawnReason": {"en": "No reason."}}}) == [
        Told(
            LEFT_EAR,
            '"state": "PUBLISHED",',
            "/state",
            "withdrawn_says_why",
            "`symptom/left-ear-glow` has a `withdrawnReason`, but is not WITHDRAWN",
            "Take `withdrawnReason` out, or withdraw it",
        )
    ]


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
