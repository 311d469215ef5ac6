"""`content-api token`."""

from __future__ import annotations

from typing import Annotated

import typer

from content_api.settings import TOKEN_NAME
from content_api.web.tokens import hashed, new_token

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, as in `anna`. The log says it.")]


def token(name: Name) -> None:
    """Make a token for previews of branches: a random one, shown this once.

    The first line is for the one whose it is. The second goes into CONTENT_API_PREVIEW_TOKENS, with a comma after those
    that are there; it holds a hash, from which nobody can tell the token. To take a token back, take its part out.

    Examples:

        content-api token anna
    """
    if not TOKEN_NAME.fullmatch(name):
        raise typer.BadParameter("A name has up to 64 letters, digits and `. _ @ + -`.", param_hint="NAME")
    made = new_token()
    typer.echo(f"Token    {made}\nSetting  {name}:{hashed(made)}")
