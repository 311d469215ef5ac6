"""`content-api show`: what a person sees of an entity, and what they are told when there is none."""

from __future__ import annotations

from pathlib import Path

from content_api.content.fields import EntityKind
from tests import world
from tests.cli.conftest import Command, write


def test_cautions_come_before_any_text_the_gravest_first(folder: Path, command: Command):
    said = command("show", "condition/moon-hiccups", cwd=folder).out
    order = [
        "Moon hiccups  condition/moon-hiccups  PUBLISHED, en, web",
        "═ CRITICAL  Not near fire ═",
        "must be shown",
        "━ WARNING  Ask first ━",
        "Hiccups that come when the moon is full.",
        "What moon hiccups are ─",
        "Related ─",
        "Sources ─",
        "Codes ─",
        "Not clinically reviewed. No clinician has checked this.",
    ]
    places = [said.index(words) for words in order]
    assert places == sorted(places)


def test_a_caution_itself_is_framed(folder: Path, command: Command):
    said = command("show", "caution/not-near-fire", cwd=folder).out
    assert "═ CRITICAL  Not near fire ═" in said
    assert "║ Keep away from fire." in said


def test_relations_are_named_in_both_directions(folder: Path, command: Command):
    said = command("show", "treatment/quiet-tea", cwd=folder).out
    assert "← treatments" in said
    assert "condition/moon-hiccups" in said


def test_a_claim_is_never_shown_without_whose_it_is(folder: Path, command: Command):
    said = command("show", "treatment/warm-socks", cwd=folder).out
    assert "[claimed by: A clinic's page that does not exist]" in " ".join(said.split())


def test_who_reviewed_it_and_when_is_said(folder: Path, command: Command):
    person = world.document("people/test-reviewer.json")["name"]
    review = world.document("treatments/quiet-tea.json")["review"]
    said = " ".join(command("show", "treatment/quiet-tea", cwd=folder).out.split())
    assert f"Clinically reviewed on {review['lastReviewedOn']} by {person}" in said


def test_another_locale_and_channel_are_shown_and_fallbacks_said(folder: Path, command: Command):
    said = command("show", "condition/moon-hiccups", "--locale", "de", "--channel", "chatbot", cwd=folder).out
    assert "Mondschluckauf  condition/moon-hiccups  PUBLISHED, de, chatbot" in said
    assert "No text for chatbot; the summary stands in." in said
    english = command("show", "symptom/left-ear-glow", "--locale", "de", cwd=folder).out
    assert "Not in de; shown in en." in english


def test_a_draft_is_shown_as_one(folder: Path, command: Command):
    assert "  condition/cloud-yawns  DRAFT, en, web" in command("show", "condition/cloud-yawns", cwd=folder).out


def test_every_kind_can_be_shown(folder: Path, command: Command):
    first = {path.partition("/")[0]: path for path in reversed(world.files()) if "/" in path and ".de." not in path}
    for kind in EntityKind:
        key = f"{kind}/{Path(first[kind.folder]).stem}"
        assert f"  {key}  " in command("show", key, cwd=folder).out


def test_an_old_name_leads_to_the_entity(folder: Path, command: Command):
    assert "symptom/glowing-ears" in command("show", "symptom/bright-ears", cwd=folder).out


def test_a_name_that_is_nearly_right_gets_a_suggestion(folder: Path, command: Command):
    finished = command("show", "condition/moon-hicups", cwd=folder)
    assert (finished.code, finished.out) == (2, "")
    assert "There is no `condition/moon-hicups`. Did you mean" in finished.err
    assert "`condition/moon-hiccups`?" in finished.err


def test_a_withdrawn_entity_says_why(folder: Path, command: Command):
    assert "is withdrawn: It was only the fridge." in command("show", "symptom/soft-humming", cwd=folder).err


def test_a_recalled_entity_says_why(folder: Path, command: Command):
    recall = {"id": "treatment/quiet-tea", "reason": {"en": "Too loud."}, "since": "2026-11-01T00:00:00Z"}
    write(folder / "content", world.edited({"recalls.json": {"/recalls": [recall]}}))
    assert "`treatment/quiet-tea` is recalled: Too loud." in command("show", "treatment/quiet-tea", cwd=folder).err


def test_an_entity_withheld_for_a_recalled_caution_says_why(folder: Path, command: Command):
    """A draft: the rules allow no published one to require a caution that nothing stands in for."""
    recall = {"id": "caution/all-made-up", "reason": {"en": "Too shy."}, "since": "2026-11-01T00:00:00Z"}
    changes: dict[str, world.Edit] = {
        "recalls.json": {"/recalls": [recall]},
        "conditions/cloud-yawns.json": {"/requiredCautions/-": "all-made-up"},
        "cautions/all-made-up.json": {"/appliesTo/-": "condition/cloud-yawns"},
    }
    write(folder / "content", world.edited(changes))
    boxed = command("show", "condition/cloud-yawns", cwd=folder).err
    told = " ".join(boxed.replace("│", " ").split())
    assert "`condition/cloud-yawns` is not shown without the cautions that it requires." in told
    assert "`caution/all-made-up` is recalled, and nothing stands in for it: Too shy." in told


def test_a_locale_that_is_not_served_is_one_line_with_those_that_are(folder: Path, command: Command):
    finished = command("show", "condition/moon-hiccups", "--locale", "fr", cwd=folder)
    assert finished.code == 2
    assert finished.err == "`fr` is not a locale of this content. Ask for one of en, de, de-AT.\n"
