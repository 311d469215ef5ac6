from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.masks import INTERNAL_MESSAGE
from content_api.delivery.operation import Operation
from tests.delivery.small import Root, ask, body, delivery, error, schema
from tests.waiting import at_once


@pytest.fixture
def logs():
    with capture_logs() as entries:
        yield entries


def test_a_request_error_is_shown_with_its_code_and_hint(logs):
    reply = ask("{ name refused }")
    assert body(reply) == {
        "errors": [
            {
                "message": "Not like this.",
                "locations": [{"line": 1, "column": 8}],
                "path": ["refused"],
                "extensions": {"code": "BAD_USER_INPUT", "hint": "Like that."},
            }
        ],
        "data": {"name": "small", "refused": None},
    }
    assert reply.executed
    assert reply.codes == ("BAD_USER_INPUT",)
    assert [entry["log_level"] for entry in logs] == ["debug"]
    assert "exc_info" not in logs[0]


def test_any_other_exception_is_hidden_from_the_client_and_whole_in_the_log(logs):
    reply = ask("query Q { broken }", operation_name="Q", stored="Q")
    assert error(reply) == {
        "message": INTERNAL_MESSAGE,
        "locations": [{"line": 1, "column": 11}],
        "path": ["broken"],
        "extensions": {"code": "INTERNAL"},
    }
    assert b"passwd" not in reply.body
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["operation"], entry["path"]) == ("Q", "broken")
    assert isinstance(entry["exc_info"], ValueError)
    assert entry["exc_info"].__traceback__ is not None


def test_one_failure_does_not_hide_another(logs):
    reply = ask("{ broken alsoBroken refused }")
    assert reply.codes == ("INTERNAL", "INTERNAL", "BAD_USER_INPUT")
    assert len([entry for entry in logs if entry["log_level"] == "error"]) == 2


def test_an_error_in_a_required_field_leaves_no_data_and_was_still_executed():
    reply = ask("{ required }")
    assert body(reply)["data"] is None
    assert reply.executed


def test_what_graphql_says_about_our_resolvers_is_ours_to_hide(logs):
    reply = ask("{ named { name } }")
    assert reply.codes == ("INTERNAL",)
    assert error(reply)["message"] == INTERNAL_MESSAGE
    assert any(entry["log_level"] == "error" for entry in logs)


def test_what_graphql_says_about_a_clients_value_is_shown(logs):
    reply = ask("query ($size: Int) { picky(size: $size) }", variables={"size": None})
    assert reply.codes == ("BAD_VARIABLES",)
    assert "size" in error(reply)["message"]
    assert not any(entry["log_level"] == "error" for entry in logs)


def test_a_defect_outside_any_field_is_hidden_as_well(logs):
    class Unencodable(Root):
        def name(self, info):
            return "\ud800"

    reply = at_once(Delivery(schema(), lambda: Live("v1", Unencodable())).answer(Operation("{ name }")))
    assert body(reply) == {"errors": [{"message": INTERNAL_MESSAGE, "extensions": {"code": "INTERNAL"}}]}
    assert not reply.executed
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["exc_info"] is not None


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ thing { } }", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("type T { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Thing { name }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { name }", "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "thing{same" * 250, "TOO_DEEP"),
    ],
)
def test_a_clients_mistake_has_a_code_and_no_data(document, code, logs):
    reply = ask(document)
    assert reply.codes == (code,)
    assert "data" not in body(reply)
    assert not reply.executed
    assert {entry["log_level"] for entry in logs} == {"debug"}


def test_the_location_says_where_reading_stopped():
    assert error(ask("{\n  name\n  )"))["locations"] == [{"line": 3, "column": 3}]


def test_a_clients_text_is_not_sent_back_at_length():
    reply = ask("{ " + "a" * 9_000 + " }", on=delivery(Limits(name_characters=9_000)))
    message = error(reply)["message"]
    assert len(message) == 200
    assert message.endswith("…")
