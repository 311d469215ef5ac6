"""One test per rule for site.json, redirects.json and recalls.json, named after it; and what must not vanish."""

from __future__ import annotations

import pytest

from content_api.content.load import load
from content_api.store.snapshot import Snapshot
from tests import world
from tests.content.refusal import Told, refusal, told, world_edition
from tests.world import REMOVED
from tests.world.snapshot import MemorySnapshot

SITE = "site.json"
REDIRECTS = "redirects.json"
RECALLS = "recalls.json"
MOON = "conditions/moon-hiccups.json"
REDIRECT = {"from": "symptom/dim-ears", "to": "symptom/glowing-ears"}
RECALL = {"id": "symptom/left-ear-glow", "reason": {"en": "Wrong ear."}, "since": "2026-11-01T00:00:00Z"}


def test_site_locales_are_there_for_every_fallback():
    assert told({SITE: {"/locales/de-AT/fallback/0": "fr"}}) == [
        Told(
            SITE,
            '"fr",',
            "/locales/de-AT/fallback/0",
            "site_locales",
            "`fr` cannot stand in for `de-AT`",
            "Expected en, de, de-AT",
        )
    ]


def test_site_locales_have_the_default_and_it_alone_is_told():
    """All entities lack text in a default that is no locale; that need not be said of each."""
    found = told({SITE: {"/defaultLocale": "fr"}})
    assert {(each.path, each.rule) for each in found} == {(SITE, "site_locales")}
    assert found[-1] == Told(
        SITE,
        '"defaultLocale": "fr",',
        "/defaultLocale",
        "site_locales",
        "The default locale `fr` is not among the locales",
        "Expected one of en, de, de-AT",
    )


@pytest.mark.parametrize("field", ["attribution", "disclaimer"])
def test_site_locales_have_the_texts_of_the_site(field):
    assert told({SITE: {f"/{field}/en": REMOVED}}) == [
        Told(
            SITE,
            f'"{field}": {{',
            f"/{field}",
            "site_locales",
            f"There is no {field} in `en`",
            "The default locale is required",
        )
    ]


def test_site_channels_are_all_described():
    assert told({SITE: {"/channels/chatbot": REMOVED}}) == [
        Told(
            SITE,
            '"channels": {',
            "/channels",
            "site_channels",
            "The channel `chatbot` is missing",
            "Describe `chatbot`",
        )
    ]


def test_site_channels_do_not_fall_back_on_themselves():
    assert told({SITE: {"/channels/web/fallback/0": "web"}}) == [
        Told(
            SITE,
            '"fallback": [',
            "/channels/web/fallback",
            "site_channels",
            "`web` falls back on itself",
            "Expected other channels",
        )
    ]


def test_redirects_lead_somewhere():
    assert told({REDIRECTS: {"/redirects/0/to": "symptom/glowing-eers"}}) == [
        Told(
            REDIRECTS,
            '"to": "symptom/glowing-eers"',
            "/redirects/0/to",
            "redirects_lead_somewhere",
            "There is no `symptom/glowing-eers`",
            "Expected `kind/id` of an entity",
            "Did you mean `symptom/glowing-ears`?",
        )
    ]


def test_redirects_lead_somewhere_of_their_kind():
    assert told({REDIRECTS: {"/redirects/0/to": "cause/late-comets"}}) == [
        Told(
            REDIRECTS,
            '"to": "cause/late-comets"',
            "/redirects/0/to",
            "redirects_lead_somewhere",
            "`symptom/bright-ears` is not of the kind of `cause/late-comets`",
            "A redirect stays within one kind",
        )
    ]


@pytest.mark.parametrize("name", ["left-ear-glow", "leuchtende-ohren"])
def test_redirects_lead_somewhere_from_names_no_longer_in_use(name):
    assert told({REDIRECTS: {"/redirects/0/from": f"symptom/{name}"}}) == [
        Told(
            REDIRECTS,
            f'"from": "symptom/{name}",',
            "/redirects/0/from",
            "redirects_lead_somewhere",
            f"`symptom/{name}` is the id or slug of an entity",
            "Expected a name that is no longer in use",
        )
    ]


def test_redirects_lead_somewhere_until_the_entity_goes():
    files = world.edited({REDIRECTS: {"/redirects/-": {"from": "symptom/snoring", "to": "symptom/soft-humming"}}})
    known = load(MemorySnapshot(files))
    gone = MemorySnapshot(world.edited({"symptoms/soft-humming.json": REMOVED}, files))
    [problem] = refusal(gone, known=known)
    assert (problem.path, problem.pointer) == (REDIRECTS, "/redirects/2/to")
    assert refusal(gone) == (problem,)


def test_recalls_lead_somewhere():
    recall = RECALL | {"replacement": "symptom/glowing-eers"}
    assert told({RECALLS: {"/recalls/-": recall}}) == [
        Told(
            RECALLS,
            '"replacement": "symptom/glowing-eers"',
            "/recalls/0/replacement",
            "recalls_lead_somewhere",
            "`symptom/glowing-eers` cannot be read",
            "Expected `kind/id` of an entity that is not recalled",
            "Did you mean `symptom/glowing-ears`?",
        )
    ]


def test_recalls_lead_somewhere_that_is_not_recalled():
    found = told({RECALLS: {"/recalls/-": RECALL | {"replacement": RECALL["id"]}}})
    assert [(each.rule, each.pointer) for each in found] == [("recalls_lead_somewhere", "/recalls/0/replacement")]


def test_recalls_lead_somewhere_though_it_cannot_be_read_just_now():
    recall = RECALL | {"replacement": "symptom/glowing-ears"}
    ears = "symptoms/glowing-ears.json"
    assert [found.path for found in told({RECALLS: {"/recalls/-": recall}, ears: b"{"})] == [ears]


def test_recalls_lead_somewhere_where_a_caution_is_required():
    fire = RECALL | {"id": "caution/not-near-fire"}
    [found] = told({RECALLS: {"/recalls/-": fire}})
    assert (found.rule, found.pointer) == ("recalls_lead_somewhere", "/recalls/0/id")
    assert "is required by `" in found.found
    assert told({RECALLS: {"/recalls/-": fire | {"replacement": "caution/all-made-up"}}}) == []


def test_recalls_lead_somewhere_that_can_stand_in_for_a_caution():
    fire = RECALL | {"id": "caution/not-near-fire", "replacement": "treatment/quiet-tea"}
    assert told({RECALLS: {"/recalls/-": fire}}) == [
        Told(
            RECALLS,
            '"replacement": "treatment/quiet-tea"',
            "/recalls/0/replacement",
            "recalls_lead_somewhere",
            "`treatment/quiet-tea` is not a caution",
            "Only a caution can stand in for one, wherever it is required",
        )
    ]


def test_recalls_say_why():
    [found] = told({RECALLS: {"/recalls/-": RECALL | {"reason": {"de": "So nicht."}}}})
    assert (found.rule, found.pointer, found.line) == ("recalls_say_why", "/recalls/0/reason", '"reason": {')
    assert found.found == f"The reason for recalling `{RECALL['id']}` is not given in `en`"


@pytest.mark.parametrize(
    ("path", "listing", "entry", "name"),
    [(REDIRECTS, "redirects", REDIRECT, "from"), (RECALLS, "recalls", RECALL, "id")],
)
def test_listed_once(path, listing, entry, name):
    def twice(content):
        content[listing] = [entry, entry]

    assert told({path: twice}) == [
        Told(
            path,
            f'"{name}": "{entry[name]}",',
            f"/{listing}/1/{name}",
            "listed_once",
            f"`{entry[name]}` stands here twice",
            "Keep one of the two",
        )
    ]


# --- What must not vanish --------------------------------------------------------------------------------------------

BEFORE = sorted(world_edition().library.records)
WITHOUT_MOONLIGHT: dict[str, world.Edit] = {"causes/old-moonlight.json": REMOVED, MOON: {"/causes/1": REMOVED}}


def test_ids_kept():
    assert told(WITHOUT_MOONLIGHT, before=BEFORE) == [
        Told(
            "causes/old-moonlight.json",
            "",
            "",
            "ids_kept",
            "`cause/old-moonlight` was in the version before and is gone",
            "Set its state to WITHDRAWN, or name it in redirects.json or recalls.json",
        )
    ]


@pytest.mark.parametrize(
    "account",
    [
        {REDIRECTS: {"/redirects/-": {"from": "cause/old-moonlight", "to": "cause/late-comets"}}},
        {RECALLS: {"/recalls/-": RECALL | {"id": "cause/old-moonlight"}}},
    ],
)
def test_ids_kept_by_a_redirect_or_recall(account):
    assert told(WITHOUT_MOONLIGHT | account, before=BEFORE) == []


def few(message: str | None) -> Snapshot:
    """Five entities of thirteen, the rest accounted for."""
    kept = {"symptom/left-ear-glow", "symptom/glowing-ears", "cause/late-comets", "treatment/quiet-tea"}
    kept |= {"caution/ask-first"}
    changes: dict[str, world.Edit] = {}
    recalls = []
    for key in BEFORE:
        if key not in kept:
            kind, _, name = key.partition("/")
            changes[f"{kind}s/{name}.json"] = REMOVED
            recalls.append(RECALL | {"id": key})
    changes[RECALLS] = {"/recalls": recalls}
    changes[REDIRECTS] = {"/redirects/1": REMOVED}
    changes["cautions/ask-first.json"] = {"/appliesTo": ["treatment/quiet-tea"]}
    return MemorySnapshot(world.edited(changes), message=message)


def test_mass_delete_is_refused():
    [problem] = refusal(few("Tidy up"), before=BEFORE)
    assert (problem.path, problem.rule) == (SITE, "mass_delete")
    assert problem.found == "8 of 13 entities are gone"
    assert "Allow-Mass-Delete: yes" in problem.expected
    assert refusal(few("Tidy up"), before=BEFORE, known=world_edition()) == (problem,)


def test_mass_delete_is_allowed_by_the_commit_message():
    assert refusal(few("Tidy up\n\nAllow-Mass-Delete: yes\n"), before=BEFORE) == ()
    assert refusal(few("Never say Allow-Mass-Delete: yes"), before=BEFORE) != ()


def test_mass_delete_of_everything_is_refused_even_of_nothing():
    entities = {path: REMOVED for path in world.files() if path.partition("/")[0] not in ("sources", "people")}
    entities = {path: edit for path, edit in entities.items() if "/" in path} | {REDIRECTS: {"/redirects": []}}
    assert told(entities) == [Told(SITE, "{", "", "mass_delete", "There is no entity", "Content has at least one")]
