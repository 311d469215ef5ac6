"""The pages of docs/reference/ that are rendered from the code: the settings and the command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from content_api.bounds import ContentBounds, QuestionBounds, SocketBounds, WaitingBounds
from content_api.cli import NAME, build
from content_api.content.export import purposes
from content_api.settings import Settings, in_environment, variable

RENDERED = "<!-- Rendered from the code by `content-api export`. A test says when it is out of date. -->"

SETTINGS = f"""# Settings

{RENDERED}

A setting is an environment variable, or an option of `content-api`, which goes before the variable. An empty variable
counts as not set. A value that cannot be used ends the program with a line that says what would be right; a variable
that begins with `CONTENT_API_` and is not in this table is warned about.

{{tables}}
"""

CLI = f"""# Command line

{RENDERED}

`content-api` ends with 0 when all is well, with 1 when the content has problems or an answer has errors, and with 2
when something else is wrong: a setting, an option, a repository that cannot be read. Then one line on standard error
says what.

{{commands}}
"""

LIMITS = (SocketBounds, WaitingBounds, QuestionBounds, ContentBounds)
BOUNDS = {"ge": "from", "gt": "above", "le": "to"}
NOUNS: dict[Any, str] = {int: "whole number", float: "number", Path: "path"}


def settings_page() -> str:
    """docs/reference/settings.md."""
    said = dict(purposes(Settings))
    limits = [f"## {inspect.getdoc(part)}\n\n{_settings(part, said)}" for part in LIMITS]
    return SETTINGS.format(tables="\n\n".join([_settings(Settings, said), *limits]))


def cli_page() -> str:
    """docs/reference/cli.md."""
    group: Any = typer.main.get_command(build())  # Typer gives no public types to its own copy of click
    context = group.make_context(NAME, [], resilient_parsing=True)
    return CLI.format(commands="\n\n".join(_commands(group, context, NAME)))


def _settings(part: type[BaseModel], said: Mapping[str, str]) -> str:
    """The settings that a class has itself."""
    own = inspect.get_annotations(part)
    rows = [_setting(name, field, said[name]) for name, field in part.model_fields.items() if name in own]
    return _table(("Variable", "May be", "If not set", "What it is"), rows)


def _setting(name: str, field: FieldInfo, said: str) -> Sequence[str]:
    usual = "" if field.default in (None, ()) else f"`{in_environment(field.default)}`"
    return f"`{variable(name)}`", _values(field), usual, said


def _values(field: FieldInfo) -> str:
    """What may be written, for a person: the values themselves where there are few."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    bounds = {name: getattr(bound, name) for bound in field.metadata for name in BOUNDS if hasattr(bound, name)}
    said = " ".join(f"{BOUNDS[name]} {bound:,}" for name, bound in bounds.items())
    [kind, *_] = [*get_args(field.annotation), field.annotation]
    return " ".join(filter(None, (NOUNS.get(kind, "text"), said)))


def _commands(group: Any, context: Any, name: str) -> Iterator[str]:
    """The commands of a group, and of the groups in it."""
    for command in (group.get_command(context, found) for found in group.list_commands(context)):
        if hasattr(command, "list_commands"):
            yield from _commands(command, context, f"{name} {command.name}")
        elif not command.hidden:
            yield _command(f"{name} {command.name}", command)


def _command(name: str, command: Any) -> str:
    own = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.get_usage(own).removeprefix("Usage: ").split())
    rows = [(f"`{names}`", said) for names, said in (found.get_help_record(own) for found in command.get_params(own))]
    return (
        f"## {name}\n\n{inspect.cleandoc(command.help)}\n\nUsage: `{usage}`\n\n{_table(('Option', 'What it is'), rows)}"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
