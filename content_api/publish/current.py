"""The one mutable cell."""

from __future__ import annotations

from dataclasses import dataclass

from content_api.content.edition import Edition
from content_api.content.problems import Problem
from content_api.store.snapshot import Version


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that is not served, and all that is wrong with it."""

    version: Version
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Current:
    """What is live, and what was refused since. Each is replaced whole, in one step; a reader takes it once."""

    edition: Edition
    refusal: Refusal | None = None
    """Why something newer than `edition` is not live; None while nothing newer is known."""

    def go_live(self, edition: Edition) -> None:
        """From here on, every operation that begins is answered from this edition."""
        self.edition, self.refusal = edition, None

    def refuse(self, refusal: Refusal) -> None:
        """Remember what is wrong with a newer version; the last good one stays."""
        self.refusal = refusal

    def has_judged(self, version: str) -> bool:
        """Whether this version is live, or is the last one that was refused: there is nothing to find out about it."""
        return version == self.edition.version.id or (self.refusal is not None and version == self.refusal.version.id)
