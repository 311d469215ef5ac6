"""What the operations of a document cost, remembered: to price one takes longer than to answer it by a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from content_api.delivery.costly import Again, too_costly
from content_api.delivery.limits import Limits
from content_api.delivery.price import Price, price
from content_api.errors import RequestError

# Most prices depend on no variable, and some on the size of a page, which takes a few values. A client that sends ever
# other sizes has each of its operations priced.
MOST = 16
SIZES = (int, NoneType, str)
KEY = {"field", "direction"}
"""What a key of an order consists of, and nothing in a filter."""


class Prices:
    """The prices of one document's operations, by the values of the variables that they depend on."""

    def __init__(self) -> None:
        self._looked_at: dict[str | None, tuple[str, ...]] = {}
        self._known: dict[tuple[str | None, tuple[object, ...]], Price] = {}
        self._thousands = 0
        self._refused: dict[int, tuple[str, str | None]] = {}
        """What the refusals of known prices say, by the price."""

    def of(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        limits: Limits,
        thousands: int = 0,
    ) -> Price:
        """What `price` says, under limits that are always the same, and among so many entities as when it was last
        asked. It is remembered for sizes, for texts, which count as one thing whatever they say, unless they are too
        long, and for the number of an order's keys; any other list, or a filter, may be any, and is counted.
        """
        if thousands != self._thousands:
            self._known.clear()
            self._refused.clear()
            self._thousands = thousands
        name = operation.name.value if operation.name else None
        if name not in self._looked_at:
            watched = Watched(variables)
            priced = price(schema, operation, fragments, watched, limits, thousands)
            self._looked_at[name] = tuple(sorted(watched.looked_at))
            return priced
        longest = limits.search_characters
        values = tuple([_size(variables, one, longest) for one in self._looked_at[name]])
        if any(value.__class__ not in SIZES for value in values):
            return price(schema, operation, fragments, variables, limits, thousands)
        known = self._known.get((name, values))
        if known is None:
            known = price(schema, operation, fragments, variables, limits, thousands)
            if len(self._known) < MOST:
                self._known[name, values] = known
        return known

    def refusal(self, priced: Price, limit: int, again: Again) -> RequestError:
        """The refusal of a price under a limit that is always the same: worked out once for one that is known."""
        said = self._refused.get(id(priced))
        if said is None:
            error = too_costly(limit, priced, again)
            said = str(error), error.hint
            if any(priced is known for known in self._known.values()):
                self._refused[id(priced)] = said
        return RequestError("TOO_COSTLY", *said)


def _size(variables: Mapping[str, Any], name: str, longest: int) -> object:
    """What a price may depend on of a variable: whether it is given at all, whether a text is a long one, and any other
    value."""
    if name not in variables:
        return "nothing"
    value = variables[name]
    if isinstance(value, str):
        return "a text" if len(value) <= longest else "a long text"
    if isinstance(value, list) and all(isinstance(each, dict) and each.keys() == KEY for each in value):
        return f"{len(value)} keys"
    return value


class Watched(Mapping[str, Any]):
    """Variables that remember which of them were looked at. Which these are does not depend on their values."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self.looked_at: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.looked_at.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
