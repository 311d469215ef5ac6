"""The indexes of an edition: how entities are found, by what they are called and by who refers to them."""

from __future__ import annotations

from content_api.content.edition import indexed, no_places, places_of, reindexed
from content_api.content.fields import CodeSystem, EntityKind
from content_api.content.relations import RELATION_NAMES, references, targets
from tests.content.refusal import world_edition

LIBRARY = world_edition().library
INDEXES = LIBRARY.indexes
MOON = "condition/moon-hiccups"


def test_entities_are_found_by_kind_in_order():
    assert INDEXES.kinds[EntityKind.CAUSE] == ("cause/late-comets", "cause/old-moonlight")
    assert {key for keys in INDEXES.kinds.values() for key in keys} == set(LIBRARY.records)


def test_entities_are_found_by_who_refers_to_them_and_how():
    def referrers(relation: str, target: str) -> tuple[str, ...]:
        return INDEXES.referrers.get((target, relation), ())

    everyone = ("condition/cloud-yawns", MOON, "condition/star-sneezes")
    assert referrers("symptoms", "symptom/glowing-ears") == everyone
    assert referrers("part_of", "symptom/glowing-ears") == ("symptom/left-ear-glow",)
    assert referrers("links", "symptom/glowing-ears") == (MOON,)
    assert referrers("causes", "cause/old-moonlight") == (MOON,)
    assert referrers("treatments", "treatment/quiet-tea") == (MOON, "condition/star-sneezes")
    assert referrers("related_conditions", MOON) == ("condition/star-sneezes",)
    assert referrers("examples", "condition/star-sneezes") == ("cause/old-moonlight",)
    assert referrers("same_as_condition", "condition/star-sneezes") == ("cause/old-moonlight",)
    assert referrers("alternatives", "treatment/quiet-tea") == ("treatment/warm-socks",)
    assert referrers("required_cautions", "caution/not-near-fire") == (MOON, "treatment/warm-socks")
    assert referrers("applies_to", MOON) == ("caution/ask-first", "caution/not-near-fire")
    assert {relation for _, relation in INDEXES.referrers} == set(RELATION_NAMES)


def test_entities_are_found_by_slug_in_a_locale():
    assert INDEXES.slugs[EntityKind.CONDITION, "en", "sneezing-at-stars"] == ("condition/star-sneezes",)
    assert INDEXES.slugs[EntityKind.CAUSE, "de", "spaete-kometen"] == ("cause/late-comets",)
    assert (EntityKind.CAUSE, "en", "spaete-kometen") not in INDEXES.slugs


def test_entities_are_found_by_code_also_by_that_of_an_example():
    assert INDEXES.codes[CodeSystem.ICD_10, "X00.1"] == (MOON,)
    assert INDEXES.codes[CodeSystem.UNII, "TESTDUST01"] == ("cause/late-comets",)


def test_what_refers_and_what_the_index_holds_are_the_same():
    for record in LIBRARY.records.values():
        told = {(each.target, each.relation) for each in references(record.kind, record.entity)}
        assert set(targets(record.kind, record.entity)) == told


def test_indexes_made_anew_and_step_by_step_are_the_same():
    records = [LIBRARY.records[key] for key in sorted(LIBRARY.records)]
    half, rest, none = places_of(records[::2]), places_of(records[1::2]), no_places()
    before = indexed(half)
    assert reindexed(before, none, rest) == INDEXES
    assert reindexed(INDEXES, rest, none) == before == indexed(half)
    assert reindexed(INDEXES, places_of(records), none) == indexed(none)
