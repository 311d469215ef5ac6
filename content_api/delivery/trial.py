"""Whether a stored document can be answered: by the schema and the limits alone, or by some content as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
)

from content_api.delivery.costly import too_costly
from content_api.delivery.delivery import Delivery
from content_api.delivery.documents import Document
from content_api.delivery.masks import Refused, ShownError
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.pipeline import CHOOSING, PREPARING
from content_api.delivery.price import price
from content_api.delivery.stored import NAME, SUFFIX, Note, Stored
from content_api.errors import RequestError

# Codes of what clients never see: they are for who stores a document. All others are of ERROR_CODES.
NOT_STORABLE = "NOT_STORABLE"
NOTHING_THERE = "NOTHING_THERE"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a document from being answered as its client expects: where in its file, a code, and what to do."""

    line: int
    column: int
    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a stored document.

    `cost` is that of its dearest run; None where it has none. `lacking` names the variables that it needs and has no
    example of, so that it is validated and priced, but not run.
    """

    stored: Stored
    cost: int | None
    troubles: tuple[Trouble, ...]
    lacking: tuple[str, ...] = ()


def examined(delivery: Delivery, stored: Stored) -> Trial:
    """What the schema and the limits say. Of the content nothing is looked at but its size, which costs depend on."""
    document = delivery.documents.get(stored.text)
    if document.errors:
        return Trial(stored, None, tuple(map(_told, document.errors)))
    if troubles := tuple(_not_storable(document, stored)):
        return Trial(stored, None, troubles)
    operation = document.operations[0]
    lacking = _lacking(operation, stored)
    try:
        cost = _price_alone(delivery, document) if lacking else max(_cost(delivery, run) for run in _runs(stored))
    except RequestError as error:
        return Trial(stored, None, (trouble_at(operation, error.code, str(error), error.hint),), lacking)
    except Refused as refused:
        return Trial(stored, None, tuple(map(_told, refused.errors)), lacking)
    return Trial(stored, cost, (), lacking)


async def tried(delivery: Delivery, stored: Stored) -> Trial:
    """What becomes of it on the content that is live. A subscription is only examined: its answers are events."""
    trial = examined(delivery, stored)
    document = delivery.documents.get(stored.text)
    if trial.troubles or trial.lacking or document.operations[0].operation is OperationType.SUBSCRIPTION:
        return trial
    troubles = [trouble for run in _runs(stored) for trouble in _in_answer(document, run, await delivery.answer(run))]
    return replace(trial, troubles=tuple(dict.fromkeys(troubles)))


# ---- the document


def _not_storable(document: Document, stored: Stored) -> Iterator[Trouble]:
    """What is wrong with it as a stored one: it has one operation, which is called as the file is."""
    operation, *others = document.operations
    if others:
        yield trouble_at(others[0], NOT_STORABLE, f"There are {len(others) + 1} operations; a stored document has one.")
    elif operation.name is None:
        yield trouble_at(operation, NOT_STORABLE, "The operation has no name; a stored document is found by it.")
    elif operation.name.value != stored.name:
        message = f"The operation is called `{operation.name.value}`; the file is called {stored.name}{SUFFIX}."
        yield trouble_at(operation, NOT_STORABLE, message)
    elif not NAME.fullmatch(stored.name):
        yield trouble_at(operation, NOT_STORABLE, "The operation's name has more than 100 characters.")
    for note in stored.notes:
        if note.word == "variables" and _variables(note) is None:
            message = f"The variables are no JSON object: {note.value:.100}"
            yield Trouble(note.line, 1, NOT_STORABLE, message, 'Write # variables: {"slug": "…"}, on one line.')


def _variables(note: Note) -> dict[str, Any] | None:
    try:
        found = orjson.loads(note.value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _runs(stored: Stored) -> list[Operation]:
    """The operations to try: one for each example of variables, or one without any."""
    examples = [_variables(note) for note in stored.notes if note.word == "variables"]
    return [Operation(stored.text, variables or {}, stored=stored.name) for variables in examples or [None]]


def _lacking(operation: OperationDefinitionNode, stored: Stored) -> tuple[str, ...]:
    """The variables that must be given, where there is no example of any."""
    if any(note.word == "variables" for note in stored.notes):
        return ()
    return tuple(
        found.variable.name.value
        for found in operation.variable_definitions or ()
        if isinstance(found.type, NonNullTypeNode) and found.default_value is None
    )


def _cost(delivery: Delivery, run: Operation) -> int:
    """What one run costs. Raises RequestError or Refused where it would be refused before it is executed."""
    work = delivery.begin(run)
    for step in (*CHOOSING, *PREPARING):
        step(work)
    return work.cost or 0


def _price_alone(delivery: Delivery, document: Document) -> int:
    limits, thousands = delivery.limits, delivery.live().thousands
    again = partial(price, delivery.schema, document.operations[0], document.fragments, {}, limits, thousands)
    priced = again()
    if priced.total > limits.cost:
        raise too_costly(limits.cost, priced, again)
    return priced.total


# ---- the answer


def _in_answer(document: Document, run: Operation, reply: Reply) -> Iterator[Trouble]:
    """The errors of an answer; and what was asked for by its name, and is not there."""
    answer = orjson.loads(reply.body)
    yield from map(_told, answer.get("errors", ()))
    if reply.executed and not reply.codes:
        given = f" With {orjson.dumps(run.variables).decode()}." if run.variables else ""
        for field in _absent(document, document.operations[0].selection_set.selections, answer["data"]):
            message = f"`{_key(field)}` is null: what it asks for is not there.{given}"
            yield trouble_at(field, NOTHING_THERE, message, "Tell the client, or try it with something that is there.")


def _absent(document: Document, selections: Iterable[SelectionNode], data: Mapping[str, Any]) -> Iterator[FieldNode]:
    """The fields of the root, and of `content` below it, that are null or hold a null.

    Further down a null is an answer: "where that is not stated". There, nothing is asked for by its name.
    """
    for selection in selections:
        match selection:
            case FieldNode(name=name, selection_set=below) if below is not None and _key(selection) in data:
                value = data[_key(selection)]
                if value is None or (isinstance(value, list) and None in value):
                    yield selection
                elif name.value == "content":
                    yield from _absent(document, below.selections, value)
            case InlineFragmentNode(selection_set=below):
                yield from _absent(document, below.selections, data)
            case FragmentSpreadNode(name=name):
                yield from _absent(document, document.fragments[name.value].selection_set.selections, data)


def _key(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value


def trouble_at(node: Node, code: str, message: str, hint: str | None = None) -> Trouble:
    """A trouble where a part of the document begins."""
    line, column = (node.loc.start_token.line, node.loc.start_token.column) if node.loc else (1, 1)
    return Trouble(line, column, code, message, hint)


def _told(error: ShownError) -> Trouble:
    """An error as a client would be shown it."""
    place = (error.get("locations") or [{"line": 1, "column": 1}])[0]
    extensions = error["extensions"]
    return Trouble(place["line"], place["column"], extensions["code"], error["message"], extensions.get("hint"))
