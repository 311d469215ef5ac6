"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process


def suggestion(word: str, words: Iterable[str]) -> str | None:
    """A question that offers the nearest of `words`, or None when none is near."""
    near = process.extract(word, list(words), scorer=fuzz.ratio, processor=str.lower, score_cutoff=70, limit=None)
    if not near:
        return None
    # Of several equally near the first by name, so that the answer does not depend on the order of `words`.
    nearest = min(near, key=lambda match: (-match[1], match[0]))
    return f"Did you mean `{nearest[0]}`?"
