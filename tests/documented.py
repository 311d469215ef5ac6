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
    assert answer.keys() <= {"data", "errors", "extensions"}
    errors = answer.get("errors", [])
    assert "data" in answer or errors
    assert len(errors) <= 5
    for error in errors:
        assert error.keys() <= {"message", "locations", "path", "extensions"}
        assert error["extensions"].keys() <= {"code", "hint", "requestId"}
        assert error["extensions"]["requestId"] == response.headers["request-id"]
        assert error["extensions"]["code"] in ERROR_CODES.keys() - {"INTERNAL"}
        assert all(len(step) <= LONGEST_NAME for step in error.get("path", ()) if isinstance(step, str))
        assert 0 < len(error["message"]) <= LONGEST_MESSAGE
        assert len(error["extensions"].get("hint", "")) <= LONGEST_MESSAGE
    allowed = {200} if "data" in answer else {200, *(ERROR_CODES[error["extensions"]["code"]][0] for error in errors)}
    assert response.status_code in allowed
