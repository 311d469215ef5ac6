"""`content-api log`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from content_api.cli.options import Content, given
from content_api.content.layout import place_of
from content_api.content.report import plural
from content_api.content.suggest import suggestion
from content_api.errors import RevisionUnknown
from content_api.opening import usual_content
from content_api.settings import Settings, read_settings
from content_api.store import GitRepository, open_repository
from content_api.store.history import FileChangeKind, History, Logged, read_history
from content_api.store.names import Names, read_names

SIGNS = {FileChangeKind.ADDED: "+", FileChangeKind.CHANGED: "~", FileChangeKind.REMOVED: "-"}
STYLES = {"+": "green", "~": "yellow", "-": "red"}
HIDDEN = (
    "Older versions are hidden: this clone is shallow, or an object of it cannot be read."
    " `git fetch --unshallow` brings the first, and `git fsck` names the second."
)


class Format(StrEnum):
    """For whom the history is printed."""

    TEXT = "text"
    JSON = "json"


Key = Annotated[
    str | None,
    typer.Argument(
        metavar="KIND/ID",
        help="Only the versions that changed this, or its translations; as in `condition/neuropathic-pain`.",
        show_default=False,
    ),
]
LoggedRef = Annotated[
    str | None,
    typer.Option(
        "--ref",
        metavar="REF",
        help="The branch, tag or commit to look back from. If not given: what is checked out.",
        show_default=False,
    ),
]


def log(
    key: Key = None,
    content: Content = None,
    ref: LoggedRef = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many versions to show.")] = 20,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Show the versions of the content, the newest first: who changed how much, when, and why.

    A version is a commit that changed the content. `+2 ~1 -0` says that two files came, one changed and none went. A
    merge counts as one version, by what it changed on the branch it was merged into.

    Examples:

        content-api log
        content-api log condition/neuropathic-pain
        content-api log --ref v1.2 --limit 5 --format json
    """
    settings = read_settings(**given(content=content, ref=ref))
    with opened(settings) as repository:
        history = history_at(repository, settings.ref or "HEAD")
        found = touching(repository, history, key) if key else history.versions
        PRINTERS[format](found, limit, read_names(repository, history))


def opened(settings: Settings) -> GitRepository:
    """The repository that the content is in. Raises an OperatorError where there is none: then there is no history."""
    return open_repository(
        settings.content or usual_content(),
        folder=settings.folder,
        limits=settings.limits,
        deadline=settings.git_deadline,
    )


def history_at(repository: GitRepository, ref: str) -> History:
    """The history that ends at a ref. Raises RevisionUnknown when there is no version in it."""
    history = read_history(repository, repository.require(ref))
    if not history:
        place = repository.place / repository.folder
        raise RevisionUnknown(f"No commit up to {ref} has anything in {place}. Commit the content: that is a version")
    return history


def touching(repository: GitRepository, history: History, key: str) -> Sequence[Logged]:
    """The versions that changed what has a key. Raises BadParameter when no version has that."""
    files = defaultdict[str, list[str]](list)
    # Where older versions are hidden, a file may be there that no version which is known changed.
    hidden = () if history.complete else repository.snapshot(history.tip).entries
    for path in dict.fromkeys([*history.paths, *hidden]):
        place = place_of(path)
        if place and place.id:
            files[place.key].append(path)
    if key not in files:
        meant = suggestion(key, files) or "Write it as in `condition/neuropathic-pain`."
        raise typer.BadParameter(f"No version has a `{key}`. {meant}")
    return history.touching(*files[key])


def as_text(found: Sequence[Logged], limit: int, names: Names) -> None:
    """Two lines for each version, and what is not shown."""
    console = Console(soft_wrap=True, highlight=False)
    for logged in found[:limit]:
        console.print(_lines(logged, names.tags_of(logged.version.id)))
    for note in _notes(len(found), limit, names.history.complete):
        console.print(f"\n{note}", style="dim")


def _lines(logged: Logged, tags: Sequence[str]) -> Text:
    version = logged.version
    when = version.committed_at.isoformat(" ", "minutes") if version.committed_at else "no legible date"
    first_line = _plain((version.message or "").partition("\n")[0]) or "no message"
    return Text.assemble(
        (version.id[:12], "bold"),
        f"  {when}  {_plain(version.author or 'nobody named')} ",
        *_numbers(logged),
        (f"  {', '.join(tags)}" if tags else "", "bold cyan"),
        f"\n    {first_line}",
    )


def _numbers(logged: Logged) -> Iterator[tuple[str, str]]:
    counted = counts(logged)
    for kind, sign in SIGNS.items():
        yield f" {sign}{'?' if counted is None else counted[kind]}", STYLES[sign] if counted and counted[kind] else ""


def _notes(found: int, limit: int, complete: bool) -> Iterator[str]:
    if found > limit:
        yield f"{limit:,} of {plural(found, 'version')}. To see all: --limit {found}"
    if not found:
        yield "No version that is known here changed it."
    if not complete:
        yield HIDDEN


def _plain(text: str) -> str:
    """Text that can do nothing to a terminal: whoever commits can write what they like."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def as_json(found: Sequence[Logged], limit: int, names: Names) -> None:
    """One JSON object. `complete` says whether all older versions are known."""
    history = {
        "complete": names.history.complete,
        "total": len(found),
        "versions": [_entry(logged, names.tags_of(logged.version.id)) for logged in found[:limit]],
    }
    typer.echo(orjson.dumps(history, option=orjson.OPT_INDENT_2))


def _entry(logged: Logged, tags: Sequence[str]) -> dict[str, object]:
    version, counted = logged.version, counts(logged)
    return {
        "id": version.id,
        "tags": tags,
        "committedAt": version.committed_at and version.committed_at.isoformat(),
        "author": version.author,
        "message": version.message,
        "files": counted and {kind.value: counted[kind] for kind in FileChangeKind},
    }


def counts(logged: Logged) -> Counter[FileChangeKind] | None:
    """How many files a version added, changed and removed; None where that cannot be told."""
    return None if logged.files is None else Counter(change.kind for change in logged.files)


PRINTERS = {Format.TEXT: as_text, Format.JSON: as_json}
