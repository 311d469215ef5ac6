"""The moment by which an operation has to be answered, looked at wherever one can take long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TypeVar

from content_api.errors import RequestError

Item = TypeVar("Item")

# As many as a filter of a hundred criteria gets through in some 20 ms: a deadline is passed by no more than that.
BATCH = 256

# A context variable for the reason that content/recalled.py gives: there is no argument to pass it by.
_UNTIL: ContextVar[float] = ContextVar("until", default=inf)


class OutOfTime(BaseException):
    """There is no time left. Not an Exception: a field must not fail by itself and leave the rest of an answer."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Do what is inside in so many seconds, or leave it with a RequestError, TOOK_TOO_LONG.

    It is left where somebody looks, between two steps. What is kept for others is kept only when it is whole.
    """
    token = _UNTIL.set(monotonic() + seconds)
    try:
        yield
    except OutOfTime:
        message = f"The operation was not answered within {seconds:,g} seconds."
        raise RequestError("TOOK_TOO_LONG", message, "Ask for less, or in several requests.") from None
    finally:
        _UNTIL.reset(token)


def look() -> None:
    """Raise OutOfTime when there is no time for another step. It takes a tenth of a microsecond."""
    if monotonic() > _UNTIL.get():
        raise OutOfTime


def chosen(items: Sequence[Item], test: Callable[[Item], bool]) -> list[Item]:
    """The items that pass a test, as far as there is time to ask."""
    found: list[Item] = []
    for start in range(0, len(items), BATCH):
        look()
        found += [item for item in items[start : start + BATCH] if test(item)]
    return found
