"""Whatever names and strings a text has, it is answered by the plan of its shape as if it alone had been read.

CONTENT_API_TEST_PLANS sets how many texts are tried: 300 if it is not set, 2,000 under CI. 10,000 take some minutes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from random import Random

from graphql import GraphQLSyntaxError, Lexer, Source, Token, TokenKind, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.content.noted import note_again, noting
from content_api.delivery.delivery import Delivery
from content_api.delivery.lifted import Lifted, lift
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation
from content_api.delivery.shape import WORD
from tests.delivery.respelling import aliased, respelt
from tests.delivery.shaping import Shaping, at_first_sight
from tests.delivery.test_plan_properties import ASKED, QUERIES, READER, lives
from tests.delivery.variation import varied
from tests.graph.asking import SCHEMA
from tests.graph.questions import NO_LIMITS, asked, served

SPELLINGS = 6  # of each query that is generated: the first of a shape teaches it


class Roads:
    """The same content by graphql-core's executor, text by text, and by shapes."""

    def __init__(self, name: str) -> None:
        live, holding = lives()[name], served().archive.holding
        self.executor = Delivery(SCHEMA, lambda: live, NO_LIMITS, holding)
        made = Shaping(SCHEMA, lambda: live, NO_LIMITS, holding, READER, Memory(noting, note_again, least=1))
        self.shaping = at_first_sight(made)

    def outcome(self, operation: Operation) -> str:
        """Compare what both roads say, and tell which one it was that answered."""
        run = served().loop.run_until_complete
        reference, reply = run(self.executor.answer(operation)), run(self.shaping.answer(operation))
        assert reply == reference, (operation, reference.body, reply.body)
        if self.shaping.shaped:
            assert not reply.codes
            return "by a shape"
        return reply.codes[0] if reply.codes else "by reading it"


roads = cache(Roads)


def test_a_text_is_answered_by_its_shape_as_if_it_alone_had_been_read():
    seen: Counter[str] = Counter()

    @settings(max_examples=-(-QUERIES // SPELLINGS))
    @given(asked(), st.integers(0, 2**32))
    def compare(query, seed):
        random = Random(seed)
        text, variables = varied(query, SCHEMA, random)
        document, on = aliased(text, random), roads(random.choice(ASKED))
        for _ in range(SPELLINGS):
            other, given, name = respelt(document, variables, random)
            seen[on.outcome(Operation(other, given, name, about_content=random.random() < 0.2))] += 1

    compare()
    print(dict(seen))
    assert seen.total() >= QUERIES
    assert seen["by a shape"] > seen.total() / 6
    assert seen["by reading it"] > 0


# --- Texts of one outline have the same tokens, whether they mean something or not -----------------------------------

# What a document is put together from, with `%` where a word goes; and what is put in by mistake.
HEADS = ("", "query %", "query % ", "query %($%:A)", "fragment % on A", 'query %(\n$a:B="%")', "fragment  %\non A")
FIELDS = (
    "a",
    "b ",
    "%:b ",
    "%:query ",
    "% : a ",
    ",%:a",
    "a(b:c)",
    'a(b:"%")',
    '%:a(b:"%",c:$%)',
    "fragment",
    "%:a@a(b:c)",
    "%",
)
SPREADS = ("...%", "...% ", "... % ", "...on A", "... on A", "...", "\n...%@a")
MISTAKES = (
    *(
        "{",
        "}",
        "(",
        ")",
        ":",
        "...",
        "$",
        "@",
        '"',
        "%",
        "%:",
        ",",
        "query ",
        "query %",
        "fragment ",
        "fragment % on ",
    ),
    *(" on ", "1", "1.5", "#", "!", "=", "[", "]", "|", "é", "\\", "\0", "\1", "\ufeff", "true", '""'),
)
WORDS = ("a", "b", "c", "x1", "on", "query", "fragment", "true", "_", "1a", "a b", "")
CAREFUL = ("c", "d", "x1", "y", "z_", "query")


def selections(random: Random, depth: int = 3) -> str:
    pieces = []
    for _ in range(random.randint(1, 3)):
        if depth and random.random() < 0.4:
            pieces.append(random.choice(FIELDS + SPREADS[3:]) + selections(random, depth - 1))
        else:
            pieces.append(random.choice(FIELDS + SPREADS[:3]))
    return "{" + " ".join(pieces) + "}"


def pair(random: Random) -> tuple[str, str]:
    """Two texts of one template, the same words in it for the same, or any."""
    text = "".join(random.choice(HEADS) + selections(random) for _ in range(random.randint(1, 2)))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        place = random.randrange(len(text))
        text = text[:place] + random.choice(MISTAKES) + text[place:]
    words = random.choice((WORDS, CAREFUL, CAREFUL, CAREFUL))
    first = [random.choice(words) for _ in range(text.count("%"))]
    others = dict(zip(words, random.sample(words, len(words)), strict=True))
    second = [others[word] for word in first] if random.random() < 0.7 else random.choices(words, k=len(first))
    return _filled(text, first), _filled(text, second)


def _filled(template: str, words: Sequence[str]) -> str:
    given = iter(words)
    return re.sub("%", lambda _: next(given), template)


def tokens(text: str) -> list[Token] | None:
    lexer, found = Lexer(Source(text)), []
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            found.append(lexer.token)
    except GraphQLSyntaxError:
        return None
    return found


def parses(text: str) -> bool:
    try:
        parse(text, allow_empty_selection_sets=False)
    except GraphQLSyntaxError:
        return False
    return True


def staying(lifted: Lifted) -> list[tuple[int, str]]:
    words = set(WORD.findall(f"{lifted.outline.outside[::-1]} {lifted.outline.inside}"))
    return [(number, name) for number, name in enumerate(lifted.names) if name in words]


def test_texts_of_one_outline_have_the_same_tokens_but_for_what_was_lifted():
    seen: Counter[str] = Counter()

    @settings(max_examples=QUERIES * 20)
    @given(st.integers(0, 2**32))
    def compare(seed):
        texts = pair(Random(seed))
        first, second = map(lift, texts)
        if first and second and first.outline == second.outline and staying(first) == staying(second):
            seen["alike"] += 1
            seen["and different, and GraphQL"] += texts[0] != texts[1] and parses(texts[0])
            alike(texts, first, second)

    compare()
    print(dict(seen))
    assert seen["and different, and GraphQL"] > seen["alike"] / 20 > 0


def alike(texts: tuple[str, str], first: Lifted, second: Lifted) -> None:
    assert parses(texts[0]) == parses(texts[1])
    ours, theirs = map(tokens, texts)
    if ours is None or theirs is None:
        assert ours is theirs
        return
    assert [token.kind for token in ours] == [token.kind for token in theirs]
    for one, other in zip(ours, theirs, strict=True):
        if one.kind is TokenKind.STRING:
            assert first.strings.index(one.value) == second.strings.index(other.value)
        elif one.value != other.value:
            assert one.kind is TokenKind.NAME
            assert first.names.index(one.value) == second.names.index(other.value)
