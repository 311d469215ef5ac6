"""From a text to a Document, as a list of steps that depend on the text alone: they are done once for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from content_api.delivery.documents import Document
from content_api.delivery.limits import Limits, hold_name, refusal
from content_api.delivery.masks import Refused, ShownError, show, show_request_error, show_syntax_error
from content_api.delivery.present import words_of
from content_api.delivery.timed import TimedSource, rules, unlink
from content_api.delivery.totals import hold
from content_api.errors import RequestError


@dataclass(slots=True)
class Reading:
    """A text on its way to becoming a Document."""

    text: str
    schema: GraphQLSchema
    limits: Limits
    suggests: bool
    ast: DocumentNode = field(default_factory=DocumentNode)
    errors: tuple[ShownError, ...] = ()


def parse_text(work: Reading) -> None:
    """Parse, and stop at the token that is one too many. `{ }` is no GraphQL, whatever graphql-core thinks of it.

    Its lexer counts no comments, each of which takes as long as a token. Here their signs count, those in texts too.
    """
    signs, most = work.text.count("#"), work.limits.tokens
    if signs > most:
        raise refusal("DOCUMENT_TOO_LONG", signs, most, "`#`, each of which may be a comment", "Leave out comments.")
    try:
        source = TimedSource(work.text)
        work.ast = parse(source, max_lexical_tokens=work.limits.tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        raise Refused([show_syntax_error(error)]) from None
    longest = unlink(work.ast)
    hold_name(longest, work.limits.name_characters)


def hold_limits(work: Reading) -> None:
    hold(work.limits, work.ast)


def check_validity(work: Reading) -> None:
    """Validate. An invalid document goes on, with its errors: a GET that asks for a mutation is told that first."""
    most, hides = work.limits.errors, not work.suggests
    with rules(work.limits.comparisons) as applied:
        found = validate(work.schema, work.ast, applied, max_errors=most, hide_suggestions=hides)
    work.errors = tuple(show(error, "GRAPHQL_VALIDATION_FAILED") for error in found[:most])


READING: tuple[Callable[[Reading], None], ...] = (parse_text, hold_limits, check_validity)


def read(text: str, schema: GraphQLSchema, limits: Limits, *, suggests: bool = True) -> Document:
    """Read a text through READING. What is wrong with it is in the Document's errors, never raised.

    Without `suggests` they name nothing of the schema that the text does not name itself.
    """
    work = Reading(text, schema, limits, suggests)
    try:
        for step in READING:
            step(work)
    except RequestError as error:
        work.errors = (show_request_error(error),)
    except Refused as refused:
        work.errors = refused.errors
    return _document(work)


def _document(work: Reading) -> Document:
    definitions = work.ast.definitions
    return Document(
        work.ast,
        tuple(node for node in definitions if isinstance(node, OperationDefinitionNode)),
        {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)},
        work.errors,
        words=words_of(work.text),
    )
