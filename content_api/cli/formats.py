"""The result of a check for a person, for a program, and for GitHub's annotations."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import typer
from rich.console import Console
from rich.text import Text

from content_api.cli.checked import Checked
from content_api.content.problems import ContentRefused
from content_api.content.report import plural, report

# What is put in relief at a terminal: pattern -> style.
HIGHLIGHTS = (
    (r"(?m)^\S+:\d+:\d+", "bold"),
    (r"(?m)^    Did you mean .*$", "green"),
    (r"(?m)^[\d,]+ problems? in .*$", "bold red"),
    (r"(?m)^No problems\.", "bold green"),
)


def as_text(checked: Checked) -> None:
    """What there is to know; then problems file by file, or that there are none."""
    notes = [f"{checked.folder / note.path}\n    {note.message}" for note in checked.notes]
    refused = ContentRefused(checked.place, checked.problems)
    text = Text("\n\n".join([*notes, report(refused, checked.folder) if checked.problems else _good(checked)]))
    for pattern, style in HIGHLIGHTS:
        text.highlight_regex(pattern, style)
    Console(soft_wrap=True, highlight=False).print(text)


def as_json(checked: Checked) -> None:
    """One JSON object, whatever was found."""
    found = {
        "ok": not checked.problems,
        "place": checked.place,
        "folder": str(checked.folder),
        "version": checked.version,
        "problems": checked.problems,
        "notes": [{"path": note.path, "message": note.message} for note in checked.notes],
    }
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


def as_github(checked: Checked) -> None:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    for problem in checked.problems:
        place = {"file": checked.folder / problem.path, "line": problem.line, "col": problem.column}
        typer.echo(_command("error", place | {"title": problem.rule}, problem.message))
    for note in checked.notes:
        place = {"file": checked.folder / note.path, "line": 1}
        typer.echo(_command("notice", place | {"title": note.title}, note.message))
    if not checked.problems:
        typer.echo(_good(checked))


def _good(checked: Checked) -> str:
    entities = plural(checked.entities, "entity", "entities")
    return f"No problems. {entities} in {plural(checked.locales, 'locale')}."


def _command(name: str, properties: Mapping[str, object], message: str) -> str:
    """A workflow command. What ends a property or a line has to be escaped, as actions/toolkit does."""
    given = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{name} {given}::{_escaped(message)}"


def _escaped(value: object, also: str = "") -> str:
    text = str(value).replace("%", "%25")  # first, or it would escape what comes after
    for character in f"\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
