"""How the words of a language are read for the search: without case, accents and, where it is known how, endings."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import tantivy

# Language of a locale -> the stemmer that knows its endings. Words of other languages are compared as they are.
STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_WITHOUT_STOP_WORDS = frozenset({"ar", "el", "ro", "ta", "tr"})
"""Languages that have a stemmer, but no list of words that say nothing by themselves."""

# Bytes. The longest German compound of medicine has about fifty letters; what is longer is no word (a pasted key, a row
# of dashes) and would only make the dictionary large.
_LONGEST_WORD = 80


class Word(NamedTuple):
    """A word of a text: as it is looked up, its stem, and where it stands, in characters."""

    word: str
    stem: str
    start: int
    end: int


class Lexicon:
    """Reads the words of one language. `words` and `stems` cut a text in the same places."""

    def __init__(self, language: str) -> None:
        # Accents go before the stemmer comes: it must be given the same word whether an accent was typed or not.
        self.words = _analyser(tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold())
        self.stems = self.words
        self._meaningful: tantivy.TextAnalyzer | None = None
        if language in STEMMERS:
            stemmer = tantivy.Filter.stemmer(STEMMERS[language])
            self.stems = _analyser(tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold(), stemmer)
            if language not in _WITHOUT_STOP_WORDS:
                stop_words = tantivy.Filter.stopword(STEMMERS[language])
                self._meaningful = _analyser(tantivy.Filter.lowercase(), stop_words)

    def read(self, text: str) -> list[Word]:
        """The words of a text in composed form (NFC)."""
        stems = self.stems.pre_tokenize(text).tokens
        words = self.words.analyze(text)
        return [
            Word(word, stem.text, stem.char_offset_from, stem.char_offset_to)
            for word, stem in zip(words, stems, strict=True)
        ]

    def says_something(self, word: str) -> bool:
        """Whether a word, as it was written, is none of those that every text has (the, of, is)."""
        return self._meaningful is None or bool(self._meaningful.analyze(word))


def _analyser(*filters: tantivy.Filter) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(_LONGEST_WORD))
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


# 64: the languages are a few; locales come from the content alone, never from a client's request.
@lru_cache(maxsize=64)
def lexicon(locale: str) -> Lexicon:
    """The lexicon for a locale's language."""
    return Lexicon(locale.split("-", 1)[0])


def composed(text: str) -> str:
    """The text with accents in one piece with their letters, which the tokenizer would part, and no lone surrogates.

    A client's JSON can hold those, and tantivy takes none.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text.encode(errors="ignore").decode())
