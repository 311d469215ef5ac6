"""The command line: `content-api`, one file for each of its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from content_api import __version__
from content_api.errors import ContentApiError, RequestError, exit_code
from content_api.importing import imported

NAME = "content-api"
COMMANDS = ("serve", "status", "usage", "pin", "check", "diff", "show", "log", "query", "migrate", "export", "token")
GROUPS = ("hook", "operations")


def show_version(asked: bool) -> None:
    """Print the version and stop."""
    if asked:
        typer.echo(f"content-api {__version__}")
        raise typer.Exit


def content_api(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Serve, check and read health content that is kept as JSON in git.

    Each command has a --help of its own. What is not given on the command line is taken from the environment:
    CONTENT_API_CONTENT, CONTENT_API_PORT and so on; docs/reference/settings.md lists all of them.
    """


def build(names: Sequence[str] = (*COMMANDS, *GROUPS)) -> typer.Typer:
    """The command line, put together of the commands and groups that are named."""
    cli = typer.Typer(
        name=NAME,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",  # paragraphs are filled, and examples stand as they are written
        pretty_exceptions_enable=False,  # only a defect of ours has a traceback, and that should be easy to report
    )
    cli.callback()(content_api)
    for name in names:
        module = imported(f"{__name__}.{name}")
        if name in GROUPS:
            cli.add_typer(module.build())
        else:
            cli.command()(getattr(module, name))
    return cli


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `content-api`. What an editor or an operator can mend ends it with plain lines and no traceback.

    Of the commands, only the one that is asked for is imported: to check content, or to end a hook that somebody waits
    for, needs no server.
    """
    words = sys.argv[1:] if arguments is None else arguments
    asked = [name for name in (*COMMANDS, *GROUPS) if name in words[:1]]
    try:
        build(asked or (*COMMANDS, *GROUPS))(words, prog_name=NAME)  # one name whatever began it, `server.py` too
    except ContentApiError as error:
        print(message(error), file=sys.stderr)  # noqa: T201
        raise SystemExit(exit_code(error)) from None


def message(error: ContentApiError) -> str:
    """What happened and, where that is known, what would be right."""
    return f"{error} {error.hint}" if isinstance(error, RequestError) and error.hint else str(error)
