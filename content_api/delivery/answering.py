"""An operation on its way from step to step: what each has found, for those after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode
from graphql.execution import Executor
from graphql.execution.values import VariableValues

from content_api.delivery.documents import Document, Documents
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.plans import Plans
from content_api.delivery.timed import TimedExecutor
from content_api.delivery.uses import fields_of


@dataclass(slots=True)
class Answering:
    """An operation on its way to becoming a Reply."""

    operation: Operation
    live: Live
    schema: GraphQLSchema
    limits: Limits
    documents: Documents
    plans: Plans | None
    read: Document | None = None
    """The document, if this operation was begun before and had its text read then."""
    suggests: bool = True
    """Whether errors suggest names of the schema."""
    document: Document = field(init=False)
    chosen: OperationDefinitionNode = field(init=False)
    variables: VariableValues = field(init=False)
    result: ExecutionResult = field(init=False)
    extensions: dict[str, Any] = field(default_factory=dict)
    tags: Iterable[str] = ()
    pinned: str | None = None
    cost: int | None = None
    looking: int = 0
    """What of the cost no plan makes any faster."""
    thousands: int = 0
    """Among how many thousands of entities beyond the usual it was priced."""
    planned: bool = False
    """Whether a plan gave the result."""
    names: tuple[str, ...] = ()
    """Those that stand for the marks in the result, where a shape's plan gave it: delivery/shape.py."""
    last: Reply | None = None
    """What the operation was answered before, if that is at hand."""

    def anew(self, live: Live) -> Answering:
        """The same operation before it is executed, on what is live: all else of it stays as it was found to be."""
        other = Answering(self.operation, live, self.schema, self.limits, self.documents, self.plans)
        other.suggests = self.suggests
        other.document, other.chosen, other.variables = self.document, self.chosen, self.variables
        other.pinned, other.last = self.pinned, self.last
        other.cost, other.looking, other.thousands = self.cost, self.looking, self.thousands
        return other

    def recalled(self) -> Document:
        """The document: found by its text, or read, once for this operation."""
        if self.read is None:
            self.read = self.documents.get(self.operation.document)
        return self.read

    def fields(self) -> frozenset[str]:
        """The fields of the schema that the operation asks for."""
        known = self.document.fields
        name = self.chosen.name and self.chosen.name.value
        if name not in known:
            known[name] = fields_of(self.schema, self.chosen, self.document.fragments)
        return known[name]

    def executor(self) -> Executor[Any]:
        """What executes the operation, built when it is asked for: a plan has no need of it."""
        built = TimedExecutor.build(
            self.schema,
            self.document.ast,
            self.live.root,
            self.live.context,
            dict(self.operation.variables),
            self.operation.operation_name,
            is_awaitable=_never,
            is_async_iterable=_never,
            hide_suggestions=not self.suggests,
        )
        if isinstance(built, list):
            raise TypeError("variables were coerced, and now they cannot be")
        return built


def _never(_: object) -> TypeGuard[Any]:
    """Nothing is awaitable here. graphql-core would otherwise ask of every value it completes."""
    return False
