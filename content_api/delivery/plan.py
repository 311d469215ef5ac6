"""A validated query compiled to a Python function, which builds the answer straight from the edition's objects.

A plan only ever takes the happy path. What the compiler does not know makes no plan; what a plan meets and does not
know (a null where none may be, an exception, a type nobody spoke of) raises, and graphql-core's executor answers in its
place, on the same edition. So there are no errors here, and nobody has to make them equal the executor's.

What a field is stands in the schema alone: a `Reader` tells how its value is read. Which fields are asked of an object
is graphql-core's to say (`collect_fields`), given the variables of the operation that the plan is made for: a plan is
for operations that agree in the variables that `@skip` and `@include` look at (`plans.py`). So fragments, type
conditions, merged fields and their order are decided by the same code on both roads, here once, there each time.

A plan is Python source with one function for each selection of each concrete type. Of a client's text nothing but the
names of the answer's fields gets into it, as literals; all else is bound by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues

from content_api.content.deadline import look
from content_api.delivery.arguments import Arguments, fixed, varying
from content_api.delivery.leaves import UNCHANGED, Unplanned, completing, names_of
from content_api.delivery.memory import Memory, Where

# An operation may ask for 400 fields, and each may be one of each of the five types of entity.
MOST_FIELDS = 2_000


class Reader(Protocol):
    """Tells how fields get their values. None stands for what is not known."""

    def source_of(self, field: GraphQLField) -> str | Callable[..., Any] | None:
        """The attribute that a field is, or the function of the object and of its arguments."""

    def arguments_of(self, field: GraphQLField, given: Mapping[str, Any]) -> dict[str, Any]:
        """A field's arguments as its function takes them, from what graphql-core made of what a client gave."""

    def class_of(self, kind: GraphQLObjectType) -> type | None:
        """The class whose objects are surely of a type."""

    def memory_of(self, kind: GraphQLObjectType) -> Where | None:
        """What finds, for an object of a type, where to keep what was made of it."""

    def list_memory_of(self, kind: GraphQLObjectType, field: GraphQLField) -> Where | None:
        """The same for what was made of a field that is a list which stays as it is, whatever else an object has."""

    def lasts(self, field: GraphQLField) -> bool:
        """Whether a field stays as it is for as long as what is kept there."""


Given = tuple[Mapping[str, Any], ...]
"""The arguments that depend on variables, one set for each field that has such."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What answers an operation from a root value and its variables. Raises where the executor has to."""

    run: Callable[[Any, Given], dict[str, Any]]
    arguments: tuple[Arguments, ...]
    fields: int
    """How many are written, once for each concrete type: what it takes in memory goes by that."""

    def data(self, root: Any, variables: VariableValues) -> dict[str, Any]:
        return self.run(root, tuple([arguments(variables) for arguments in self.arguments]))


@dataclass(frozen=True, slots=True)
class Writing:
    """A plan as Python source, and what stands behind the names in it. `main` is the function that answers."""

    source: str
    main: str
    names: dict[str, Any]
    arguments: tuple[Arguments, ...]
    fields: int


def compiled(executor: Executor[Any], reader: Reader, memory: Memory | None = None) -> Plan:
    """The plan for the operation that an executor was built for. Raises Unplanned where there can be none.

    With a memory, it remembers what it made of objects that stay as they are.
    """
    writing = written(executor, reader, memory)
    exec(compile(writing.source, "<plan>", "exec"), writing.names)
    return Plan(writing.names[writing.main], writing.arguments, writing.fields)


def written(executor: Executor[Any], reader: Reader, memory: Memory | None = None) -> Writing:
    """The same, before Python reads it."""
    operation = executor.operation
    root = executor.schema.get_root_type(operation.operation)
    if operation.operation is not OperationType.QUERY or root is None:
        raise Unplanned("it is no query")
    found = collect_fields(executor.schema, executor.fragments, executor.variable_values, root, operation)
    compiler = _Compiler(executor, reader, memory)
    main = compiler.write_object(root, found.grouped_field_set, checked=False)
    source = "\n".join(compiler.lines) + "\n"
    return Writing(source, main, compiler.names, tuple(compiler.arguments), compiler.fields)


@dataclass(slots=True)
class Selected:
    """What is known of a selection once it is written: all fields in it, and whether its answer stays the same."""

    name: str = ""
    fields: int = 0
    lasts: bool = True

    def add(self, below: Selected) -> None:
        self.fields += below.fields
        self.lasts = self.lasts and below.lasts


class _Compiler:
    """Writes one function after another, those that are called before those that call."""

    def __init__(self, executor: Executor[Any], reader: Reader, memory: Memory | None) -> None:
        self.memory = memory
        self.open = [Selected()]
        self.executor = executor
        self.schema = executor.schema
        self.reader = reader
        self.names: dict[str, Any] = {}
        self.lines: list[str] = []
        self.arguments: list[Arguments] = []
        self.fields = 0
        self.bound: dict[tuple[str, object], str] = {}
        self.written: dict[tuple[str, tuple[FieldNode, ...]], Selected] = {}

    def bind(self, word: str, value: Any, same: object = None) -> str:
        """A name for a value in the source; one name for all that are the `same`."""
        if same is not None and (word, same) in self.bound:
            return self.bound[word, same]
        name = f"{word}_{len(self.names)}"
        self.names[name] = value
        if same is not None:
            self.bound[word, same] = name
        return name

    # --- Objects

    def selection(self, kind: GraphQLObjectType, details: FieldDetailsList) -> str:
        """The name of the function that answers what fields ask of an object, the same for the same fields."""
        key = kind.name, tuple(detail.node for detail in details)
        if key not in self.written:
            self.open.append(Selected())
            found = self.executor.collect_subfields(kind, details)
            name = self.write_object(kind, found.grouped_field_set)
            selected = self.written[key] = self.open.pop()
            selected.name = name
            where = self.reader.memory_of(kind)
            if self.memory and where and selected.lasts and selected.fields >= self.memory.least:
                self.remember(name, where)
        self.open[-1].add(self.written[key])
        return self.written[key].name

    def remember(self, name: str, where: Where) -> None:
        """Have the function of that name remember what it makes."""
        assert self.memory is not None
        remembering = self.bind("remembering", self.memory.remembering, same=Memory)
        self.lines.append(f"{name} = {remembering}({name}, {self.bind('where', where, same=where)})")

    def write_object(self, kind: GraphQLObjectType, fields: GroupedFieldSet, checked: bool = True) -> str:
        look()
        self.fields += len(fields)
        self.open[-1].fields += len(fields)
        if self.fields > MOST_FIELDS:
            raise Unplanned("it has too many fields")
        lines, entries = self.checking(kind) if checked else [], []
        for place, (key, details) in enumerate(fields.items()):
            _refuse_directives(details)
            if details[0].node.name.value == "__typename":
                entries.append(f"{key!r}: {kind.name!r}")
                continue
            read, completed = self.field(kind, details, f"value_{place}")
            lines += read
            entries.append(f"{key!r}: {completed}")
        name = self.bind(kind.name, None)
        body = [*lines, "return {", *(f"    {entry}," for entry in entries), "}"]
        self.lines += [f"def {name}(source, given):", *(f"    {line}" for line in body)]
        return name

    def checking(self, kind: GraphQLObjectType) -> list[str]:
        """The executor asks of every object whether it is of the type; its class says so."""
        fit: set[type | None] = {self.reader.class_of(kind)} if kind.is_type_of else set()
        classes = self.bind("classes", fit, same=kind)
        check = self.bind("check", _refusing(kind) if kind.is_type_of else _admitting(fit), same=kind)
        return [f"if source.__class__ not in {classes}: {check}(source)"]

    # --- Values

    def field(self, kind: GraphQLObjectType, details: FieldDetailsList, value: str) -> tuple[list[str], str]:
        """The lines that read a field into a `value`, and what completes it. A list that is remembered has no lines."""
        node = details[0].node
        field = self.schema.get_field(kind, node.name.value)
        self.open.append(Selected())
        read = self.read(kind, field, node)
        assert field is not None  # what there is not cannot be read
        completed = self.completed(field.type, details, value)
        selected = self.open.pop()
        self.open[-1].add(selected)
        where = self.reader.list_memory_of(kind, field) if self.memory and selected.lasts else None
        if where is None:
            return [f"{value} = {read}"], completed
        name = self.bind(node.name.value, None)
        self.lines += [f"def {name}(source, given):", f"    {value} = {read}", f"    return {completed}"]
        self.remember(name, where)
        return [], f"{name}(source, given)"

    def read(self, kind: GraphQLObjectType, field: GraphQLField | None, node: FieldNode) -> str:
        """What reads the field's value from `source`."""
        how = self.reader.source_of(field) if field else None
        if field is None or how is None:
            raise Unplanned(f"nobody told how {kind}.{node.name.value} is read")
        if not self.reader.lasts(field):
            self.open[-1].lasts = False
        if isinstance(how, str):
            return f"source.{how}"
        return f"{self.bind('read', how, same=how)}(source{self.given(field, node)})"

    def given(self, field: GraphQLField, node: FieldNode) -> str:
        """The arguments, behind the object: made now, or for each answer where variables are among them."""
        known = fixed(field, node, self.reader.arguments_of)
        if known is None:
            self.open[-1].lasts = False
            self.arguments.append(varying(field, node, self.reader.arguments_of))
            return f", **given[{len(self.arguments) - 1}]"
        return "".join(f", {name}={self.bind(name, value)}" for name, value in known.items())

    def completed(self, kind: GraphQLOutputType, details: FieldDetailsList, value: str) -> str:
        """What completes a value that has a name in the source."""
        nullable = not is_non_null_type(kind)
        inner = kind if nullable else kind.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            return self.leaf(inner, nullable, value)
        found = self.composite(inner, details, value)
        return f"None if {value} is None else {found}" if nullable else found

    def composite(self, kind: Any, details: FieldDetailsList, value: str) -> str:
        if is_list_type(kind):
            return self.many(kind.of_type, details, value)
        if is_abstract_type(kind):
            return f"{self.abstract(kind, details)}[{value}.__class__]({value}, given)"
        return f"{self.selection(kind, details)}({value}, given)"

    def many(self, kind: GraphQLOutputType, details: FieldDetailsList, value: str) -> str:
        if value == "item":
            raise Unplanned("it asks for lists in lists")
        sequence = self.bind("sequence", _sequence, same=_sequence)
        looked = self.bind("look", look, same=look)  # returns None; an object takes too little time to look at each
        items = f"{looked}() or ({value} if {value}.__class__ is list else {sequence}({value}))"
        return f"[{self.completed(kind, details, 'item')} for item in {items}]"

    def abstract(self, kind: GraphQLAbstractType, details: FieldDetailsList) -> str:
        """The name of a table: class -> the function for objects of that class."""
        possible = [(self.reader.class_of(one), one) for one in self.schema.get_possible_types(kind)]
        table = [
            (self.bind("class", known, same=known), self.selection(one, details)) for known, one in possible if known
        ]
        entries = ", ".join(f"{known}: {function}" for known, function in table)
        name = self.bind(kind.name, None)
        self.lines.append(f"{name} = {{{entries}}}")
        return name

    def leaf(self, kind: GraphQLLeafType, nullable: bool, value: str) -> str:
        complete = self.bind(kind.name, completing(kind, nullable), same=(kind, nullable))
        if kind in UNCHANGED:
            return f"{value} if {value}.__class__ is {UNCHANGED[kind].__name__} else {complete}({value})"
        if is_enum_type(kind):
            names = self.bind("names", names_of(kind), same=kind)
            return f"{names}.get({value}) or {complete}({value})"
        return f"{complete}({value})"


def _refuse_directives(details: Iterable[Any]) -> None:
    """`@skip` and `@include` have been obeyed. Others may change how a field is executed."""
    for detail in details:
        others = {directive.name.value for directive in detail.node.directives or ()} - {"skip", "include"}
        if others or detail.defer_usage or detail.fragment_variable_values:
            raise Unplanned("it has directives, or arguments of fragments, that a plan does not know")


def _sequence(value: Any) -> Any:
    """A list that is a tuple. What else may be iterated over, the executor knows."""
    if value.__class__ is not tuple:
        raise Unplanned(f"{type(value).__name__} where a list belongs")
    return value


def _refusing(kind: GraphQLObjectType) -> Callable[[Any], None]:
    def refuse(value: Any) -> None:
        raise Unplanned(f"{type(value).__name__} where a {kind} belongs")

    return refuse


def _admitting(fit: set[type | None]) -> Callable[[Any], None]:
    """Types that anything can be of, whatever its class: but not null, nor an error."""

    def admit(value: Any) -> None:
        if value is None or isinstance(value, Exception):
            raise Unplanned(f"{value!r} where an object belongs")
        fit.add(type(value))

    return admit
