"""Where in a file a JSON pointer is."""

from __future__ import annotations

from collections.abc import Callable

import json_source_map

from content_api.content.problems import Problem


def locator(path: str, data: bytes) -> Callable[..., Problem]:
    """A function (pointer, rule, found, expected, suggestion) -> Problem that knows the file's lines."""
    try:
        positions = json_source_map.calculate(data.decode())
    except (ValueError, RecursionError, json_source_map.errors.BaseError):
        # Not JSON all through, or not there at all: a problem about the file says so by itself.
        positions = {}

    def problem(pointer: str, rule: str, found: str, expected: str, suggestion: str | None = None) -> Problem:
        known = pointer
        while known not in positions and known:
            known = known.rpartition("/")[0]
        entry = positions.get(known)
        start = (entry.value_start if known == "" or entry.key_start is None else entry.key_start) if entry else None
        line, column = (start.line + 1, start.column + 1) if start else (1, 1)
        return Problem(path, line, column, pointer, rule, found, expected, suggestion)

    return problem
