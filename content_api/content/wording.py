"""The rules for what is written: lengths, markup, promotional words, translations.

These look at every word of every text, so each asks once about all the texts of an entity, and looks closely only where
the answer is yes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from content_api.content.edition import Library
from content_api.content.fields import (
    Body,
    Channel,
    Section,
    State,
    TextFormat,
    TranslationStatus,
)
from content_api.content.findings import Finding, Rule, Subject, in_one_line
from content_api.content.items import wordings
from content_api.content.markup import Fault, markdown_faults, plain_faults

# Words that sell. The content informs; what is worth praising is left to the evidence.
PROMOTIONAL = (
    "outstanding",
    "breakthrough",
    "break-through",
    "miracle",
    "revolutionary",
    "remarkable",
    "game-chang",
    "game chang",
    "cutting-edge",
    "cutting edge",
    "state-of-the-art",
    "world-class",
    "beacon of hope",
    "ray of hope",
    "new hope",
    "safe for most",
    "most patients",
    "completely safe",
    "perfectly safe",
    "100% safe",
    "no risk",
    "risk-free",
    "risk free",
    "no side effects",
    "guaranteed",
    "cure-all",
    "best treatment",
    "life-changing",
    "free consultation",
    "contact us",
    "call us",
)
# One look for all of them at once: each by itself, they took a sixth of all rules' time.
_PROMOTIONAL = AhoCorasick(PROMOTIONAL)


class Written(NamedTuple):
    """One text and where it is. Its format decides what markup it may hold."""

    pointer: str
    text: str
    format: TextFormat


def written(record: Subject) -> Iterator[Written]:
    """Every text of an entity that a person may read."""
    for locale, text in record.entity.text.items():
        base = f"/text/{locale}"
        yield Written(f"{base}/name", text.name, TextFormat.PLAIN)
        yield Written(f"{base}/summary", text.summary, TextFormat.PLAIN)
        for index, name in enumerate(text.alternate_names):
            yield Written(f"{base}/alternateNames/{index}/name", name.name, TextFormat.PLAIN)
        for index, section in enumerate(text.sections):
            yield Written(f"{base}/sections/{index}/heading", section.heading, TextFormat.PLAIN)
            for channel, body in bodies(section):
                yield Written(f"{base}/sections/{index}/channels/{channel}/body", body.body, body.format)
    for item in record.items:
        for pointer, texts in wordings(item):
            for locale, wording in texts.items():
                yield Written(f"{pointer}/{locale}", wording, TextFormat.PLAIN)
    for locale, reason in (record.entity.withdrawn_reason or {}).items():
        yield Written(f"/withdrawnReason/{locale}", reason, TextFormat.PLAIN)


def bodies(section: Section) -> list[tuple[Channel, Body]]:
    """The texts of a section, by channel."""
    channels = section.channels
    found = ((Channel.WEB, channels.web), (Channel.APP, channels.app), (Channel.CHATBOT, channels.chatbot))
    return [(channel, body) for channel, body in found if body is not None]


def markup_allowed(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """Plain text has no markup; web text has only the small Markdown subset; no template is left unfilled."""
    for record in subjects:
        if any(plain_faults(record.plain)) or any([any(markdown_faults(text)) for text in record.marked]):
            for pointer, text, text_format in written(record):
                for fault in plain_faults(text) if text_format is TextFormat.PLAIN else markdown_faults(text):
                    yield from at_fault(record, pointer, text, fault)


def at_fault(record: Subject, pointer: str, text: str, fault: Fault) -> Iterator[Finding]:
    """A fault with the words around it, since a JSON text has no lines of its own."""
    around = text[max(fault.offset - 15, 0) : fault.offset + 25].replace("\n", " ")
    yield Finding(record.path, pointer, f"{fault.found}, at “{around}”", fault.expected)


def channel_limits(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """Text is in the format of its channel and no longer than the channel takes."""
    for record in subjects:
        for locale, text in record.entity.text.items():
            for index, section in enumerate(text.sections):
                for channel, body in bodies(section):
                    allowed = library.site.channels.get(channel)
                    if allowed is None:
                        continue  # site_channels says so
                    if body.format is not allowed.format:
                        pointer = f"/text/{locale}/sections/{index}/channels/{channel}/format"
                        found = f"The format is {body.format}"
                        yield Finding(record.path, pointer, found, f"`{channel}` text is {allowed.format}")
                    if len(body.body) > allowed.max_length:
                        pointer = f"/text/{locale}/sections/{index}/channels/{channel}/body"
                        found = f"The text has {len(body.body):,} characters"
                        expected = f"`{channel}` text has at most {allowed.max_length:,}"
                        yield Finding(record.path, pointer, found, expected)


def no_promotional_words(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """Patient text informs and does not sell."""
    for record in subjects:
        words = set(_PROMOTIONAL.find_matches_as_strings(record.words, overlapping=True))
        for pointer, text, _ in written(record) if words else ():
            lowered = in_one_line(text)
            for word in sorted(words):
                if word in lowered:
                    yield Finding(record.path, pointer, f"“{word}” is a promotional word", "Say what is known instead")


def translations_whole(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """An entity is translated whole: same sections, every item; the default locale is there and no draft."""
    default = library.site.default_locale
    if default not in library.site.locales:
        return  # site_locales says so, and here it would only be said again of every entity
    for record in subjects:
        texts = record.entity.text
        if default not in texts:
            yield Finding(record.path, "/text", f"There is no text in `{default}`", "The default locale is required")
            continue
        draft = texts[default].translation.status is TranslationStatus.DRAFT
        if draft and record.entity.state is State.PUBLISHED:
            yield Finding(
                record.path,
                f"/text/{default}/translation/status",
                f"The text in `{default}` is a DRAFT translation",
                "The default locale is never a draft",
            )
        for locale in texts:
            if locale not in library.site.locales:
                known = ", ".join(library.site.locales)
                yield Finding(
                    record.path,
                    f"/text/{locale}",
                    f"`{locale}` is not a locale of site.json",
                    f"Expected one of {known}",
                )
        if len(texts) > 1:
            yield from section_keys_differ(record, default)
        yield from items_not_translated(record)


def section_keys_differ(record: Subject, default: str) -> Iterator[Finding]:
    """Locales whose sections are not those of the default locale."""
    expected = [section.key for section in record.entity.text[default].sections]
    for locale, text in record.entity.text.items():
        keys = [section.key for section in text.sections]
        if keys != expected:
            yield Finding(
                record.path,
                f"/text/{locale}/sections",
                f"The sections in `{locale}` are {', '.join(keys) or 'none'}",
                f"Expected those of `{default}`, in their order: {', '.join(expected) or 'none'}",
            )


def items_not_translated(record: Subject) -> Iterator[Finding]:
    """Items whose text lacks a locale of the entity, or has one that the entity has not."""
    locales = record.entity.text.keys()
    wordings_found = [wording for item in record.items for wording in wordings(item)]
    if record.entity.withdrawn_reason:
        wordings_found.append(("/withdrawnReason", record.entity.withdrawn_reason))
    for pointer, wording in wordings_found:
        if wording.keys() != locales:
            missing, extra = sorted(locales - wording.keys()), sorted(wording.keys() - locales)
            found = f"There is no text in `{missing[0]}`" if missing else f"There is text in `{extra[0]}`"
            expected = f"Expected text in just the locales of the entity: {', '.join(sorted(locales))}"
            yield Finding(record.path, pointer, found, expected)


WORDING_RULES: tuple[Rule, ...] = (markup_allowed, channel_limits, no_promotional_words, translations_whole)
