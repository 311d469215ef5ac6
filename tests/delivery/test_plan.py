"""What a plan does by itself, and what it leaves to the executor."""

from __future__ import annotations

import pytest
import structlog
from graphql import GraphQLError, Undefined, parse
from graphql.execution import Executor
from graphql.execution.values import VariableValues

from content_api.delivery import plan as planning
from content_api.delivery import plans as keeping
from content_api.delivery.leaves import Unplanned
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.plan import compiled, written
from content_api.delivery.plans import MOST_VARIANTS, SIGHTS, Plans
from content_api.errors import RequestError
from tests.delivery import odd
from tests.delivery.odd import Box, Cat, Colour, Dog, Puppy, Size
from tests.waiting import at_once

pytestmark = pytest.mark.usefixtures("turns")


class Text(str):
    """A text of another class."""


class Twin:
    text = "What has the attributes of a box is as good as one."


def answered(text: str, box: object = None, name: str | None = None, **variables: object) -> tuple[Reply, bool]:
    """The reply, which is the executor's own, and whether a plan gave it."""
    operation = Operation(text, variables, operation_name=name)
    on = odd.delivery(box)
    work = on.begin(operation)
    with structlog.testing.capture_logs():  # to print what is behind an error takes seconds
        reply = on.attempt(work)
        assert reply == at_once(odd.delivery(box, reader=None).answer(operation))
    return reply, work.planned


def executor(text: str, **variables: object) -> Executor:
    return Executor.build(odd.SCHEMA, parse(text), None, None, variables)


# --- Values ----------------------------------------------------------------------------------------------------------

COMPLETED = [
    ("{ box { text must number share yes loud colour perhaps } }", Box()),
    ("{ box { text must yes } }", Box(text=Text("a"), must=12, yes=1)),
    ("{ box { colour perhaps } }", Box(colour=Colour.BLUE, perhaps=Colour.RED)),
    ("{ box { colour } }", Box(colour="blue")),
    ("{ box { texts gaps maybe } }", Box(texts=["a", Text("b"), 3], gaps=("a", None), maybe=("c",))),
    ("{ box { boxes { must } holes { must } } }", Box(boxes=[Box(), Box()], holes=[None, Box()])),
    ("{ box { inner { text } sure { inner { text } } } }", Box(inner=Twin(), sure=Box(inner=Twin()))),
    ("{ box { named { __typename name ... on Cat { lives friend { __typename } } } } }", Box(named=Cat(name="Tom"))),
    ("{ box { named { name ... on Cat { lives } ... on Dog { size } } } }", Box(named=Dog(name="Rex"))),
    (
        "{ box { pet { ... on Cat { name } } pets { ... on Named { name } ... on Dog { size } } } }",
        Box(pet=Dog(name="Rex", size=Size.SMALL), pets=[Cat(name="Tom"), Dog(name="Rex")]),
    ),
    ("{ box { pet { __typename } named { __typename } dog { __typename } inner { __typename } } }", Box()),
    ("{ wished box { __typename } }", Box()),
    ("{ box { kind: __typename boxes { kind: __typename } } }", Box(boxes=[Twin()])),
]
LEFT = [
    ("{ box { must } }", Box(must=None)),
    ("{ box { must } }", Box(must=Undefined)),
    ("{ box { text } }", Box(text=Undefined)),
    ("{ box { must } }", Box(must=ValueError("secret"))),
    ("{ box { must } }", Box(must=RequestError("BAD_USER_INPUT", "Not like this."))),
    ("{ box { text } }", Box(text={})),
    ("{ box { number } }", Box(number=2**31)),
    ("{ box { share } }", Box(share=float("nan"))),
    ("{ box { loud } }", Box(loud="")),
    ("{ box { colour } }", Box(colour="green")),
    ("{ box { perhaps } }", Box(perhaps=[])),
    ("{ box { texts } }", Box(texts=None)),
    ("{ box { texts } }", Box(texts=["a", None])),
    ("{ box { texts } }", Box(texts="abc")),
    ("{ box { texts } }", Box(texts={"a": "b"}.values())),
    ("{ box { boxes { must } } }", Box(boxes=[None])),
    ("{ box { boxes { __typename } } }", Box(boxes=[None])),
    ("{ box { sure { __typename } } }", Box()),
    ("{ box { sure { __typename } } }", Box(sure=ValueError("secret"))),
    ("{ box { inner { text } } }", Box(inner=Undefined)),
    ("{ box { inner { text } } }", Box(inner=object())),
    ("{ box { named { name } } }", Box(named=Puppy(name="Rex"))),
    ("{ box { pet { ... on Dog { name } } } }", Box(pet=Puppy(name="Rex"))),
    ("{ box { dog { name } } }", Box(dog=Puppy(name="Rex"))),
    ("{ box { dog { name } } }", Box(dog=Cat(name="Tom"))),
    ("{ box { named { name } } }", Box(named=Box())),
    ("{ box { pets { __typename } } }", Box(pets=[None])),
    ("{ broken }", None),
    ("{ broken box { text } }", Box()),
]


@pytest.mark.parametrize(("text", "box"), COMPLETED)
def test_a_plan_completes(text, box):
    reply, planned = answered(text, box)
    assert planned
    assert not reply.codes


@pytest.mark.parametrize(("text", "box"), LEFT)
def test_a_plan_leaves_to_the_executor(text, box):
    _, planned = answered(text, box)
    assert not planned


def test_what_a_plan_was_left_for_is_found_in_the_log():
    on = odd.delivery(Box(must=None))
    with structlog.testing.capture_logs() as logs:
        on.attempt(on.begin(Operation("{ box { must } }")))
    assert {
        "event": "a plan was left",
        "reason": "Unplanned('None where a String belongs')",
        "log_level": "debug",
    } in logs


# --- Documents -------------------------------------------------------------------------------------------------------

WITHOUT_A_PLAN = {
    "{ informed }": "nobody told how Query.informed is read",
    "{ rooted }": "nobody told how Query.rooted is read",
    "{ later }": "nobody told how Query.later is read",
    "{ __schema { __typename } }": "nobody told how Query.__schema is read",
    '{ __type(name: "Box") { name } }': "nobody told how Query.__type is read",
    "{ box { grid } }": "it asks for lists in lists",
    "mutation { change }": "it is no query",
    "{ box @sudden { text } }": "it has directives, or arguments of fragments, that a plan does not know",
}


@pytest.mark.parametrize("text", WITHOUT_A_PLAN)
def test_there_is_no_plan_for(text):
    with pytest.raises(Unplanned) as refused:
        written(executor(text), odd.READER)
    assert str(refused.value) == WITHOUT_A_PLAN[text]


@pytest.mark.parametrize("text", [text for text in WITHOUT_A_PLAN if "sudden" not in text and "later" not in text])
def test_without_a_plan_the_executor_answers(text):
    _, planned = answered(text, Box(grid=[[1], [2, 3]]))
    assert not planned


def test_there_is_no_plan_with_too_many_fields(monkeypatch):
    text = "{ box { pets { ... on Named { name } } } }"
    assert compiled(executor(text), odd.READER).fields == 4
    monkeypatch.setattr(planning, "MOST_FIELDS", 3)
    with pytest.raises(Unplanned, match="too many fields"):
        compiled(executor(text), odd.READER)


def test_a_selection_that_is_asked_of_several_is_written_once():
    text = """{ box { boxes { ...Same } inner { ...Same } sure { inner { text } ...Same } } }
    fragment Same on Box { sure { must text } }"""
    source = written(executor(text), odd.READER).source
    assert source.count("def Box_") == 6
    assert source.count("'must'") == 1


def test_of_a_clients_text_only_names_of_fields_are_in_the_source():
    text = """query Ask($end: String) {
      alias_of_mine: wished(wish: {words: ["'); print('"]}, end: $end) w: wished(end: "secret") }"""
    source = written(executor(text, end="secret"), odd.READER).source
    assert "'alias_of_mine': " in source
    assert "print" not in source
    assert "secret" not in source
    assert "Ask" not in source


# --- Arguments -------------------------------------------------------------------------------------------------------

WISH = "query ($wish: Wish, $end: String!) { wished(wish: $wish, end: $end) }"
WORDS = "query ($words: [String!], $word: String!) { wished(wish: {words: $words, more: {words: [$word]}}) }"
ASKED = [
    ("{ wished }", {}),
    ('{ wished(times: 3, wish: {colour: RED, words: ["a"], more: {words: []}}, end: "?") }', {}),
    ("{ wished(wish: null) }", {}),
    ("{ a: wished(times: 1) b: wished(times: 1) wished }", {}),
    ("query ($times: Int = 3) { wished(times: $times) }", {}),
    ("query ($times: Int!) { wished(times: $times) a: wished(times: 5) }", {"times": 4}),
    ("query ($note: String) { wished(note: $note) }", {}),
    ("query ($note: String) { wished(note: $note) }", {"note": None}),
    (
        'query ($note: String, $size: Size!) { wished(note: $note, size: $size, end: "") }',
        {"note": "a", "size": "LARGE"},
    ),
    ('query ($times: Int!) { needed(times: $times, words: ["a"]) }', {"times": 3}),
    ("query ($times: Int!, $words: [String!]!) { needed(times: $times, words: $words) }", {"times": 3, "words": ["a"]}),
    (WISH, {"end": "."}),
    (WISH, {"end": ".", "wish": {"words": ["a"], "more": {"colour": "RED"}}}),
    (WISH, {"end": ".", "wish": None}),
    ("query ($word: String!) { wished(wish: {words: [$word]}) }", {"word": "a"}),
    (WORDS, {"word": "a"}),
    (WORDS, {"word": "a", "words": ["b"]}),
    (WORDS, {"word": "a", "words": None}),
]


@pytest.mark.parametrize(("text", "variables"), ASKED)
def test_arguments_are_as_the_executor_has_them(text, variables):
    reply, planned = answered(text, Box(), **variables)
    assert planned
    assert not reply.codes


def test_an_argument_that_must_be_given_and_is_not_makes_no_answer():
    plan = compiled(executor("query ($times: Int!) { needed(times: $times, words: []) }", times=3), odd.READER)
    with pytest.raises(Unplanned, match="`times` is not given"):
        plan.data(None, VariableValues({}, {}))


def test_null_for_an_argument_with_a_default_is_refused_by_the_executor():
    reply, planned = answered("query ($times: Int = 3) { wished(times: $times) }", Box(), times=None)
    assert not planned
    assert reply.codes == ("BAD_VARIABLES",)


# --- Fields ----------------------------------------------------------------------------------------------------------

COLLECTED = [
    "{ box { must text must: must } }",
    "{ box { inner { must } text inner { text must } } }",
    "{ box { ...A text ...A } } fragment A on Box { must ...B } fragment B on Box { yes text }",
    "{ box { ... { yes } ... on Box { number } } }",
    "{ box { a: inner { must } b: inner { text } } }",
    "{ box { must @skip(if: true) text @include(if: false) yes @skip(if: false) @include(if: true) } }",
    "{ box @skip(if: true) { must } }",
    "{ box { ... @include(if: false) { must } ...A @skip(if: true) ...A } } fragment A on Box { text }",
]


@pytest.mark.parametrize("text", COLLECTED)
def test_fields_are_collected_as_the_executor_does(text):
    reply, planned = answered(text, Box(inner=Box(must="in"), must="out"))
    assert planned
    assert not reply.codes


SWITCHED = """query Switched($a: Boolean!, $b: Boolean! = true, $c: Boolean = true) {
  box { must @skip(if: $a) text @include(if: $b) ...Rest @include(if: $c) must }
}
fragment Rest on Box { yes inner @skip(if: $b) { must } }"""


@pytest.mark.parametrize("a", [True, False])
@pytest.mark.parametrize("more", [{}, {"b": True}, {"b": False}, {"b": False, "c": False}, {"c": True}])
def test_what_a_variable_leaves_out_is_left_out_and_the_order_is_kept(a, more):
    reply, planned = answered(SWITCHED, Box(inner=Box()), a=a, **more)
    assert planned
    assert not reply.codes


def test_a_switch_that_is_null_is_refused_by_the_executor():
    reply, planned = answered(SWITCHED, Box(), a=True, c=None)
    assert not planned
    assert reply.codes == ("BAD_VARIABLES",)


# --- Keeping ---------------------------------------------------------------------------------------------------------


class Asking:
    """Asks one delivery again and again, which compiles when it usually does."""

    def __init__(self, plans: Plans) -> None:
        self.on = odd.delivery(Box())
        self.on.plans = plans

    def __call__(self, text: str, name: str | None = None, **variables: object) -> bool:
        """Whether a plan gave the answer."""
        work = self.on.begin(Operation(text, variables, operation_name=name))
        assert self.on.attempt(work).executed
        return work.planned


def test_an_operation_is_compiled_when_it_comes_again():
    ask = Asking(Plans(odd.READER))
    assert [ask("{ wished }") for _ in range(SIGHTS + 1)] == [False] * (SIGHTS - 1) + [True, True]


def test_each_operation_of_a_document_and_each_outcome_of_its_switches_is_counted_by_itself():
    ask = Asking(Plans(odd.READER, sights=2))
    text = "query A($x: Boolean!) { wished @skip(if: $x) box { text } } query B { wished }"
    assert [ask(text, "A", x=True), ask(text, "A", x=False), ask(text, "B")] == [False, False, False]
    assert [ask(text, "A", x=True), ask(text, "B"), ask(text, "A", x=False)] == [True, True, True]


def test_the_outcomes_of_switches_are_bounded():
    ask = Asking(Plans(odd.READER, sights=1))
    names = [f"v{number}" for number in range(4)]
    parts = " ".join(f"{name}: wished @skip(if: ${name})" for name in names)
    text = f"query ({' '.join(f'${name}: Boolean!' for name in names)}) {{ {parts} box {{ text }} }}"
    outcomes = [{name: bool(number >> place & 1) for place, name in enumerate(names)} for number in range(16)]
    assert [ask(text, **one) for one in outcomes] == [True] * MOST_VARIANTS + [False] * (16 - MOST_VARIANTS)
    assert ask(text, **outcomes[0])


def test_all_plans_together_are_bounded():
    plans = Plans(odd.READER, fields=12, sights=1)
    ask = Asking(plans)
    for number in range(100):
        assert ask(f"{{ a{number}: wished b: wished c: wished }}")
        assert plans.fields <= 12


def test_the_plan_used_longest_ago_is_forgotten_first():
    ask = Asking(Plans(odd.READER, fields=7, sights=2))  # room for two of these, each of two fields and itself
    one, two, three = (f"{{ a{number}: wished b: wished }}" for number in range(3))
    assert [ask(one), ask(one), ask(two), ask(two)] == [False, True, False, True]
    assert [ask(one), ask(three), ask(three)] == [True, False, True]
    assert [ask(one), ask(two)] == [True, False]


def test_a_plan_larger_than_the_bound_is_used_and_not_kept():
    plans = Plans(odd.READER, fields=2, sights=1)
    ask = Asking(plans)
    assert ask("{ a: wished b: wished c: wished }")
    assert plans.fields == 0


def test_what_has_no_plan_is_not_tried_again(monkeypatch):
    ask = Asking(Plans(odd.READER, sights=1))
    assert not ask("{ informed }")
    monkeypatch.setattr(keeping, "compiled", None)  # whoever compiles now fails
    with structlog.testing.capture_logs() as logs:
        assert not ask("{ informed }")
    assert logs == []


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (GraphQLError("It is not valid after all."), "an operation has no plan"),
        (ValueError("a defect"), "the compiler of plans failed"),
    ],
)
def test_where_the_compiler_fails_the_executor_answers(monkeypatch, error, event):
    def fail(*_):
        raise error

    monkeypatch.setattr(keeping, "compiled", fail)
    with structlog.testing.capture_logs() as logs:
        assert not Asking(Plans(odd.READER, sights=1))("{ wished }")
    assert [log["event"] for log in logs] == [event]
