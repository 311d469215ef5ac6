"""Stored documents, and what became of them, for a person and for a program."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

from content_api.content.report import harmless, plural
from content_api.delivery.stored import by_client
from content_api.delivery.trial import Trial

NOBODY = "nobody says so"


def print_json(trials: Sequence[Trial]) -> None:
    """One JSON object, whatever was found."""
    found = {"ok": not any(trial.troubles for trial in trials), "documents": [described(trial) for trial in trials]}
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


def described(trial: Trial) -> dict[str, Any]:
    stored = trial.stored
    return {
        "name": stored.name,
        "id": stored.id,
        "path": str(stored.path),
        "clients": stored.clients,
        "cost": trial.cost,
        "lacking": trial.lacking,
        "troubles": [asdict(trouble) for trouble in trial.troubles],
    }


def listed_as_text(trials: Sequence[Trial]) -> None:
    """A line for each document; then how many there are."""
    _print(_table(trials, "id", [Text(trial.stored.id, "dim") for trial in trials]), _summary(trials))


def checked_as_text(trials: Sequence[Trial], asked: str) -> None:
    """A line for each document; then what is wrong, and whose documents would break."""
    broken = [trial for trial in trials if trial.troubles]
    clients = _users(broken) or NOBODY
    verdict = (
        Text(f"{len(broken)} of {plural(len(trials), 'document')} would break. Used by: {clients}.", "bold red")
        if broken
        else Text(f"No document would break. {plural(len(trials), 'document')}.", "bold green")
    )
    results = _table(trials, "result", [_result(trial) for trial in trials])
    _print(Text(f"Asked: {asked}"), results, *map(_troubles, broken), verdict)


def added_as_text(trials: Sequence[Trial]) -> None:
    """What was added and where, or why nothing was."""
    broken = [trial for trial in trials if trial.troubles]
    if broken:
        _print(*map(_troubles, broken), Text("Nothing was added.", "bold red"))
    else:
        _print(*(Text(f"{_path(trial)}\n    {trial.stored.id}\n    {_about(trial)}") for trial in trials))


def _summary(trials: Sequence[Trial]) -> Text:
    broken = sum(1 for trial in trials if trial.troubles)
    said = plural(len(trials), "document")
    why = "`content-api operations check` says why"
    return Text(f"{said}, of which {broken} cannot be answered: {why}.", "bold red") if broken else Text(f"{said}.")


def _about(trial: Trial) -> str:
    return f"cost {trial.cost:,}; used by: {_users([trial]) or NOBODY}{_lacking(trial, '; ')}"


def _result(trial: Trial) -> Text:
    if trial.troubles:
        return Text("would break", "bold red")
    return Text(_lacking(trial)) if trial.lacking else Text("good", "green")


def _lacking(trial: Trial, before: str = "") -> str:
    """That there is no example of what a document needs; a test would have to make something up."""
    names = ", ".join(f"${name}" for name in trial.lacking)
    return f"{before}not run: no `# variables:` for {names}" if names else ""


def _table(trials: Sequence[Trial], last: str, cells: Sequence[Text]) -> Text:
    """Name, cost, clients and one more. No table of rich's: that cuts an id where the terminal is narrow."""
    rows = [(one.stored.name, f"{one.cost:,}" if one.cost is not None else "-", _users([one]) or "-") for one in trials]
    head = ("name", "cost", "clients")
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(3)]
    lines = [Text.assemble((_line(head, widths), "bold"), (last, "bold"))]
    lines += [Text.assemble(_line(row, widths), cell) for row, cell in zip(rows, cells, strict=True)]
    return Text("\n").join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, cost, clients = row
    return f"{name:<{widths[0]}}  {cost:>{widths[1]}}  {clients:<{widths[2]}}  "


def _troubles(trial: Trial) -> Text:
    """What is wrong with one document: where, what was found, what would be right, and who uses it."""
    lines = []
    for trouble in trial.troubles:
        lines.append(Text(f"{_path(trial)}:{trouble.line}:{trouble.column} {trouble.code}", "bold"))
        lines += [Text(harmless(f"    {said}")) for said in (trouble.message, trouble.hint) if said]
    lines.append(Text(f"    Used by: {_users([trial]) or NOBODY}."))
    return Text("\n").join(lines)


def _users(trials: Sequence[Trial]) -> str:
    """Who uses these documents, as they say themselves; nothing where none says so."""
    return harmless(by_client([trial.stored for trial in trials]))


def _path(trial: Trial) -> str:
    """Where the document is, as short as a terminal can open it."""
    relative = os.path.relpath(trial.stored.path)
    return harmless(relative if not relative.startswith("..") else str(trial.stored.path))


def _print(*parts: Text) -> None:
    Console(soft_wrap=True, highlight=False).print(Text("\n\n").join(parts))
