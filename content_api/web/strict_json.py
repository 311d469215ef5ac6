"""JSON as strictly as it can be read: what two programs could understand in two ways is not understood at all."""

from __future__ import annotations

from math import isfinite
from typing import Any

import jiter

from content_api.delivery.limits import Limits
from content_api.errors import RequestError

BYTE_ORDER_MARK = "\ufeff"
# What jiter says where a limit of its own stops it, which are 200 levels and 4,300 digits. Its words are all it gives:
# should they change, what is beyond is "not JSON", and a test says so.
DEEPER_THAN_JITER = "recursion limit exceeded"
LONGER_THAN_JITER = "number out of range"


def strict_json(text: str, what: str, limits: Limits) -> Any:
    """Parse a JSON text; `what` it is begins the message where it cannot be, as a RequestError.

    Not taken are duplicate keys, NaN, infinite numbers, lone surrogates, a byte order mark, anything after the value,
    more levels than `limits.json_depth`, and whole numbers of more digits than `limits.json_digits`.
    """
    try:
        value = jiter.from_json(text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise _refused(text, what, str(error), limits) from None
    _hold(value, what, limits)
    return value


def _refused(text: str, what: str, found: str, limits: Limits) -> RequestError:
    if found.startswith(DEEPER_THAN_JITER):
        return _too_deep(what, limits)
    if found.startswith(LONGER_THAN_JITER):
        return bad_request(f"{what} has a whole number of over 4,300 digits; {limits.json_digits} are read.")
    if text.startswith(BYTE_ORDER_MARK):
        return bad_request(f"{what} begins with a byte order mark.", "Send UTF-8 without one.")
    return bad_request(f"{what} is not JSON: {found}.")


def _hold(value: Any, what: str, limits: Limits) -> None:
    """Refuse what jiter takes and we do not. Level by level: a client chooses how many there are."""
    level: list[Any] = [[value]]
    depth = 0
    while level:
        below: list[Any] = []
        for outer in level:
            for inner in outer.values() if outer.__class__ is dict else outer:
                kind = inner.__class__
                if kind is str:  # which most are
                    continue
                if kind is dict or kind is list:
                    below.append(inner)
                elif kind is int or kind is float:
                    _hold_number(inner, what, limits)
        level, depth = below, depth + 1
        if level and depth > limits.json_depth:
            raise _too_deep(what, limits)


def _hold_number(number: int | float, what: str, limits: Limits) -> None:
    if isinstance(number, float):
        if not isfinite(number):  # JSON knows no infinity, and 1e999 is one by another name
            raise bad_request(f"{what} has a number that is too large to reckon with.")
    elif (digits := len(str(abs(number)))) > limits.json_digits:
        raise bad_request(f"{what} has a whole number of {digits:,} digits; {limits.json_digits} are read.")


def _too_deep(what: str, limits: Limits) -> RequestError:
    found = f"{what} is nested {limits.json_depth + 1} or more levels deep; {limits.json_depth} are read."
    return bad_request(found, "Send what is inside by itself.")


def bad_request(message: str, hint: str | None = None) -> RequestError:
    """What is no well-formed request."""
    return RequestError("BAD_REQUEST", message, hint)
