"""The moment by which an operation has to be answered, looked at wherever one can take long."""

from __future__ import annotations

from contextvars import ContextVar, Token
from math import inf
from time import monotonic
from types import TracebackType

from content_api.errors import RequestError

# A context variable for the reason that content/recalled.py gives: there is no argument to pass it by.
_UNTIL: ContextVar[float] = ContextVar("until", default=inf)


class OutOfTime(BaseException):
    """There is no time left. Not an Exception: a field must not fail by itself and leave the rest of an answer."""


class Within:
    """A block that is done in so many seconds, or left with a RequestError, TOOK_TOO_LONG.

    It is left where somebody looks, between two steps. What is kept for others is kept only when it is whole. Not a
    generator: every operation passes here, and a plan has few microseconds to spare.
    """

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._token: Token[float] | None = None

    def __enter__(self) -> None:
        self._token = _UNTIL.set(monotonic() + self._seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token:
            _UNTIL.reset(self._token)
        if kind is OutOfTime:
            message = f"The operation was not answered within {self._seconds:,g} seconds."
            raise RequestError("TOOK_TOO_LONG", message, "Ask for less, or in several requests.") from None


def look() -> None:
    """Raise OutOfTime when there is no time for another step. It takes a tenth of a microsecond."""
    if monotonic() > _UNTIL.get():
        raise OutOfTime
