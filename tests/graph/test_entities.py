"""The five kinds of entity, and what leads from one to another."""

from __future__ import annotations

import pytest
from graphql import get_named_type, is_composite_type, is_leaf_type

from content_api.content.fields import EntityKind
from tests import world
from tests.graph.asking import SCHEMA, ask, edition_with, world_edition

SCOPES = [(locale, channel) for locale in ("en", "de", "de-AT") for channel in ("WEB", "APP", "CHATBOT")]


def everything(name: str, within: tuple[str, ...] = ()) -> str:
    """Every field of a type and of the values below it; of entities below it, their key and type."""
    found = ["__typename"]
    for field, definition in SCHEMA.type_map[name].fields.items():
        below = get_named_type(definition.type)
        if is_leaf_type(below):
            found.append(field)
        elif "key" in below.fields and "slug" in below.fields:
            found.append(f"{field} {{ __typename key }}")
        elif below.name not in within:
            found.append(f"{field} {{ {everything(below.name, (*within, name))} }}")
    return " ".join(found)


@pytest.mark.parametrize("kind", EntityKind)
@pytest.mark.parametrize(("locale", "channel"), SCOPES)
def test_every_field_of_every_entity_can_be_read_in_every_scope(kind, locale, channel):
    name = kind.capitalize()
    scope = f"content(locale: {world.as_bytes(locale).decode().strip()}, channel: {channel})"
    data = ask(f"{{ {scope} {{ {kind}s {{ totalCount nodes {{ {everything(name)} }} }} }} }}")
    nodes = data["content"][f"{kind}s"]["nodes"]
    assert len(nodes) == data["content"][f"{kind}s"]["totalCount"] == 2 + (kind is EntityKind.CAUTION)
    assert all(node["served"]["requestedLocale"] == locale for node in nodes)
    assert all(is_composite_type(SCHEMA.type_map[node["__typename"]]) for node in nodes)


def test_a_condition_says_all_that_its_file_does():
    data = ask(
        """{ condition(key: "moon-hiccups") {
            key slug name summary state kind jurisdictions revision availableLocales
            alternateNames { name relation }
            audience { type minAgeYears note { key text } }
            codings { system systemVersion code display match verified { status source on } }
            citations { role supports locator source { key title conflictOfInterest seenAs note } }
            review { status lastReviewedOn nextReviewDueOn isOverdue reviewers { name } }
            symptoms { frequency symptom { key } }
            causes { certainty cause { key } }
            treatments { line treatment { key } }
            relatedConditions { relation condition { key } }
            requiredCautions { key severity }
        } }"""
    )["condition"]
    assert data == {
        "key": "moon-hiccups",
        "slug": "moon-hiccups",
        "name": "Moon hiccups",
        "summary": "Hiccups that come when the moon is full. A made-up condition.",
        "state": "PUBLISHED",
        "kind": "DISEASE",
        "jurisdictions": ["*"],
        "revision": world_edition().library.records["condition/moon-hiccups"].revision,
        "availableLocales": ["en", "de"],
        "alternateNames": [
            {"name": "Lunar singultus", "relation": "CLINICAL_TERM"},
            {"name": "MH", "relation": "ABBREVIATION"},
        ],
        "audience": {
            "type": "PATIENT",
            "minAgeYears": 7,
            "note": {"key": "who", "text": "People who sleep near a window."},
        },
        "codings": [
            {
                "system": "ICD_10",
                "systemVersion": "test edition",
                "code": "X00.1",
                "display": "Moon hiccups",
                "match": "EXACT",
                "verified": {"status": "TO_BE_CONFIRMED", "source": "Made up for tests", "on": None},
            },
            {
                "system": "MESH",
                "systemVersion": "test edition",
                "code": "D900001",
                "display": "Hiccups, Lunar",
                "match": "BROADER",
                "verified": {"status": "TO_BE_CONFIRMED", "source": "Made up for tests", "on": None},
            },
        ],
        "citations": [
            {
                "role": "DERIVED_FROM",
                "supports": ["overview"],
                "locator": "First paragraph",
                "source": {
                    "key": "test-clinic-page",
                    "title": "A clinic's page that does not exist",
                    "conflictOfInterest": "PUBLISHER_SELLS_THE_TREATMENT",
                    "seenAs": "ORIGINAL",
                    "note": "It sells the socks.",
                },
            },
            {
                "role": "EVIDENCE",
                "supports": ["living-with"],
                "locator": None,
                "source": {
                    "key": "test-review",
                    "title": "A review that does not exist",
                    "conflictOfInterest": "NONE_FOUND",
                    "seenAs": "SECONDARY_SUMMARY",
                    "note": None,
                },
            },
        ],
        "review": {
            "status": "NOT_CLINICALLY_REVIEWED",
            "lastReviewedOn": None,
            "nextReviewDueOn": None,
            "isOverdue": False,
            "reviewers": [],
        },
        "symptoms": [
            {"frequency": "COMMON", "symptom": {"key": "glowing-ears"}},
            {"frequency": "SOME", "symptom": {"key": "left-ear-glow"}},
        ],
        "causes": [
            {"certainty": "CAN_CAUSE", "cause": {"key": "late-comets"}},
            {"certainty": "SOMETIMES", "cause": {"key": "old-moonlight"}},
        ],
        "treatments": [
            {"line": "FIRST", "treatment": {"key": "warm-socks"}},
            {"line": "NOT_STATED", "treatment": {"key": "quiet-tea"}},
        ],
        "relatedConditions": [{"relation": "OVERLAPS", "condition": {"key": "star-sneezes"}}],
        "requiredCautions": [
            {"key": "not-near-fire", "severity": "CRITICAL"},
            {"key": "ask-first", "severity": "WARNING"},
        ],
    }


def test_sections_have_their_text_in_three_forms_and_say_which_channel_it_is_of():
    sections = ask(
        """{ condition(key: "moon-hiccups") { sections {
            key aspect heading citations { source { key } } attributedTo { key }
            text { markdown html plain channel isFallback }
        } } }"""
    )["condition"]["sections"]
    assert [section["key"] for section in sections] == ["overview", "living-with", "see-doctor"]
    assert sections[0] == {
        "key": "overview",
        "aspect": "OVERVIEW",
        "heading": "What moon hiccups are",
        "citations": [{"source": {"key": "test-clinic-page"}}],
        "attributedTo": None,
        "text": {
            "markdown": "Moon hiccups come at **full moon**. Many people also have "
            "[glowing ears](ref:symptom/glowing-ears).\n\n- They are loud.\n- They are short.",
            "html": "<p>Moon hiccups come at <strong>full moon</strong>. Many people also have "
            '<a href="ref:symptom/glowing-ears">glowing ears</a>.</p>\n'
            "<ul>\n<li>They are loud.</li>\n<li>They are short.</li>\n</ul>\n",
            "plain": "Moon hiccups come at full moon. Many people also have glowing ears.\n\n"
            "- They are loud.\n- They are short.",
            "channel": "WEB",
            "isFallback": False,
        },
    }
    assert sections[2]["text"]["channel"] == "APP"
    assert sections[2]["text"]["isFallback"] is True


def test_sections_and_codings_can_be_asked_for_by_what_they_are():
    text = """query($aspects: [HealthAspect!], $system: CodeSystem) { condition(key: "moon-hiccups") {
        sections(aspects: $aspects) { key } codings(system: $system) { code }
    } }"""
    one = ask(text, aspects=["SEE_DOCTOR", "OVERVIEW"], system="MESH")["condition"]
    assert one == {"sections": [{"key": "overview"}, {"key": "see-doctor"}], "codings": [{"code": "D900001"}]}
    assert ask(text, aspects=[])["condition"]["sections"] == []
    for everything_asked in ({}, {"aspects": None, "system": None}):
        whole = ask(text, **everything_asked)["condition"]
        assert (len(whole["sections"]), len(whole["codings"])) == (3, 2)


def test_a_symptom_says_what_is_special_to_it():
    data = ask(
        """{ symptom(key: "glowing-ears") {
            kind nerveFunction timing { text patterns } impacts { key text } partOf { key } parts { key partOf { key } }
            careAdvice { text level jurisdiction contact } conditions { frequency condition { key } }
        } }"""
    )["symptom"]
    assert data == {
        "kind": "GROUP",
        "nerveFunction": "SENSORY",
        "timing": {"text": "Only at night.", "patterns": ["INTERMITTENT"]},
        "impacts": [{"key": "hide-and-seek", "text": "It makes hide and seek harder."}],
        "partOf": None,
        "parts": [{"key": "left-ear-glow", "partOf": {"key": "glowing-ears"}}],
        "careAdvice": [{"text": "Ask a friend.", "level": "ROUTINE", "jurisdiction": "*", "contact": None}],
        "conditions": [
            {"frequency": "COMMON", "condition": {"key": "moon-hiccups"}},
            {"frequency": "NOT_STATED", "condition": {"key": "star-sneezes"}},
        ],
    }


def test_a_cause_says_what_is_special_to_it():
    text = """query($key: String) { cause(key: $key) {
        category modifiable mechanism { text certainty } sameAsCondition { text condition { key } }
        examples { text sameAsCondition condition { key } codings { system code } }
        conditions { certainty condition { key } }
    } }"""
    comets, moonlight = (ask(text, key=key)["cause"] for key in ("late-comets", "old-moonlight"))
    assert comets == {
        "category": "TOXIC",
        "modifiable": "NO",
        "mechanism": [{"text": "The light of the tail wakes people.", "certainty": "HYPOTHESIS"}],
        "sameAsCondition": None,
        "examples": [
            {
                "text": "Dust of the tail",
                "sameAsCondition": False,
                "condition": None,
                "codings": [{"system": "UNII", "code": "TESTDUST01"}],
            }
        ],
        "conditions": [{"certainty": "CAN_CAUSE", "condition": {"key": "moon-hiccups"}}],
    }
    assert moonlight["sameAsCondition"] == {"text": "Star sneezes", "condition": {"key": "star-sneezes"}}
    assert moonlight["examples"][0]["condition"] == {"key": "star-sneezes"}


def test_a_treatment_says_what_is_special_to_it():
    data = ask(
        """{ treatment(key: "warm-socks") {
            kind role partOfCombinedPlan mechanism { text certainty }
            onset { text low { value unit } high { value unit } basis source { key } attributedTo { key } }
            duration { low { value unit } high { value } basis citations { source { key } } }
            plan {
                route { text } setting { text } sessions { text } sessionLength { text } adjustedTo { key text }
                tradeOff { text } doseInformation
            }
            regulatory { text jurisdiction status source { key } }
            evidence { key question finding certainty gradingSystem directness asOf source { key } }
            sideEffects { text } limits { text } background { text } alternatives { key } conditions { line }
            sections(aspects: [BENEFITS]) { attributedTo { key } }
        } }"""
    )["treatment"]
    assert data == {
        "kind": "LIFESTYLE",
        "role": "FIRST_LINE",
        "partOfCombinedPlan": True,
        "mechanism": [{"text": "Warm feet are quiet feet.", "certainty": "HYPOTHESIS"}],
        "onset": {
            "text": "Minutes to hours.",
            "low": {"value": None, "unit": "MINUTE"},
            "high": {"value": None, "unit": "HOUR"},
            "basis": "PROVIDER_CLAIM",
            "source": {"key": "test-clinic-page"},
            "attributedTo": {"key": "test-clinic-page"},
        },
        "duration": {
            "low": {"value": 2.0, "unit": "DAY"},
            "high": None,
            "basis": "TRIAL",
            "citations": [{"source": {"key": "test-review"}}],
        },
        "plan": {
            "route": {"text": "Over the feet."},
            "setting": {"text": "In bed."},
            "sessions": {"text": "Every night."},
            "sessionLength": None,
            "adjustedTo": [{"key": "by-size", "text": "The size of the feet."}],
            "tradeOff": {"text": "Socks need washing."},
            "doseInformation": "NOT_APPLICABLE",
        },
        "regulatory": [
            {
                "text": "Anybody may wear socks.",
                "jurisdiction": "GB",
                "status": "APPROVED",
                "source": {"key": "test-review"},
            }
        ],
        "evidence": [
            {
                "key": "fewer-hiccups",
                "question": "Do socks help?",
                "finding": "Fewer hiccups in 12 people.",
                "certainty": "LOW",
                "gradingSystem": "GRADE",
                "directness": "INDIRECT",
                "asOf": "2024-05",
                "source": {"key": "test-review"},
            }
        ],
        "sideEffects": [{"text": "The feet can itch."}],
        "limits": [{"text": "They are too warm in summer."}],
        "background": [{"text": "Sheep had them first."}],
        "alternatives": [{"key": "quiet-tea"}],
        "conditions": [{"line": "FIRST"}],
        "sections": [{"attributedTo": {"key": "test-clinic-page"}}],
    }


def test_a_caution_says_what_is_special_to_it():
    data = ask(
        """{ caution(key: "not-near-fire") {
            kind strength severity action { text } trigger { text } mustDisplay displayOrder requiredCautions { key }
            careAdvice { text level jurisdiction contact } appliesTo { __typename key requiredCautions { key } }
        } }"""
    )["caution"]
    both = [{"key": "not-near-fire"}, {"key": "ask-first"}]
    assert data == {
        "kind": "CONTRAINDICATION",
        "strength": "MUST",
        "severity": "CRITICAL",
        "action": {"text": "Keep away from fire."},
        "trigger": {"text": "Near a fire."},
        "mustDisplay": True,
        "displayOrder": 20,
        "requiredCautions": [],
        "careAdvice": [
            {"text": "Call for help at once.", "level": "EMERGENCY", "jurisdiction": "GB", "contact": "999"}
        ],
        "appliesTo": [
            {"__typename": "Condition", "key": "moon-hiccups", "requiredCautions": both},
            {"__typename": "Treatment", "key": "warm-socks", "requiredCautions": both},
        ],
    }


def test_whether_a_treatment_is_part_of_a_plan_may_be_unknown():
    edition = edition_with({"treatments/quiet-tea.json": {"/partOfCombinedPlan": None}})
    text = """{ treatment(key: "quiet-tea") { partOfCombinedPlan }
        treatments(where: { partOfCombinedPlan: { exists: false } }) { nodes { key } } }"""
    assert ask(text, edition) == {
        "treatment": {"partOfCombinedPlan": None},
        "treatments": {"nodes": [{"key": "quiet-tea"}]},
    }
