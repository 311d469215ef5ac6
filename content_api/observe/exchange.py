"""A request and its answer, as the log tells of them: who answers it notes here what it was."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

KNOWN = "known"  # by its bytes: nothing of it was read
KEPT = "kept"  # the answer was made before
SHARED = "shared"  # the answer was being made for somebody else who asked the same
PLAN = "plan"  # made by a plan
EXECUTOR = "executor"  # made by graphql-core's executor
ANSWERED = (KNOWN, KEPT, SHARED, PLAN, EXECUTOR)
"""The ways to an answer, the quickest first."""


WEBSOCKET, SUBSCRIBE = "WEBSOCKET", "SUBSCRIBE"
LISTENING = (WEBSOCKET, SUBSCRIBE)
"""In place of a method: a connection, and an operation on one."""
STREAM = b"/graphql/stream"

# In a log line. Paths of ours have 20 characters and a branch's name; names of clients, ten or twenty.
LONGEST_PATH = 200
LONGEST_NAME = 64
UNREADABLE = "(unreadable)"


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its answer, or several that are alike, as much as is known by now. What is None does not apply,
    or is not known yet.

    No query string, variables, token or address is ever in it, and the log has no text: what somebody reads about
    health is nobody else's business.
    """

    identity: str
    """Its id, which the client is told: 32 hexadecimal digits."""
    traced: str | None
    """The same, where the client gave it."""
    began: float
    """When it was first seen, by `perf_counter`."""
    method: str
    path: bytes
    """As it came, percent-encoded."""
    named: bytes | None = None
    """What the client calls itself."""
    named_version: bytes | None = None
    operation: str | None = None
    """The name of a stored document, or one name for all others."""
    document: str | None = None
    """The text of one that is not stored; of this, the log has the hash."""
    answered: str | None = None
    """One of ANSWERED."""
    status: int = 0
    code: str | None = None
    """Of the first error."""
    cost: int | None = None
    version: str | None = None
    """The version that the answer comes from."""
    parent: str | None = None
    """The `traceparent` that names the trace."""
    fields: frozenset[str] = frozenset()
    """Those of the schema that were asked for."""
    size: int = 0
    """Bytes of what was sent, without its head."""
    rest: str | None = None
    """Of its line in the log, all that is the same when it comes again, where that is made already."""

    @property
    def stored(self) -> str | None:
        """The name of the stored document that was asked."""
        return self.operation if self.document is None else None

    @property
    def client(self) -> str | None:
        """What the client calls itself, of a bounded length, and printable: a log may be read at a terminal."""
        return printable(self.named)

    @property
    def client_version(self) -> str | None:
        return printable(self.named_version)

    @property
    def shown_path(self) -> str:
        return self.path[:LONGEST_PATH].decode("ascii", "backslashreplace")

    @property
    def stays(self) -> bool:
        """Whether the client came to listen, so that how long it took says nothing of us."""
        return self.method in LISTENING or self.path.endswith(STREAM)

    @property
    def has_failed(self) -> bool:
        return self.status >= 400 or self.code is not None


def printable(value: bytes | None) -> str | None:
    if not value:
        return None
    name = value[:LONGEST_NAME].decode(errors="replace")
    return name if name.isprintable() else UNREADABLE


CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange that whatever runs now is a part of. What is begun on its behalf, as a task or in the lane, is too."""


def alike(other: Exchange, identity: str) -> Exchange:
    """The exchange of another request with the same head, before anything of its answer is known."""
    return Exchange(
        identity,
        other.traced,
        perf_counter(),
        other.method,
        other.path,
        other.named,
        other.named_version,
        parent=other.parent,
    )


def begun_within(other: Exchange, method: str) -> Exchange:
    """An exchange that is a part of another one, and has its id."""
    return Exchange(other.identity, other.traced, perf_counter(), method, other.path, other.named, other.named_version)


def note_operation(name: str, text: str | None) -> None:
    """Note which stored document is asked; of one that is not stored, its text."""
    if exchange := CURRENT.get():
        exchange.operation, exchange.document = name, text


def note_answered(how: str) -> None:
    """Note which of ANSWERED it was."""
    if exchange := CURRENT.get():
        exchange.answered = how


def note_code(code: str | None) -> None:
    if exchange := CURRENT.get():
        exchange.code = code
