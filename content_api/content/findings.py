"""What a rule finds: a problem that does not yet know its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from content_api.content.edition import Library, Record


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` and `pointer` say where; `load` adds rule and line. See Problem for the rest."""

    path: str
    pointer: str
    found: str
    expected: str
    suggestion: str | None = None


# A rule looks at some records (all of them, or those a new version touches) in the light of everything.
Rule: TypeAlias = Callable[[Sequence[Record], Library], Iterator[Finding]]
