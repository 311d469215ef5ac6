"""From an Operation to a Reply, as a list of steps.

ANSWERING is done for each request; what depends on the text alone is done once for each text, in reading.py. AT_ONCE is
the same for what others wait for, and raises Later where that would be long. A step fills in what it finds, for the
steps after it, or raises. A step that runs too early fails with an AttributeError: what an earlier step should have
filled in is not there.
"""

from __future__ import annotations

from collections.abc import Callable

from graphql import OperationDefinitionNode, OperationType, get_variable_values

from content_api.content.deadline import Within
from content_api.delivery import execution
from content_api.delivery.answering import Answering
from content_api.delivery.documents import Document
from content_api.delivery.later import (
    LIGHT,
    PLANNED,
    Dear,
    Lacking,
    Unread,
)
from content_api.delivery.leaves import Unplanned
from content_api.delivery.limits import hold_variables
from content_api.delivery.masks import Refused, missing, show
from content_api.delivery.pinned import PASSING, pinned_version
from content_api.delivery.plan import Plan
from content_api.delivery.price import price
from content_api.errors import RequestError


def measure(work: Answering) -> None:
    """Refuse a text that is too long before anything reads, or remembers, it."""
    length = len(work.operation.document)
    if length > work.limits.characters:
        raise RequestError(
            "DOCUMENT_TOO_LONG",
            f"The document has {length:,} characters; {work.limits.characters:,} are read.",
            "Split it, or leave out fields that nobody reads.",
        )


def hold_unread(work: Answering) -> None:
    """Leave a text that nobody has read for later."""
    if work.read is None and work.operation.document not in work.documents:
        raise Unread


def recall(work: Answering) -> None:
    """Find the document by its text, or read it."""
    work.document = work.recalled()


def permit(work: Answering) -> None:
    """Refuse to change anything for a transport that promised not to, whatever else is wrong with the request."""
    asked = _candidates(work.document, work.operation.operation_name)
    if work.operation.safe and any(found.operation is OperationType.MUTATION for found in asked):
        raise RequestError("METHOD_NOT_ALLOWED", "A GET request cannot carry a mutation.", "Send it by POST.")


def accept(work: Answering) -> None:
    if work.document.errors:
        raise Refused(work.document.errors)


def choose(work: Answering) -> None:
    """Find the one operation that is meant."""
    name = work.operation.operation_name
    found = _candidates(work.document, name)
    if len(found) == 1:
        work.chosen = found[0]
        return
    names = ", ".join(f"`{other.name.value}`" for other in work.document.operations if other.name) or "none"
    message = (
        f"There is no operation `{name:.80}` in the document."
        if name is not None
        else "The document has several operations."
    )
    raise RequestError("OPERATION_RESOLUTION_FAILURE", message, f"Set `operationName` to one of: {names}.")


def answer_once(work: Answering) -> None:
    """Refuse a subscription, whose answers are many. delivery/subscribe.py leaves this step out."""
    if work.chosen.operation is OperationType.SUBSCRIPTION:
        raise RequestError(
            "STREAM_NEEDED",
            "A subscription has many answers, and there is room for one here.",
            work.live.listening,
        )


def coerce_variables(work: Answering) -> None:
    """Bring the variables to their types."""
    hold_variables(work.limits, work.operation.variables)
    defined, given = work.chosen.variable_definitions or (), dict(work.operation.variables)
    most, hides = work.limits.errors, not work.suggests
    found = get_variable_values(work.schema, defined, given, max_errors=most, hide_suggestions=hides)
    if isinstance(found, list):
        raise Refused(show(error, "BAD_VARIABLES") for error in found[:most])
    work.variables = found


def hold_price(work: Answering) -> None:
    """Price the operation, with its variables, and refuse one that is too dear, or asks for too much at once."""
    document, coerced, work.thousands = work.document, work.variables.coerced, work.live.thousands
    asked = work.schema, work.chosen, document.fragments, coerced, work.limits, work.thousands
    priced = document.prices.of(*asked)
    work.cost, work.looking = priced.total, priced.looking
    if priced.total > work.limits.cost:
        raise document.prices.refusal(priced, work.limits.cost, lambda most: price(*asked, most))


def hold_dear(work: Answering) -> None:
    """Leave what takes long for later."""
    cost = work.cost or 0
    if cost > LIGHT and (work.looking + (cost - work.looking) // PLANNED > LIGHT or not _has_plan(work)):
        raise Dear(cost)


def find_pin(work: Answering) -> None:
    """An answer from one version that was named by its whole id says that version, and is good for ever."""
    variables = work.variables.coerced
    if work.document.words.isdisjoint(PASSING):
        work.pinned = pinned_version(work.chosen, work.document.fragments, variables)


def execute(work: Answering) -> None:
    """Run the operation, by a plan where it has one."""
    plan = _plan(work)
    with Within(work.limits.seconds):
        done = execution.execute(plan, work.live.root, work.variables, work.executor, work.live.noting)
    _finish(work, done)


def follow(work: Answering) -> None:
    """Run the operation by its plan, or not at all. Raises Unplanned."""
    plan = _plan(work)
    with Within(work.limits.seconds):
        done = plan and execution.follow(plan, work.live.root, work.variables, work.live.noting)
    if not done:
        raise Unplanned("no plan comes to its end")
    _finish(work, done)


def _has_plan(work: Answering) -> bool:
    return work.plans is not None and work.plans.known(work.document, work.chosen, work.variables) is not None


def _plan(work: Answering) -> Plan | None:
    return work.plans.get(work.document, work.chosen, work.variables, work.executor) if work.plans else None


def _finish(work: Answering, done: execution.Executed) -> None:
    work.result, work.planned = done.result, done.planned
    work.extensions |= work.live.noted(done.noted)
    work.tags = work.live.made_from(done.noted)
    if work.result.errors and (wanted := missing(work.result.errors)):
        raise Lacking(tuple(wanted.values()), work.cost)


Steps = tuple[Callable[[Answering], None], ...]

CHOOSING: Steps = (measure, recall, permit, accept, choose)
CHOOSING_AT_ONCE: Steps = (measure, hold_unread, *CHOOSING[1:])
PREPARING: Steps = (coerce_variables, hold_price, find_pin)
ANSWERING: Steps = (*CHOOSING, answer_once, *PREPARING, execute)
AT_ONCE: Steps = (*CHOOSING_AT_ONCE, answer_once, *PREPARING, hold_dear, execute)
# For a document that is known to be valid; what is no query has no plan. What these raise, ANSWERING says.
FOLLOWING: Steps = (choose, *PREPARING, follow)
FOLLOWING_AT_ONCE: Steps = (choose, *PREPARING, hold_dear, follow)


def _candidates(document: Document, name: str | None) -> list[OperationDefinitionNode]:
    """The operations that a name may mean; all of them where no name is given."""
    if name is None:
        return list(document.operations)
    return [found for found in document.operations if found.name and found.name.value == name]
