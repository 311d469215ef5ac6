"""`content-api export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from content_api.answers import schema
from content_api.cli.reference import cli_page, settings_page
from content_api.content.export import content_schemas
from content_api.graph.schema import possible_types, sdl

REFERENCE = Path("docs/reference")

Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Write nothing; name the files that are not what the code says, and end with 1 if there are any.",
    ),
]


def export(check: Check = False) -> None:
    """Write what is promised to clients and editors into `schema/` of the current directory.

    That is the GraphQL schema, Apollo's possible types, and a JSON Schema for each kind of content file. Where there is
    a folder `docs/reference/`, its pages about the settings and the command line are written too.

    Examples:

        content-api export
        content-api export --check
    """
    files = promised() | (reference() if REFERENCE.is_dir() else {})
    different = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in different:
        typer.echo(f"{path} is not what the code says. Run: content-api export" if check else f"Wrote {path}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
    if check and different:
        raise typer.Exit(1)
    if not different:
        typer.echo(f"All {len(files)} files are what the code says.")


def promised() -> dict[Path, str]:
    """Path -> text of what clients and editors rely on."""
    folder = Path("schema")
    return {
        folder / "schema.graphql": sdl(schema()),
        folder / "possibleTypes.json": possible_types(schema()),
        **{folder / "content" / name: text for name, text in content_schemas().items()},
    }


def reference() -> dict[Path, str]:
    """Path -> text of the pages of docs/reference/ that are rendered whole."""
    return {REFERENCE / "settings.md": settings_page(), REFERENCE / "cli.md": cli_page()}
