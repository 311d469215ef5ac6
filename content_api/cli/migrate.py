"""`content-api migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from content_api.cli.options import given
from content_api.content.load import load
from content_api.content.migrations import MODEL_VERSION
from content_api.content.problems import ContentRefused
from content_api.content.report import plural, report
from content_api.content.rewriting import rewritten_files
from content_api.opening import ContentUnservable, open_configured, usual_content
from content_api.publish.place import folder_of
from content_api.settings import read_settings

Place = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        help="The folder whose files are written. If not given: the content here, or what the settings name.",
        show_default=False,
    ),
]


def migrate(path: Place = None) -> None:
    """Bring the files of older content up to the content model of this program.

    Content of an older model is served as it is; this is for editors, who then write every field as today's pages say.
    Only names of fields, and `modelVersion` in site.json, are written anew. Content with problems is left alone. Look
    at the difference, then commit it.

    Examples:

        content-api migrate
        content-api migrate ../content
    """
    usual = read_settings(**given(content=path))
    place = usual.content or usual_content()
    settings = usual.model_copy(update={"content": place, "ref": None, "working_tree": True})
    opened = open_configured(settings)
    with opened:
        folder = folder_of(opened)
        try:
            edition = load(opened.snapshot, limits=settings.limits)
        except ContentRefused as refused:
            raise ContentUnservable(f"{report(refused, folder)}\n\nNothing is changed.") from refused
        files = list(rewritten_files(edition, opened.snapshot))  # all of them, before the first is written
    for name, data in files:
        (Path(opened.snapshot.place) / name).write_bytes(data)
        typer.echo(f"Wrote {folder / name}")
    if not files:
        typer.echo(f"The content is of model version {MODEL_VERSION} already.")
        return
    written = plural(len(files), "file")
    typer.echo(f"{written} brought up to model version {MODEL_VERSION}. Look at the difference, then commit it.")
