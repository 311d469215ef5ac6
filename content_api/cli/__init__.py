"""The command line: `content-api`, one file for each of its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from content_api.app import exit_code
from content_api.cli import serve
from content_api.errors import ContentApiError

cli = typer.Typer(
    name="content-api",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback is for a defect of ours, and then the plain one can be reported
)


@cli.callback()
def content_api() -> None:
    """Serve, check and read health content that is kept as JSON in git."""


cli.command()(serve.serve)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `content-api`. What an editor or an operator can mend ends it with plain lines and no traceback."""
    try:
        cli(arguments)
    except ContentApiError as error:
        print(error, file=sys.stderr)  # noqa: T201
        raise SystemExit(exit_code(error)) from None
