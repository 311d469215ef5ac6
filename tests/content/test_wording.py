"""One test per rule for what is written, named after it. What markup is allowed is in test_markup.py."""

from __future__ import annotations

import pytest

from content_api.content.wording import PROMOTIONAL
from tests.content.refusal import Told, told
from tests.world import REMOVED

MOON = "conditions/moon-hiccups.json"
SOCKS = "treatments/warm-socks.json"
LEFT_EAR = "symptoms/left-ear-glow.json"


def test_markup_allowed_is_none_in_plain_text():
    assert told({MOON: {"/text/en/name": "Moon <b>hiccups</b>"}}) == [
        Told(
            MOON,
            '"name": "Moon <b>hiccups</b>",',
            "/text/en/name",
            "markup_allowed",
            "There is HTML in plain text, at “Moon <b>hiccups</b>”",
            "Write the words alone",
        )
    ]


def test_markup_allowed_in_web_text_is_a_small_subset():
    assert told({MOON: {"/text/en/sections/1/channels/web/body": "Draw the curtains<br>now."}}) == [
        Told(
            MOON,
            '"body": "Draw the curtains<br>now."',
            "/text/en/sections/1/channels/web/body",
            "markup_allowed",
            "There is raw HTML, at “aw the curtains<br>now.”",
            "Use Markdown alone; write `\\<` for the sign itself",
        )
    ]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (MOON, "/text/de/summary"),
        (MOON, "/text/en/alternateNames/0/name"),
        (MOON, "/text/en/sections/0/heading"),
        (MOON, "/text/en/sections/0/channels/app/body"),
        (MOON, "/text/en/sections/0/channels/chatbot/body"),
        (MOON, "/audience/note/text/de"),
        (SOCKS, "/plan/adjustedTo/0/text/en"),
        (SOCKS, "/evidence/0/finding/en"),
        ("symptoms/soft-humming.json", "/withdrawnReason/de"),
    ],
)
def test_markup_allowed_is_looked_at_wherever_a_person_may_read(path, pointer):
    for text in ("Some *emphasis* here", "[link](https://a.example)", "Hello {{ name }}", "A bell \x07 rings"):
        found = told({path: {pointer: text}})
        assert {(each.rule, each.path, each.pointer) for each in found} == {("markup_allowed", path, pointer)}, text


def test_channel_limits_of_length():
    assert told({MOON: {"/text/en/sections/0/channels/chatbot/body": "x" * 201}}) == [
        Told(
            MOON,
            f'"body": "{"x" * 201}"',
            "/text/en/sections/0/channels/chatbot/body",
            "channel_limits",
            "The text has 201 characters",
            "`chatbot` text has at most 200",
        )
    ]
    assert told({MOON: {"/text/en/sections/0/channels/chatbot/body": "x" * 200}}) == []


def test_channel_limits_of_format():
    assert told({MOON: {"/text/en/sections/0/channels/app/format": "MARKDOWN"}}) == [
        Told(
            MOON,
            '"format": "MARKDOWN",',
            "/text/en/sections/0/channels/app/format",
            "channel_limits",
            "The format is MARKDOWN",
            "`app` text is PLAIN",
        )
    ]


@pytest.mark.parametrize("word", PROMOTIONAL)
def test_no_promotional_words(word):
    summary = f"This is {word.upper()} for you."
    assert Told(
        MOON,
        f'"summary": "{summary}",',
        "/text/en/summary",
        "no_promotional_words",
        f"“{word}” is a promotional word",
        "Say what is known instead",
    ) in told({MOON: {"/text/en/summary": summary}})


@pytest.mark.parametrize("blank", ["\n", "\u00a0"])
def test_no_promotional_words_hide_behind_the_end_of_a_line(blank):
    body = f"It is safe for{blank}most people."
    found = told({MOON: {"/text/en/sections/0/channels/app/body": body}})
    assert ("no_promotional_words", "/text/en/sections/0/channels/app/body") in [(f.rule, f.pointer) for f in found]


def test_translations_whole_in_their_sections():
    assert told({MOON: {"/text/de/sections/1": REMOVED}}) == [
        Told(
            MOON,
            '"sections": [',
            "/text/de/sections",
            "translations_whole",
            "The sections in `de` are overview, see-doctor",
            "Expected those of `en`, in their order: overview, living-with, see-doctor",
        )
    ]


def test_translations_whole_in_their_items():
    expected = "Expected text in just the locales of the entity: de, en"
    place = (MOON, '"text": {', "/audience/note/text", "translations_whole")
    assert told({MOON: {"/audience/note/text/de": REMOVED}}) == [Told(*place, "There is no text in `de`", expected)]
    assert told({MOON: {"/audience/note/text/de-AT": "Wer"}}) == [Told(*place, "There is text in `de-AT`", expected)]


def test_translations_whole_in_the_reason_for_withdrawal():
    [found] = told({"symptoms/soft-humming.json": {"/withdrawnReason/de": REMOVED}})
    assert (found.rule, found.pointer) == ("translations_whole", "/withdrawnReason")


def test_translations_whole_with_the_default_locale():
    def german_alone(content):
        content["text"]["de"] = content["text"].pop("en")

    assert told({LEFT_EAR: german_alone}) == [
        Told(
            LEFT_EAR,
            '"text": {',
            "/text",
            "translations_whole",
            "There is no text in `en`",
            "The default locale is required",
        )
    ]


def test_translations_whole_where_the_default_locale_is_no_draft():
    assert told({LEFT_EAR: {"/text/en/translation/status": "DRAFT"}}) == [
        Told(
            LEFT_EAR,
            '"status": "DRAFT"',
            "/text/en/translation/status",
            "translations_whole",
            "The text in `en` is a DRAFT translation",
            "The default locale is never a draft",
        )
    ]


def test_translations_whole_in_locales_of_the_site_alone():
    def french_too(content):
        content["text"]["fr"] = content["text"]["en"] | {"slug": "oreille-gauche"}

    assert told({LEFT_EAR: french_too})[0] == Told(
        LEFT_EAR,
        '"fr": {',
        "/text/fr",
        "translations_whole",
        "`fr` is not a locale of site.json",
        "Expected one of en, de, de-AT",
    )
