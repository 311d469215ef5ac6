"""The rule for claims: who says that something helps names evidence, or says whose claim it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick

from content_api.content.edition import Library
from content_api.content.fields import (
    CitationRole,
    ConflictOfInterest,
    EntityKind,
    EntityText,
    HealthAspect,
    Section,
    Statement,
)
from content_api.content.findings import Finding, Subject
from content_api.content.items import Item
from content_api.content.models import Evidence, RangeBasis, VagueRange
from content_api.content.wording import bodies

# Words that say a treatment does something for a person. They need evidence, or an owner.
EFFECT = re.compile(
    r"\b(reliev\w*|relief|eas(?:e|es|ed|ing)|effective\w*|efficacy|cur(?:e|es|ed|ing)|works?\s(?:very\s)?well|"
    r"(?:reduc|lessen)\w*\s(?:(?:the|your|their)\s)?(?:pain|symptoms))\b",
    re.IGNORECASE,
)
# A text without any of these says nothing of the kind; to look for them is cheaper.
EFFECT_STEMS = ("relie", "ease", "easing", "effective", "efficacy", "cure", "curing", " well", "reduc", "lessen")
_EFFECT_STEMS = AhoCorasick(EFFECT_STEMS)
CLAIMING_ASPECTS = (HealthAspect.BENEFITS, HealthAspect.EFFECTIVENESS)


def claims_have_evidence(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """A claim of effect rests on evidence from somebody who does not sell it, or says whose claim it is."""
    for record in subjects:
        evidenced = evidenced_keys(record, library)
        may_tell = may_tell_effect(record)
        for item in record.items:
            if isinstance(item.value, VagueRange) and item.value.basis is RangeBasis.PROVIDER_CLAIM:
                yield from unowned_claim(record, item.pointer, item.value)
            elif item.value.key not in evidenced:
                yield from unsupported_item(record, item, may_tell)
        for locale, text in record.entity.text.items():
            if may_tell and not evidenced and record.kind is EntityKind.TREATMENT:
                yield from told_in_short(record, locale, text)
            for index, section in enumerate(text.sections):
                claims = section.aspect in CLAIMING_ASPECTS or (may_tell and tells_effect(section))
                if claims and not section.attributed_to and section.key not in evidenced:
                    yield unsupported(record, f"/text/{locale}/sections/{index}", section.key)


def evidenced_keys(record: Subject, library: Library) -> set[str]:
    """Keys that an EVIDENCE citation of a source without a conflict of interest supports."""
    keys: set[str] = set()
    for citation in record.entity.citations:
        source = library.sources.get(citation.source)
        if source is None:  # a file with problems of its own gets the benefit of the doubt
            counts = f"source/{citation.source}" in library.unread
        else:
            counts = source.conflict_of_interest is not ConflictOfInterest.PUBLISHER_SELLS_THE_TREATMENT
        if citation.role is CitationRole.EVIDENCE and counts:
            keys.update(citation.supports)
    return keys


def unsupported_item(record: Subject, item: Item, may_tell: bool) -> Iterator[Finding]:
    """An item that claims an effect, time or finding without evidence."""
    value = item.value
    if isinstance(value, Evidence | VagueRange) or (may_tell and not value.attributed_to and tells_effect(value)):
        yield unsupported(record, item.pointer, value.key)


def unowned_claim(record: Subject, pointer: str, claim: VagueRange) -> Iterator[Finding]:
    """A range that a provider claims and that does not say which. Evidence beside it makes it no less a claim."""
    if not claim.attributed_to:
        found = f"`{claim.key}` is a claim of the provider and does not say whose"
        yield Finding(record.path, pointer, found, "Name the source in `attributedTo`")


def told_in_short(record: Subject, locale: str, text: EntityText) -> Iterator[Finding]:
    """A name or summary that tells of an effect. It has no key to be cited by, so any evidence of the entity counts."""
    for field, words in (("name", text.name), ("summary", text.summary)):
        if EFFECT.search(words):
            found = f"The {field} tells of an effect, and nothing here has evidence"
            expected = "Cite a source with the role EVIDENCE that does not sell the treatment, or leave the effect out"
            yield Finding(record.path, f"/text/{locale}/{field}", found, expected)


def unsupported(record: Subject, pointer: str, key: str) -> Finding:
    return Finding(
        record.path,
        pointer,
        f"`{key}` claims an effect and has no evidence",
        f"Name `{key}` in the `supports` of a citation with the role EVIDENCE, whose source does not sell the "
        "treatment; or word it as a claim of its source and name that in `attributedTo`",
    )


def may_tell_effect(record: Subject) -> bool:
    """Whether any text of an entity may say that something helps."""
    return bool(_EFFECT_STEMS.find_matches_as_indexes(record.words))


def tells_effect(what: Section | Statement | Evidence) -> bool:
    """Whether a text says that something helps."""
    if isinstance(what, Section):
        texts: Iterable[str] = [what.heading, *(body.body for _, body in bodies(what))]
    else:
        texts = what.text.values() if isinstance(what, Statement) else ()
    return any(EFFECT.search(text) for text in texts)
