"""A request on its way to being answered, as the log tells of it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    identity: str
    """Its id, which the client is told: 32 hexadecimal digits."""
    traced: str | None
    """The same, where the client gave it."""


CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange that whatever runs now is a part of. What is begun on its behalf, as a task or in the lane, is too."""
