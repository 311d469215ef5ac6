"""The clock of an operation, looked at wherever one can take long: is its time over, or its turn?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from math import inf
from time import monotonic
from types import TracebackType

from content_api.errors import RequestError

Pause = Callable[[], float]
"""Gives a turn up, and returns when the next one begins, with its seconds."""

# Context variables for the reason that content/noted.py gives: there is no argument to pass them by. `_UNTIL` is when
# to do more than look. For an operation that takes turns it is the end of the turn or of its time, `_DEADLINE`: what
# comes first. A turn may be long.
_UNTIL: ContextVar[float] = ContextVar("until", default=inf)
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=inf)
_PAUSE: ContextVar[Pause | None] = ContextVar("pause", default=None)


class OutOfTime(BaseException):
    """There is no time left. Not an Exception: a field must not fail by itself and leave the rest of an answer."""


class Within:
    """A block that is done in so many seconds, or left with a RequestError, TOOK_TOO_LONG. Pauses are not counted.

    It is left where somebody looks, between two steps. What is kept for others is kept only when it is whole. Not a
    generator: every operation passes here, and a plan has few microseconds to spare.
    """

    __slots__ = ("_clock", "_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._clock = _UNTIL
        self._token: Token[float] | None = None

    def __enter__(self) -> None:
        end = monotonic() + self._seconds
        if _PAUSE.get() is not None:
            self._clock = _DEADLINE
            _UNTIL.set(min(_UNTIL.get(), end))
        self._token = self._clock.set(end)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token:
            self._clock.reset(self._token)
        if kind is OutOfTime:
            message = f"The operation was not answered within {self._seconds:,g} seconds."
            raise RequestError("TOOK_TOO_LONG", message, "Ask for less, or in several requests.") from None


def look() -> None:
    """Raise OutOfTime when there is no time for another step, and pause when it is the turn of others.

    It takes a tenth of a microsecond. What is shared may have changed when it returns, so that nothing may be half
    changed where it is called.
    """
    if monotonic() > _UNTIL.get():
        _stop_or_pause()


def _stop_or_pause() -> None:
    pause, now = _PAUSE.get(), monotonic()
    if pause is None or now > _DEADLINE.get():
        raise OutOfTime
    seconds = pause()
    again = monotonic()
    _DEADLINE.set(_DEADLINE.get() + again - now)
    _UNTIL.set(min(again + seconds, _DEADLINE.get()))


@contextmanager
def taking_turns(seconds: float, pause: Pause) -> Iterator[None]:
    """A block that pauses where somebody looks, whenever its turn is over. The first begins now."""
    token, began = _PAUSE.set(pause), _UNTIL.set(monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(began)
        _PAUSE.reset(token)
