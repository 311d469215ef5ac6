"""The log: one event a line on standard error, for a person or for a machine."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from content_api.observe.exchange import CURRENT
from content_api.observe.journal import Journal


def name_request(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Say which request it was that something happened in, for what happens in one."""
    if exchange := CURRENT.get():
        event["request_id"] = exchange.identity
    return event


def spread_report(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Show a person the report of an event line by line, where a machine has it as a value."""
    if report := event.pop("report", None):
        event["event"] = f"{event['event']}, because of this:\n\n{report}\n"
    return event


SHARED: tuple[Processor, ...] = (
    name_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


LEVELS = ("debug", "info", "warning", "error")
"""The least grave first."""


class StderrHandler(logging.StreamHandler[Any]):
    """That of `configure`, which others are told apart from."""


def configure(format: str, level: str) -> None:
    """Send all logs, ours and those of libraries, to standard error.

    `format` is `console`, `json`, or `auto`: `console` at a terminal, else `json`. `level` is one of LEVELS.
    """
    processors = _last(is_for_a_person(format))
    handler = StderrHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=processors, foreign_pre_chain=SHARED))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells of each request, of which we tell ourselves
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def is_for_a_person(format: str) -> bool:
    """Whether a log of this format is for a person; `auto` is, at a terminal."""
    return sys.stderr.isatty() if format == "auto" else format == "console"


@contextmanager
def written_by(journal: Journal) -> Iterator[None]:
    """Have a journal, while it runs, write what `configure` sends to standard error: in this block nobody waits for who
    reads the log."""
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, StderrHandler)]
    with journal.running():
        earlier = [(handler, handler.setStream(journal)) for handler in handlers]
        try:
            yield
        finally:
            for handler, stream in earlier:
                handler.setStream(stream or sys.stderr)


def _last(console: bool) -> list[Processor]:
    """What makes a line of an event."""
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if console:
        # Plain tracebacks: the usual ones show all variables, and writing out an edition takes half a minute.
        plain = structlog.dev.plain_traceback
        return [
            without_meta,
            spread_report,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain),
        ]
    return [without_meta, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
