"""`content-api query`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from content_api.answers import delivery
from content_api.cli.options import Content, Ref, WorkingTree, given
from content_api.delivery.operation import Operation, Reply
from content_api.observe.logs import configure
from content_api.opening import open_configured, served_alone
from content_api.settings import Settings, read_settings

File = Annotated[
    typer.FileText, typer.Argument(metavar="FILE", help="A GraphQL document; `-` reads it from standard input.")
]
Variables = Annotated[
    str | None,
    typer.Option(metavar="JSON|@FILE", help="The variables, as a JSON object or a file of one.", show_default=False),
]
OperationName = Annotated[
    str | None,
    typer.Option("--operation", metavar="NAME", help="Which, where the document has several.", show_default=False),
]


def query(
    file: File,
    variables: Variables = None,
    operation: OperationName = None,
    content: Content = None,
    ref: Ref = None,
    working_tree: WorkingTree = False,
) -> None:
    """Ask the content a GraphQL query, without a server, and print the answer as JSON.

    The exit code is 1 when the answer has errors.

    Examples:

        content-api query conditions.graphql
        echo '{ conditions { nodes { name } } }' | content-api query -
        content-api query condition.graphql --variables '{"key": "neuropathic-pain"}'
    """
    asked = Operation(file.read(), read_variables(variables), operation)
    reply = answer(read_settings(**given(content=content, ref=ref, working_tree=working_tree)), asked)
    console = Console()
    if console.is_terminal:
        console.print_json(reply.body.decode())
    else:
        typer.echo(reply.body)
    raise typer.Exit(1 if reply.codes else 0)


def answer(settings: Settings, asked: Operation) -> Reply:
    """The answer from the content of the settings; other versions of it can be named."""
    configure(settings.log_format, settings.log_level)
    with open_configured(settings) as opened:
        started = served_alone(opened, settings)
        return asyncio.run(delivery(started.current, started.archive, limits=settings.question).answer(asked))


def read_variables(given: str | None) -> dict[str, Any]:
    """The variables of an operation, from JSON or from `@` and the path of a file of it."""
    if given is None:
        return {}
    try:
        found = orjson.loads(Path(given[1:]).read_bytes() if given.startswith("@") else given)
    except OSError as error:
        raise typer.BadParameter(f"{given[1:]} cannot be read: {error.strerror}.", param_hint="--variables") from None
    except ValueError as error:
        raise typer.BadParameter(f"This is not JSON: {error}.", param_hint="--variables") from None
    if not isinstance(found, dict):
        raise typer.BadParameter('Expected a JSON object, such as {"key": "tingling"}.', param_hint="--variables")
    return found
