"""`content-api diff`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from content_api.cli.check import has_files
from content_api.cli.comparison import Comparison, Side, comparison
from content_api.cli.diff_formats import as_json, as_markdown, as_text
from content_api.cli.options import Content, given
from content_api.cli.progress import watched
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.errors import RepositoryUnusable, RevisionUnknown
from content_api.opening import ContentUnservable, open_configured, usual_content
from content_api.publish.place import folder_of
from content_api.settings import Settings, read_settings
from content_api.store import GitRepository, Opened
from content_api.store.snapshot import Snapshot


class Format(StrEnum):
    """For whom the difference is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


PRINTERS = {Format.TEXT: as_text, Format.JSON: as_json, Format.MARKDOWN: as_markdown}
HEAD = "HEAD"

Versions = Annotated[
    str | None,
    typer.Argument(
        metavar="A..B",
        help="Two branches, tags or commits: what became of A in B. One alone is compared with what is checked out, as "
        "it is committed. If not given: what is not committed yet.",
        show_default=False,
    ),
]


def diff(
    versions: Versions = None,
    content: Content = None,
    format: Annotated[
        Format, typer.Option(help="text for people, json for programs, markdown for a pull request.")
    ] = Format.TEXT,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 when something differs, as `git diff` does.")
    ] = False,
) -> None:
    """Show what differs between two versions: entity by entity, field by field, and what refers to it.

    Drafts are shown too, and marked. A version that has problems cannot be compared: they are printed, and the exit
    code is 1.

    Examples:

        content-api diff
        content-api diff main
        content-api diff v1..v2 --format markdown
    """
    found = compared(versions, read_settings(**given(content=content)))
    PRINTERS[format](found)
    raise typer.Exit(1 if exit_code and found.differs else 0)


def compared(versions: str | None, usual: Settings) -> Comparison:
    """Two versions of the content that the settings name. Raises an error when one cannot be had, or has problems."""
    place = usual.content or usual_content()
    if versions is None and not has_files(place, usual.git_deadline):
        raise RepositoryUnusable(
            f"{place} has no work tree, so nothing in it is not committed. Name two versions, as in `v1..v2`"
        )
    settings = usual.model_copy(update={"content": place, "ref": None, "working_tree": versions is None})
    with open_configured(settings) as opened:
        if opened.repository is None:
            raise RevisionUnknown(f"{opened.snapshot.place} is in no git repository, so there is nothing to compare")
        return _compared(versions, opened, opened.repository, settings)


def _compared(versions: str | None, opened: Opened, repository: GitRepository, settings: Settings) -> Comparison:
    """Both versions read, the second at the cost of what differs."""
    first, second = named(versions) if versions else (HEAD, None)
    commits = [repository.require(name) for name in (first, second) if name]
    before = repository.snapshot(commits[0])
    after = repository.snapshot(commits[1], before) if second else opened.snapshot
    older = Side(_called(first, commits[0]), read(before, opened, settings))
    newer_name = _called(second, commits[1]) if second else "the files as they stand"
    return comparison(older, Side(newer_name, read(after, opened, settings, older.edition)))


def named(versions: str) -> tuple[str, str]:
    """The two names in `A..B`; one that is left out stands for what is checked out, as with git."""
    before, _, after = versions.partition("..")
    if after.startswith("."):
        raise RevisionUnknown(
            f"{versions!r} has three dots, which to git is what became of a common ancestor. Give two, as in `A..B`"
        )
    return before or HEAD, after or HEAD


def read(snapshot: Snapshot, opened: Opened, settings: Settings, known: Edition | None = None) -> Edition:
    """The edition of a snapshot. Raises ContentUnservable, with its problems, when it has any."""
    with watched(snapshot) as seen:
        try:
            return load(seen, known=known, limits=settings.limits)
        except ContentRefused as refused:
            problems = report(refused, folder_of(opened))
            raise ContentUnservable(
                f"{problems}\n\n{snapshot.place} has problems, so nothing is compared."
            ) from refused


def _called(name: str, commit: str) -> str:
    return commit[:12] if commit.startswith(name.lower()) else f"{name} ({commit[:12]})"
