"""What an operation costs, by a formula that its author can work out.

Every field costs 1. A field with `first`, `last` or `ids` multiplies what is below it by that number, or by 20 where
none is given; any other list of objects multiplies by 5. Each thing that a `where` asks costs 50, and 150 more for each
`some`, `every` or `none` around it; each key of an `orderBy` costs 25; a full-text search costs 250, and 25 for each
item of its page; a comparison of two versions costs 500: they look at every entity, or into whole texts. `__schema`
costs 1,000 and `__type` 100, whatever is below.

The price is a ceiling on purpose: it is known before anything runs, so that an author can budget for it. Of the content
it knows one number, that of the entities, where there are more than 5,000: filters and orders walk past a fifth of
them. Counting the objects an answer has was refused: that is known when the work is done.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from content_api.delivery.limits import Limits
from content_api.errors import RequestError

PAGE = 20  # what a connection gives when it is asked for no number
LIST = 5  # lists without paging hold from 1 to 12 in real content, and most of them fewer than 5
# A tool asks for the whole schema once, when it starts; a handful of types when it probes what the server knows.
INTROSPECTION_PRICES = {"__schema": 1_000, "__type": 100}
SIZE_ARGUMENTS = ("first", "last", "ids")
# 1 is meant to be 10 µs, which is what a field takes that is executed with no plan: 5,000 are 50 ms. What follows was
# measured on so many entities, a fifth of them of the kind asked for; beyond, each is dearer by its second number for
# each thousand that is begun. A version that grows by a few entities seldom changes a price, and then by a little.
MEASURED, THOUSAND = 5_000, 1_000
# To ask one thing of each takes 0.25 to 0.55 ms, of 20,000 entities 0.5 to 1.6 and of 50,000 1.1 to 5.
CRITERION = 50, 10
# Through one relation it takes 0.7 to 1.2 ms, through two 2.2 and through three 2.5; of 20,000 entities through one 2.5
# and through two 4.8, of 50,000 6.8 and 15. What else a text may take to be read, 15 ms, is to have room beside as many
# of these as may be asked: tests/test_attacks.py.
RELATION = 150, 25
QUANTIFIERS = frozenset(("some", "every", "none"))
# To sort by one key takes 0.25 ms, of 20,000 entities 0.6, or 1.1 where others use the machine's caches, of 50,000 1.9.
ORDER = 25, 10
# Argument -> what a field costs that takes it. A full-text search that finds nothing takes 1 to 3 ms, however many
# entities there are.
DEAR_ARGUMENTS = {"text": 250, "from": 500}
# To find the words in the text of what a search gives takes 0.1 to 0.3 ms.
FOUND = 25
# What a refusal repeats of the client's text: names of our own fields have 20 characters, aliases up to 100. A path of
# one step of so many fits into a message; of others as much is told as fits.
LONGEST_KEY = 30


def beyond(entities: int) -> int:
    """How many thousands of entities are begun beyond those with which prices were measured."""
    return max(0, math.ceil((entities - MEASURED) / THOUSAND))


@dataclass(frozen=True, slots=True)
class Step:
    """One field on a path, how many times it multiplies what is below, and the argument that says so, if one does.

    `cost` is that of the field with all below it, and `each` that of one of the `size`.
    """

    key: str
    size: int = 1
    argument: str | None = None
    cost: int = 1
    each: int = 0

    def __str__(self) -> str:
        key = f"{self.key:.{LONGEST_KEY}}"
        if self.argument:
            return f"{key}({self.argument}: {self.size})"
        return f"{key} (a list, counted as {self.size})" if self.size > 1 else key


@dataclass(frozen=True, slots=True)
class Price:
    """A cost, and the path that the largest part of it comes from."""

    total: int = 0
    path: tuple[Step, ...] = ()
    looking: int = 0
    """What of it is for looking at every entity, or into whole texts: no plan makes that any faster."""


class Most:
    """An argument that is counted as no larger than a number, and the fields where it is larger: they have `places`."""

    def __init__(self, argument: str, number: int) -> None:
        self.argument = argument
        self.number = number
        self.places: set[int] = set()

    def of(self, argument: str, size: int, node: FieldNode) -> int:
        if argument != self.argument or size <= self.number:
            return size
        self.places.add(id(node))
        return self.number


def price(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    limits: Limits,
    thousands: int = 0,
    most: Most | None = None,
) -> Price:
    """Price a validated operation. `variables` are as coerced, so that defaults are among them; `thousands` of entities
    are beyond those with which prices were measured. With `most`, it is what it would cost if an argument were smaller.

    Raises RequestError for a page, for ids or for a text to search for that may not be so large: they are looked at
    here, before anything runs, whether a plan answers or graphql-core does.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return Price()
    pricer = _Pricer(schema, fragments, variables, limits, thousands, most)
    return pricer.selection_set(operation.selection_set, root, page=False)


def hold_size(limits: Limits, field: str, argument: str, size: int) -> None:
    """Refuse a page, or ids, of a size that may not be."""
    if argument == "ids":
        if size > limits.node_ids:
            message = f"`ids` of `{field}` has {size:,} ids; {limits.node_ids:,} are allowed."
            raise RequestError("BAD_USER_INPUT", message, "Ask for them in several requests.")
    elif not 1 <= size <= limits.page_size:
        message = f"`{argument}` of `{field}` is {size:,}; 1 to {limits.page_size:,} is allowed."
        hint = f"Ask for 1 to {limits.page_size:,} items; take the next page with `after`."
        raise RequestError("BAD_USER_INPUT", message, hint)


def hold_text(field: str, text: object, most: int) -> None:
    """Refuse a text to search for that is too long."""
    if isinstance(text, str) and len(text) > most:
        message = f"`text` of `{field}` has {len(text):,} characters; {most:,} are searched for."
        raise RequestError("BAD_USER_INPUT", message, "Search for a few words that matter.")


class _Pricer:
    """Prices one operation, fragments and variables once. `page` says that the parent is a connection, whose own lists
    are the page that has been multiplied by already."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        limits: Limits,
        thousands: int,
        most: Most | None,
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.limits = limits
        self.most = most
        self.criterion, self.relation, self.order = (
            usual + thousands * more for usual, more in (CRITERION, RELATION, ORDER)
        )
        self.known: dict[tuple[str, bool], Price] = {}
        self.filters: dict[tuple[str, int], list[int]] = {}

    def selection_set(self, node: SelectionSetNode, parent: GraphQLCompositeType, page: bool) -> Price:
        return _sum(self.selection(selection, parent, page) for selection in node.selections)

    def selection(self, node: SelectionNode, parent: GraphQLCompositeType, page: bool) -> Price:
        match node:
            case FieldNode():
                return self.field(node, parent, page)
            case FragmentSpreadNode():
                return self.fragment(node.name.value, page)
            case InlineFragmentNode(type_condition=condition):
                narrowed = self.schema.get_type(condition.name.value) if condition else parent
                return self.selection_set(node.selection_set, _composite(narrowed), page)
        raise TypeError(f"a selection of kind {node.kind}")

    def fragment(self, name: str, page: bool) -> Price:
        if (name, page) not in self.known:
            node = self.fragments[name]
            parent = _composite(self.schema.get_type(node.type_condition.name.value))
            self.known[name, page] = self.selection_set(node.selection_set, parent, page)
        return self.known[name, page]

    def field(self, node: FieldNode, parent: GraphQLCompositeType, page: bool) -> Price:
        name = node.name.value
        key = node.alias.value if node.alias else name
        if name in INTROSPECTION_PRICES:
            cost = INTROSPECTION_PRICES[name]
            return Price(cost, (Step(key, cost=cost),), cost)
        definition = self.schema.get_field(parent, name)
        if node.selection_set is None or definition is None:
            return Price(1, (Step(key),))
        step = self.step(key, node, definition, page)
        connection = _paging(definition) is not None and not is_list_type(get_nullable_type(definition.type))
        below = self.selection_set(node.selection_set, _composite(get_named_type(definition.type)), connection)
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        found = FOUND if "text" in given else 0
        if "text" in given:
            hold_text(name, self.value(given["text"]), self.limits.search_characters)
        asked = list(self.criteria(given["where"], self.criterion)) if "where" in given else []
        keys = [self.order] * self.number(given["orderBy"]) if "orderBy" in given else []
        if self.most:
            asked = sorted(asked, reverse=True)[: self.most.of("where", len(asked), node)]
            keys = keys[: self.most.of("orderBy", len(keys), node)]
        argument, most = max(("where", asked), ("orderBy", keys), key=lambda one: sum(one[1]))
        dear, each = sum(asked) + sum(keys) + sum(DEAR_ARGUMENTS.get(name, 0) for name in given), below.total + found
        total = 1 + step.size * each + dear
        looking = step.size * (below.looking + found) + dear
        if step.size * each < sum(most):
            return Price(total, (Step(key, len(most), argument, total, sum(most) // len(most)),), looking)
        counted = below.path if step.size else ()  # what is asked for no time costs nothing
        return Price(total, (replace(step, cost=total, each=each), *counted), looking)

    def number(self, node: ValueNode) -> int:
        """How many keys an order has; one needs no list around it."""
        value = self.value(node)
        return len(value) if isinstance(value, list) else 0 if value is None else 1

    def criteria(self, node: ValueNode, each: int) -> Iterator[int]:
        """The price of each single thing that a filter asks. A list of values is one: they are looked for together. Of
        a list of filters each is one or more, since one that asks nothing is looked at as well."""
        match node:
            case ObjectValueNode(fields=fields):
                for field in fields:
                    yield from self.criteria(field.value, each + self.relation * (field.name.value in QUANTIFIERS))
            case ListValueNode(values=values):
                filters = [list(self.criteria(value, each)) for value in values if self.is_filter(value)]
                yield from chain.from_iterable(one or [each] for one in filters or [[]])
            case VariableNode(name=name):
                if (name.value, each) not in self.filters:
                    self.filters[name.value, each] = list(self.criteria_of(self.variables.get(name.value, {}), each))
                yield from self.filters[name.value, each]
            case _:
                yield each

    def is_filter(self, node: ValueNode) -> bool:
        given = self.variables.get(node.name.value) if isinstance(node, VariableNode) else node
        return isinstance(given, (Mapping, ObjectValueNode))

    def criteria_of(self, value: Any, each: int) -> Iterator[int]:
        """The same of a filter in a variable."""
        match value:
            case Mapping():
                for name, inner in value.items():
                    yield from self.criteria_of(inner, each + self.relation * (name in QUANTIFIERS))
            case list():
                filters = [list(self.criteria_of(inner, each)) for inner in value if isinstance(inner, Mapping)]
                yield from chain.from_iterable(one or [each] for one in filters or [[]])
            case _:
                yield each

    def step(self, key: str, node: FieldNode, definition: GraphQLField, page: bool) -> Step:
        if (paging := _paging(definition)) is not None:
            return self.paged_step(key, node, definition, paging)
        counted = is_list_type(get_nullable_type(definition.type)) and not page
        return Step(key, LIST if counted else 1)

    def paged_step(self, key: str, node: FieldNode, definition: GraphQLField, paging: str) -> Step:
        given = {argument.name.value: argument for argument in node.arguments or ()}
        sizes = {
            name: self.size(given.get(name), definition.args[name])
            for name in SIZE_ARGUMENTS
            if name in definition.args
        }
        known = {name: size for name, size in sizes.items() if size is not None}
        for name, size in known.items():
            hold_size(self.limits, node.name.value, name, size)
        known = known or {paging: PAGE}
        if self.most:
            known = {name: self.most.of(name, size, node) for name, size in known.items()}
        largest = max(known, key=lambda name: known[name])
        return Step(key, known[largest], largest)

    def size(self, given: ArgumentNode | None, argument: GraphQLArgument) -> int | None:
        """How many items an argument asks for; None where it does not say."""
        value = self.value(given.value) if given else None
        if value is None:
            value = self.default(argument)
        if isinstance(value, list):
            return len(value)
        return value if isinstance(value, int) else None

    def default(self, argument: GraphQLArgument) -> Any:
        """The schema's default; graphql-core keeps it in one of three places, by how the schema was made."""
        if argument.default is None:
            return argument.default_value
        literal = argument.default.literal
        return self.value(literal) if literal else argument.default.value

    def value(self, node: ValueNode) -> Any:
        match node:
            case VariableNode():
                return self.variables.get(node.name.value)
            case IntValueNode():
                return int(node.value)
            case StringValueNode():
                return node.value
            case ListValueNode():
                return list(node.values)
            case ObjectValueNode():
                return node
        return None


def _sum(prices: Iterable[Price]) -> Price:
    """Add prices up; the path is the dearest one's."""
    found = list(prices)
    dearest = max(found, key=lambda one: one.total, default=Price())
    return Price(sum(one.total for one in found), dearest.path, sum(one.looking for one in found))


def _paging(definition: GraphQLField) -> str | None:
    """The argument that says how many items a field gives, if it has one."""
    return next((name for name in SIZE_ARGUMENTS if name in definition.args), None)


def _composite(found: object) -> GraphQLCompositeType:
    if not is_composite_type(found):
        raise TypeError(f"{found} has no fields: the operation was priced before it was validated")
    return found
