"""What an operation is answered that came to its end: a Reply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from graphql import OperationType

from content_api.delivery.answering import Answering
from content_api.delivery.masks import (
    Refused,
    ShownError,
    internal_error,
    log,
    show_execution_error,
    show_request_error,
)
from content_api.delivery.operation import Reply
from content_api.delivery.present import tags_of
from content_api.delivery.shape import spelt
from content_api.errors import RequestError


def executed(work: Answering) -> Reply:
    """The reply to an operation that ran, with or without errors in its fields; a refusal where it is too large."""
    data = {"data": work.result.data}
    if work.result.errors:
        found = [show_execution_error(error, work.operation.stored) for error in work.result.errors]
        errors = found[: work.limits.errors]
        reply = _reply(work, {"errors": errors} | data, errors, len(found) - len(errors))
    else:
        reply = _reply(work, data, [])
    return reply if len(reply.body) <= work.limits.answer_bytes else refused(work, _too_large(work, reply))


def refused(work: Answering, error: Exception) -> Reply:
    """The reply to an operation that a step stopped. A defect of ours is logged whole and shown as INTERNAL."""
    shown = list(_shown(error, work.operation.stored))
    return _reply(work, {"errors": shown}, shown)


def _too_large(work: Answering, reply: Reply) -> RequestError:
    found = f"The answer has {len(reply.body):,} bytes; {work.limits.answer_bytes:,} are sent."
    return RequestError("ANSWER_TOO_LARGE", found, "Ask for smaller pages or fewer texts, or in several requests.")


def _shown(error: Exception, operation_name: str | None) -> Iterable[ShownError]:
    match error:
        case RequestError():
            return [show_request_error(error)]
        case Refused():
            return error.errors
    return [internal_error(error, operation_name)]


def _reply(work: Answering, body: dict[str, Any], errors: list[ShownError], more: int = 0) -> Reply:
    """The reply with a body whose errors are these, and so many `more` that are counted and not told."""
    codes = tuple([error["extensions"]["code"] for error in errors])
    if codes:
        log.debug("answered with errors", codes=codes, operation=work.operation.stored)
    # An error may pass, and so may a recall, so that an answer with either is not kept for ever.
    version = work.live.version if codes or work.extensions or not work.pinned else work.pinned
    about = work.operation.about_content  # says a tag, which can be moved
    if about:
        work.extensions["content"] = work.live.about(version)
    pinned = version == work.pinned and not about
    tags = frozenset() if codes else tags_of(work.document.words, pinned=pinned, about_content=about).union(work.tags)
    extensions = work.extensions | {"moreErrors": more} if more else work.extensions
    encoded = orjson.dumps(body | {"extensions": extensions} if extensions else body)
    if work.names:
        encoded = spelt(encoded, work.names)
    last = work.last
    same = last and last.body == encoded and last.tags == tags and last.version == version and last.pinned == pinned
    if last and same and last.cost == work.cost:
        return last  # what else it says depends on the operation alone, and what is made of it is there
    return Reply(
        body=encoded,
        executed="data" in body,
        version=version,
        cost_limit=work.limits.cost,
        cost=work.cost,
        codes=codes,
        pinned=pinned,
        reusable=not codes and work.chosen.operation is OperationType.QUERY,
        tags=tags,
        fields=work.fields() if "data" in body else frozenset(),
    )
