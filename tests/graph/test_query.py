"""The root of the graph: how entities are found, and how a scope is kept."""

from __future__ import annotations

import pytest
from graphql import GraphQLError

from content_api.content.fields import EntityKind
from tests import world
from tests.graph.asking import ask, edition_with, refusal, result, world_edition

# Key and English slug of an entity of each kind, and its German slug where it is translated.
FOUND = {
    EntityKind.CONDITION: ("star-sneezes", "sneezing-at-stars", None),
    EntityKind.SYMPTOM: ("glowing-ears", "glowing-ears", "leuchtende-ohren"),
    EntityKind.CAUSE: ("late-comets", "late-comets", "spaete-kometen"),
    EntityKind.TREATMENT: ("quiet-tea", "quiet-tea", "stiller-tee"),
    EntityKind.CAUTION: ("ask-first", "ask-first", "erst-fragen"),
}


# --- One entity ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EntityKind)
def test_an_entity_is_found_by_its_key_and_by_its_slug(kind):
    key, slug, german = FOUND[kind]
    assert ask(f'{{ {kind}(key: "{key}") {{ slug }} }}')[kind] == {"slug": slug}
    assert ask(f'{{ {kind}(slug: "{slug}") {{ key }} }}')[kind] == {"key": key}
    if german:
        text = f'{{ content(locale: "de-AT") {{ {kind}(slug: "{german}") {{ key slug }} }} }}'
        assert ask(text)["content"][kind] == {"key": key, "slug": german}


@pytest.mark.parametrize("kind", EntityKind)
def test_exactly_one_of_slug_and_key_is_given(kind):
    for arguments, found in (
        ("", "Neither"),
        ("(slug: null)", "Neither"),
        ('(slug: "")', "Neither"),
        ('(slug: "ask-first", key: "ask-first")', "Both"),
    ):
        error = refusal(f"{{ {kind}{arguments} {{ key }} }}")
        assert (error.code, str(error).split()[0]) == ("BAD_USER_INPUT", found)
        assert "exactly one" in error.hint


@pytest.mark.parametrize("kind", EntityKind)
def test_null_is_the_same_as_not_given(kind):
    key, slug, _ = FOUND[kind]
    assert ask(f'{{ {kind}(key: "{key}", slug: null) {{ key }} }}')[kind] == {"key": key}
    text = f"query($slug: String, $key: String) {{ {kind}(slug: $slug, key: $key) {{ key }} }}"
    assert ask(text, slug=slug, key=None)[kind] == {"key": key}


@pytest.mark.parametrize("kind", EntityKind)
@pytest.mark.parametrize(
    "name", ["nothing", "cloud-yawns", "soft-humming", "None", "../site", "condition/moon-hiccups"]
)
def test_there_is_null_where_there_is_nothing_to_be_seen(kind, name):
    text = f"query($name: String) {{ byKey: {kind}(key: $name) {{ key }} bySlug: {kind}(slug: $name) {{ key }} }}"
    assert ask(text, name=name) == {"byKey": None, "bySlug": None}


def test_old_names_lead_to_the_entity():
    text = """{ a: symptom(key: "bright-ears") { key } b: symptom(slug: "bright-ears") { key }
        c: condition(slug: "lunar-hiccups") { key } d: condition(slug: "bright-ears") { key } }"""
    ears = {"key": "glowing-ears"}
    assert ask(text) == {"a": ears, "b": ears, "c": {"key": "moon-hiccups"}, "d": None}


# --- By code ---------------------------------------------------------------------------------------------------------

BY_CODE = "query($system: CodeSystem!, $code: String!) { byCode(system: $system, code: $code) { __typename key } }"


def test_entities_are_found_by_their_codes_and_by_those_of_their_examples():
    def found(system: str, code: str) -> list[tuple[str, str]]:
        return [(one["__typename"], one["key"]) for one in ask(BY_CODE, system=system, code=code)["byCode"]]

    assert found("ICD_10", "X00.1") == [("Condition", "moon-hiccups")]
    assert found("UNII", "TESTDUST01") == [("Cause", "late-comets")]
    assert found("MESH", "X00.1") == found("ICD_10", "x00.1") == found("ICD_10", "") == []


def test_a_code_that_several_carry_finds_them_by_kind_and_key_and_nothing_hidden():
    coding = world.document("conditions/moon-hiccups.json")["codings"][0]
    edition = edition_with(
        {
            path: {"/codings": [coding]}
            for path in (
                "treatments/quiet-tea.json",
                "conditions/cloud-yawns.json",
                "symptoms/soft-humming.json",
                "causes/late-comets.json",
            )
        }
    )
    found = ask(BY_CODE, edition, system="ICD_10", code="X00.1")["byCode"]
    assert [one["key"] for one in found] == ["late-comets", "moon-hiccups", "quiet-tea"]


# --- Scopes ----------------------------------------------------------------------------------------------------------


SCOPED = """
fragment entity on Entity { key served { requestedLocale locale requestedChannel isFallback version } }
query($locale: Locale, $channel: Channel! = WEB) { content(locale: $locale, channel: $channel) {
    condition(key: "moon-hiccups") {
        ...entity
        requiredCautions { ...entity appliesTo { ...entity } }
        symptoms { symptom {
            ...entity parts { ...entity partOf { ...entity } } conditions { condition { ...entity } }
        } }
        causes { cause { ...entity sameAsCondition { condition { ...entity } } examples { condition { ...entity } } } }
        treatments { treatment { ...entity alternatives { ...entity } conditions { condition { ...entity } } } }
        relatedConditions { condition { ...entity } }
    }
    treatments { nodes { ...entity } edges { node { ...entity } } }
    byCode(system: ICD_10, code: "X00.2") { ...entity }
} }
"""


def served(data) -> list[tuple[str, dict]]:
    """(key, served) of every entity in an answer."""
    if isinstance(data, list):
        return [one for item in data for one in served(item)]
    if not isinstance(data, dict):
        return []
    own = [(data["key"], data["served"])] if "served" in data else []
    return own + [one for name, value in data.items() if name != "served" for one in served(value)]


@pytest.mark.parametrize("locale", ["en", "de", "de-AT"])
@pytest.mark.parametrize("channel", ["WEB", "APP", "CHATBOT"])
def test_everything_below_a_scope_stays_in_it(locale, channel):
    english = {"star-sneezes", "left-ear-glow", "not-near-fire"}
    found = served(ask(SCOPED, locale=locale, channel=channel))
    assert len(found) > 30
    for key, scope in found:
        assert (scope["requestedLocale"], scope["requestedChannel"]) == (locale, channel)
        assert scope["locale"] == ("en" if locale == "en" or key in english else "de")
        assert scope["version"] == world_edition().version.id
        if scope["locale"] != locale:
            assert scope["isFallback"]


def test_the_root_and_an_empty_scope_are_the_default_locale_for_the_web():
    text = "{ nodes { key served { requestedLocale locale requestedChannel channels isFallback } } }"
    root = ask(f"{{ cautions {text} }}")["cautions"]
    assert ask(f"{{ content {{ cautions {text} }} }}")["content"]["cautions"] == root
    assert ask(f"{{ content(locale: null) {{ cautions {text} }} }}")["content"]["cautions"] == root
    assert {tuple(node["served"].items()) for node in map(frozen, root["nodes"])} == {
        (
            ("requestedLocale", "en"),
            ("locale", "en"),
            ("requestedChannel", "WEB"),
            ("channels", ("WEB",)),
            ("isFallback", False),
        )
    }


def frozen(node: dict) -> dict:
    return {"served": node["served"] | {"channels": tuple(node["served"]["channels"])}}


def test_served_says_which_channels_stand_in():
    text = """query($key: String, $channel: Channel! = WEB) { content(channel: $channel) { condition(key: $key) {
        served { channels isFallback } sections { text { channel isFallback plain } } } } }"""

    def asked(key: str, channel: str) -> dict:
        return ask(text, key=key, channel=channel)["content"]["condition"]

    hiccups = asked("moon-hiccups", "CHATBOT")
    assert hiccups["served"] == {"channels": ["APP", "CHATBOT"], "isFallback": True}
    assert [section["text"]["channel"] for section in hiccups["sections"]] == ["CHATBOT", None, "APP"]
    assert hiccups["sections"][1]["text"]["plain"].startswith("Hiccups that come")
    assert asked("star-sneezes", "CHATBOT")["served"] == {"channels": ["CHATBOT"], "isFallback": False}
    assert asked("star-sneezes", "APP")["served"] == {"channels": ["CHATBOT"], "isFallback": True}


def test_an_entity_without_sections_is_served_in_no_channel_and_falls_back_on_none():
    [cause] = ask('{ causes(where: { key: { eq: "old-moonlight" } }) { nodes { served { channels isFallback } } } }')[
        "causes"
    ]["nodes"]
    assert cause["served"] == {"channels": [], "isFallback": False}


@pytest.mark.parametrize("locale", ["fr", "EN", "", "en-", "de_AT", "x" * 1_000])
def test_a_locale_that_is_not_served_is_refused_with_those_that_are(locale):
    error = refusal("query($locale: Locale) { content(locale: $locale) { site { version } } }", locale=locale)
    assert error.code == "LOCALE_NOT_AVAILABLE"
    assert error.hint == "Ask for one of en, de, de-AT."
    assert len(str(error)) < 100


@pytest.mark.parametrize("locale", [5, True, ["en"], {"tag": "en"}])
def test_a_locale_is_a_text(locale):
    answer = result("query($locale: Locale) { content(locale: $locale) { site { version } } }", locale=locale)
    [error] = answer.errors
    assert type(error) is GraphQLError
    assert "A locale is a text" in error.message


def test_a_caution_without_a_translation_is_served_in_the_default_locale_and_flagged():
    text = """{ content(locale: "de") { condition(key: "moon-hiccups") { name requiredCautions {
        key name action { text } served { locale isFallback } } } } }"""
    condition = ask(text)["content"]["condition"]
    assert condition["name"] == "Mondschluckauf"
    assert condition["requiredCautions"] == [
        {
            "key": "not-near-fire",
            "name": "Not near fire",
            "action": {"text": "Keep away from fire."},
            "served": {"locale": "en", "isFallback": True},
        },
        {
            "key": "ask-first",
            "name": "Erst fragen",
            "action": {"text": "Jemanden fragen."},
            "served": {"locale": "de", "isFallback": False},
        },
    ]


# --- Site ------------------------------------------------------------------------------------------------------------


def test_the_site_is_told_in_the_locale_asked_for():
    text = """query($locale: Locale) { content(locale: $locale) { site {
        attribution disclaimer defaultLocale version publisher { name url } licence { name url }
        locales { tag name fallback } channels { channel format maxLength fallback }
    } } }"""
    english, german, austrian = (ask(text, locale=tag)["content"]["site"] for tag in ("en", "de", "de-AT"))
    assert english == {
        "attribution": "Made up for the tests of content-api.",
        "disclaimer": "Nothing here is medical information.",
        "defaultLocale": "en",
        "version": world_edition().version.id,
        "publisher": {"name": "Tests of content-api", "url": "https://content-api.example/"},
        "licence": {"name": "Test data, not for use", "url": "https://content-api.example/licence"},
        "locales": [
            {"tag": "en", "name": "English", "fallback": []},
            {"tag": "de", "name": "Deutsch", "fallback": ["en"]},
            {"tag": "de-AT", "name": "Deutsch (Österreich)", "fallback": ["de", "en"]},
        ],
        "channels": [
            {"channel": "WEB", "format": "MARKDOWN", "maxLength": 2000, "fallback": ["APP"]},
            {"channel": "APP", "format": "PLAIN", "maxLength": 400, "fallback": ["CHATBOT"]},
            {"channel": "CHATBOT", "format": "PLAIN", "maxLength": 200, "fallback": ["APP"]},
        ],
    }
    assert german["disclaimer"] == austrian["disclaimer"] == "Nichts hiervon ist medizinische Information."


def test_a_sources_note_is_told_in_the_locale_served_or_in_one_that_stands_in():
    text = """{ content(locale: "de") { condition(key: "moon-hiccups") { citations { source { note } } }
        symptom(key: "left-ear-glow") { citations { source { note } } } } }"""
    data = ask(text)["content"]
    assert data["condition"]["citations"][0]["source"]["note"] == "Sie verkauft die Socken."
    assert data["symptom"]["citations"][0]["source"]["note"] == "It sells the socks."
    german = edition_with({"sources/test-clinic-page.json": {"/note": {"de": "Nur deutsch."}}})
    data = ask(text, german)["content"]
    assert [data[kind]["citations"][0]["source"]["note"] for kind in ("condition", "symptom")] == ["Nur deutsch."] * 2
    [root] = ask('{ symptom(key: "left-ear-glow") { citations { source { note } } } }', german)["symptom"]["citations"]
    assert root["source"]["note"] is None


# --- What is hidden --------------------------------------------------------------------------------------------------

HIDDEN = """{
    conditions { nodes { key symptoms { symptom { key } } treatments { treatment { key } }
        relatedConditions { condition { key } } requiredCautions { key } } totalCount }
    symptoms { nodes { key conditions { condition { key } } parts { key } partOf { key } } }
    causes { nodes { key sameAsCondition { condition { key } } examples { condition { key } }
        conditions { condition { key } } } }
    treatments { nodes { key alternatives { key } conditions { condition { key } } requiredCautions { key } } }
    cautions { nodes { key appliesTo { key } } }
    byCode(system: ICD_10, code: "X00.2") { key }
    key: condition(key: "star-sneezes") { key }
    slug: condition(slug: "sneezing-at-stars") { key }
    redirect: condition(slug: "lunar-hiccups") { key }
    filtered: symptoms(where: { conditions: { some: { condition: { key: { eq: "star-sneezes" } } } } }) { totalCount }
}"""


def keys(data) -> set[str]:
    """Every key in an answer."""
    if isinstance(data, list):
        return set().union(*map(keys, data))
    if isinstance(data, dict):
        return {data["key"]} if set(data) == {"key"} else set().union(*map(keys, data.values()))
    return {data} if isinstance(data, str) else set()


RECALL = {"reason": {"en": "Not so."}, "since": "2026-11-20T10:00:00Z"}


def test_drafts_and_withdrawn_entities_are_seen_nowhere():
    assert not keys(ask(HIDDEN)) & {"cloud-yawns", "soft-humming"}


@pytest.mark.parametrize(
    "hidden",
    [
        *("condition/star-sneezes", "condition/moon-hiccups", "symptom/glowing-ears", "symptom/left-ear-glow"),
        *("cause/old-moonlight", "treatment/quiet-tea", "treatment/warm-socks", "caution/ask-first"),
    ],
)
def test_what_is_recalled_is_seen_nowhere(hidden):
    assert hidden.partition("/")[2] in keys(ask(HIDDEN))
    instead = {"replacement": "caution/all-made-up"} if hidden.startswith("caution/") else {}
    edition = edition_with({"recalls.json": {"/recalls": [{"id": hidden, **RECALL, **instead}]}})
    data = ask(HIDDEN, edition)
    assert hidden.partition("/")[2] not in keys(data)
    if hidden == "condition/star-sneezes":
        assert data["key"] is data["slug"] is None
        assert (data["byCode"], data["filtered"]["totalCount"], data["conditions"]["totalCount"]) == ([], 0, 1)
    if hidden == "condition/moon-hiccups":
        assert data["redirect"] is None
