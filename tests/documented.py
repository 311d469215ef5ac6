"""The shape that docs/reference promises of every answer of GraphQL, whatever was asked."""

from __future__ import annotations

from content_api.delivery.limits import Limits
from content_api.errors import ERROR_CODES, LONGEST_MESSAGE

LONGEST_NAME = Limits().name_characters


def assert_documented(response) -> None:
    """An answer of GraphQL, or a refusal of it, with a status that the table of http.md has for it."""
    assert response.headers["content-type"].partition(";")[0] in (
        "application/json",
        "application/graphql-response+json",
    )
    answer = response.json()
    assert_answer(answer, response.headers["request-id"])
    errors = answer.get("errors", [])
    allowed = {200} if "data" in answer else {200, *(ERROR_CODES[error["extensions"]["code"]][0] for error in errors)}
    assert response.status_code in allowed


def assert_answer(answer: dict, request_id: str) -> None:
    """The body of one, or an event."""
    assert answer.keys() <= {"data", "errors", "extensions"}
    errors = answer.get("errors", [])
    assert "data" in answer or errors
    assert_errors(errors, request_id)


def assert_errors(errors: list[dict], request_id: str) -> None:
    assert len(errors) <= 5
    for error in errors:
        assert error.keys() <= {"message", "locations", "path", "extensions"}
        assert error["extensions"].keys() <= {"code", "hint", "requestId"}
        assert error["extensions"]["requestId"] == request_id
        assert error["extensions"]["code"] in ERROR_CODES.keys() - {"INTERNAL"}
        assert all(len(step) <= LONGEST_NAME for step in error.get("path", ()) if isinstance(step, str))
        assert 0 < len(error["message"]) <= LONGEST_MESSAGE
        assert len(error["extensions"].get("hint", "")) <= LONGEST_MESSAGE


def assert_problem(response) -> None:
    """A refusal outside of GraphQL."""
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told.keys() - {"hint"} == {"type", "title", "status", "detail", "code", "requestId"}
    assert told["requestId"] == response.headers["request-id"]
    assert told["code"] in ERROR_CODES.keys() - {"INTERNAL"}
    assert told["status"] == response.status_code == ERROR_CODES[told["code"]][0]
    assert 0 < len(told["detail"]) <= LONGEST_MESSAGE
