"""From bytes to a model or to problems: the words for every way in which a file can be broken, and that none raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from content_api.content.diagnosis import PATTERNS, is_strict
from content_api.content.layout import FileKind, place_of
from content_api.content.parse import ADAPTERS, MODELS, parse
from content_api.content.problems import Problem
from tests import world

PERSON = "people/test-reviewer.json"
GOOD = b"""{
  "$schema": "../x/person.schema.json",
  "id": "test-reviewer",
  "name": "Nobody",
  "qualifications": "None"
}
"""


def problems_of(data: bytes, path: str = PERSON) -> list[Problem]:
    place = place_of(path)
    assert place is not None
    value, problems = parse(path, place, data)
    told = list(problems)
    assert (value is None) == bool(told)
    if is_strict(data):  # as a copy of the process may have found out before
        again, problems = parse(path, place, data, strict=True)
        assert (repr(again), list(problems)) == (repr(value), told)
    return told


def named(value: str | bytes) -> bytes:
    return GOOD.replace(b'"Nobody"', value.encode() if isinstance(value, str) else value)


NOT_A_VALUE = "Write a number, a text in quotes, true, false or null"
HALF = ("An escape stands for half a character", "Write the character itself")
CONTROL = ("There is a control character in a text", "Write line breaks in texts as \\n")
UTF_16 = ("The file is in UTF-16 or UTF-32", "Save it as UTF-8")
SHORT = "Write numbers with at most 20 digits"

# What an editor did, the bytes, line, column, what was found, what would be right.
BROKEN: list[tuple[str, bytes, int, int, str, str]] = [
    ("cut", GOOD[:-3], 5, 26, "The file ends in the middle", "Complete it, or take the last good version from git"),
    ("empty", b"", 1, 1, "The file is empty", "Expected a JSON object"),
    ("blank", b" \n", 1, 1, "The file is empty", "Expected a JSON object"),
    ("a list", b"[]", 1, 1, "The file holds a list", "Expected a JSON object: { … }"),
    ("null", b"null", 1, 1, "The file holds null", "Expected a JSON object: { … }"),
    (
        "a trailing comma",
        GOOD.replace(b'"None"', b'"None",'),
        6,
        1,
        "There is a comma before a closing bracket",
        "Remove the comma",
    ),
    (
        "conflict markers",
        named('"Nobody",\n<<<<<<< HEAD\n'),
        5,
        1,
        "A merge conflict was left in the file",
        "Resolve it and remove the marks",
    ),
    (
        "a duplicate key",
        named('"Nobody",\n  "name": "Somebody"'),
        5,
        10,
        'The key "name" stands twice in one object',
        "Keep one of the two",
    ),
    ("NaN", named("NaN"), 4, 11, "`NaN` is no JSON value", NOT_A_VALUE),
    ("Infinity", named("-Infinity"), 4, 12, "`Infinity` is no JSON value", NOT_A_VALUE),
    ("Python's True", named("True"), 4, 11, "`True` is no JSON value", NOT_A_VALUE),
    ("a lone surrogate", named('"\\ud800"'), 4, 18, *HALF),
    ("half a pair", named('"\\udc00"'), 4, 17, *HALF),
    ("a NUL escape", named('"a\\u0000"'), 4, 13, "There is a NUL character in a text", "Remove it"),
    ("a NUL byte", named(b'"a\0"'), 4, 13, *CONTROL),
    ("a line break in a text", named('"a\nb"'), 5, 1, *CONTROL),
    (
        "a BOM",
        b"\xef\xbb\xbf" + GOOD,
        1,
        1,
        "The file begins with a byte order mark (BOM)",
        "Save it as UTF-8 without BOM",
    ),
    ("UTF-16", GOOD.decode().encode("utf-16"), 1, 1, *UTF_16),
    ("UTF-16 without BOM", GOOD.decode().encode("utf-16-be"), 1, 1, *UTF_16),
    ("UTF-32", GOOD.decode().encode("utf-32"), 1, 1, *UTF_16),
    ("latin-1", named(b'"caf\xe9"'), 4, 15, "The byte 0xE9 is not UTF-8 (is the file in latin-1?)", "Save it as UTF-8"),
    ("brackets", b"[" * 100_000, 1, 202, "Brackets are nested too deeply", "Content needs a depth of 12 at most"),
    ("a long number", named("9" * 5_000), 4, 11, "A number has 5,000 digits", SHORT),
    ("a number too long", named("9" * 21), 4, 11, "A number has 21 digits", SHORT),
    (
        "two objects",
        GOOD + b"{}",
        7,
        1,
        "There is more after the end of the JSON",
        "A file holds one object and nothing else",
    ),
    ("columns of letters", named('"ééé" x'), 4, 17, "This is not JSON (expected `,` or `}`)", "Expected valid JSON"),
    (
        "an LFS pointer",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        1,
        1,
        "This is a Git LFS pointer, not the file",
        "Content must be in git itself: `git lfs migrate export`",
    ),
]


@pytest.mark.parametrize(
    ("data", "line", "column", "found", "expected"), [pytest.param(*b[1:], id=b[0]) for b in BROKEN]
)
def test_a_broken_file_is_told_in_words_at_its_place(data, line, column, found, expected):
    [problem] = problems_of(data)
    assert (problem.line, problem.column, problem.found, problem.expected) == (line, column, found, expected)
    assert str(problem) == f"{PERSON}:{line}:{column}: {found}. {expected}."


# What is in place of "Nobody", line, pointer, what was found, what would be right, a suggestion.
UNFIT: list[tuple[str, int, str, str, str, str | None]] = [
    ("null", 4, "/name", "`name` is null", "Expected a valid string", None),
    ("[]", 4, "/name", "`name` is a list", "Expected a valid string", None),
    ("7", 4, "/name", "`name` is `7`", "Expected a valid string", None),
    ("1e400", 4, "/name", "`name` is `Infinity`", "Expected a valid string", None),
    ('""', 4, "/name", "`name` has 0 characters", "Expected at least 1 character", None),
    (f'"{"x" * 201}"', 4, "/name", "`name` has 201 characters", "Expected at most 200 characters", None),
    (
        '"Nobody",\n  "nmae": ""',
        5,
        "/nmae",
        "The field `nmae` is not known",
        "Allowed here: $schema, id, name, qualifications, profile",
        "Did you mean `name`?",
    ),
    (
        '"Nobody",\n  "profile": "http://x"',
        5,
        "/profile",
        '`profile` is `"http://x"`',
        "Expected an address that begins with `https://`",
        None,
    ),
]


@pytest.mark.parametrize(("value", "line", "pointer", "found", "expected", "suggestion"), UNFIT)
def test_a_field_that_does_not_fit_is_told_with_its_pointer(value, line, pointer, found, expected, suggestion):
    assert problems_of(named(value)) == [Problem(PERSON, line, 3, pointer, "model", found, expected, suggestion)]


@pytest.mark.parametrize(
    ("id", "found", "expected"),
    [
        (
            b'"somebody"',
            "The id is `somebody`, which belongs to people/somebody.json, but the file is people/test-reviewer.json",
            "The id must be `test-reviewer`",
        ),
        (b"7", "`id` is `7`", "Expected a valid string"),
        (
            b'"../../etc/passwd"',
            '`id` is `"../../etc/passwd"`',
            "Expected lower-case letters, digits and single hyphens, as in `phantom-limb-pain`",
        ),
    ],
)
def test_an_id_is_that_of_its_file(id, found, expected):
    [problem] = problems_of(GOOD.replace(b'"test-reviewer"', id))
    assert (problem.line, problem.pointer, problem.found, problem.expected) == (3, "/id", found, expected)


def test_an_id_that_is_missing_is_told_at_the_object():
    [problem] = problems_of(GOOD.replace(b'  "id": "test-reviewer",\n', b""))
    assert (problem.line, problem.pointer, problem.expected) == (1, "/id", "Add the field `id`")


def test_a_translation_names_the_locale_of_its_file():
    path = "causes/late-comets.de-AT.json"
    [problem] = problems_of(world.files()["causes/late-comets.de.json"], path)
    assert (problem.rule, problem.pointer, problem.line) == ("id_is_file_name", "/locale", 4)
    assert problem.expected == "The locale must be `de-AT`"


def test_a_file_names_the_schema_of_its_kind():
    [problem] = problems_of(GOOD.replace(b"person.schema", b"source.schema"))
    assert (problem.rule, problem.pointer, problem.line) == ("schema_named", "/$schema", 2)
    assert problem.expected == "Expected a path that ends in `person.schema.json`"
    assert problems_of(GOOD.replace(b"../x/person", b"person")) == []


def test_all_fields_that_do_not_fit_are_told_at_once():
    data = world.edited(
        {
            "conditions/moon-hiccups.json": {
                "/state": "PUBLISHD",
                "/symptoms/0/symptom": "Glowing Ears",
                "/symptoms/1/frequency": None,
                "/text/en/sections/0/aspect": "OVERVEIW",
                "/text/xx-yy": {},
                "/codings/0/verified/on": "soon",
            }
        }
    )["conditions/moon-hiccups.json"]
    told = {problem.pointer: problem for problem in problems_of(data, "conditions/moon-hiccups.json")}
    lines = data.decode().split("\n")
    assert told["/state"].suggestion == "Did you mean `PUBLISHED`?"
    assert told["/text/en/sections/0/aspect"].suggestion == "Did you mean `OVERVIEW`?"
    assert "as in `en` or `pt-BR`" in told["/text/xx-yy"].expected
    assert told["/symptoms/1/frequency"].found == "`frequency` is null"
    for pointer in ("/state", "/symptoms/0/symptom", "/symptoms/1/frequency", "/codings/0/verified/on"):
        assert f'"{pointer.rpartition("/")[2]}": ' in lines[told[pointer].line - 1]


@pytest.mark.parametrize(
    ("path", "pointer", "value", "expected"),
    [
        ("cautions/ask-first.json", "/displayOrder", "10", "Expected a valid integer"),
        ("cautions/ask-first.json", "/displayOrder", True, "Expected a valid integer"),
        ("cautions/ask-first.json", "/mustDisplay", "yes", "Expected a valid boolean"),
        ("cautions/ask-first.json", "/mustDisplay", 1, "Expected a valid boolean"),
        ("treatments/warm-socks.json", "/duration/low/value", "2", "Expected a valid number"),
        ("treatments/quiet-tea.json", "/review/lastReviewedOn", 1_700_000_000, "Expected a day in quotes"),
        ("treatments/quiet-tea.json", "/review/lastReviewedOn", "2026-01-01T00:00:00Z", "Expected a day in quotes"),
        ("treatments/quiet-tea.json", "/review/lastReviewedOn", "2026-13-01", "Expected a valid date"),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_guessed_at(path, pointer, value, expected):
    """What the JSON Schema of a file refuses, the server refuses."""
    [problem] = problems_of(world.edited({path: {pointer: value}})[path], path)
    assert problem.pointer == pointer
    assert problem.expected.startswith(expected)


def test_line_ends_of_windows_are_read():
    assert problems_of(GOOD.replace(b"\n", b"\r\n")) == []
    [problem] = problems_of(named("null").replace(b"\n", b"\r\n"))
    assert (problem.line, problem.column) == (4, 3)


def test_digits_in_a_text_are_no_number():
    assert problems_of(named(f'"{"1" * 60}"')) == []
    [problem] = problems_of(named(f'"{"1" * 60}",'))
    assert "digits" not in problem.found


@pytest.mark.parametrize("kind", MODELS)
def test_every_pattern_of_the_models_has_words(kind):
    schema = json.dumps(TypeAdapter(MODELS[kind]).json_schema())
    patterns = {json.loads(f'"{found}"') for found in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', schema)}
    assert patterns
    assert patterns <= PATTERNS.keys()


def test_every_kind_of_file_has_a_model():
    assert set(MODELS) == set(ADAPTERS) == set(FileKind)


# --- Whatever the bytes are ------------------------------------------------------------------------------------------

PATHS = sorted(world.files())
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.sampled_from(PATHS), st.binary() | st.text().map(str.encode))
@quick
def test_any_bytes_are_a_value_or_problems(path, data):
    assert problems_of(data, path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(PATHS), st.dictionaries(st.text(), json_values), st.booleans())
@quick
def test_any_json_is_a_value_or_problems(path, content, ascii_only):
    assert problems_of(json.dumps(content, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"), path)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with one byte changed, a piece cut out or a piece said twice."""
    path = draw(st.sampled_from(PATHS))
    data = world.files()[path]
    at, until = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
    match draw(st.sampled_from(("flip", "cut", "piece", "twice"))):
        case "flip":
            at = min(at, len(data) - 1)
            return path, data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
        case "cut":
            return path, data[:at]
        case "piece":
            return path, data[:at] + data[until:]
        case _:
            return path, data[:until] + data[at:until] + data[until:]


@given(st.sampled_from(PATHS), st.data())
@quick
def test_a_value_in_another_place_is_read_alike_from_bytes_and_from_what_was_read_of_them(path, data):
    """The models are given either, and must not take one for what they refuse in the other."""
    document = json.loads(world.files()[path])
    places = list(leaves(document))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(json_values | st.sampled_from([deepcopy(holder[key]) for holder, key in places]))
    problems_of(json.dumps(document).encode(), path)  # which compares


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where each value within a JSON value stands: what holds it, and the key or index there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from leaves(inner)


@given(damaged())
@quick
def test_a_damaged_file_is_a_value_or_problems(what):
    path, data = what
    lines = data.count(b"\n") + 1
    for problem in problems_of(data, path):
        assert 1 <= problem.line <= lines
        assert problem.path == path


@given(st.sampled_from(PATHS), st.data())
@quick
def test_a_key_said_twice_is_refused_wherever_it_is(path, data):
    lines = world.files()[path].decode().split("\n")
    single = [index for index, line in enumerate(lines) if re.fullmatch(r' +"[^"]+": .*[^\[{]', line)]
    at = data.draw(st.sampled_from(single))
    line = lines[at] if lines[at].endswith(",") else f"{lines[at]},"
    [problem] = problems_of("\n".join([*lines[:at], line, lines[at], *lines[at + 1 :]]).encode(), path)
    assert problem.found == f"The key {line.split(':')[0].strip()} stands twice in one object"
    assert problem.line == at + 2
