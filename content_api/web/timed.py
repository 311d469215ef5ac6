"""The deadlines of one connection: what it waits for, and for how long that may last."""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from content_api.errors import RequestError
from content_api.web.places import Places

# Who is refused may still be sending. To close at once would take the refusal from it, so it is heard out for a while.
LINGER_SECONDS = 2.0
# A loop that stood still has not read yet what came meanwhile, and its clients are not to blame for that.
GRACE_SECONDS = 0.05


class TimedProtocol(HttpToolsProtocol, ABC):
    """uvicorn's own protocol, with one timer for all its deadlines.

    No request moves the timer, for that takes longer than to answer one that is known. When it goes off it looks what
    is due, and sleeps on; only what is due sooner than anybody thought sets it anew.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = Places.of(self.app_state)
        self.bounds = self.places.bounds
        self.begun = self.headed = self.completed = 0
        """Requests of which the first byte, the head, all is read."""
        self.running: RequestResponseCycle | None = None
        """The request that is being answered. Others may wait behind it."""
        self.begun_at = self.answered_at = self.stalled_at = self.left_at = 0.0
        """When the request began to come of which something is missing, or the connection did; when the last answer was
        complete, its client ceased to take it, and a refusal was said: 0 where there is none."""
        self.refusal: RequestError | None = None
        """What is said when all before it is answered. What comes after it is not read."""
        self.timer: TimerHandle | None = None
        self.is_overdue = False

    def wake_at(self, moment: float) -> None:
        """Look what is due at a moment, or before it where that was meant already."""
        if self.timer is None or moment < self.timer.when():
            self.stop_timer()
            self.timer = self.loop.call_at(moment, self.look)

    def stop_timer(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def look(self) -> None:
        self.timer, now = None, self.loop.time()
        due = self.due(now)
        if now >= due and self.is_overdue:
            self.give_up()
            return
        self.is_overdue = now >= due
        self.wake_at(max(due, now + GRACE_SECONDS))

    @abstractmethod
    def give_up(self) -> None:
        """What is to be done when that is over."""

    def due(self, now: float) -> float:
        """When the state that the connection is in has lasted for long enough."""
        bounds, is_closing = self.bounds, self.transport.is_closing()
        if self.left_at:
            return self.left_at + LINGER_SECONDS
        if self.stalled_at:
            return self.stalled_at + bounds.take_seconds
        if self.begun != self.completed and not (is_closing or self.refusal):
            return self.begun_at + (bounds.head_seconds if self.begun != self.headed else bounds.request_seconds)
        if self.is_answering() and not is_closing:
            return now + bounds.take_seconds  # a stream may last; whether its client takes it is seen by then
        if is_closing or self.transport.get_write_buffer_size():
            return max(self.begun_at, self.answered_at) + bounds.take_seconds
        if self.answered_at:
            return self.answered_at + bounds.idle_seconds
        return self.begun_at + bounds.head_seconds

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stalled_at = self.loop.time()
        self.wake_at(self.stalled_at + self.bounds.take_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.stalled_at = 0.0

    def is_answering(self) -> bool:
        running = self.running
        return running is not None and not (running.response_complete or running.disconnected)
