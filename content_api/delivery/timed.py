"""graphql-core at work, looking at the clock: its parser, its rules and its executor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    Source,
    TokenKind,
    ValidationContext,
    specified_rules,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from graphql.validation.rules.overlapping_fields_can_be_merged import RuleContext

from content_api.content.deadline import look
from content_api.errors import RequestError


class TimedExecutor(Executor[Any]):
    """It looks at the clock once for each object: to build one takes about a thousand times as long as to look."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        look()
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)


class TimedSource(Source):
    """A text to parse. The lexer asks for it with each token, and then it looks."""

    def __init__(self, text: str) -> None:
        self._text = text
        super().__init__(text)

    @property
    def body(self) -> str:
        look()
        return self._text

    @body.setter
    def body(self, text: str) -> None:
        """Set once, by who made it."""


class TimedSchema(GraphQLSchema):
    """A schema to validate on. The rules ask it for each field that they come to, and then it looks."""

    def get_field(self, parent_type: GraphQLCompositeType, field_name: str) -> GraphQLField | None:
        look()
        return super().get_field(parent_type, field_name)


# Comparisons of fields between two looks. One takes from a third of a microsecond to three.
COMPARISONS = 250


class TimedComparisons(RuleContext):
    """What the rule about overlapping fields knows of a text. It counts what it may spend down, and here it looks.

    graphql-core lets it spend half a million, which can take a second. With `most`, what is more is a RequestError.
    """

    def __init__(self, most: int) -> None:
        self._left = self._look_at = 0
        super().__init__()
        self.remaining_complexity_budget = self._most = most

    @property
    def remaining_complexity_budget(self) -> int:
        return self._left

    @remaining_complexity_budget.setter
    def remaining_complexity_budget(self, left: int) -> None:
        if not 0 < self._look_at - left < COMPARISONS:
            self._look_at = left
            look()
        if left < 0:
            raise RequestError(
                "TOO_MANY_FIELDS",
                f"Fields of one name are compared {self._most - left:,} times or more; {self._most:,} are allowed.",
                "Ask for a field once in one place, and put what several parts of a page share into a fragment.",
            )
        self._left = left


class TimedOverlaps(OverlappingFieldsCanBeMergedRule):
    """The one rule that compares fields with one another, and can do so for long without asking anybody."""

    def __init__(self, context: ValidationContext, most: int) -> None:
        super().__init__(context)
        self.rule_context = TimedComparisons(most)


class TimedInput(ASTValidationRule):
    """No rule: a field may be given a filter of a thousand tokens, and nobody asks the schema about those."""

    def enter_object_field(self, *_: Any) -> None:
        look()


Rule = Callable[[ValidationContext], ASTValidationRule]

RULES: tuple[type[ASTValidationRule], ...] = (
    TimedInput,
    *(TimedOverlaps if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
)


@contextmanager
def rules(comparisons: int) -> Iterator[Collection[type[ASTValidationRule]]]:
    """The rules for one text, in which fields may be compared so often. They refer to nothing afterwards.

    Each refers to itself, and to all that is known of the text: thousands of objects that would wait for the garbage
    collector, and keep it busy when it comes.
    """
    made: list[ASTValidationRule] = []

    def making(rule: Rule) -> Rule:
        def make(context: ValidationContext) -> ASTValidationRule:
            made.append(rule(context))
            return made[-1]

        return make

    try:
        found = [making(partial(rule, most=comparisons) if rule is TimedOverlaps else rule) for rule in RULES]
        yield cast(Collection[type[ASTValidationRule]], found)
    finally:
        for rule in made:
            vars(rule).clear()


def unlink(ast: DocumentNode) -> int:
    """Have the tokens of a text refer to one another no more. They would be one circle, for the reason above.

    Returns how many characters the longest name has, since it passes each of them.
    """
    token, longest = ast.loc.start_token if ast.loc else None, 0
    while token:
        if token.end - token.start > longest and token.kind is TokenKind.NAME:
            longest = token.end - token.start
        following, token.prev, token.next = token.next, None, None
        token = following
    return longest
