"""`content-api check`."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated

import typer

from content_api.cli.checked import Checked, notes
from content_api.cli.formats import as_github, as_json, as_text
from content_api.cli.options import given
from content_api.cli.progress import watched
from content_api.content.layout import too_large
from content_api.content.load import entity_keys, load
from content_api.content.problems import ContentRefused
from content_api.errors import RevisionUnknown, SnapshotTooLarge
from content_api.opening import open_configured, usual_content
from content_api.publish.place import folder_of
from content_api.settings import Settings, read_settings
from content_api.store import FolderSnapshot, GitRepository, Opened
from content_api.store.locate import find_repository


class Format(StrEnum):
    """For whom the result is printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


PRINTERS = {Format.TEXT: as_text, Format.JSON: as_json, Format.GITHUB: as_github}

Place = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        help="What to check: a folder, or a repository. If not given: the content here, or what the settings name.",
        show_default=False,
    ),
]
CheckedRef = Annotated[
    str | None,
    typer.Option("--ref", metavar="REF", help="Check a branch, tag or commit, not the files as they stand."),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="The version before: entities that vanished since are problems. If not given: HEAD; with --ref, the "
        "commit before that.",
        show_default=False,
    ),
]


def check(
    path: Place = None,
    ref: CheckedRef = None,
    against: Against = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs, github for annotations.")] = (
        Format.TEXT
    ),
) -> None:
    """Check the content and print all problems at once.

    The files are checked as they stand, before they are committed. The exit code is 0 when there is no problem, 1 when
    there are some, 2 when the content could not be checked.

    Examples:

        content-api check
        content-api check --ref main
        content-api check --format github
    """
    found = checked(path, ref, against)
    PRINTERS[format](found)
    raise typer.Exit(1 if found.problems else 0)


def checked(
    path: Path | None,
    ref: str | None,
    against: str | None,
    *,
    folder: str | None = None,
    objects: Path | None = None,
) -> Checked:
    """Everything that is wrong with what is at a path. Raises an OperatorError when that cannot be told.

    `objects` is a folder of objects that the repository does not have yet: those of a push, or of an index.
    """
    usual = read_settings(**given(content=path, folder=folder))
    place = usual.content or usual_content()
    settings = usual.model_copy(
        update={"content": place, "ref": ref, "working_tree": ref is None and has_files(place, usual.git_deadline)}
    )
    try:
        opened = open_configured(settings, objects)
    except SnapshotTooLarge as error:
        return Checked(str(place), PurePath(place), None, (too_large(error),))
    with opened:
        return _checked(opened, settings, keys_before(opened, against))


def has_files(place: Path, deadline: float) -> bool:
    """Whether there are files to check as they stand. A bare repository has commits only."""
    location = find_repository(place, deadline)
    return location is None or location.work_tree is not None


def keys_before(opened: Opened, against: str | None) -> Collection[str]:
    """The entities of the version before: HEAD's for files, the first parent's for a commit. None in a plain folder."""
    repository = opened.repository
    if repository is None:
        if against is not None:
            raise RevisionUnknown(
                f"{opened.snapshot.place} is in no git repository, so there is no {against!r} to compare with"
            )
        return ()
    before = _commit_before(repository, opened, against)
    return entity_keys(repository.snapshot(before).entries) if before else ()


def _commit_before(repository: GitRepository, opened: Opened, against: str | None) -> str | None:
    if against is not None:
        return repository.require(against)
    if isinstance(opened.snapshot, FolderSnapshot):
        return repository.resolve("HEAD")
    return repository.parent(opened.snapshot.version.id)


def _checked(opened: Opened, settings: Settings, before: Collection[str]) -> Checked:
    place, folder, version = opened.reason, folder_of(opened), opened.snapshot.version.id
    with watched(opened.snapshot) as snapshot:
        try:
            edition = load(snapshot, before=before, limits=settings.limits)
        except ContentRefused as refused:
            return Checked(place, folder, version, refused.problems)
    library = edition.library
    return Checked(place, folder, version, (), tuple(notes(library)), len(library.records), len(library.site.locales))
