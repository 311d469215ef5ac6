"""JSON as it comes: in a body, in the variables of an address, in a message of a WebSocket."""

from __future__ import annotations

import json

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.delivery.limits import Limits
from content_api.errors import LONGEST_MESSAGE, RequestError
from content_api.web import strict_json as module
from content_api.web.strict_json import strict_json
from tests.web.small import application, client

LIMITS = Limits()
LONG = "k" * 9_000


def refused(text: str, limits: Limits = LIMITS) -> str:
    """What is said of a text that is not taken."""
    with pytest.raises(RequestError) as refusal:
        strict_json(text, "The body", limits)
    assert refusal.value.code == "BAD_REQUEST"
    assert len(str(refusal.value)) <= LONGEST_MESSAGE
    return str(refusal.value)


def nested(depth: int) -> list[str]:
    """Texts that are nested so deep, in each of the ways."""
    mixed = '[{"a":' * (depth // 2) + "[" * (depth % 2) + "1" + "]" * (depth % 2) + "}]" * (depth // 2)
    return ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, mixed]


@pytest.mark.parametrize("way", range(3))
def test_json_may_be_nested_as_deep_as_the_limit_and_no_deeper(way):
    text = nested(20)[way]
    assert strict_json(text, "The body", LIMITS) == json.loads(text)
    assert refused(nested(21)[way]) == "The body is nested 21 or more levels deep; 20 are read."
    assert strict_json(nested(2)[way], "The body", Limits(json_depth=2)) == json.loads(nested(2)[way])
    assert refused(nested(3)[way], Limits(json_depth=2)) == "The body is nested 3 or more levels deep; 2 are read."


@pytest.mark.parametrize("depth", [200, 201, 202, 1_000, 50_000])
def test_what_jiter_would_not_read_is_too_deep_in_the_same_words(depth):
    assert {refused(text) for text in nested(depth)} == {"The body is nested 21 or more levels deep; 20 are read."}


def test_a_text_may_be_as_wide_as_it_likes():
    assert len(strict_json("[" + "[]," * 30_000 + "[]]", "The body", LIMITS)) == 30_001


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("place", ["%s", "[%s]", '{"variables": {"a": [1, {"b": %s}]}}'])
def test_a_whole_number_may_have_as_many_digits_as_the_limit_and_no_more(sign, place):
    for digits in ("9" * 20, "1" + "0" * 19, "18446744073709551615"):
        assert strict_json(place % f"{sign}{digits}", "The body", LIMITS) == json.loads(place % f"{sign}{digits}")
    for length in (21, 4_299):
        for digits in ("9" * length, "1" + "0" * (length - 1)):
            assert (
                refused(place % f"{sign}{digits}") == f"The body has a whole number of {length:,} digits; 20 are read."
            )
    for length in (4_301, 90_000):
        said = refused(place % f"{sign}{'9' * length}")
        assert said == "The body has a whole number of over 4,300 digits; 20 are read."


def test_a_number_with_a_fraction_has_as_many_digits_as_it_likes_and_is_one_that_there_is():
    assert strict_json("0." + "3" * 5_000, "The body", LIMITS) == 1 / 3
    for text in ("1e999", "-1e999", "[1e400]", '{"a": {"b": 123456789e999999999999999999999}}'):
        assert refused(text) == "The body has a number that is too large to reckon with."


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        '{"a": NaN}',
        "Infinity",
        "[-Infinity]",
        '{"a": 1, "a": 1}',
        '{"a": {"b": [{"c": 1, "c": 2}]}}',
        '{"a": 1, "\\u0061": 2}',
        '"\\ud800"',
        '"\\udc00"',
        '"\\ud800\\u0041"',
        '{"\\udfff": 1}',
        '"a\nb"',
        '"\x00"',
        "'a'",
        "{a: 1}",
        "[1,]",
        "01",
        "+1",
        ".5",
        "0x10",
        "1 2",
        "{} {}",
        "{}\x00",
        "\x0c{}",
        "\xa0{}",
        "/**/{}",
        "{} // all",
        "undefined",
        "True",
        "",
        " ",
        '{"a"',
        f'{{"{LONG}": 1, "{LONG}": 1}}',
    ],
)
def test_what_is_no_json_is_refused(text):
    assert refused(text).startswith("The body is not JSON: ")


def test_a_byte_order_mark_is_told_by_its_name():
    assert refused("\ufeff{}") == "The body begins with a byte order mark."


def test_a_pair_of_surrogates_is_a_character_and_a_null_is_one_too():
    assert strict_json('"\\ud83d\\ude00\\u0000"', "The body", LIMITS) == "\U0001f600\0"


def test_jiter_still_says_what_is_looked_for_in_its_words():
    with pytest.raises(ValueError, match=f"^{module.DEEPER_THAN_JITER}"):
        jiter.from_json(b"[" * 300)
    with pytest.raises(ValueError, match=f"^{module.LONGER_THAN_JITER}"):
        jiter.from_json(b"9" * 5_000)


def depth_of(value: object) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(VALUES, st.integers(1, 6), st.integers(1, 25))
def test_what_is_within_the_limits_is_read_as_json_says_and_all_else_refused(value, depth, digits):
    limits = Limits(json_depth=depth, json_digits=digits)
    text = json.dumps(value, ensure_ascii=False)
    fits = depth_of(value) <= depth and all(len(str(abs(number))) <= digits for number in whole_numbers(value))
    if fits:
        assert strict_json(text, "It", limits) == value
    else:
        refused(text, limits)


def whole_numbers(value: object) -> list[int]:
    match value:
        case bool():
            return []
        case int():
            return [value]
        case dict():
            return [number for inner in value.values() for number in whole_numbers(inner)]
        case list():
            return [number for inner in value for number in whole_numbers(inner)]
    return []


@given(st.binary().map(lambda found: found.decode("utf-8", "replace")) | st.text())
def test_whatever_the_text_there_is_a_value_or_a_refusal(text):
    try:
        value = strict_json(text, "It", LIMITS)
    except RequestError:
        refused(text)
    else:
        assert value == json.loads(text)


# ---- wherever it comes


HUGE = "9" * 21


def variables_by(road: str, value: str) -> str | None:
    """The code of the refusal of a request whose variable has a value, given as JSON."""
    document = "query ($a: Int) { picky(size: $a) }"
    if road == "GET":
        given_ = {"query": document, "variables": f'{{"a": {value}}}'}
        response = client().get("/graphql", params=given_)
    elif road == "extensions of a GET":
        response = client().get("/graphql", params={"query": "{ name }", "extensions": f'{{"a": {value}}}'})
    else:
        body = f'{{"query": {json.dumps(document)}, "variables": {{"a": {value}}}}}'
        response = client().post("/graphql", content=body, headers={"Content-Type": "application/json"})
    errors = response.json().get("errors")
    return errors and errors[0]["extensions"]["code"]


@pytest.mark.parametrize("road", ["POST", "GET", "extensions of a GET"])
def test_every_road_reads_json_the_same_way(road):
    assert variables_by(road, "1") is None
    for value in (nested(21)[0], nested(21)[1], HUGE, "NaN", "1e999", '"\\ud800"', '{"a": 1, "a": 2}', "[" * 9_000):
        assert variables_by(road, value) == "BAD_REQUEST"


@pytest.mark.parametrize("value", [nested(30)[0], HUGE, "NaN", '"\\ud800"', '{"a": 1, "a": 2}'])
def test_a_message_of_a_websocket_is_read_the_same_way(value):
    with client().websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_text(f'{{"type": "connection_init", "payload": {{"a": {value}}}}}')
        closed = socket.receive()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4400)
    assert closed["reason"].startswith("The message ")


def test_limits_that_are_set_are_held():
    app = application(limits=Limits(json_depth=2, json_digits=3, body_bytes=1_000))
    headers = {"Content-Type": "application/json"}

    def message(body: str) -> str:
        response = client(app).post("/graphql", content=body, headers=headers)
        return response.json()["errors"][0]["message"]

    assert message('{"variables": {"a": []}}') == "The body is nested 3 or more levels deep; 2 are read."
    assert message('{"variables": {"a": 1234}}') == "The body has a whole number of 4 digits; 3 are read."
    assert message(" " * 1_001) == "The body has 1,001 bytes; 1,000 are read."
