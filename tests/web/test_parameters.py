from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.delivery.operation import Operation
from content_api.errors import RequestError
from content_api.web.parameters import from_body, from_query_string


def test_a_body_is_read_whole():
    body = {"query": "{ a }", "variables": {"x": [1, None]}, "operationName": "A", "extensions": {"e": 1}, "more": 1}
    assert from_body(json.dumps(body).encode()) == Operation("{ a }", {"x": [1, None]}, "A", safe=False)


def test_a_query_string_is_read_whole_and_is_safe():
    given_ = {"query": "{ a }", "variables": '{"x": "é"}', "operationName": "A", "extensions": '{"e":1}', "more": "1"}
    assert from_query_string(urlencode(given_).encode()) == Operation("{ a }", {"x": "é"}, "A", safe=True)


@pytest.mark.parametrize("empty", ["variables", "operationName", "extensions"])
def test_what_is_null_or_empty_is_absent(empty):
    assert from_body(json.dumps({"query": "{a}", empty: None}).encode()) == Operation("{a}")
    assert from_query_string(f"query=%7Ba%7D&{empty}=".encode()) == Operation("{a}", safe=True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON"),
        (b"null", "The body must be a JSON object; it is null."),
        (b"3", "The body must be a JSON object; it is a number."),
        (b'"{ a }"', "The body must be a JSON object; it is a string."),
        (b"[]", "Batches are not answered here."),
        (b'[{"query": "{ a }"}]', "Batches are not answered here."),
        (b'{"query": "{ a }"', "The body is not JSON"),
        (b'{"query": "{ a }"} x', "The body is not JSON"),
        (b'{"query": "{ a }",}', "The body is not JSON"),
        (b'{"query": "{ a }", "query": "{ b }"}', "query"),
        (b'{"query": "{ a }", "variables": {"x": NaN}}', "The body is not JSON"),
        (b'{"query": "\\ud800"}', "The body is not JSON"),
        (b"\xef\xbb\xbf{}", "The body begins with a byte order mark."),
        (b'{"query": "\xff"}', "The body is not UTF-8: byte 12 does not fit."),
        ('{"query": "{ a }"}'.encode("utf-16"), "The body is not UTF-8: byte 1 does not fit."),
        (b'{"query": "{ a }", "%s": 1, "%s": 1}' % (b"k" * 900, b"k" * 900), "The body is not JSON"),
        (b"{}", "There is no `query`."),
        (b'{"query": null}', "There is no `query`."),
        (b'{"query": ["{ a }"]}', "`query` must be a string; it is an array."),
        (b'{"query": "{ a }", "operationName": false}', "`operationName` must be a string or null; it is a boolean."),
        (b'{"query": "{ a }", "variables": "{}"}', "`variables` must be an object or null; it is a string."),
        (b'{"query": "{ a }", "extensions": 1.5}', "`extensions` must be an object or null; it is a number."),
    ],
)
def test_a_body_that_is_not_a_request_is_refused(body, message):
    with pytest.raises(RequestError, match=message.replace("{", r"\{")) as refusal:
        from_body(body)
    assert refusal.value.code == "BAD_REQUEST"
    assert len(str(refusal.value)) <= 200


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        (b"", "There is no `query`."),
        (b"query=", "There is no `query`."),
        (b"query=%7Ba%7D&query=%7Bb%7D", "`query` is given more than once."),
        (b"query=%7Ba%7D&variables=x", "`variables` is not JSON"),
        (b"query=%7Ba%7D&variables=[]", "`variables` must be an object or null; it is an array."),
        (b"query=%7Ba%7D&extensions=3", "`extensions` must be an object or null; it is a number."),
        (b"query=%FF", "The query string is not percent-encoded UTF-8."),
        ("query={é}".encode(), "The query string is not percent-encoded UTF-8."),
        (b"&".join(b"a=1" for _ in range(21)), "The query string has 21 parameters; 20 are read."),
        (b"query=%7Ba%7D&x=" + b"x" * 100_000, "The query string has 100,016 bytes; 100,000 are read."),
    ],
)
def test_a_query_string_that_is_not_a_request_is_refused(query_string, message):
    with pytest.raises(RequestError, match=message) as refusal:
        from_query_string(query_string)
    assert refusal.value.code == "BAD_REQUEST"


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["query", "variables", "x"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_the_bytes_there_is_an_operation_or_a_refusal(bytes_):
    for read in (from_body, from_query_string):
        assert outcome(read, bytes_) in ("an operation", "BAD_REQUEST")


def outcome(read, bytes_: bytes) -> str:
    try:
        return "an operation" if isinstance(read(bytes_), Operation) else "something else"
    except RequestError as refusal:
        return refusal.code


@given(st.text(min_size=1), st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none()))
def test_both_roads_carry_the_same_question(document, variables):
    body = json.dumps({"query": document, "variables": variables}).encode()
    query_string = f"query={quote(document)}&variables={quote(json.dumps(variables))}".encode()
    by_post, by_get = from_body(body), from_query_string(query_string)
    assert (by_post.document, by_post.variables) == (by_get.document, by_get.variables) == (document, variables)
