"""Problems: what an editor can fix, said so that they can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from content_api.errors import ContentError

# A person reads these. More than this in one version has one cause, and the first hundred show it.
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in the content. `line` and `column` count from 1; `pointer` is an RFC 6901 JSON pointer."""

    path: str
    line: int
    column: int
    pointer: str
    rule: str
    """Name of the rule that was broken; docs/reference/rules.md explains each."""
    found: str
    expected: str
    suggestion: str | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"

    @property
    def message(self) -> str:
        """What was found, what would be right, and a suggestion where there is one: whole sentences."""
        return " ".join(filter(None, (f"{self.found}.", f"{self.expected}.", self.suggestion)))


class ContentRefused(ContentError):
    """The content has problems; none of it is served. Those that are `private` are about drafts."""

    def __init__(self, place: str, problems: Iterable[Problem], private: frozenset[Problem] = frozenset()) -> None:
        self.place = place
        self.problems = tuple(problems)
        self.private = private
        super().__init__(f"{place} has {len(self.problems)} problem{'s' * (len(self.problems) != 1)}")
