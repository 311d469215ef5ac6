"""What documents of one outline have in common: one document, with marks for names and variables for strings.

Its plan answers all of them. Names in the answer are marks then, and `spelt` puts those of a text in their places; so
what a plan remembers of an entity is good for every text. Names and strings are lifted only where nothing but whether
they are equal can make a difference:

- a name that stands elsewhere in the text as well stays what it is: an alias that equals a field's name, for instance,
  which may be asked for by the same name;
- a string stays what it is, unless all its places are arguments, or parts of arguments, of the types String or ID.

What stays is part of what a shape is found by. All else that validation, limits and prices look at is in the outline.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FragmentDefinitionNode,
    GraphQLID,
    GraphQLSchema,
    GraphQLString,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    specified_rules,
    validate,
    visit,
)

from content_api.delivery.documents import Document
from content_api.delivery.lifted import MOST_NAMES, Lifted
from content_api.delivery.operation import Operation
from content_api.delivery.present import words_of

# A key of an answer that begins with this is a mark. No name of GraphQL does, and what a value begins with has no colon
# behind it. A scalar whose values are objects could have such keys, if its author wanted; ours has none.
MARK = "\0"
BEFORE_MARK = b'"\\u0000'
# What follows it in an encoded answer: the number of the name, and the end of a key.
MARKS = [b'%03d":' % number for number in range(MOST_NAMES)]
MARK_ENDS = 5
WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# The types whose strings are what they say, so that it is the same to give them as variables.
KINDS: Mapping[Any, str] = {GraphQLString: "String", GraphQLID: "ID"}


class Shapeless(Exception):
    """Documents of this outline are read one by one. Says why, for a person."""


class Variation(NamedTuple):
    """What else a shape is found by: what was lifted from a text and has to stay."""

    names: tuple[tuple[int, str], ...]
    strings: tuple[str, ...]
    words: frozenset[str]
    """Those that say how long an answer may be good, wherever they stand: delivery/present.py."""


@dataclass(frozen=True, slots=True)
class Form:
    """What an outline alone says of its texts: its words, and for each string the type of its places.

    None stands for a string that stays: one of another type, or of several, or in a directive or a default.
    """

    words: frozenset[str]
    kinds: tuple[str | None, ...]

    def variation(self, lifted: Lifted) -> Variation:
        names, words = lifted.names, self.words
        staying = () if words.isdisjoint(names) else tuple(each for each in enumerate(names) if each[1] in words)
        strings = tuple([text for text, kind in zip(lifted.strings, self.kinds, strict=True) if kind is None])
        return Variation(staying, strings, words_of(" ".join((*names, *lifted.strings))))


@dataclass(frozen=True, slots=True)
class Shape:
    """The document that stands for all of one outline and one variation, and where in it is what they differ in."""

    document: Document
    operation_name: str | None
    variables: tuple[str, ...]
    """Those of the client, in the names of the shape."""
    strings: tuple[tuple[str, int], ...]
    """The variables that stand for strings, each with the number of its string."""

    def operation(self, asked: Operation, lifted: Lifted) -> Operation | None:
        """What is asked, in the names of the shape; None where it names what the document has not."""
        names = lifted.names
        name = _named(self.operation_name, names) if self.operation_name else None
        if asked.operation_name not in (None, name):
            return None
        called = [(variable, _named(variable, names)) for variable in self.variables]
        given = {variable: asked.variables[name] for variable, name in called if name in asked.variables}
        if len(given) != len(asked.variables):
            return None
        for variable, number in self.strings:
            given[variable] = lifted.strings[number]
        return Operation(asked.document, given, about_content=asked.about_content)


def form_of(schema: GraphQLSchema, document: Document, lifted: Lifted) -> Form:
    """The form of an outline, from a valid document that has it. Raises Shapeless."""
    if len(document.operations) != 1:
        raise Shapeless("it has several operations")
    found = _Strings(TypeInfo(schema))
    visit(document.ast, TypeInfoVisitor(found.types, found))
    if [text for text, _ in found.places] != [lifted.strings[number] for number in lifted.outline.strings]:
        raise Shapeless("its strings are not what they look like")
    kinds = tuple(_only({kind for text, kind in found.places if text == each}) for each in lifted.strings)
    outside, inside = lifted.outline.outside[::-1], lifted.outline.inside
    return Form(frozenset(WORD.findall(f"{outside} {inside}")), kinds)


def shape_of(schema: GraphQLSchema, document: Document, lifted: Lifted, form: Form) -> Shape:
    """The shape of a valid document and of all that are like it. Raises Shapeless."""
    marks = {name: _mark(number) for number, name in enumerate(lifted.names) if name not in form.words}
    marking = _Marking(marks, dict(zip(lifted.strings, form.kinds, strict=True)))
    ast = visit(document.ast, marking)
    places = Counter(lifted.names[number] for number in lifted.outline.names)
    if marking.marked != Counter({name: places[name] for name in marks}):
        raise Shapeless("its names are not what they look like")
    # Where a name was no client's choice, such as that of a field, there is none in the schema that is its mark.
    if errors := validate(schema, ast, specified_rules, max_errors=1):
        raise Shapeless(f"with marks in it, it is not valid: {errors[0].message}")
    [operation] = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    variables = [node.variable.name.value for node in operation.variable_definitions or ()]
    strings = {variable: lifted.strings.index(text) for text, variable in marking.variables.items()}
    return Shape(
        Document(ast, (operation,), fragments, words=document.words),
        operation.name.value if operation.name else None,
        tuple(variable for variable in variables if variable not in strings),
        tuple(strings.items()),
    )


def spelt(body: bytes, names: Sequence[str]) -> bytes:
    """An answer with names in the places of marks. Raises KeyError where something looks like a mark and is none."""
    first, *others = body.split(BEFORE_MARK)
    keys = dict(zip(MARKS, [b'"%b":' % name.encode() for name in names], strict=False))
    return b"".join([first, *[keys[piece[:MARK_ENDS]] + piece[MARK_ENDS:] for piece in others]])


def _mark(number: int) -> str:
    return f"{MARK}{number:03}"


def _named(name: str, names: Sequence[str]) -> str:
    """What a text calls something that a shape has a mark for, or a name."""
    return names[int(name[1:])] if name.startswith(MARK) else name


def _only(kinds: set[str | None]) -> str | None:
    return next(iter(kinds)) if len(kinds) == 1 else None


class _Strings(Visitor):
    """Finds the strings of a document, as they come, each with the type of its place if it may be lifted from there."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.places: list[tuple[str, str | None]] = []

    def enter_string_value(self, node: StringValueNode, _: Any, parent: Any, path: Any, ancestors: Any) -> None:
        around = (*ancestors, parent)
        argued = any(isinstance(each, ArgumentNode) for each in around)
        directed = any(isinstance(each, DirectiveNode) for each in around)
        kind = KINDS.get(get_nullable_type(self.types.get_input_type())) if argued and not directed else None
        self.places.append((node.value, kind))


class _Marking(Visitor):
    """Puts marks for names, and variables for strings."""

    def __init__(self, marks: Mapping[str, str], kinds: Mapping[str, str | None]) -> None:
        super().__init__()
        self.marks = marks
        self.marked: Counter[str] = Counter()
        self.kinds = {text: kind for text, kind in kinds.items() if kind}
        self.variables = {text: f"{MARK}string{number}" for number, text in enumerate(self.kinds)}

    def enter_name(self, node: NameNode, *_: Any) -> NameNode | None:
        mark = self.marks.get(node.value)
        if mark is None:
            return None
        self.marked[node.value] += 1
        return NameNode(value=mark)

    def enter_string_value(self, node: StringValueNode, *_: Any) -> VariableNode | None:
        variable = self.variables.get(node.value)
        return VariableNode(name=NameNode(value=variable)) if variable else None

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=(*(node.variable_definitions or ()), *map(self.definition, self.variables)),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def definition(self, text: str) -> VariableDefinitionNode:
        kind = NamedTypeNode(name=NameNode(value=self.kinds[text]))
        variable = VariableNode(name=NameNode(value=self.variables[text]))
        return VariableDefinitionNode(variable=variable, type=NonNullTypeNode(type=kind), directives=())
