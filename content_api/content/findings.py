"""What a rule looks at, and what it finds: a problem that does not yet know its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from content_api.content.edition import Library, Record
from content_api.content.fields import TextFormat
from content_api.content.items import Item, items, wordings
from content_api.content.relations import Reference, references


@dataclass(frozen=True, slots=True)
class Subject(Record):
    """A record under the eyes of the rules, with what several of them ask of it worked out once."""

    items: tuple[Item, ...]
    references: tuple[Reference, ...]
    plain: str
    """All its plain texts, parted by empty lines: what is not in here is in none of them."""
    marked: tuple[str, ...]
    """All its Markdown texts."""
    words: str
    """All its texts in lower case, every blank a space."""


def subject(record: Record) -> Subject:
    found = tuple(items(record.kind, record.entity))
    plain: list[str] = [text for item in found for _, texts in wordings(item) for text in texts.values()]
    marked: list[str] = []
    for text in record.entity.text.values():
        plain += (text.name, text.summary, *[name.name for name in text.alternate_names])
        for section in text.sections:
            plain.append(section.heading)
            for body in (section.channels.web, section.channels.app, section.channels.chatbot):
                if body is not None:
                    (plain if body.format is TextFormat.PLAIN else marked).append(body.body)
    plain += (record.entity.withdrawn_reason or {}).values()
    leading = tuple(references(record.kind, record.entity))
    together = "\n\n".join(plain)
    words = in_one_line("\n".join((together, *marked)))
    return Subject(record.key, record.kind, record.entity, record.files, found, leading, together, tuple(marked), words)


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


# A rule looks at some entities (all of them, or those a new version touches) in the light of everything.
Rule: TypeAlias = Callable[[Sequence[Subject], Library], Iterator[Finding]]
RuleForAll: TypeAlias = Callable[[Sequence[Record], Library], Iterator[Finding]]
