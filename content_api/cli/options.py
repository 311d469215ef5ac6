"""Options that several commands have, and say in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from content_api.content.fields import Channel


def given(**options: Any) -> dict[str, Any]:
    """What was given on the command line, for `read_settings`.

    A ref and the working tree exclude each other, and so do content here and a repository elsewhere: one that is given
    here goes before the other in the environment.
    """
    chosen = {name: value for name, value in options.items() if value is not None and value is not False}
    if "content" in chosen:
        chosen = {"repository": None} | chosen
    if "working_tree" in chosen:
        return {"ref": None} | chosen
    return {"working_tree": False} | chosen if "ref" in chosen else chosen


Content = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Where the content is: a folder, or a repository (bare or not) whose content is in `content/` or at its "
        "top. If not given: `content/` here, or here when `site.json` is here.",
        show_default=False,
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="A branch, tag or commit. If not given: what is checked out, as it is committed.",
        show_default=False,
    ),
]
WorkingTree = Annotated[
    bool, typer.Option("--working-tree", help="The files as they stand, committed or not.", show_default=False)
]
Locale = Annotated[
    str | None,
    typer.Option(metavar="TAG", help="A locale of the content. If not given: its default.", show_default=False),
]
InChannel = Annotated[Channel, typer.Option("--channel", help="Whose text to show.")]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where the server is, such as https://content.example.org. If not given: where the settings have it.",
        show_default=False,
    ),
]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="How long to wait for the server to say something.")
]
