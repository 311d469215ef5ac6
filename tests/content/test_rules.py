"""One test per rule for what one entity says, named after it. What refers to what is in test_relations.py."""

from __future__ import annotations

from typing import Any

import pytest

from content_api.content.library_rules import LIBRARY_RULES
from content_api.content.rules import RULES
from content_api.content.wording import WORDING_RULES
from tests.content import test_library_rules, test_relations, test_wording
from tests.content.refusal import Told, told
from tests.world import REMOVED

MOON = "conditions/moon-hiccups.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
LEFT_EAR = "symptoms/left-ear-glow.json"
HUMMING = "symptoms/soft-humming.json"


def test_every_rule_has_a_test_of_its_name():
    tests = {*globals(), *vars(test_library_rules), *vars(test_relations), *vars(test_wording)}
    for rule in (*RULES, *LIBRARY_RULES, *WORDING_RULES):
        assert any(name.startswith(f"test_{rule.__name__}") for name in tests), rule.__name__


def test_relations_agree():
    found = told({MOON: {"/relatedConditions/0/relation": "BROADER"}})
    assert [(each.rule, each.path, each.pointer) for each in found] == [
        ("relations_agree", MOON, "/relatedConditions/0/relation"),
        ("relations_agree", "conditions/star-sneezes.json", "/relatedConditions/0/relation"),
    ]
    assert found[0].found == "`star-sneezes` is BROADER here, and in its own file this one is OVERLAPS"
    narrower = {"conditions/star-sneezes.json": {"/relatedConditions/0/relation": "NARROWER"}}
    assert told({MOON: {"/relatedConditions/0/relation": "BROADER"}} | narrower) == []


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
def test_claims_have_evidence_when_words_tell_of_an_effect(words):
    [found] = told({SOCKS: {"/sideEffects/0/text/en": words}})
    assert (found.rule, found.pointer, found.line) == ("claims_have_evidence", "/sideEffects/0", "{")
    [found] = told({MOON: {"/audience/note/text/en": words}})
    assert (found.rule, found.pointer) == ("claims_have_evidence", "/audience/note")


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
