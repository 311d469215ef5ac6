"""`content-api operations`: the stored documents that clients ask for by name or by id."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from content_api.answers import delivery, schema, stored_documents
from content_api.cli.check import has_files
from content_api.cli.operations_formats import added_as_text, checked_as_text, listed_as_text, print_json
from content_api.cli.options import Content, given
from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.stored import PACKAGED, SHIPPED, SUFFIX, Stored, id_of, notes_of, read_text
from content_api.delivery.trial import NOT_STORABLE, Trial, Trouble, examined, tried, trouble_at
from content_api.errors import SettingError
from content_api.observe.logs import configure
from content_api.opening import open_configured, served_alone, usual_content
from content_api.settings import Settings, read_settings, variable

HELP = "Stored documents, which clients ask for by name or id: add, list, check."


class Format(StrEnum):
    """For whom the result is printed."""

    TEXT = "text"
    JSON = "json"


Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="GraphQL documents, each with one operation that has a name.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--operations",
        metavar="FOLDER",
        help="Where the documents are stored. If not given: where CONTENT_API_OPERATIONS says, or those that come with "
        "content-api.",
        show_default=False,
    ),
]
CheckedRef = Annotated[
    str | None,
    typer.Option("--ref", metavar="REF", help="Ask a branch, tag or commit, not the files as they stand."),
]
PrintedFor = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]


def add(files: Files, operations: Folder = None, format: PrintedFor = Format.TEXT) -> None:
    """Put documents into the folder of stored ones, each under the name of its operation.

    Nothing is added unless all can be: a document that is not valid, costs too much, or whose name is taken is told
    with its line, and the exit code is 1. What is stored is the file, byte for byte, so that its id is the hash that a
    client works out for the same text. Servers read it when they start.

    A comment at the top may say who uses the document, and with which variables it can be tried:

        # client: website
        # variables: {"slug": "phantom-limb-pain"}

    Examples:

        content-api operations add ConditionTitle.graphql
        content-api operations add app/queries/*.graphql --operations /srv/operations
    """
    settings = read_settings(**given(operations=operations))
    folder = writable(settings)
    answers = without_content(settings)
    trials = judged(answers, [candidate(answers, path) for path in files], stored_documents(settings))
    fine = not any(trial.troubles for trial in trials)
    if fine:
        trials = [replace(trial, stored=put(trial.stored, folder)) for trial in trials]
    if format is Format.JSON:
        print_json(trials)
    else:
        added_as_text(trials)
    raise typer.Exit(0 if fine else 1)


def listed(operations: Folder = None, format: PrintedFor = Format.TEXT) -> None:
    """List the stored documents: name, cost, who uses it, and id.

    The cost is that of the dearest of its examples of variables. A program that is built with these ids, as a
    manifest, needs `name` and `id` of the JSON.

    Examples:

        content-api operations list
        content-api operations list --format json
    """
    settings = read_settings(**given(operations=operations))
    answers = without_content(settings)
    trials = [examined(answers, one) for one in stored_documents(settings)]
    if format is Format.JSON:
        print_json(trials)
    else:
        listed_as_text(trials)


def check(
    ref: CheckedRef = None, content: Content = None, operations: Folder = None, format: PrintedFor = Format.TEXT
) -> None:
    """Ask every stored document of a version that is not live yet, and say whose would break.

    A document breaks where it does not fit the schema of this content-api, costs more than is allowed, is answered with
    an error, or names something that is not there. It is asked with each of its examples of variables; one that needs
    variables and has no example is only validated and priced. The exit code is 1 when any would break.

    The files are asked as they stand, before they are committed.

    Examples:

        content-api operations check
        content-api operations check --ref review/new-texts
        content-api operations check --operations /srv/operations --format json
    """
    usual = read_settings(**given(content=content, operations=operations))
    stored = stored_documents(usual)
    place = usual.content or usual_content()
    files = ref is None and has_files(place, usual.git_deadline)
    settings = usual.model_copy(update={"content": place, "ref": ref, "working_tree": files})
    asked, trials = on_content(settings, stored)
    if format is Format.JSON:
        print_json(trials)
    else:
        checked_as_text(trials, asked)
    raise typer.Exit(1 if any(trial.troubles for trial in trials) else 0)


def build() -> typer.Typer:
    """The sub-commands, put together."""
    group = typer.Typer(name="operations", no_args_is_help=True, rich_markup_mode="markdown", help=HELP)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("check")(check)
    return group


# ---- trying


def without_content(settings: Settings) -> Delivery:
    """What knows documents, and has nothing to answer from."""
    return Delivery(schema(), lambda: Live("", None), settings.question)


def on_content(settings: Settings, stored: Sequence[Stored]) -> tuple[str, list[Trial]]:
    """Which content was asked, in a sentence for a person, and what became of each document."""
    configure(settings.log_format, settings.log_level)
    with open_configured(settings) as opened:
        started = served_alone(opened, settings)
        answers = delivery(started.current, started.archive, limits=settings.question)
        return opened.reason, asyncio.run(all_tried(answers, stored))


async def all_tried(answers: Delivery, stored: Iterable[Stored]) -> list[Trial]:
    return [await tried(answers, one) for one in stored]


# ---- adding


def writable(settings: Settings) -> Path:
    """The folder to add to. Raises SettingError for that of an installation, which the next one would replace."""
    if settings.operations is None and SHIPPED == PACKAGED:
        raise SettingError(
            f"{SHIPPED} belongs to the installation. Name a folder of your own with --operations or"
            f" {variable('operations')}"
        )
    return settings.operations or SHIPPED


def candidate(answers: Delivery, path: Path) -> Stored:
    """The document in a file of any name, under the name of its operation."""
    text = read_text(path)
    named = [found.name.value for found in answers.documents.get(text).operations if found.name]
    return Stored(named[0] if named else path.stem, text, path, id_of(text), tuple(notes_of(text)))


def judged(answers: Delivery, candidates: Sequence[Stored], stored: Iterable[Stored]) -> list[Trial]:
    """The candidates, examined; one that could be added, but for its name that is taken, is in trouble too."""
    taken = {one.name: one for one in stored}
    trials = []
    for one in candidates:
        trial = examined(answers, one)
        if one.name in taken and not trial.troubles:
            trial = replace(trial, troubles=(name_taken(answers, one, taken[one.name]),))
        trials.append(trial)
        taken.setdefault(one.name, one)
    return trials


def name_taken(answers: Delivery, one: Stored, other: Stored) -> Trouble:
    text = "the same text" if other.id == one.id else "another text"
    return trouble_at(
        answers.documents.get(one.text).operations[0],
        NOT_STORABLE,
        f"`{one.name}` is taken by {other.path}, with {text}.",
        "Give an operation that has changed another name: clients that are out there ask for the old one.",
    )


def put(one: Stored, folder: Path) -> Stored:
    """Write a document to where it is stored. Raises SettingError where that cannot be."""
    path = folder / f"{one.name}{SUFFIX}"
    try:
        with path.open("xb") as file:
            file.write(one.text.encode())
    except OSError as error:
        raise SettingError(f"{path} cannot be written: {error.strerror}") from None
    return replace(one, path=path)
