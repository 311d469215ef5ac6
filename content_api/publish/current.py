"""The one mutable cell."""

from __future__ import annotations

from dataclasses import dataclass

from content_api.content.edition import Edition
from content_api.content.problems import ContentRefused


@dataclass(slots=True)
class Current:
    """What is live, and what was refused since. Each is replaced whole, in one step; a reader takes it once."""

    edition: Edition
    refused: ContentRefused | None = None
    """Why something newer than `edition` is not live; None while nothing newer is known."""

    def go_live(self, edition: Edition) -> None:
        """From here on, every operation that begins is answered from this edition."""
        self.edition, self.refused = edition, None

    def refuse(self, refused: ContentRefused) -> None:
        """Remember what is wrong with a newer version; the last good one stays."""
        self.refused = refused
