"""What may be seen, in which locale it is served, and which channel's text stands for a section."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.content.edition import Edition
from content_api.content.fields import Channel, EntityKind, TextFormat
from content_api.content.load import load
from content_api.content.select import select
from content_api.content.view import Shown, View, folded, folded_once, view_of
from content_api.errors import RequestError
from tests import world
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


def edition_with(changes: dict[str, world.Edit]) -> Edition:
    return load(MemorySnapshot(world.edited(changes)), known=world_edition())


def seen(view: View, key: str) -> Shown:
    shown = view.show(key)
    assert shown is not None, key
    return shown


def names(entities) -> list[str]:
    return [shown.entity.id for shown in entities]


# --- Locales ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "asked", "served"),
    [
        ("condition/moon-hiccups", "en", "en"),
        ("condition/moon-hiccups", "de", "de"),
        ("condition/moon-hiccups", "de-AT", "de"),
        ("symptom/left-ear-glow", "de", "en"),
        ("symptom/left-ear-glow", "de-AT", "en"),
        ("cause/late-comets", "de-AT", "de"),
        ("symptom/glowing-ears", "de", "de"),
    ],
)
def test_an_entity_is_served_in_the_first_locale_that_it_has(key, asked, served):
    shown = seen(view_of(world_edition(), asked), key)
    assert shown.locale == served
    assert shown.text is shown.entity.text[served]


def test_fallback_is_of_the_whole_entity_and_never_field_by_field():
    def lose_german_fields(content):
        content["text"]["de"]["alternateNames"] = []
        content["text"]["de"]["sections"][0]["channels"] = {}

    edition = edition_with({"conditions/moon-hiccups.json": lose_german_fields})
    shown = seen(view_of(edition, "de"), "condition/moon-hiccups")
    assert shown.locale == "de"
    assert shown.text.alternate_names == ()
    text = shown.section_text(shown.text.sections[0])
    assert (text.body.body, text.channel, text.is_fallback) == (shown.text.summary, None, True)
    assert text.body.body.startswith("Schluckauf")


def test_a_critical_caution_without_a_translation_is_served_in_the_default_locale():
    view = view_of(world_edition(), "de-AT")
    required = seen(view, "condition/moon-hiccups").required_cautions()
    assert [(caution.entity.id, caution.locale) for caution in required] == [
        ("not-near-fire", "en"),
        ("ask-first", "de"),
    ]


def test_a_draft_translation_is_served_in_previews_alone():
    public = seen(view_of(world_edition(), "de"), "condition/star-sneezes")
    preview = seen(view_of(world_edition(), "de", drafts=True), "condition/star-sneezes")
    assert (public.locale, public.text.name) == ("en", "Star sneezes")
    assert (preview.locale, preview.text.name) == ("de", "Sternenniesen")


def test_a_draft_translation_is_in_no_public_view_by_any_road():
    drafts = {"Sternenniesen", "sternenniesen", "Niesen in klaren Nächten. Eine erfundene Erkrankung."}
    for locale in ("en", "de", "de-AT"):
        for channel in Channel:
            view = view_of(world_edition(), locale, channel)
            for kind in EntityKind:
                for shown in view.all(kind):
                    assert not {shown.text.name, shown.text.slug, shown.text.summary} & drafts
            assert view.by_slug(CONDITION, "sternenniesen") is None


def test_a_text_outside_of_entities_is_in_the_first_locale_that_it_has():
    texts = {"en": "hello", "de": "hallo"}
    assert [view_of(world_edition(), locale).wording(texts) for locale in ("en", "de", "de-AT")] == [
        "hello",
        "hallo",
        "hallo",
    ]
    assert view_of(world_edition(), "de-AT").wording({"en": "hello"}) == "hello"


def test_a_locale_that_is_not_served_is_refused():
    for locale in ("fr", "", "EN"):
        with pytest.raises(RequestError) as refused:
            view_of(world_edition(), locale)
        assert refused.value.code == "LOCALE_NOT_AVAILABLE"
        assert refused.value.hint == "Ask for one of en, de, de-AT."


def test_the_default_locale_stands_in_last_even_where_site_json_does_not_say_so():
    edition = edition_with({"site.json": {"/locales/de-AT/fallback": ["de"], "/locales/de/fallback": []}})
    assert view_of(edition, "de-AT").locales == ("de-AT", "de", "en")
    assert view_of(edition, "de").locales == ("de", "en")
    assert view_of(edition).locales == ("en",)


def test_a_view_is_made_once():
    edition = world_edition()
    assert view_of(edition) is view_of(edition, "en", Channel.WEB)
    assert len({id(view_of(edition, "de", channel, drafts)) for channel in Channel for drafts in (False, True)}) == 6


# --- Channels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "channel", "served"),
    [
        ("overview", Channel.WEB, Channel.WEB),
        ("overview", Channel.APP, Channel.APP),
        ("overview", Channel.CHATBOT, Channel.CHATBOT),
        ("living-with", Channel.WEB, Channel.WEB),
        ("living-with", Channel.APP, None),
        ("living-with", Channel.CHATBOT, None),
        ("see-doctor", Channel.WEB, Channel.APP),
        ("see-doctor", Channel.CHATBOT, Channel.APP),
    ],
)
def test_each_section_falls_back_on_its_own_and_says_so(section, channel, served):
    shown = seen(view_of(world_edition(), "en", channel), "condition/moon-hiccups")
    [found] = [candidate for candidate in shown.text.sections if candidate.key == section]
    text = shown.section_text(found)
    assert text.channel is served
    assert text.is_fallback is (served is not channel)
    if served is None:
        assert (text.body.body, text.body.format) == (shown.text.summary, TextFormat.PLAIN)
    else:
        assert text.body is found.channels.of(served)


# --- What is hidden --------------------------------------------------------------------------------------------------

RECALL = {"reason": {"en": "Not so."}, "since": "2026-11-20T10:00:00Z"}


def everywhere(view: View) -> set[str]:
    """Keys of all that is reached from the lists of a view, and from what is reached."""
    relations = ("symptoms", "causes", "treatments", "related_conditions", "part_of", "alternatives", "applies_to")
    shown = [one for kind in EntityKind for one in view.all(kind)]
    back = [
        other
        for one in shown
        for relation in (*relations, "required_cautions", "examples", "same_as_condition", "links")
        for kind in EntityKind
        for other in view.referrers(one, relation, kind)
    ]
    coded = [view.with_code(*place) for place in view.edition.library.indexes.codes]
    cautions = [caution for one in shown for caution in one.required_cautions()]
    return {one.key for one in (*shown, *back, *cautions, *(one for found in coded for one in found))}


def test_drafts_and_withdrawn_entities_are_not_there():
    view = view_of(world_edition())
    for key, slug in (("cloud-yawns", "cloud-yawns"), ("soft-humming", "soft-humming")):
        kind = CONDITION if key == "cloud-yawns" else SYMPTOM
        assert view.show(f"{kind}/{key}") is None
        assert view.by_key(kind, key) is None
        assert view.by_slug(kind, slug) is None
        assert f"{kind}/{key}" not in everywhere(view)
    assert view_of(world_edition(), "de").by_slug(SYMPTOM, "leises-summen") is None


def test_a_preview_shows_drafts_but_nothing_withdrawn():
    preview = view_of(world_edition(), drafts=True)
    assert "condition/cloud-yawns" in everywhere(preview)
    assert "symptom/soft-humming" not in everywhere(preview)
    assert preview.show("symptom/soft-humming") is None


@pytest.mark.parametrize("key", sorted(set(world_edition().library.records)))
@pytest.mark.parametrize("drafts", [False, True])
def test_what_is_recalled_is_not_there_even_in_a_preview(key, drafts):
    instead = {"replacement": "caution/all-made-up"} if key in ("caution/ask-first", "caution/not-near-fire") else {}
    edition = edition_with({"recalls.json": {"/recalls": [{"id": key, **RECALL, **instead}]}})
    view = view_of(edition, drafts=drafts)
    kind, _, name = key.partition("/")
    assert view.show(key) is None
    assert view.by_key(EntityKind(kind), name) is None
    for text in edition.library.records[key].entity.text.values():
        assert view.by_slug(EntityKind(kind), text.slug) is None
    assert key not in everywhere(view)


def test_what_replaces_a_recalled_caution_is_required_in_its_place():
    before = view_of(world_edition()).show("treatment/quiet-tea")
    assert "caution/ask-first" in [caution.key for caution in before.required_cautions()]
    recall = {"id": "caution/ask-first", "replacement": "caution/all-made-up", **RECALL}
    after = view_of(edition_with({"recalls.json": {"/recalls": [recall]}})).show("treatment/quiet-tea")
    assert "caution/all-made-up" in [caution.key for caution in after.required_cautions()]
    assert "caution/ask-first" not in [caution.key for caution in after.required_cautions()]


def test_a_redirect_to_something_hidden_leads_nowhere():
    redirect = {"from": "condition/old-yawns", "to": "condition/cloud-yawns"}
    view = view_of(edition_with({"redirects.json": {"/redirects/-": redirect}}))
    assert view.by_key(CONDITION, "old-yawns") is None
    assert view.by_slug(CONDITION, "old-yawns") is None


def test_nothing_is_remembered_of_what_is_not_there():
    view = view_of(edition_with({}))
    for number in range(1_000):
        view.show(f"condition/nothing-{number}")
    assert len(view._shown) == 0


# --- Keys and slugs --------------------------------------------------------------------------------------------------


def test_a_slug_is_found_in_the_locale_asked_for_and_in_those_that_stand_in():
    english, german, austrian = (view_of(world_edition(), locale) for locale in ("en", "de", "de-AT"))
    for view in (german, austrian):
        for slug in ("mondschluckauf", "moon-hiccups"):
            shown = view.by_slug(CONDITION, slug)
            assert (shown.entity.id, shown.locale) == ("moon-hiccups", "de")
    assert english.by_slug(CONDITION, "mondschluckauf") is None
    assert english.by_slug(SYMPTOM, "moon-hiccups") is None


def test_the_locale_asked_for_has_the_first_word_about_a_slug():
    edition = edition_with({"conditions/moon-hiccups.json": {"/text/de/slug": "sneezing-at-stars"}})
    assert view_of(edition, "de").by_slug(CONDITION, "sneezing-at-stars").entity.id == "moon-hiccups"
    assert view_of(edition, "en").by_slug(CONDITION, "sneezing-at-stars").entity.id == "star-sneezes"


def test_old_slugs_and_ids_lead_to_the_entity_in_every_locale():
    for locale in ("en", "de", "de-AT"):
        view = view_of(world_edition(), locale)
        assert view.by_slug(CONDITION, "lunar-hiccups") is view.show("condition/moon-hiccups")
        assert view.by_key(SYMPTOM, "bright-ears") is view.show("symptom/glowing-ears")
        assert view.by_slug(CONDITION, "bright-ears") is None


@pytest.mark.parametrize("locale", ["en", "de", "de-AT"])
@pytest.mark.parametrize("kind", EntityKind)
def test_everything_in_a_list_is_found_by_the_key_and_slug_it_is_served_with(locale, kind):
    view = view_of(world_edition(), locale)
    for shown in view.all(kind):
        assert view.by_key(kind, shown.entity.id) is shown
        assert view.by_slug(kind, shown.text.slug) is shown
        assert view.show(shown.key) is shown


# --- Orders ----------------------------------------------------------------------------------------------------------


def test_a_kind_is_ordered_by_name_in_the_locale_served_whatever_the_case_and_accents():
    edition = edition_with(
        {
            "causes/late-comets.json": {"/text/en/name": "éclair of light"},
            "causes/old-moonlight.json": {"/text/en/name": "EARLY moonlight", "/text/de/name": "Zu altes Mondlicht"},
        }
    )
    assert names(view_of(edition).all(CAUSE)) == ["old-moonlight", "late-comets"]
    assert names(view_of(edition, "de").all(CAUSE)) == ["late-comets", "old-moonlight"]


def test_entities_of_one_name_are_ordered_by_key():
    edition = edition_with(
        {
            "treatments/warm-socks.json": {"/text/en/name": "Résumé"},
            "treatments/quiet-tea.json": {"/text/en/name": "resume"},
        }
    )
    assert names(view_of(edition).all(TREATMENT)) == ["quiet-tea", "warm-socks"]


def test_cautions_are_ordered_the_gravest_first_then_as_the_editors_say_then_by_id():
    assert names(view_of(world_edition()).all(CAUTION)) == ["not-near-fire", "ask-first", "all-made-up"]
    info = {f"cautions/{name}.json": {"/severity": "INFO"} for name in ("not-near-fire", "ask-first")}
    assert names(view_of(edition_with(info)).all(CAUTION)) == ["all-made-up", "ask-first", "not-near-fire"]
    equal = {path: {**edit, "/displayOrder": 5} for path, edit in info.items()}
    assert names(view_of(edition_with(equal)).all(CAUTION)) == ["all-made-up", "ask-first", "not-near-fire"]


@pytest.mark.parametrize(
    ("text", "seen_as"),
    [
        ("Moon Hiccups", "moon hiccups"),
        ("Sjögren’s", "sjogren’s"),
        ("NEUROPATHIE À PETITES FIBRES", "neuropathie a petites fibres"),
        ("Straße", "strasse"),
        ("ﬁbre", "fibre"),
        ("İstanbul", "istanbul"),
        ("e\u0301", "e"),
    ],
)
def test_text_is_compared_without_case_and_accents(text, seen_as):
    assert folded(text) == seen_as


@given(st.text())
def test_folding_what_is_folded_changes_nothing_and_case_makes_no_difference(text):
    assert folded(folded(text)) == folded(text)


# Turkish has an i without a dot, whose capital is everybody else's I.
@given(st.text(alphabet=st.characters(max_codepoint=0x24F, exclude_characters="ı")))
def test_upper_and_lower_case_of_latin_text_fold_alike(text):
    assert folded(text.upper()) == folded(text.lower()) == folded(text)


@pytest.mark.parametrize("operator", ["contains", "starts_with"])
def test_what_is_folded_is_remembered_of_the_content_and_not_of_a_client(operator):
    view = view_of(world_edition())

    def remembered(asked: str) -> int:
        select(view, EntityKind.CONDITION, {"name": {operator: asked}})
        return folded_once.cache_info().currsize

    assert remembered("first " + operator) == remembered("second " + operator) > 0
