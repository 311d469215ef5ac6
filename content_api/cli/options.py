"""Options that several commands have, and say in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from content_api.content.fields import Channel

Content = Annotated[
    Path | None,
    typer.Option(
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
    str | None, typer.Option(help="A locale of the content. If not given: its default.", show_default=False)
]
InChannel = Annotated[Channel, typer.Option("--channel", help="Whose text to show.")]
