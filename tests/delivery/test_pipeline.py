from __future__ import annotations

import pytest
import strawberry

from content_api.delivery.answering import Answering
from content_api.delivery.delivery import Delivery
from content_api.delivery.documents import Documents
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation
from content_api.delivery.pipeline import ANSWERING
from content_api.delivery.plans import Plans
from content_api.delivery.reading import READING, Reading
from content_api.errors import RequestError
from tests.delivery.small import Root, ask, body, delivery, error, schema

pytestmark = pytest.mark.usefixtures("turns")


def test_a_question_is_answered():
    reply = ask("query ($key: String) { thing(key: $key) { name label(short: true) } }", variables={"key": "x"})
    assert body(reply) == {"data": {"thing": {"name": "stone", "label": "S"}}}
    assert (reply.executed, reply.codes, reply.version, reply.cost, reply.cost_limit) == (True, (), "v1", 3, 5_000)


def test_the_steps_can_be_read():
    assert [step.__name__ for step in READING] == ["parse_text", "hold_limits", "check_validity"]
    assert [step.__name__ for step in ANSWERING] == [
        "measure",
        "recall",
        "permit",
        "accept",
        "choose",
        "answer_once",
        "coerce_variables",
        "hold_price",
        "find_pin",
        "execute",
    ]


def test_the_steps_can_be_cut_in_half():
    target = delivery()
    work = Answering(Operation("{ things(first: 2) { totalCount } }"), Live("v1", Root()), *parts(target))
    for step in ANSWERING[:-1]:
        step(work)
    assert work.cost == 3
    with pytest.raises(AttributeError):
        _ = work.result
    ANSWERING[-1](work)
    assert work.result.data == {"things": {"totalCount": 1}}


def test_a_step_that_runs_too_early_says_so():
    with pytest.raises(AttributeError):
        ANSWERING[-1](Answering(Operation("{ name }"), Live("v1", Root()), *parts(delivery())))


def test_reading_stops_at_the_first_step_that_refuses():
    work = Reading("{ same { same } }", schema(), Limits(depth=1), suggests=True)
    READING[0](work)
    with pytest.raises(RequestError, match="2 or more levels"):
        READING[1](work)
    assert work.errors == ()


def parts(target: Delivery) -> tuple[object, Limits, Documents, Plans | None]:
    return target.schema, target.limits, target.documents, target.plans


def test_what_is_live_is_taken_once_for_each_operation():
    taken: list[int] = []

    def live() -> Live:
        taken.append(len(taken))
        return Live(f"v{len(taken)}", Root())

    target = Delivery(schema(), live)
    assert [ask("{ name a: name thing { name } }", on=target).version for _ in range(2)] == ["v1", "v2"]
    assert taken == [0, 1]


def test_a_resolver_is_given_the_context_of_what_is_live():
    class Contextual(Root):
        def name(self, info):
            return info.context["who"]

    target = Delivery(schema(), lambda: Live("v1", Contextual(), {"who": "context"}))
    assert body(ask("{ name }", on=target)) == {"data": {"name": "context"}}


TWO = "query A { name } query B { other: name }"


def test_an_operation_is_chosen_by_name():
    assert body(ask(TWO, operation_name="B")) == {"data": {"other": "small"}}
    assert body(ask("query A { name }")) == {"data": {"name": "small"}}


@pytest.mark.parametrize(
    ("document", "name", "message", "hint"),
    [
        (TWO, None, "The document has several operations.", "Set `operationName` to one of: `A`, `B`."),
        (TWO, "C", "There is no operation `C` in the document.", "Set `operationName` to one of: `A`, `B`."),
        ("{ name }", "C", "There is no operation `C` in the document.", "Set `operationName` to one of: none."),
        ("{ name }", "", "There is no operation `` in the document.", "Set `operationName` to one of: none."),
    ],
)
def test_an_operation_that_cannot_be_chosen_is_refused(document, name, message, hint):
    reply = ask(document, operation_name=name)
    assert reply.codes == ("OPERATION_RESOLUTION_FAILURE",)
    assert error(reply)["message"] == message
    assert error(reply)["extensions"]["hint"] == hint


@pytest.mark.parametrize("variables", [{}, {"ids": None}, {"ids": [None]}, {"ids": [{"a": 1}]}])
def test_variables_that_do_not_fit_are_refused(variables):
    reply = ask("query ($ids: [ID!]!) { nodes(ids: $ids) { name } }", variables=variables)
    assert reply.codes == ("BAD_VARIABLES",)
    assert not reply.executed
    assert "ids" in error(reply)["message"]


def test_many_wrong_variables_give_five_errors():
    names = [f"v{i}" for i in range(9)]
    document = (
        f"query ({' '.join(f'${n}: Int!' for n in names)}) {{ {' '.join(f'{n}: picky(size: ${n})' for n in names)} }}"
    )
    assert ask(document).codes == ("BAD_VARIABLES",) * 5


def test_a_mutation_is_executed_unless_the_transport_is_safe():
    document = 'mutation { rename(name: "x") }'
    assert ask(document).executed
    reply = ask(document, safe=True)
    assert (reply.executed, reply.codes) == (False, ("METHOD_NOT_ALLOWED",))


def test_a_safe_transport_may_ask_a_document_for_its_query():
    document = 'query Q { name } mutation M { rename(name: "x") }'
    assert ask(document, operation_name="Q", safe=True).executed
    assert ask(document, operation_name="M", safe=True).codes == ("METHOD_NOT_ALLOWED",)


def test_a_safe_transport_is_told_so_even_where_the_schema_has_no_such_mutation():
    assert ask("mutation { nope }", safe=True).codes == ("METHOD_NOT_ALLOWED",)


def test_a_strawberry_schema_is_executed_like_any_other():
    @strawberry.type
    class Query:
        @strawberry.field
        def shout(self, info: strawberry.Info, word: str) -> str:
            if not word:
                raise RequestError("BAD_USER_INPUT", "`word` is empty.")
            return word.upper() + info.root_value + info.context

    made = strawberry.Schema(Query)
    target = Delivery(made._schema, lambda: Live("v1", "!", "?"))
    assert body(ask('{ shout(word: "hey") }', on=target)) == {"data": {"shout": "HEY!?"}}
    assert ask('{ shout(word: "") }', on=target).codes == ("BAD_USER_INPUT",)
