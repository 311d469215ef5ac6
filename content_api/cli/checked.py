"""What a check found out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from content_api.content.problems import Problem
from content_api.content.translations import StaleTranslation


@dataclass(frozen=True, slots=True)
class Checked:
    """Content with problems has no counts: what is there is not known for certain."""

    place: str
    """What was checked, in a sentence for a person."""
    folder: PurePath
    """What stands before the path of a problem or a translation, so that a terminal can open it."""
    version: str | None
    problems: tuple[Problem, ...]
    stale: tuple[StaleTranslation, ...] = ()
    entities: int = 0
    locales: int = 0


def note(stale: StaleTranslation) -> str:
    """What a translator should know, in whole sentences."""
    was = f"was made from revision {stale.of}" if stale.of else "does not say which revision it was made from"
    return (
        f"The `{stale.locale}` text of {stale.key} {was}; the text is now at revision {stale.now}."
        f" Bring it up to date and set `of` to {stale.now}."
    )
