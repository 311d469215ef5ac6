"""Which git is installed, and whether it is one that may be trusted with a remote repository."""

from __future__ import annotations

import re
from pathlib import Path

from content_api.store.process import Git

# The last release in which holes were closed that a repository can use against who fetches it.
SAFE = (2, 50, 1)


def doubt_about_git(deadline: float) -> str | None:
    """What to say about a git that may be too old to fetch from another machine; None for one that is not.

    A number is no proof: distributions bring such mends into older releases and keep the number. So nothing is refused.
    """
    said = Git(Path("/"), deadline).run("version").output.decode(errors="replace").strip()
    return doubt_about(said)


def doubt_about(said: str) -> str | None:
    """The same of what `git version` said."""
    number = re.search(r"\d+(\.\d+)+", said)
    if number and tuple(map(int, number[0].split("."))) >= SAFE:
        return None
    wanted = ".".join(map(str, SAFE))
    return (
        f"{said or 'git, which does not say its version,'} is older than {wanted}, in which holes were closed. See that"
        " your distribution has closed them in it, or install a newer one"
    )
