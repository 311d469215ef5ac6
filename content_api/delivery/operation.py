"""A client's frozen question, and our finished answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL request, whatever brought it.

    `document_id` is what a client sent in place of the document, which is then empty, or along with it: a name, or
    `sha256:` and the hash of the text. delivery/persisted.py finds what it stands for. `safe` is for a transport that
    promises to change nothing, such as GET: it may carry queries only.
    """

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    document_id: str | None = None
    stored: str | None = None
    """The name of the stored document that this is. Logs say no other: what clients make up has no bounds."""
    safe: bool = False
    about_content: bool = False
    """Whether `extensions.content` of the response should say which version it is."""


def size_of(value: Any) -> int:
    """Bytes that a value of JSON takes: up to twenty-five times as many as its text has."""
    inside = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return getsizeof(value) + sum(map(size_of, inside))


@dataclass(frozen=True, slots=True)
class Reply:
    """One GraphQL response, already encoded.

    `body` is JSON in UTF-8. `executed` is False when the operation was refused before anything ran: `data` is then
    absent and `codes` says why. `cost` is None where the operation was refused before it could be priced. `pinned` says
    that the same operation has this answer for ever: all of it comes from one version, which it named by its whole id.
    `reusable` says that it has this answer, for whoever asks, as long as nothing that is named in `tags` changes.
    """

    body: bytes
    executed: bool
    version: str
    cost_limit: int
    cost: int | None = None
    codes: tuple[str, ...] = ()
    pinned: bool = False
    reusable: bool = False
    tags: frozenset[str] = frozenset()
    fields: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """Those of the schema that were asked for; none where nothing was executed."""
    made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What is made of it once, by who makes it: delivery/present.py and web/representation.py."""
