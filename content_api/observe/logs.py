"""The log: one event a line on standard error, for a person or for a machine."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from content_api.observe.exchange import CURRENT


def name_request(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Say which request it was that something happened in, for what happens in one."""
    if exchange := CURRENT.get():
        event["request_id"] = exchange.identity
    return event


SHARED: tuple[Processor, ...] = (
    name_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


def configure(format: str, level: str) -> None:
    """Send all logs, ours and those of libraries, to standard error.

    `format` is `console`, `json`, or `auto`: `console` at a terminal, else `json`. `level` is a name of logging's.
    """
    console = sys.stderr.isatty() if format == "auto" else format == "console"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_last(console), foreign_pre_chain=SHARED))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells of each request, of which we tell ourselves
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _last(console: bool) -> list[Processor]:
    """What makes a line of an event."""
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if console:
        # Plain tracebacks: the usual ones show all variables, and writing out an edition takes half a minute.
        plain = structlog.dev.plain_traceback
        return [without_meta, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [without_meta, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
