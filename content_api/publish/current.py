"""The one mutable cell: what is live, and what keeps something newer from being so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from content_api.content.edition import Edition
from content_api.content.problems import Problem
from content_api.errors import OperatorError
from content_api.observe.counts import PUBLICATION_SECONDS, Histogram
from content_api.store.snapshot import Version

OURS = "Something failed on the server's side."


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that is not served, and all that is wrong with it."""

    version: Version
    problems: tuple[Problem, ...]
    at: datetime = field(default_factory=now)
    private: frozenset[Problem] = frozenset()
    """Those of the problems that are about drafts: they go to the log, and not to everybody."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nobody can tell whether there is something newer."""

    reason: str
    """For an operator, in a sentence: it names paths, and goes to the log."""
    public: str = OURS
    """The same for anybody."""
    since: datetime = field(default_factory=now)


def trouble_with(error: OperatorError | OSError) -> Trouble:
    """What an error means to those who wait for something newer. Of an OSError, the words themselves name a path."""
    return Trouble(str(error), error.public if isinstance(error, OperatorError) else OperatorError.public)


@dataclass(slots=True)
class Current:
    """What is live, and what was refused since. Each is replaced whole, in one step; a reader takes it once."""

    edition: Edition
    refusal: Refusal | None = None
    """Why something newer than `edition` is not live; None while nothing newer is known."""
    trouble: Trouble | None = None
    pinned: bool = False
    """Whether an operator holds this version, whatever the branch says."""
    since: datetime = field(default_factory=now)
    """When `edition` went live here."""
    published: int = 0
    """How many versions went live here after the first, and how many were refused."""
    refused: int = 0
    seconds: float = 0.0
    """What the last publication took, from being seen to being live."""
    took: Histogram = field(default_factory=partial(Histogram, PUBLICATION_SECONDS))
    """The same of all of them."""
    ended: Callable[[str, float, int], None] = lambda version, seconds, problems: None
    """Told of each version that went live or was refused, after so many seconds, because of so many problems."""

    def go_live(self, edition: Edition, seconds: float = 0.0) -> None:
        """From here on, every operation that begins is answered from this edition."""
        self.edition, self.refusal, self.since = edition, None, now()
        self.published, self.seconds = self.published + 1, seconds
        self.took.add(seconds)
        self.ended(edition.version.id, seconds, 0)

    def refuse(self, refusal: Refusal, seconds: float = 0.0) -> None:
        """Remember what is wrong with a newer version; the last good one stays."""
        self.refusal, self.refused = refusal, self.refused + 1
        self.ended(refusal.version.id, seconds, len(refusal.problems))

    def has_judged(self, version: str) -> bool:
        """Whether this version is live, or is the last one that was refused: there is nothing to find out about it."""
        return version == self.edition.version.id or (self.refusal is not None and version == self.refusal.version.id)
