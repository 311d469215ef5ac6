"""Where in an entity's texts the words are that a search found.

Our own rather than tantivy's snippets: those know nothing of words that were found by their beginning or in spite of a
typing error, and give offsets in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from content_api.content.lexicon import Lexicon, lexicon
from content_api.content.shelf import SearchDocument

Field = Literal["name", "alternateNames", "summary", "body"]
Ranges = tuple[tuple[int, int], ...]

_LONGEST_FRAGMENT = 200
"""Characters of a body's fragment, as of a summary."""
_LEAD = 60
"""Characters before the first word found, for its context."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A text, or a fragment of the body, and the (start, end) of each word found in it, in characters."""

    field: Field
    text: str
    ranges: Ranges


class Criterion(NamedTuple):
    """When a word of a text is one that was asked for: by its stem, or else as it is written."""

    stem: str
    word: str
    begins_title: bool
    """Whether words of names that begin with it are meant too, and"""
    begins_any: bool
    """words of any text."""
    errors: int
    """Typing errors that are forgiven."""

    def likes(self, word: str, title: bool) -> bool:
        if (self.begins_any or (title and self.begins_title)) and word.startswith(self.word):
            return True
        return self.errors > 0 and OSA.distance(word, self.word, score_cutoff=self.errors) <= self.errors


def highlights(document: SearchDocument, criteria: Sequence[Criterion]) -> tuple[Highlight, ...]:
    """The texts of a document that have any of the words, in their order of weight; of the body, the best fragment."""
    return tuple(_found(document, criteria, lexicon(document.locale)))


def _found(document: SearchDocument, criteria: Sequence[Criterion], reader: Lexicon) -> Iterator[Highlight]:
    titles: list[tuple[Field, str]] = [("name", document.name)]
    titles += [("alternateNames", name) for name in document.alternate_names]
    for field, text in titles:
        if ranges := _ranges(text, criteria, reader, True)[0]:
            yield Highlight(field, text, ranges)
    if ranges := _ranges(document.summary, criteria, reader, False)[0]:
        yield Highlight("summary", document.summary, ranges)
    if fragment := _best_fragment(document.body, criteria, reader):
        yield fragment


def _ranges(text: str, criteria: Sequence[Criterion], reader: Lexicon, title: bool) -> tuple[Ranges, int]:
    """Where words are that meet a criterion, and how many criteria are met."""
    met = _met(text, criteria, reader, title)
    if not met:
        return (), 0
    tokens = reader.stems.pre_tokenize(text).tokens
    return tuple((tokens[place].char_offset_from, tokens[place].char_offset_to) for place in met), len({*met.values()})


def _met(text: str, criteria: Sequence[Criterion], reader: Lexicon, title: bool) -> dict[int, Criterion]:
    """The places of words, counted in words, with what each of them meets. Most texts have none, so this is quick."""
    stems = {criterion.stem: criterion for criterion in criteria}
    met = {place: stems[stem] for place, stem in enumerate(reader.stems.analyze(text)) if stem in stems}
    likes = [each for each in criteria if each.errors or each.begins_any or (title and each.begins_title)]
    if likes:
        for place, word in enumerate(reader.words.analyze(text)):
            if place not in met and (liked := next((each for each in likes if each.likes(word, title)), None)):
                met[place] = liked
    return dict(sorted(met.items()))


def _best_fragment(body: str, criteria: Sequence[Criterion], reader: Lexicon) -> Highlight | None:
    """Of the paragraph that has most of the words, the first such; reading stops at one that has all."""
    best, most = None, 0
    for paragraph in body.split("\n\n"):
        ranges, met = _ranges(paragraph, criteria, reader, False)
        if met > most:
            best, most = (paragraph, ranges), met
        if most == len(criteria):
            break
    return None if best is None else _fragment(*best)


def _fragment(text: str, ranges: Ranges) -> Highlight:
    """As much of a paragraph as fits, from where the words lie closest; it begins and ends between words."""
    if len(text) <= _LONGEST_FRAGMENT:
        return Highlight("body", text, ranges)
    room = _LONGEST_FRAGMENT - _LEAD
    first = max(ranges, key=lambda one: sum(one[0] <= start and end <= one[0] + room for start, end in ranges))[0]
    start = _after_blank(text, max(min(first - _LEAD, len(text) - _LONGEST_FRAGMENT), 0), first)
    end = _before_blank(text, start, start + _LONGEST_FRAGMENT)
    inside = tuple((low - start, high - start) for low, high in ranges if start <= low and high <= end)
    return Highlight("body", text[start:end], inside)


def _after_blank(text: str, start: int, latest: int) -> int:
    """The next beginning of a word, but not beyond what has to be shown."""
    if start == 0 or text[start - 1].isspace():
        return start
    return next((place + 1 for place in range(start, latest) if text[place].isspace()), latest)


def _before_blank(text: str, start: int, end: int) -> int:
    if end >= len(text) or text[end].isspace():
        return min(end, len(text))
    return next((place for place in range(end - 1, start, -1) if text[place].isspace()), end)
