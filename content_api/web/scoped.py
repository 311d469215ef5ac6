"""The routes of a scope: what is at the public address, and once more below /preview/ for each branch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation
from content_api.web.graphql import (
    READING,
    Answer,
    AnswerAgain,
    AnswerAtOnce,
    AtLeast,
    GraphQLEndpoint,
    Version,
    versioned,
)
from content_api.web.listeners import Listeners, Subscribe
from content_api.web.packed import Packed, coding_of
from content_api.web.stream import StreamEndpoint


@dataclass(frozen=True, slots=True)
class Served:
    """What the routes of a scope answer with."""

    answer: Answer
    subscribe: Subscribe
    listeners: Listeners
    schema_text: str
    page: Response
    limits: Limits
    at_least: AtLeast | None = None
    again: Callable[[Operation], AnswerAgain] | None = None
    version: Version = lambda: None
    at_once: AnswerAtOnce | None = None


@dataclass(frozen=True, slots=True)
class Scoped:
    """A route of every scope."""

    path: str
    app: Callable[[Served], ASGIApp]
    """It says itself which methods it answers."""
    in_graphql: bool = False
    """Whether its errors have GraphQL's shape; else they are problem+json."""
    stays: bool = False
    """Whether its answers may take for ever."""


class SchemaText:
    """The SDL. As plain text, so that a browser shows it: its own media type is not registered."""

    def __init__(self, text: str, version: Version) -> None:
        self.text = Packed(text.encode())
        self.version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = versioned(self.version())
        if scope["method"] not in READING:
            raise HTTPException(405, headers={"Allow": ", ".join(READING), **headers})
        coding = coding_of(Request(scope))
        await self.text.response(coding, "text/plain; charset=utf-8", headers)(scope, receive, send)


def graphql(served: Served) -> ASGIApp:
    return GraphQLEndpoint(
        served.answer, served.page, served.limits, served.at_least, served.again, served.version, served.at_once
    )


def stream(served: Served) -> ASGIApp:
    return StreamEndpoint(served.subscribe, served.listeners, served.limits, version=served.version)


def schema_text(served: Served) -> ASGIApp:
    return SchemaText(served.schema_text, served.version)


SCOPED = (
    Scoped("/graphql", graphql, in_graphql=True),
    # Not at the path above: clients that accept event streams beside JSON, as urql does for every query, must not get
    # one unasked.
    Scoped("/graphql/stream", stream, in_graphql=True, stays=True),
    Scoped("/schema.graphql", schema_text),
)
