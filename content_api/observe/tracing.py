"""Whether OpenTelemetry is there to be told of operations and publications: found out once, as the server starts."""

from __future__ import annotations

from typing import Protocol

from content_api.observe.exchange import Exchange


class Tracing(Protocol):
    """Makes a span of what has ended. Times are seconds since 1970."""

    def operation(self, exchange: Exchange, identity: str, began: float, ended: float) -> None:
        """Of an operation with that id."""

    def publication(self, version: str, seconds: float, problems: int) -> None:
        """Of a version that has just gone live after so many seconds, or was refused because of its problems."""


def configured() -> Tracing | None:
    """What makes spans, where OpenTelemetry's API is installed and somebody has told it where they go."""
    try:
        from content_api.observe.spans import Spans
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "opentelemetry":
            return None
        raise
    return Spans.of_provider()
