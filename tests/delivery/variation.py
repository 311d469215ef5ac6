"""A query asked in another way: with variables, fragments, aliases, directives, and fields in several parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_interface_type,
    is_list_type,
    is_non_null_type,
    is_union_type,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
    visit,
)

# Arguments that random values are mostly refused for: a refusal says little about a plan.
REFUSED = ("after", "before", "last", "version")


def varied(document: DocumentNode, schema: GraphQLSchema, random: Random) -> tuple[str, dict[str, Any]]:
    """The text of a query that asks much the same, and its variables. It may be that it contradicts itself."""
    [operation] = document.definitions
    work = _Variation(schema, random)
    selections = work.selections(schema.query_type, operation.selection_set.selections)
    asked = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=NameNode(value="Asked"),
        variable_definitions=tuple(work.definitions),
        directives=(),
        selection_set=SelectionSetNode(selections=selections),
    )
    return print_ast(DocumentNode(definitions=(asked, *work.fragments))), work.variables


def spoken(text: str, variables: dict[str, Any], names: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The same asked with other names: each text that is one is replaced, wherever it stands."""
    if not names:
        return text, variables
    document = visit(parse(text), _Spoken(names))
    return print_ast(document), _spoken(variables, names)


class _Spoken(Visitor):
    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def leave_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode:
        return StringValueNode(value=self.names.get(node.value, node.value), block=node.block)


def _spoken(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {key: _spoken(inner, names) for key, inner in value.items()}
        case list():
            return [_spoken(inner, names) for inner in value]
        case str():
            return names.get(value, value)
    return value


class _Variation:
    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self.schema = schema
        self.random = random
        self.fragments: list[FragmentDefinitionNode] = []
        self.definitions: list[VariableDefinitionNode] = []
        self.variables: dict[str, Any] = {}
        self.switches: list[str] = []

    def happens(self, probability: float) -> bool:
        return self.random.random() < probability

    # --- Selections

    def selections(self, kind: Any, nodes: Sequence[SelectionNode]) -> tuple[SelectionNode, ...]:
        found: list[SelectionNode] = []
        for node in nodes:
            found += self.field(kind, node) if isinstance(node, FieldNode) else [self.inline(kind, node)]
        if self.happens(0.15):
            alias = NameNode(value="what") if self.happens(0.5) else None
            node = FieldNode(name=NameNode(value="__typename"), alias=alias, arguments=(), directives=())
            found.insert(self.random.randrange(len(found) + 1), node)
        return tuple(self.wrapped(kind, found))

    def field(self, kind: Any, node: FieldNode) -> list[FieldNode]:
        """The field, now and then once more, or in two parts that only together ask for what it asks."""
        field = self.schema.get_field(kind, node.name.value)
        below = node.selection_set.selections if node.selection_set else ()
        inner = self.selections(get_named_type(field.type), below) if below else ()
        alias = NameNode(value=f"{node.name.value}_{len(self.fragments)}") if self.happens(0.1) else node.alias
        arguments = tuple(self.argument(field, one) for one in node.arguments if not self.is_left_out(one))
        cut = self.random.randrange(len(inner) + 1) if self.happens(0.15) else len(inner)
        parts = [inner[:cut], inner[cut:]] if cut < len(inner) else [inner, inner] if self.happens(0.05) else [inner]
        return [
            FieldNode(
                name=node.name,
                alias=alias,
                arguments=arguments,
                directives=self.directives(0.08),
                selection_set=SelectionSetNode(selections=part) if part else None,
            )
            for part in parts
            if part or not inner
        ]

    def is_left_out(self, node: ArgumentNode) -> bool:
        return node.name.value in REFUSED and self.happens(0.9)

    def inline(self, kind: Any, node: InlineFragmentNode) -> InlineFragmentNode:
        narrowed = self.schema.get_type(node.type_condition.name.value) if node.type_condition else kind
        inner = SelectionSetNode(selections=self.selections(narrowed, node.selection_set.selections))
        return InlineFragmentNode(
            type_condition=node.type_condition, directives=self.directives(0.1), selection_set=inner
        )

    def wrapped(self, kind: Any, found: list[SelectionNode]) -> list[SelectionNode]:
        """Some of the neighbours, from one on, in a fragment; and a fragment once more where it stood before."""
        if not found or not self.happens(0.25):
            return found
        start = self.random.randrange(len(found))
        inner, condition = (
            SelectionSetNode(selections=tuple(found[start:])),
            NamedTypeNode(name=NameNode(value=kind.name)),
        )
        if self.happens(0.5):
            condition = None if self.happens(0.3) else condition
            given = self.directives(0.3)
            return [
                *found[:start],
                InlineFragmentNode(type_condition=condition, directives=given, selection_set=inner),
            ]
        name = NameNode(value=f"part{len(self.fragments)}")
        self.fragments.append(
            FragmentDefinitionNode(
                name=name, type_condition=condition, variable_definitions=(), directives=(), selection_set=inner
            )
        )
        times = 2 if self.happens(0.3) else 1
        return [
            *found[:start],
            *(FragmentSpreadNode(name=name, arguments=(), directives=self.directives(0.3)) for _ in range(times)),
        ]

    def directives(self, probability: float) -> tuple[DirectiveNode, ...]:
        names = [name for name in ("skip", "include") if self.happens(probability)]
        return tuple(
            DirectiveNode(
                name=NameNode(value=name), arguments=(ArgumentNode(name=NameNode(value="if"), value=self.switch(name)),)
            )
            for name in names
        )

    def switch(self, name: str) -> ValueNode:
        """Whether, mostly so that the field is there: as a literal, or as a variable that may be used again."""
        if self.happens(0.3):
            return BooleanValueNode(value=(name == "include") == self.happens(0.8))
        if self.switches and self.happens(0.4):
            return VariableNode(name=NameNode(value=self.random.choice(self.switches)))
        default = BooleanValueNode(value=self.happens(0.5)) if self.happens(0.3) else None
        variable = self.declare("Boolean" if default else "Boolean!", default)
        if default is None or self.happens(0.5):
            self.variables[variable.name.value] = self.happens(0.5)
        self.switches.append(variable.name.value)
        return variable

    # --- Arguments

    def argument(self, field: Any, node: ArgumentNode) -> ArgumentNode:
        kind = field.args[node.name.value].type
        return ArgumentNode(name=node.name, value=self.value(kind, node.value))

    def value(self, kind: Any, node: ValueNode) -> ValueNode:
        """The value, or a variable for it or for something in it: given, left to its default, null, or left out."""
        if self.happens(0.6):
            return self.inside(kind, node)
        if self.happens(0.2):
            return self.declare(str(kind), node)  # the default: nothing is given
        variable = self.declare(str(kind), None)
        if is_non_null_type(kind) or self.happens(0.9):
            self.variables[variable.name.value] = value_from_ast_untyped(node)
        elif self.happens(0.3):
            self.variables[variable.name.value] = None
        return variable

    def inside(self, kind: Any, node: ValueNode) -> ValueNode:
        bare = get_nullable_type(kind)
        if isinstance(node, ListValueNode) and is_list_type(bare):
            return ListValueNode(values=tuple(self.value(bare.of_type, item) for item in node.values))
        if isinstance(node, ObjectValueNode) and is_input_object_type(bare):
            fields = [
                ObjectFieldNode(name=one.name, value=self.value(bare.fields[one.name.value].type, one.value))
                for one in node.fields
            ]
            return ObjectValueNode(fields=tuple(fields))
        return node

    def declare(self, kind: str, default: ValueNode | None) -> VariableNode:
        variable = VariableNode(name=NameNode(value=f"v{len(self.definitions)}"))
        if isinstance(default, NullValueNode) and kind.endswith("!"):
            default = None
        self.definitions.append(
            VariableDefinitionNode(variable=variable, type=parse_type(kind), default_value=default, directives=())
        )
        return variable


# --- What is in a document -------------------------------------------------------------------------------------------

FORMS = (
    "a variable",
    "a default of a variable",
    "a variable in a list or an object",
    "an alias",
    "a fragment with a name",
    "a fragment that is spread again",
    "a fragment in place",
    "a fragment for another type than its parent's",
    "@skip",
    "@include",
    "a switch by a variable",
    "a switch by a literal",
    "a field in several parts",
    "an interface",
)


def forms(text: str, schema: GraphQLSchema) -> set[str]:
    """Which of what makes a query more than a tree of fields is in a valid document; a union as well."""
    types = TypeInfo(schema)
    found = _Forms(types)
    visit(parse(text), TypeInfoVisitor(types, found))
    return found.seen


class _Forms(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.seen: set[str] = set()
        self.spread: set[str] = set()

    def note(self, form: str, whether: object = True) -> None:
        if whether:
            self.seen.add(form)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self.note("a variable")
        self.note("a default of a variable", node.default_value)

    def enter_list_value(self, node: ListValueNode, *_: Any) -> None:
        self.note("a variable in a list or an object", any(isinstance(each, VariableNode) for each in node.values))

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        self.note("a variable in a list or an object", isinstance(node.value, VariableNode))

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        keys = [(each.alias or each.name).value for each in node.selections if isinstance(each, FieldNode)]
        self.note("a field in several parts", len(set(keys)) < len(keys))

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.note("an alias", node.alias)
        kind = get_named_type(self.types.get_type())
        self.note("a union", is_union_type(kind))
        self.note("an interface", is_interface_type(kind))

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.note("a fragment with a name")
        self.note("a fragment that is spread again", node.name.value in self.spread)
        self.spread.add(node.name.value)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
        self.note("a fragment in place")
        condition = node.type_condition
        parent = self.types.get_parent_type()
        self.note("a fragment for another type than its parent's", condition and _differs(condition, parent))

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.note(f"@{node.name.value}")
        by_variable = isinstance(node.arguments[0].value, VariableNode)
        self.note(f"a switch by a {'variable' if by_variable else 'literal'}")


def _differs(condition: NamedTypeNode, parent: GraphQLCompositeType | None) -> bool:
    return parent is not None and condition.name.value != parent.name
