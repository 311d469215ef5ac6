"""Stored documents for the tests of delivery."""

from __future__ import annotations

from pathlib import Path

from content_api.delivery.stored import Stored, id_of, notes_of


def stored(text: str, name: str = "Name") -> Stored:
    """A document as if it had been read from a file."""
    return Stored(name, text, Path(f"{name}.graphql"), id_of(text), tuple(notes_of(text)))
