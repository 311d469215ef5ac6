"""`content-api status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

import orjson
import typer

from content_api.cli.asking import address_of, ask
from content_api.cli.options import Timeout, Url
from content_api.content.problems import ContentRefused
from content_api.content.report import harmless, plural, report
from content_api.settings import read_settings
from content_api.web.health import Status


class Format(StrEnum):
    """For whom the status is printed."""

    TEXT = "text"
    JSON = "json"


def status(
    url: Url = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = Format.TEXT,
    timeout: Timeout = 5,
) -> None:
    """Ask a running server what is live, and what was refused and why.

    The exit code is 0 when the newest version is live, 1 when it was refused, 2 when the server does not answer, is not
    ready, cannot tell whether there is something newer, or cannot tell a cache in front what to drop: then that may
    show what was taken back. Of several workers, one answers.

    Examples:

        content-api status
        content-api status --url https://content.example.org --format json
    """
    answer = ask(address_of(read_settings()) if url is None else url, timeout)
    if format is Format.JSON:
        typer.echo(orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2))
    else:
        typer.echo(as_text(answer.status))
    raise typer.Exit(code_of(answer.status))


def code_of(found: Status) -> int:
    if not found.ready or found.trouble or found.unpurged:
        return 2
    return 1 if found.refused else 0


def as_text(found: Status) -> str:
    """How things stand for a person; of a newer version that was refused, all problems as `check` tells them."""
    lines = harmless("\n".join(f"{name:<11}{text}" for name, text in facts(found)))
    if not found.refused:
        return lines
    return (
        f"{lines}\n\n{harmless(report(ContentRefused('', found.refused.problems), PurePath(), found.refused.withheld))}"
    )


def facts(found: Status) -> Iterator[tuple[str, str]]:
    if not found.ready:
        yield "Not ready", found.reason or "The server does not say why."
    if found.version:
        tags = f", {plural(len(found.tags), 'tag')}: {', '.join(found.tags)}" if found.tags else ""
        yield "Live", f"{found.version}{tags}"
    if found.live_since:
        yield "Since", moment(found.live_since)
    if found.pinned:
        yield "Pinned", "What is pushed waits until `content-api pin --release`."
    if found.trouble:
        yield "Trouble", f"{found.trouble.reason} Since {moment(found.trouble.since)}; the server's log says more."
    if found.unpurged:
        yield "Caches", f"One in front may send what was live: it cannot be told, since {moment(found.unpurged)}."
    if refused := found.refused:
        about = " · ".join(filter(None, (refused.author, refused.message)))
        yield "Refused", f"{refused.version}, at {moment(refused.at)}"
        if about:
            yield "", about


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
