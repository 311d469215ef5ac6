"""What a rule looks at, and what it finds: a problem that does not yet know its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from content_api.content.edition import Library, Record
from content_api.content.fields import TextFormat
from content_api.content.items import Item, items, texts
from content_api.content.relations import targets


@dataclass(frozen=True, slots=True)
class Subject(Record):
    """A record under the eyes of the rules for what it says, with what several of them ask worked out once."""

    items: Sequence[Item]
    plain: str
    """All its plain texts, parted by empty lines: what is not in here is in none of them."""
    marked: Sequence[str]
    """All its Markdown texts."""
    words: str
    """All its texts in lower case, every blank a space."""


def subject(record: Record) -> Subject:
    found = items(record.kind, record.entity)
    plain: list[str] = [text for item in found for wording in texts(item) for text in wording.values()]
    marked: list[str] = []
    for text in record.entity.text.values():
        plain += (text.name, text.summary, *[name.name for name in text.alternate_names])
        for section in text.sections:
            plain.append(section.heading)
            channels = section.channels
            for body in (channels.web, channels.app, channels.chatbot):
                if body is not None:
                    (plain if body.format is TextFormat.PLAIN else marked).append(body.body)
    if record.entity.withdrawn_reason:
        plain += record.entity.withdrawn_reason.values()
    together = "\n\n".join(plain)
    words = in_one_line("\n".join((together, *marked)))
    return Subject(record.key, record.kind, record.entity, record.files, found, together, marked, words)


class Referrer(NamedTuple):
    """A record under the eyes of the rules for what it refers to."""

    record: Record
    targets: Sequence[tuple[str, str]]
    """(target key, relation name) of every reference. Where they stand is worked out only for what is found."""


def referrer(record: Record) -> Referrer:
    return Referrer(record, targets(record.kind, record.entity))


def in_one_line(text: str) -> str:
    """A text in lower case, with nothing but spaces between its words: no phrase hides behind the end of a line."""
    return text.lower().replace("\n", " ").replace("\xa0", " ")


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` and `pointer` say where; `load` adds rule and line. See Problem for the rest."""

    path: str
    pointer: str
    found: str
    expected: str
    suggestion: str | None = None


# A rule looks at some entities (all of them, or those a new version touches). The first kind looks at each alone, in
# the light of nothing but the site, the sources and the people; the others in the light of everything.
Rule: TypeAlias = Callable[[Sequence[Subject], Library], Iterator[Finding]]
RuleForReferences: TypeAlias = Callable[[Sequence[Referrer], Library], Iterator[Finding]]
RuleForAll: TypeAlias = Callable[[Sequence[Record], Library], Iterator[Finding]]
