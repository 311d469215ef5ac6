"""Which document an id stands for, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.persisted import OTHERS, Automatic, Persisted
from content_api.delivery.stored import id_of
from content_api.delivery.subscribe import Subscriptions
from content_api.errors import RequestError
from tests.delivery.small import Voice, body, delivery, error
from tests.delivery.storing import stored
from tests.waiting import at_once

NAME = stored("query Name { name }\n")
LABEL = stored("query Label($short: Boolean) { thing { label(short: $short) } }", "Label")
OTHER = "{ things { totalCount } }"


def persisted(**options) -> Persisted:
    return Persisted([NAME, LABEL], longest=10_000, **options)


def answer(on: Persisted, text: str = "", to: Delivery | None = None, **operation) -> Reply:
    return at_once(on.answering(to or delivery())(Operation(text, **operation)))


@pytest.mark.parametrize("identifier", ["Label", LABEL.id])
@pytest.mark.parametrize("trusted_only", [False, True])
def test_a_stored_document_is_asked_by_its_name_or_its_id(identifier: str, trusted_only: bool):
    reply = answer(persisted(trusted_only=trusted_only), document_id=identifier, variables={"short": True})
    assert body(reply) == {"data": {"thing": {"label": "S"}}}


def test_a_name_that_is_not_stored_is_told_with_what_is_near():
    assert error(answer(persisted(), document_id="Lable")) == {
        "message": "PersistedQueryNotFound",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND", "hint": "Did you mean `Label`?"},
    }
    assert error(answer(persisted(), document_id="Xyz"))["extensions"]["hint"] == "No document `Xyz` is stored here."


def test_an_id_that_nobody_has_sent_is_told_in_the_words_that_clients_compare():
    reply = answer(persisted(), document_id=id_of(OTHER))
    assert error(reply) == {
        "message": "PersistedQueryNotFound",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND", "hint": "Send the text together with its id once."},
    }
    assert (reply.executed, reply.version, reply.cost) == (False, "v1", None)


def test_a_text_that_came_with_its_id_is_known_by_it_afterwards():
    automatic = Automatic()
    on = persisted(automatic=automatic)
    first = answer(on, OTHER, document_id=id_of(OTHER))
    assert body(first) == {"data": {"things": {"totalCount": 1}}}
    assert (len(automatic), automatic.size) == (1, len(OTHER))
    assert answer(on, document_id=id_of(OTHER)) == first


def test_what_a_text_alone_asks_is_not_remembered():
    on = persisted()
    answer(on, OTHER)
    assert answer(on, document_id=id_of(OTHER)).codes == ("PERSISTED_QUERY_NOT_FOUND",)


@pytest.mark.parametrize("identifier", [id_of("another"), "Name", "Label"])
def test_an_id_that_is_not_the_texts_is_refused_and_nothing_is_remembered(identifier: str):
    automatic = Automatic()
    reply = answer(persisted(automatic=automatic), OTHER, document_id=identifier)
    assert error(reply)["extensions"]["code"] == "PERSISTED_QUERY_HASH_MISMATCH"
    assert error(reply)["message"] == f"The id of the document is `{id_of(OTHER)}`; it was sent with `{identifier}`."
    assert len(automatic) == 0


def test_a_stored_document_takes_no_room_among_the_automatic_ones():
    automatic = Automatic()
    answer(persisted(automatic=automatic), NAME.text, document_id=NAME.id)
    assert len(automatic) == 0


def test_a_text_that_is_too_long_to_be_read_is_not_remembered():
    automatic, text = Automatic(), "{ name }".ljust(10_001)
    reply = answer(persisted(automatic=automatic), text, document_id=id_of(text))
    assert (reply.codes, len(automatic)) == (("DOCUMENT_TOO_LONG",), 0)


def test_an_invalid_document_is_told_what_is_wrong_whether_it_comes_as_text_or_as_id():
    on, text = persisted(), "{ nope }"
    first = answer(on, text, document_id=id_of(text))
    assert first.codes == ("GRAPHQL_VALIDATION_FAILED",)
    assert answer(on, document_id=id_of(text)) == first


@pytest.mark.parametrize(
    "operation",
    [
        {"text": OTHER},
        {"text": OTHER, "document_id": id_of(OTHER)},
        {"document_id": id_of(OTHER)},
        {"document_id": "Xyz"},
        {"text": "{ __schema { types { name } } }"},
        {"text": NAME.text.strip()},
        {"text": ""},
    ],
)
def test_a_server_that_trusts_what_is_stored_executes_nothing_else(operation: dict):
    automatic = Automatic()
    reply = answer(persisted(automatic=automatic, trusted_only=True), **operation)
    assert (reply.codes, reply.executed, len(automatic)) == (("DOCUMENT_NOT_TRUSTED",), False, 0)
    assert error(reply)["message"] == "This server answers stored documents only, and this is none of them."


def test_it_executes_the_text_of_a_stored_document_too():
    on = persisted(trusted_only=True)
    assert body(answer(on, NAME.text)) == {"data": {"name": "small"}}
    assert body(answer(on, NAME.text, document_id=NAME.id)) == {"data": {"name": "small"}}


def test_an_operation_name_that_the_document_does_not_have_is_refused_as_ever():
    reply = answer(persisted(), document_id="Name", operation_name="Nope")
    assert reply.codes == ("OPERATION_RESOLUTION_FAILURE",)


def test_operations_are_counted_by_names_that_nobody_can_make_up():
    on = persisted()
    assert on.counted == {"Name": 0, "Label": 0, OTHERS: 0}
    answer(on, document_id="Name")
    answer(on, document_id=NAME.id)
    answer(on, NAME.text)
    answer(on, "query Evil { name }", operation_name="Evil")
    answer(on, document_id="Nope")
    assert on.counted == {"Name": 3, "Label": 0, OTHERS: 1}


def test_a_log_names_stored_documents_only(logs):
    on = Persisted([stored("query Broken { broken }", "Broken")], longest=10_000)
    answer(on, document_id="Broken", operation_name="Broken")
    answer(on, "query Evil { broken }", operation_name="Evil")
    assert [entry["operation"] for entry in logs if entry["log_level"] == "error"] == ["Broken", None]


def test_so_does_the_log_of_a_defect_outside_any_field(logs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("content_api.delivery.prices.price", None)  # whoever prices now fails
    answer(persisted(), document_id="Name", operation_name="Name")
    answer(persisted(), "query Evil { name }", operation_name="Evil")
    assert [entry["operation"] for entry in logs if entry["log_level"] == "error"] == ["Name", None]


@pytest.fixture
def logs():
    with capture_logs() as entries:
        yield entries


def test_subscriptions_are_asked_in_the_same_way():
    said = stored("subscription Said { said }", "Said")
    on = Persisted([said], longest=10_000, trusted_only=True)

    async def heard(operation: Operation) -> list[dict]:
        subscribe = on.subscribing(Subscriptions(delivery(), Voice()))
        return [json.loads(reply.body) async for reply in subscribe(operation)]

    for identifier in ("Said", said.id):
        told = at_once(heard(Operation("", document_id=identifier)))
        assert told == [{"data": {"said": "1"}}, {"data": {"said": "2"}}]
    [refusal] = at_once(heard(Operation("subscription { said }")))
    assert refusal["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


# --- The automatic ones -----------------------------------------------------------------------------------------------


def test_the_one_asked_for_longest_ago_is_forgotten_first():
    automatic = Automatic(number=2)
    for identifier in ("a", "b", "a", "c"):
        automatic.remember(identifier, identifier)
    assert [automatic.get(identifier) for identifier in "abc"] == ["a", None, "c"]


def test_asking_counts_as_use():
    automatic = Automatic(number=2)
    automatic.remember("a", "a")
    automatic.remember("b", "b")
    automatic.get("a")
    automatic.remember("c", "c")
    assert (automatic.get("a"), automatic.get("b")) == ("a", None)


@given(st.lists(st.text(max_size=8), max_size=40))
def test_both_bounds_hold_after_every_text_and_each_is_found_under_its_own_id_alone(texts: list[str]):
    automatic = Automatic(number=5, size=20)
    for text in texts:
        automatic.remember(id_of(text), text)
        assert len(automatic) <= 5
        assert automatic.size <= 20
    found = {text: automatic.get(id_of(text)) for text in texts}
    assert all(other in (None, text) for text, other in found.items())
    assert automatic.size == sum(len(text.encode()) for text, other in found.items() if other is not None)


def test_find_gives_an_operation_of_its_own_only_where_there_is_something_to_say():
    operation = Operation(OTHER)
    assert persisted().find(operation) is operation
    with pytest.raises(RequestError, match="PersistedQueryNotFound"):
        persisted().find(Operation("", document_id="Nope"))
