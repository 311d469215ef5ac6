"""The application around the small schema, with a git host that may call."""

from __future__ import annotations

from tests.web.small import application


def look() -> None:
    """There is nothing to see here."""


app = application(look=look, hook_secrets=["a secret of the git host"])
