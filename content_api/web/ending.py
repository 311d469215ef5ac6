"""Signals that tell the process to end: while it starts, and while it serves."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHELL = 128  # a process that a signal has ended is told by this and the signal's number


class ToldToEnd(BaseException):
    """A signal came. Not an Exception: nothing on the way may take it for an error of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def unwinding() -> Iterator[None]:
    """Have a signal to end leave this block by its `finally`s at once, and only then do what it did before.

    A start may wait for another machine for minutes. The signal's own effect would leave git behind, and a handler of
    uvicorn's would wait with it. A signal that is ignored stays so. In another thread than the main one there are no
    signals, and nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    earlier = {number: signal.signal(number, _raise) for number in heeded}
    told: ToldToEnd | None = None
    try:
        yield
    except ToldToEnd as error:
        told = error
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    if told:
        signal.raise_signal(told.number)
        raise SystemExit(SHELL + told.number)


def _raise(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # once is enough: what is being ended must come to its end
    raise ToldToEnd(number)


@dataclass(slots=True)
class Ending:
    """Whether the process was told to end."""

    told: bool = False


@contextmanager
def ending_well(ending: Ending, drain_seconds: float, dismiss: Callable[[], None]) -> Iterator[None]:
    """Have it known at once that the process is told to end, and `dismiss` called on the running event loop when it
    does: at once when a person ends it by SIGINT, else after `drain_seconds`.

    uvicorn stops listening as soon as it is told, so that nobody could ask whether it is still ready; and it waits
    until every response is complete before it says anything to the application, which an event stream never is. It has
    no hook for either, so its signal handlers are called by ours; where there are none, or another thread would have to
    set them, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    earlier = {number: signal.getsignal(number) for number in SIGNALS}

    def end(number: int) -> None:
        dismiss()
        handler = earlier[signal.Signals(number)]
        if callable(handler):
            handler(number, None)

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT or not drain_seconds:
            loop.call_soon_threadsafe(end, number)
        elif not ending.told:  # of several workers, each may be told by whoever runs them and by their parent
            loop.call_soon_threadsafe(loop.call_later, drain_seconds, end, number)
        ending.told = True

    ours = [number for number, handler in earlier.items() if callable(handler)]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, earlier[number])
