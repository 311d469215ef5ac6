"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process


def suggestion(word: str, words: Iterable[str]) -> str | None:
    """A question that offers the nearest of `words`, or None when none is near."""
    nearest = process.extractOne(word, list(words), scorer=fuzz.ratio, processor=str.lower, score_cutoff=70)
    return f"Did you mean `{nearest[0]}`?" if nearest else None
