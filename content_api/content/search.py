"""Full-text search over the entities of one edition.

Clients type words; there is no query language. A word is found by its stem, a code as it is, the last word by its
beginning, and a word that nothing has by those that are spelled almost like it. All words are asked for first, then
half of them, then any, until something is found.

The score says in which texts the words are (a name weighs most) and how rare they are. It is made of whole numbers and
of nothing but the content. BM25, tantivy's own, counts documents that were deleted, and adds fractions in an order that
depends on segments: an index that was updated and one built afresh would answer differently, and two server processes
would disagree about what is on page two.
"""

from __future__ import annotations

import heapq
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tantivy import DocAddress, Occur, Query, Searcher, SearchResult

from content_api.content.deadline import look
from content_api.content.highlights import Criterion, Highlight, highlights
from content_api.content.lexicon import composed, lexicon
from content_api.content.shelf import SCHEMA, SearchDocument, Shelf, whole

__all__ = ["Highlight", "Hit", "SearchDocument", "SearchIndex", "SearchPage"]

_MOST_WORDS = 16
"""Later ones are not looked up: each costs an index look-up over five fields."""
_MOST_GUESSES = 4
"""Words that are looked up by similar spelling, a millisecond each. Who mistypes more than four is not understood."""

# Where a word is -> its weight, multiplied by the word's rarity. A word counts where it weighs most.
_STEM_WEIGHTS = {"name": 32, "alternate": 24, "summary": 8, "body": 2}
_BEGINNING_WEIGHTS = {"title_words": 12, "words": 1}
_NEAR_WEIGHTS = {"title_words": 10, "words": 1}
_FAR_WEIGHTS = {"title_words": 6, "words": 1}
"""For one typing error, and for two."""
_WHOLE_WEIGHTS = {"name": 16, "alternate": 12}
"""Added when it is all of a name: an entity that has just this alternate name comes before longer names."""
_CODE_WEIGHT = 16
"""Between a word in an alternate name and one in a summary."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entity that was found. `score` compares the hits of one search and means nothing beyond."""

    kind: str
    key: str
    score: float
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some of the entities found, best first, and how many there are in all."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """A value: what it answers never changes, and asking it is safe from any thread."""

    _shelves: Mapping[str, Shelf] = field(default_factory=dict)

    @classmethod
    def build(cls, documents: Iterable[SearchDocument]) -> SearchIndex:
        """Index the documents, 0.1 ms for a kilobyte. Of several with one kind, key and locale, the last counts."""
        return cls({locale: Shelf.build(locale, those) for locale, those in _by_locale(documents).items()})

    def updated(self, removed: Collection[tuple[str, str]], added: Iterable[SearchDocument]) -> SearchIndex:
        """An index without what is removed, by (kind, key) and in every locale, and with what is added.

        What is added replaces what has its kind, key and locale. For the latest index of a line of updates it takes as
        long as the change, some 10 ms for one; for an older one, as long as `build`.
        """
        new = _by_locale(added)
        shelves = {
            locale: shelf.updated(gone, new.get(locale, [])) if gone or locale in new else shelf
            for locale, shelf in self._shelves.items()
            for gone in [list(filter(shelf.knows, removed))]
        }
        return SearchIndex(
            shelves | {locale: Shelf.build(locale, new[locale]) for locale in new.keys() - shelves.keys()}
        )

    def search(
        self,
        text: str,
        *,
        locale: str,
        kinds: frozenset[str] | None,
        limit: int,
        offset: int = 0,
        highlighted: bool = True,
        without: Collection[tuple[str, str]] = (),
    ) -> SearchPage:
        """The entities of a locale that a text finds, best first; those that are equally good by kind and key.

        Those in `without`, by (kind, key), are passed over. Without `highlighted`, hits have no highlights and a page
        takes half the time. Any text is searched for, if only in vain. To take it apart takes time for each of its
        characters, so whoever lets strangers ask bounds them.
        """
        shelf = self._shelves.get(locale)
        if shelf is None:
            return SearchPage(0, ())
        question = _Question.of(text, shelf)
        hidden = shelf.only(without) if without else None
        total, found = _first_success(shelf, question, kinds, hidden, limit, offset)
        return SearchPage(total, tuple(_hit(shelf, question, found_one, highlighted) for found_one in found))

    def among(
        self, hidden: Collection[tuple[str, str]], text: str, *, locale: str, kinds: frozenset[str] | None
    ) -> list[tuple[str, str]]:
        """Those of some entities that a search would find, were nothing passed over."""
        shelf = self._shelves.get(locale)
        if shelf is None or not hidden:
            return []
        question = _Question.of(text, shelf)
        for required in question.attempts:
            query = question.query(required, kinds)
            if _counted(shelf.searcher.search(query, limit=1)):
                both = Query.boolean_query([(Occur.Must, query), (Occur.Must, shelf.only(hidden))])
                _, hits = _hits(shelf, both, len(hidden))
                return shelf.identities([address for _, address in hits])
        return []


def _by_locale(documents: Iterable[SearchDocument]) -> dict[str, list[SearchDocument]]:
    grouped: dict[str, list[SearchDocument]] = {}
    for document in documents:
        grouped.setdefault(document.locale, []).append(document)
    return grouped


# --- What is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Term:
    """One word of the question."""

    word: str
    stem: str
    last: bool
    known: bool
    """Whether any document has it."""
    errors: int
    """Typing errors that are forgiven: words that are spelled so much alike are looked up as well."""
    rarity: int

    @property
    def begun(self) -> bool:
        """Whether it may be the beginning of a longer word."""
        return self.last and len(self.word) >= 3

    @property
    def query(self) -> Query:
        found = [
            _weighed(Query.term_query(SCHEMA, name, self.stem), weight, self) for name, weight in _STEM_WEIGHTS.items()
        ]
        if self.begun:
            found += [
                self._like(name, 0, weight) for name, weight in _BEGINNING_WEIGHTS.items() if self._begins_in(name)
            ]
        if self.errors:
            found += [self._like(name, 1, weight) for name, weight in _NEAR_WEIGHTS.items()]
        if self.errors > 1:
            found += [self._like(name, 2, weight) for name, weight in _FAR_WEIGHTS.items()]
        return Query.disjunction_max_query(found, 0.0)

    @property
    def criterion(self) -> Criterion:
        """The same for highlights."""
        return Criterion(self.stem, self.word, self.begun, self.begun and not self.known, self.errors)

    def _begins_in(self, name: str) -> bool:
        # Where the word itself is found, the body of a text would only add words that were not meant.
        return name == "title_words" or not self.known

    def _like(self, name: str, distance: int, weight: int) -> Query:
        return _weighed(Query.fuzzy_term_query(SCHEMA, name, self.word, distance, True, distance == 0), weight, self)


def _weighed(query: Query, weight: int, term: _Term) -> Query:
    return Query.const_score_query(query, float(weight * term.rarity))


@dataclass(frozen=True, slots=True)
class _Question:
    """A text that was typed: its words, and what is looked up in one piece."""

    terms: tuple[_Term, ...]
    pieces: tuple[Query, ...]

    @classmethod
    def of(cls, text: str, shelf: Shelf) -> _Question:
        text = composed(text)
        terms = _terms(text, shelf)
        rarity = sum(term.rarity for term in terms) or 1
        reader = lexicon(shelf.locale)
        names = [
            _piece("whole", whole(name, text, reader), float(weight * rarity))
            for name, weight in _WHOLE_WEIGHTS.items()
        ]
        codes = [_piece("code", code, float(_CODE_WEIGHT * rarity)) for code in _codes(text)]
        return cls(terms, (*names, *codes))

    @property
    def attempts(self) -> list[int]:
        """How many words must be there: all of them, or else half of them, or else any."""
        words = len(self.terms)
        return list(dict.fromkeys((max(words, 1), max((words + 1) // 2, 1), 1)))

    def query(self, required: int, kinds: frozenset[str] | None, hidden: Query | None = None) -> Query:
        """Finds what has this many of the words, or is named, or coded, just so, and is not hidden."""
        words = Query.boolean_query([(Occur.Should, term.query) for term in self.terms], required)
        clauses = [(Occur.Must, Query.boolean_query([(Occur.Should, each) for each in (words, *self.pieces)], 1))]
        if kinds is not None:
            of_kind = Query.const_score_query(Query.term_set_query(SCHEMA, "kind", sorted(kinds)), 0.0)
            clauses.append((Occur.Must, of_kind))
        if hidden is not None:
            clauses.append((Occur.MustNot, hidden))
        return Query.boolean_query(clauses) if len(clauses) > 1 else clauses[0][1]


def _piece(name: str, value: str, score: float) -> Query:
    return Query.const_score_query(Query.term_query(SCHEMA, name, value), score)


_CODE = re.compile(r"[a-z0-9.:_-]*[0-9][a-z0-9.:_-]*")


def _codes(text: str) -> list[str]:
    """What may be a code: pieces with a digit in them, without the full stop or comma of a sentence."""
    pieces = (piece.strip(".,;:!?()[]\"'") for piece in text.casefold().split())
    return list(dict.fromkeys(filter(_CODE.fullmatch, pieces)))[:_MOST_WORDS]


def _terms(text: str, shelf: Shelf) -> tuple[_Term, ...]:
    reader = lexicon(shelf.locale)
    words = [word for word in reader.read(text) if reader.says_something(text[word.start : word.end])]
    last = words[-1].word if words else ""
    unique = list({word.stem: word for word in words}.values())[:_MOST_WORDS]
    terms: list[_Term] = []
    for word in unique:
        look()
        count = _count(shelf.searcher, word.stem)
        guesses = sum(term.errors > 0 for term in terms)
        errors = _forgiven(word.word) if not count and guesses < _MOST_GUESSES else 0
        rarity = round(4 * math.log2(1 + shelf.searcher.num_docs / max(count, 1)))
        terms.append(_Term(word.word, word.stem, word.word == last, count > 0, errors, rarity))
    return tuple(terms)


def _forgiven(word: str) -> int:
    """None in a short word, which is near many others, nor in what has a digit: the next code means something else."""
    return 0 if len(word) < 4 or not word.isalpha() else 1 if len(word) < 8 else 2


def _count(searcher: Searcher, stem: str) -> int:
    """How many documents have the stem. (tantivy's `doc_freq` would count deleted ones as well.)"""
    anywhere = [(Occur.Should, Query.term_query(SCHEMA, name, stem)) for name in _STEM_WEIGHTS]
    return _counted(searcher.search(Query.boolean_query(anywhere), limit=1))


def _counted(result: SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # tantivy's stubs leave it out


# --- What is found ---------------------------------------------------------------------------------------------------

_Found = tuple[float, tuple[str, str], DocAddress]


def _first_success(
    shelf: Shelf, question: _Question, kinds: frozenset[str] | None, hidden: Query | None, limit: int, offset: int
) -> tuple[int, list[_Found]]:
    """Ask for all words, then for half of them, then for any."""
    for required in question.attempts:
        look()
        total, found = _best(shelf, question.query(required, kinds, hidden), limit, offset)
        if total:
            return total, found
    return 0, []


def _best(shelf: Shelf, query: Query, limit: int, offset: int) -> tuple[int, list[_Found]]:
    """The total, and hits from `offset` on. What has the same score is put in order by kind and key.

    tantivy orders those by where they happen to lie. So where a page ends amid such, all of them are looked at: 20 ms
    where 50,000 documents have the one word asked for, half a millisecond where a thousand do.
    """
    end = min(offset + limit, shelf.searcher.num_docs)
    total, hits = _hits(shelf, query, end + 1)
    if offset >= end or offset >= total:
        return total, []
    if end < total and hits[end][0] == hits[end - 1][0]:
        hits = _hits(shelf, query, total)[1]
    best, worst = hits[offset][0], hits[min(end, total) - 1][0]
    better = bisect_left(hits, -best, key=_falling)
    equal = hits[better : bisect_right(hits, -worst, key=_falling)]
    identities = shelf.identities([address for _, address in equal])
    found = (
        (-score, identity, place) for place, ((score, _), identity) in enumerate(zip(equal, identities, strict=True))
    )
    chosen = heapq.nsmallest(end - better, found)[offset - better :]
    return total, [(-score, identity, equal[place][1]) for score, identity, place in chosen]


def _falling(hit: tuple[float, DocAddress]) -> float:
    return -hit[0]


def _hits(shelf: Shelf, query: Query, limit: int) -> tuple[int, list[tuple[float, DocAddress]]]:
    # tantivy will not be asked for none, and reserves memory for as many as it is asked for: never a client's number.
    result = shelf.searcher.search(query, limit=max(1, limit))
    return _counted(result), result.hits


def _hit(shelf: Shelf, question: _Question, found: _Found, highlighted: bool) -> Hit:
    look()
    score, identity, address = found
    if not highlighted:
        return Hit(*identity, score, ())
    criteria = [term.criterion for term in question.terms]
    return Hit(*identity, score, highlights(shelf.document(identity, address), criteria))


def indexes_in(memo: Mapping[Any, Any]) -> dict[Any, Any]:
    """What an edition's memo has of indexes, which outlive what else it remembers."""
    return {key: found for key, found in list(memo.items()) if isinstance(found, SearchIndex)}
