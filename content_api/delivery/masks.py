"""What a client is shown of an error: its own mistakes in full, ours as one plain sentence.

The whole of what is hidden goes to the log. What a client did wrong does not: it is logged at debug, as codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError, ValueNode

from content_api.errors import NotInMemory, RequestError, clipped

log = structlog.get_logger("content_api.delivery")

ShownError = dict[str, Any]
"""One entry of a response's `errors`, ready to be encoded: message, locations, path, extensions {code, hint}."""

INTERNAL_MESSAGE = "Something failed on our side. Nothing in the request needs to change; try again later."

# What graphql-core's parser says when it stops for another reason than the grammar. Its words are all it gives: should
# they change, these become GRAPHQL_PARSE_FAILED, and a test says so.
TOO_MANY_TOKENS = re.compile(r"Document contains more than (\d+) tokens")
TOO_DEEP = "Document is nested too deeply"
SHORTER = "Split it, or leave out fields that nobody reads."


class Refused(Exception):
    """The operation will not be executed, and here is what to show for it."""

    def __init__(self, errors: Iterable[ShownError]) -> None:
        super().__init__("refused")
        self.errors = tuple(errors)


def show_request_error(error: RequestError) -> ShownError:
    return {"message": str(error), "extensions": error.extensions}


def show_syntax_error(error: GraphQLSyntaxError) -> ShownError:
    if found := TOO_MANY_TOKENS.match(error.description):
        most = int(found[1])
        told = f"There are {most + 1:,} or more tokens in the document; {most:,} are allowed."
        return {**show(error, "DOCUMENT_TOO_LONG", SHORTER), "message": told}
    if error.description.startswith(TOO_DEEP):
        return {**show(error, "TOO_DEEP"), "message": error.description}
    return show(error, "GRAPHQL_PARSE_FAILED")


def show(error: GraphQLError, code: str, hint: str | None = None) -> ShownError:
    """graphql-core's own error, with a code. One that carries a RequestError keeps that one's words and code."""
    cause = _request_error(error)
    extensions = cause.extensions if cause else RequestError(code, "", hint).extensions
    message = str(cause) if cause else clipped(error.message)
    return {**error.formatted, "message": message, "extensions": extensions}


def show_execution_error(error: GraphQLError, operation_name: str | None) -> ShownError:
    """An error from execution. Only a RequestError, or a value that a client sent, is shown; the rest is logged."""
    if _request_error(error) or _is_about_a_value(error.original_error):
        return show(error, "BAD_VARIABLES")
    log.error(
        "a field failed",
        path=".".join(map(str, error.path or ())),
        operation=operation_name,
        exc_info=error.original_error or error,
    )
    return {**error.formatted, "message": INTERNAL_MESSAGE, "extensions": {"code": "INTERNAL"}}


def internal_error(reason: Exception, operation_name: str | None) -> ShownError:
    """A defect of ours outside any field: logged whole, shown as nothing but its code."""
    log.error("an operation failed", operation=operation_name, exc_info=reason)
    return {"message": INTERNAL_MESSAGE, "extensions": {"code": "INTERNAL"}}


def _request_error(error: GraphQLError) -> RequestError | None:
    """The RequestError that a resolver or a scalar raised, if that is what this is about."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause if isinstance(cause, RequestError) else None


def missing(errors: Iterable[GraphQLError]) -> dict[str, NotInMemory]:
    """What fields could not be answered for want of, by its name. Where that came up is of no interest any more."""
    causes = (error.original_error for error in errors)
    return {cause.name: cause.with_traceback(None) for cause in causes if isinstance(cause, NotInMemory)}


def _is_about_a_value(cause: Exception | None) -> bool:
    """Whether graphql-core itself refused an argument's value while it executed.

    It does so where validation cannot know: a variable that is null in a place that has a default. Its other complaints
    at that time are about what resolvers return, and have no value among their nodes.
    """
    return isinstance(cause, GraphQLError) and any(isinstance(node, ValueNode) for node in cause.nodes or ())
