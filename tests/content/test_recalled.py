"""Recalls of a later version in an older one, and what an answer says of what it lacks because of a recall."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from content_api.content.edges import SYMPTOMS, alternatives, back_edges, edges, parts, related_conditions
from content_api.content.edition import Edition
from content_api.content.fields import CodeSystem, EntityKind
from content_api.content.load import load
from content_api.content.models import Recall
from content_api.content.noted import noted_by, noting
from content_api.content.recalled import described, recalled_as
from content_api.content.search import SearchIndex
from content_api.content.searchable import hidden_identities, search_index
from content_api.content.select import select
from content_api.content.view import View, view_of
from content_api.publish.making import retire
from tests import world
from tests.content.refusal import world_edition
from tests.world.snapshot import MemorySnapshot

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind
RECALL = TypeAdapter(Recall)
TEA, SOCKS, HICCUPS = "treatment/quiet-tea", "treatment/warm-socks", "condition/moon-hiccups"
ASK, MADE_UP = "caution/ask-first", "caution/all-made-up"


def recall(key: str, **more: object) -> Recall:
    return RECALL.validate_python(
        {"id": key, "reason": {"en": "Not so."}, "since": "2026-11-20T11:00:00+01:00", **more}
    )


def under(*recalls: Recall, edition: Edition | None = None) -> Edition:
    """The world, or another edition, as a version that is older than these recalls."""
    return recalled_as(edition or world_edition(), {each.id: each for each in recalls})


def world_with(changes: dict[str, world.Edit]) -> Edition:
    return load(MemorySnapshot(world.edited(changes)))


def own(*recalls: dict[str, object]) -> dict[str, world.Edit]:
    since = {"since": "2026-11-01T00:00:00Z", "reason": {"en": "Its own."}}
    return {"recalls.json": {"/recalls": [since | each for each in recalls]}}


def noted_in(view: View, ask) -> set[str]:
    """Keys of what is noted while something is asked, which is the same when it is asked again."""
    with noting() as first:
        ask(view)
    with noting() as second:
        ask(view)
    assert first == second
    return {key for key, _ in first.recalled}


def required(edition: Edition, key: str) -> list[str]:
    return [caution.key for caution in view_of(edition).show(key).required_cautions()]


# --- Older versions --------------------------------------------------------------------------------------------------


def test_a_recall_of_the_live_version_hides_the_entity_in_an_older_one():
    assert view_of(world_edition()).show(TEA)
    view = view_of(under(recall(TEA)))
    assert view.show(TEA) is None
    assert view.by_slug(TREATMENT, "quiet-tea") is None
    assert TEA not in [shown.key for shown in view.all(TREATMENT)]
    assert view_of(world_edition()).show(TEA), "the edition that was given stays as it was"


def test_a_recall_that_was_lifted_hides_in_the_versions_that_have_it_and_in_no_other():
    edition = world_with(own({"id": TEA}))
    assert view_of(recalled_as(edition, {})).show(TEA) is None
    assert view_of(under(recall(SOCKS), edition=edition)).show(TEA) is None
    assert view_of(recalled_as(under(recall(TEA)), {})).show(TEA)


def test_where_both_versions_recall_an_entity_the_later_words_count():
    edition = world_with(own({"id": TEA}))
    assert edition.recalls[TEA].reason["en"] == "Its own."
    assert under(recall(TEA), edition=edition).recalls[TEA].reason["en"] == "Not so."
    assert edition.library.recalls[TEA].reason["en"] == "Its own."


def test_an_older_edition_under_other_recalls_shares_all_but_its_views():
    before = world_edition()
    index = search_index(before)
    after = under(recall(TEA))
    assert after.library is before.library
    assert after.memo == {(SearchIndex, False): index}
    assert (after.version, after.files, after.clock) == (before.version, before.files, before.clock)
    assert under(recall(TEA), edition=after) is after
    assert recalled_as(before, {}) is before


def test_an_edition_that_is_retired_for_another_under_later_recalls_takes_nothing_from_it():
    before = world_with({})
    search_index(before)
    after = under(recall(TEA), edition=before)
    assert view_of(after).show(SOCKS)
    retire(before)
    assert view_of(after).show(SOCKS)
    assert search_index(after) is search_index(before)


# --- Cautions --------------------------------------------------------------------------------------------------------


def test_a_caution_recalled_later_is_replaced_in_older_versions():
    edition = under(recall(ASK, replacement=MADE_UP))
    assert required(edition, TEA) == [MADE_UP]
    assert required(edition, SOCKS) == ["caution/not-near-fire", MADE_UP]


def test_what_replaces_a_caution_can_be_recalled_and_replaced_in_its_turn():
    edition = world_with(own({"id": ASK, "replacement": MADE_UP}))
    later = recall(MADE_UP, replacement="caution/not-near-fire")
    assert required(under(later, edition=edition), TEA) == ["caution/not-near-fire"]


NO_STAND_IN = {
    "it names none": [recall(ASK)],
    "it names one that this version has not": [recall(ASK, replacement="caution/of-tomorrow")],
    "it names what is no caution": [recall(ASK, replacement=SOCKS)],
    "it names one that is recalled": [recall(ASK, replacement=MADE_UP), recall(MADE_UP)],
    "they name each other": [recall(ASK, replacement=MADE_UP), recall(MADE_UP, replacement=ASK)],
}


@pytest.mark.parametrize("recalls", NO_STAND_IN.values(), ids=NO_STAND_IN)
def test_what_requires_a_caution_that_nothing_stands_in_for_is_withheld(recalls):
    """It is never shown without a warning that its editors did not want left out."""
    edition = under(*recalls)
    requiring = set(world_edition().library.indexes.referrers[ASK, "required_cautions"])
    assert set(edition.withheld) == requiring > {TEA, SOCKS, HICCUPS}
    for drafts in (False, True):
        assert not [key for key in requiring if view_of(edition, drafts=drafts).show(key)]
    assert view_of(edition).show("symptom/left-ear-glow"), "what does not require it is shown"


@pytest.mark.parametrize(
    "state", [{"/state": "DRAFT"}, {"/state": "WITHDRAWN", "/withdrawnReason": {"en": "Old.", "de": "Alt."}}]
)
def test_a_caution_that_is_not_published_in_a_version_stands_in_for_none_there(state):
    edition = world_with({"cautions/all-made-up.json": state})
    assert under(recall(ASK, replacement=MADE_UP), edition=edition).withheld[TEA] == ASK


def test_a_caution_that_requires_one_which_is_recalled_is_shown_without_it():
    edition = world_with(
        {
            "cautions/all-made-up.json": {"/requiredCautions": ["ask-first"]},
            "cautions/ask-first.json": {"/appliesTo/-": MADE_UP},
        }
    )
    assert required(edition, MADE_UP) == [ASK]
    later = under(recall(ASK), edition=edition)
    assert required(later, MADE_UP) == []
    assert noted_in(view_of(later), lambda view: view.show(MADE_UP).required_cautions()) == {ASK}


# --- Noting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recalled", "ask"),
    [
        (TEA, lambda view: view.show(TEA)),
        (TEA, lambda view: view.by_key(TREATMENT, "quiet-tea")),
        (TEA, lambda view: view.by_slug(TREATMENT, "quiet-tea")),
        (HICCUPS, lambda view: view.by_slug(CONDITION, "lunar-hiccups")),  # by a redirect
        (HICCUPS, lambda view: view.with_code(CodeSystem.ICD_10, "X00.1")),
        (TEA, lambda view: select(view, TREATMENT)),
        (TEA, lambda view: select(view, TREATMENT, {"name": {"contains": "tea"}})),
        ("symptom/glowing-ears", lambda view: edges(view.show(HICCUPS), SYMPTOMS)),
        (HICCUPS, lambda view: back_edges(view.show("symptom/glowing-ears"), SYMPTOMS)),
        ("condition/star-sneezes", lambda view: related_conditions(view.show(HICCUPS))),
        ("symptom/left-ear-glow", lambda view: parts(view.show("symptom/glowing-ears"))),
        (TEA, lambda view: alternatives(view.show(SOCKS))),
        (SOCKS, lambda view: alternatives(view.show(TEA))),
    ],
)
def test_what_is_asked_for_and_recalled_is_noted_by_whichever_road(recalled, ask):
    ask(view_of(world_edition()))  # it can be asked
    assert noted_in(view_of(under(recall(recalled))), ask) == {recalled}
    itself = world_with(own({"id": recalled}))
    assert noted_in(view_of(itself), ask) == {recalled}


def test_a_caution_that_is_replaced_is_noted():
    view = view_of(under(recall(ASK, replacement=MADE_UP)))
    assert noted_in(view, lambda view: view.show(TEA).required_cautions()) == {ASK}


def test_what_is_withheld_is_noted_with_the_caution_that_is_recalled():
    with noting() as noted:
        view_of(under(recall(ASK))).show(TEA)
    assert list(noted.recalled) == [(TEA, ASK)]


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda view: view.show(SOCKS), "another entity"),
        (lambda view: view.show("treatment/no-such"), "nothing"),
        (lambda view: select(view, CONDITION), "another kind"),
        (lambda view: select(view, TREATMENT, {"name": {"contains": "socks"}}), "it does not match"),
        (lambda view: select(view, CONDITION, {"treatments": {"some": {}}}), "a filter only walks past it"),
        (lambda view: view.show("condition/cloud-yawns"), "a draft"),
    ],
)
def test_what_the_answer_would_not_have_contained_is_not_noted(ask, why):
    assert noted_in(view_of(under(recall(TEA))), ask) == set(), why


def test_a_recalled_draft_is_noted_in_previews_alone():
    edition = under(recall("condition/cloud-yawns"))
    for drafts in (False, True):
        view = view_of(edition, drafts=drafts)
        expected = {"condition/cloud-yawns"} if drafts else set()
        assert noted_in(view, lambda view: view.show("condition/cloud-yawns")) == expected
        assert noted_in(view, lambda view: select(view, CONDITION)) == expected


def test_what_was_recalled_and_is_gone_from_the_files_is_noted_when_it_is_asked_for_by_name():
    edition = world_with(own({"id": "treatment/of-yesterday"}))
    assert noted_in(view_of(edition), lambda view: view.by_key(TREATMENT, "of-yesterday")) == {"treatment/of-yesterday"}
    assert noted_in(view_of(edition), lambda view: select(view, TREATMENT)) == set()


def test_a_slug_that_only_a_draft_translation_has_is_not_noted():
    edition = under(recall("condition/star-sneezes"))
    view = view_of(edition, "de")
    assert noted_in(view, lambda view: view.by_slug(CONDITION, "sternenniesen")) == set()
    assert noted_in(view, lambda view: view.by_slug(CONDITION, "sneezing-at-stars")) == {"condition/star-sneezes"}


def test_nothing_is_noted_where_nobody_collects():
    assert noted_by() is None
    assert view_of(under(recall(TEA))).show(TEA) is None
    with noting() as outer, noting() as inner:
        view_of(under(recall(TEA))).show(TEA)
    assert (len(outer.recalled), len(inner.recalled)) == (0, 1)
    assert noted_by() is None


def test_a_filter_remembers_no_more_of_what_is_hidden_each_time_it_is_asked():
    view = view_of(under(recall(TEA)))

    def remembered(quantifier: str) -> int:
        with noting():
            select(view, TREATMENT, {"conditions": {quantifier: {}}})
        return sum(len(found) for found in view.edition.memo.values() if isinstance(found, dict))

    assert remembered("some") == remembered("none") > 0


# --- What is said ----------------------------------------------------------------------------------------------------


def test_what_was_noted_is_described_once_for_each_recall():
    edition = under(recall(ASK), recall("cause/late-comets", replacement="cause/old-moonlight"))
    with noting() as noted:
        for key in ("cause/late-comets", TEA, SOCKS, TEA):
            view_of(edition, "de").show(key)
    same = {"reason": "Not so.", "since": "2026-11-20T10:00:00Z"}
    assert described(noted.recalled, edition) == [
        {"key": "cause/late-comets", **same, "replacement": "cause/old-moonlight"},
        {"key": ASK, **same, "replacement": None, "withheld": [TEA, SOCKS]},
    ]


def test_a_reason_that_is_not_given_in_the_default_locale_of_an_older_version_is_given_as_it_is():
    edition = under(recall(TEA, reason={"fr": "Faux."}))
    with noting() as noted:
        view_of(edition).show(TEA)
    assert [told["reason"] for told in described(noted.recalled, edition)] == ["Faux."]
    assert view_of(edition).wording(edition.recalls[TEA].reason) == "Faux."


# --- Search ----------------------------------------------------------------------------------------------------------


def found(edition: Edition, text: str, **more) -> list[str]:
    page = search_index(edition).search(
        text, locale="en", kinds=None, limit=20, without=hidden_identities(edition), **more
    )
    assert page.total == len(page.hits)
    return [f"{hit.kind}/{hit.key}" for hit in page.hits]


def test_what_a_search_passes_over_is_neither_found_nor_counted():
    assert found(world_edition(), "quiet tea")[0] == TEA
    assert TEA not in found(under(recall(TEA)), "quiet tea")
    assert TEA not in found(under(recall(ASK)), "quiet tea"), "it is withheld"


def test_the_index_is_the_same_whatever_is_recalled_and_so_are_the_scores():
    plain, recalled = world_with({}), world_with(own({"id": TEA}))
    later = under(recall(TEA), edition=plain)
    questions = ("socks", "quiet tea", "moon hiccups", "hicups", "X00.1", "glow")

    def answers(edition: Edition) -> list[object]:
        hidden = hidden_identities(edition)
        index = search_index(edition)
        return [index.search(text, locale="en", kinds=None, limit=20, without=hidden) for text in questions]

    assert answers(recalled) == answers(later)
    assert answers(recalled) != answers(plain)


def test_a_recall_goes_live_with_the_index_there_is():
    before = world_with({})
    index = search_index(before)
    after = load(MemorySnapshot(world.edited(own({"id": TEA}))), known=before)
    assert search_index(after, before)._shelves == index._shelves
    assert TEA not in found(after, "quiet tea")


def test_a_search_knows_what_it_would_have_found():
    index, hidden = search_index(world_edition()), {("treatment", "quiet-tea"), ("treatment", "warm-socks")}
    assert index.among(hidden, "quiet tea", locale="en", kinds=None) == [("treatment", "quiet-tea")]
    assert index.among(hidden, "quiet tea", locale="en", kinds=frozenset(["cause"])) == []
    assert index.among(hidden, "quiet tea", locale="fr", kinds=None) == []
    assert index.among(set(), "quiet tea", locale="en", kinds=None) == []
    assert index.among({("cause", "no-such")}, "quiet tea", locale="en", kinds=None) == []
