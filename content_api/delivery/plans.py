"""Which operations have plans: those that come again, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import DirectiveNode, DocumentNode, GraphQLError, OperationDefinitionNode, SelectionSetNode, VariableNode
from graphql.execution import Executor
from graphql.execution.values import VariableValues

from content_api.delivery.documents import Document
from content_api.delivery.leaves import Unplanned
from content_api.delivery.masks import log
from content_api.delivery.memory import Memory
from content_api.delivery.plan import Plan, Reader, compiled

# To compile a plan takes as long as to execute its operation three or four times. What was seen twice is likely to be
# seen often; a client that sends each document once or twice makes nobody work for it.
SIGHTS = 3
# A plan is for one outcome of `@skip` and `@include`. A page has two or three such switches and uses few of their
# combinations; a client that tries them all gets the executor for the rest.
MOST_VARIANTS = 8
# Plans by which a new edition is made ready, each as it was last asked for. A site has ten or twenty.
MOST_RECENT = 100
# Of all plans together. A field of a plan takes 1.3 kB, so this is 40 MB: some three hundred pages of 100 fields.
MOST_FIELDS = 30_000


@dataclass(slots=True, eq=False)
class Sighted:
    """An operation that was seen, by the values of its `switches`: how often, and the plans it has by now."""

    switches: tuple[str, ...]
    sights: dict[tuple[Any, ...], int] = field(default_factory=dict)
    plans: dict[tuple[Any, ...], Plan | None] = field(default_factory=dict)
    """None where there can be no plan."""

    def values(self, variables: VariableValues) -> tuple[Any, ...]:
        """What the switches are set to."""
        return tuple([variables.coerced.get(name) for name in self.switches])

    @property
    def fields(self) -> int:
        """What it counts towards the bound."""
        return 1 + sum(plan.fields for plan in self.plans.values() if plan)


class Plans:
    """The plans of the operations asked for most recently. Used from one thread, as Documents is.

    What was seen of an operation stands in its document and goes with it; here are those that have a plan. A document
    that only comes once or twice must not be kept for having been seen.
    """

    def __init__(
        self, reader: Reader, memory: Memory | None = None, *, fields: int = MOST_FIELDS, sights: int = SIGHTS
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._most = fields
        self._sights = sights
        self._held = 0
        self._planned: OrderedDict[Sighted, None] = OrderedDict()
        self._recent: OrderedDict[Plan, VariableValues] = OrderedDict()

    @property
    def fields(self) -> int:
        return self._held

    def get(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
        executor: Callable[[], Executor[Any]],
    ) -> Plan | None:
        """The plan for an operation of a document; made now if it has been seen often enough.

        `executor` builds what would execute it with these variables: it is asked when a plan is made.
        """
        seen = self._sighted(document, operation.name.value if operation.name else None)
        values = seen.values(variables)
        plan = seen.plans[values] if values in seen.plans else self._made_in_time(seen, values, executor)
        if plan:
            self._note(plan, variables)
        return plan

    def known(self, document: Document, operation: OperationDefinitionNode, variables: VariableValues) -> Plan | None:
        """The plan that there is by now; asking does not count."""
        seen: Sighted | None = document.sighted.get(operation.name.value if operation.name else None)
        return seen.plans.get(seen.values(variables)) if seen else None

    def _made_in_time(
        self, seen: Sighted, values: tuple[Any, ...], executor: Callable[[], Executor[Any]]
    ) -> Plan | None:
        """The plan, once there were enough sights."""
        if len(seen.sights) >= MOST_VARIANTS and values not in seen.sights:
            return None
        seen.sights[values] = seen.sights.get(values, 0) + 1
        return self._made(seen, values, executor()) if seen.sights[values] >= self._sights else None

    def _note(self, plan: Plan, variables: VariableValues) -> None:
        self._recent[plan] = variables
        self._recent.move_to_end(plan)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)

    def recent(self) -> list[tuple[Plan, VariableValues]]:
        """The plans that were asked for last, the latest first, each with the variables that it was asked for with."""
        return list(reversed(self._recent.items()))

    def _sighted(self, document: Document, name: str | None) -> Sighted:
        seen: Sighted | None = document.sighted.get(name)
        if seen is None:
            seen = document.sighted[name] = Sighted(tuple(sorted(set(_switches(document.ast)))))
        if seen in self._planned:
            self._planned.move_to_end(seen)
        return seen

    def _made(self, seen: Sighted, values: tuple[Any, ...], executor: Executor[Any]) -> Plan | None:
        plan = None
        try:
            plan = compiled(executor, self._reader, self._memory)
        except (Unplanned, GraphQLError) as reason:
            log.debug("an operation has no plan", reason=str(reason))
        except Exception:  # noqa: BLE001 - a defect of ours, which must not keep anybody from an answer
            log.exception("the compiler of plans failed")
        if values in seen.plans:
            return seen.plans[values]  # made for somebody else, while this paused
        seen.plans[values] = plan
        if plan:
            self._hold(seen, plan)
        return plan

    def _hold(self, seen: Sighted, plan: Plan) -> None:
        self._held += plan.fields + (seen not in self._planned)
        self._planned[seen] = None
        while self._held > self._most:
            forgotten, _ = self._planned.popitem(last=False)
            self._held -= forgotten.fields
            forgotten.plans.clear()
            forgotten.sights.clear()


def _switches(document: DocumentNode) -> Iterator[str]:
    """The variables that decide which fields are asked for. Those of another operation do no harm."""
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        for directive in node.directives or ():
            yield from _variables(directive)
        below: SelectionSetNode | None = getattr(node, "selection_set", None)
        waiting.extend(below.selections if below else ())


def _variables(directive: DirectiveNode) -> Iterator[str]:
    for argument in directive.arguments or ():
        if isinstance(argument.value, VariableNode):
            yield argument.value.name.value
