"""What is served at one moment, as much of it as delivery has to know."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

LISTENING = "Listen over a WebSocket at `/graphql`, or by server-sent events at `/graphql/stream`."


@dataclass(frozen=True, slots=True)
class Live:
    """What is served at one moment. An operation takes it once, so that all of an answer comes from one version.

    `version` is the id that `Content-Version` says; `root` and `context` are what resolvers are given. `about` tells
    what `extensions.content` says of a version.
    """

    version: str
    root: Any
    context: Any = None
    about: Callable[[str], dict[str, Any]] = field(default=lambda version: {"version": version})
    noting: Callable[[], AbstractContextManager[Any]] = nullcontext
    """Entered while resolvers run, it notes what the answer has to say of itself, and `noted` says it."""
    noted: Callable[[Any], dict[str, Any]] = field(default=lambda noted: {})
    made_from: Callable[[Any], Iterable[str]] = field(default=lambda noted: ())
    """The tags of what was noted."""
    passing: Callable[[], Hashable] = field(default=lambda: None)
    """What an answer may depend on beside this: while it is equal, the same operation has the same answer."""
    thousands: int = 0
    """How many thousands of entities there are beyond those with which prices were measured: what looks at all of them
    costs as much more."""
    listening: str = LISTENING
    """Where a subscription is answered, as a hint says it."""
    itself: object = field(default_factory=object)
    """Equal to that of no other. Who keeps it keeps nothing of what is served in memory."""

    @property
    def moment(self) -> Hashable:
        return self.itself, self.passing()
