"""What a check found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from content_api.content.edition import Library
from content_api.content.migrations import MODEL_VERSION
from content_api.content.problems import Problem
from content_api.content.translations import StaleTranslation, stale_translations


@dataclass(frozen=True, slots=True)
class Note:
    """What is no problem, and somebody should know."""

    path: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Content with problems has no counts: what is there is not known for certain."""

    place: str
    """What was checked, in a sentence for a person."""
    folder: PurePath
    """What stands before the path of a problem or a note, so that a terminal can open it."""
    version: str | None
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...] = ()
    entities: int = 0
    locales: int = 0


def notes(library: Library) -> Iterator[Note]:
    """What there is to know about good content."""
    if library.site.model_version < MODEL_VERSION:
        yield older_model(library.site.model_version)
    for stale in stale_translations(library):
        yield stale_translation(stale)


def older_model(version: int) -> Note:
    message = (
        f"The content is of model version {version}, and is served as it is. "
        f"`content-api migrate` brings its files up to model version {MODEL_VERSION}."
    )
    return Note("site.json", "older model", message)


def stale_translation(stale: StaleTranslation) -> Note:
    was = f"was made from revision {stale.of}" if stale.of else "does not say which revision it was made from"
    message = (
        f"The `{stale.locale}` text of {stale.key} {was}; the text is now at revision {stale.now}."
        f" Bring it up to date and set `of` to {stale.now}."
    )
    return Note(stale.path, "stale translation", message)
