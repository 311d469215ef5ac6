"""What is wrong with a file that could not be read, in words for who wrote it.

Looked at in three layers, and only the first that is broken is told: the bytes, the JSON, the fields of the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import jiter
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from content_api.content.locate import locator
from content_api.content.migrations import MODEL_VERSION, Written
from content_api.content.problems import Problem
from content_api.content.suggest import suggestion

LFS_POINTER = b"version https://git-lfs"
# JSON numbers are ages and amounts here. Longer ones are a slip, and slow to read: Python's own limit is 4,300 digits.
DIGITS = 20
TEXT_OR_LONG_NUMBER = re.compile(rf'"(?:[^"\\]|\\.)*"|(?P<number>[0-9]{{{DIGITS + 1},}})', re.DOTALL)
NUL = b"\\u0000"


def read_json(data: bytes) -> Any:
    """The value of JSON bytes. Raises ValueError for duplicate keys, NaN, infinity, deep nesting and NUL too."""
    if NUL in data:
        raise ValueError("a NUL character")
    return jiter.from_json(data, allow_inf_nan=False, catch_duplicate_keys=True)


def is_strict(data: bytes) -> bool:
    """Whether `read_json` reads the bytes."""
    try:
        read_json(data)
    except ValueError:
        return False
    return True


# --- What is wrong with the bytes ------------------------------------------------------------------------------------


def what_is_wrong(path: str, adapter: TypeAdapter[Any], data: bytes, written: Written) -> Iterator[Problem]:
    """Every problem of a file that could not be read: of its bytes, else of its JSON, else of its fields."""
    found = next(byte_problems(path, data), None) or next(json_problems(path, data), None)
    if found:
        yield found
    else:
        yield from field_problems(path, adapter, data, written)


def byte_problems(path: str, data: bytes) -> Iterator[Problem]:
    """What keeps bytes from being text."""

    def problem(rule: str, found: str, expected: str, line: int = 1, column: int = 1) -> Problem:
        return Problem(path, line, column, "", rule, found, expected)

    if data.startswith(LFS_POINTER):
        yield problem(
            "plain_files",
            "This is a Git LFS pointer, not the file",
            "Content must be in git itself: `git lfs migrate export`",
        )
    if data.startswith(b"\xef\xbb\xbf"):
        yield problem("encoding", "The file begins with a byte order mark (BOM)", "Save it as UTF-8 without BOM")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(data) > 3 and (data[0] == 0) != (data[1] == 0)):
        yield problem("encoding", "The file is in UTF-16 or UTF-32", "Save it as UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line, column = line_and_column(data[: error.start].decode())
        byte = f"0x{data[error.start]:02X}"
        yield problem(
            "encoding", f"The byte {byte} is not UTF-8 (is the file in latin-1?)", "Save it as UTF-8", line, column
        )


def line_and_column(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what comes after `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


JITER_ERROR = re.compile(r"^(?P<what>.*) at line (?P<line>\d+) column (?P<column>\d+)$", re.DOTALL)
CONFLICT_MARKER = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
# (text in jiter's message, what to tell the editor, what would be right); the first that fits is used.
JSON_ERRORS: tuple[tuple[str, str, str], ...] = (
    ("Detected duplicate key", "The {what} stands twice in one object", "Keep one of the two"),
    ("trailing comma", "There is a comma before a closing bracket", "Remove the comma"),
    ("recursion limit", "Brackets are nested too deeply", "Content needs a depth of 12 at most"),
    ("EOF", "The file ends in the middle", "Complete it, or take the last good version from git"),
    ("number out of range", "A number is too long", f"Write numbers with at most {DIGITS} digits"),
    ("unexpected end of hex escape", "An escape stands for half a character", "Write the character itself"),
    ("lone leading surrogate", "An escape stands for half a character", "Write the character itself"),
    ("trailing characters", "There is more after the end of the JSON", "A file holds one object and nothing else"),
    ("control character", "There is a control character in a text", "Write line breaks in texts as \\n"),
    ("not a value", "`{what}` is no JSON value", "Write a number, a text in quotes, true, false or null"),
    ("", "This is not JSON ({what})", "Expected valid JSON"),
)


def json_problems(path: str, data: bytes) -> Iterator[Problem]:
    """What keeps text from being the JSON of one object."""
    text = data.decode()

    def problem(at: int, found: str, expected: str) -> Problem:
        line, column = line_and_column(text[:at])
        return Problem(path, line, column, "", "json", found, expected)

    if marker := CONFLICT_MARKER.search(text):
        yield problem(marker.start(), "A merge conflict was left in the file", "Resolve it and remove the marks")
    if not text.strip():
        yield problem(0, "The file is empty", "Expected a JSON object")
    for number in filter(None, (match["number"] and match for match in TEXT_OR_LONG_NUMBER.finditer(text))):
        found = f"A number has {len(number[0]):,} digits"
        yield problem(number.start(), found, f"Write numbers with at most {DIGITS} digits")
    if NUL in data:
        yield problem(text.index("\\u0000"), "There is a NUL character in a text", "Remove it")
    try:
        value = read_json(data)
    except ValueError as error:
        yield from explained(path, text, str(error))
        return
    if not isinstance(value, dict):
        yield problem(0, f"The file holds {a_json(value)}", "Expected a JSON object: { … }")


def explained(path: str, text: str, message: str) -> Iterator[Problem]:
    """jiter's message in words for an editor."""
    match = JITER_ERROR.match(message)
    what, line, column = (match["what"], int(match["line"]), int(match["column"])) if match else (message, 1, 1)
    there = "".join(text.split("\n")[line - 1 : line])
    column = len(there.encode()[:column].decode(errors="ignore"))  # jiter counts bytes
    rest = there[max(column - 1, 0) :]
    if match_special := re.match(r"-?(NaN|Infinity|undefined|None|True|False)\b", rest):
        what = f"not a value: {match_special[0]}"
    for part, found, expected in JSON_ERRORS:
        if part in what:
            detail = what.replace("Detected duplicate ", "").removeprefix("not a value: ")
            yield Problem(path, line, max(column, 1), "", "json", found.format(what=detail), expected)
            return


def a_json(value: Any) -> str:
    """A JSON value as one says it: `null`, `a list`, `the text "x"`, shortened."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


# --- What is wrong with the fields -----------------------------------------------------------------------------------


def field_problems(path: str, adapter: TypeAdapter[Any], data: bytes, written: Written) -> Iterator[Problem]:
    """What pydantic found, each at its line, and fields of a newer model than the content says it is written for."""
    locate = locator(path, data)
    document, strays = written.today(read_json(data))
    for name, proper, since in strays:
        found = f"`{proper}` was renamed to `{name}` in model version {since}, and this content is of {written.model}"
        expected = f"Write `{proper}`, or bring all files up to model version {MODEL_VERSION}: `content-api migrate`"
        yield locate(f"/{name}", "model", found, expected)
    try:
        adapter.validate_python(document)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            yield locate(written.pointer(pointer_of(details["loc"])), "model", *described(details, adapter, written))


def pointer_of(location: Sequence[int | str]) -> str:
    """RFC 6901 pointer of a pydantic error location. `[key]` marks an error of the mapping key before it."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in location if part != "[key]"]
    return "".join(f"/{part}" for part in parts)


def described(details: ErrorDetails, adapter: TypeAdapter[Any], written: Written) -> tuple[str, str, str | None]:
    """(found, expected, suggestion) for one pydantic error, with fields by the names they have in the file."""
    where = [part for part in details["loc"] if part != "[key]"]
    names = [part for part in where if isinstance(part, str)]
    at_top = len(names) == 1
    name = written.name(names[0]) if at_top else names[-1] if names else ""
    context = details.get("ctx", {})
    value = details["input"]
    match details["type"]:
        case "missing":
            return f"`{name}` is missing", f"Add the field `{name}`", None
        case "unexpected_keyword_argument" | "extra_forbidden":
            if at_top and (renamed := written.renamed(name)):
                found = f"`{name}` was renamed to `{renamed[0]}` in model version {renamed[1]}"
                return found, f"Write `{renamed[0]}`: this content is of model version {written.model}", None
            allowed = fields_beside(adapter, where)
            if at_top:
                allowed = [written.name(field) for field in allowed]
            expected = f"Allowed here: {', '.join(allowed)}" if allowed else "Remove it"
            return f"The field `{name}` is not known", expected, suggestion(str(name), allowed)
        case "enum":
            choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            return (
                f"`{name}` is {a_json(value)}",
                f"Expected one of {', '.join(choices)}",
                suggestion(str(value), choices),
            )
        case "string_pattern_mismatch":
            return f"`{name}` is {a_json(value)}", f"Expected {pattern_in_words(str(context.get('pattern')))}", None
        case "string_too_long" | "string_too_short":
            return (
                f"`{name}` has {len(value):,} characters",
                details["msg"].replace("String should have", "Expected"),
                None,
            )
        case "too_short":
            return f"`{name}` is empty", "Expected at least one item", None
        case "value_error":
            return f"`{name}` is {a_json(value)}", details["msg"].removeprefix("Value error, "), None
        case "dataclass_type":
            return f"`{name}` is {a_json(value)}", "Expected an object: { … }", None
        case _:
            message = re.sub(r"^(Input|Value|String|List|Tuple|Dictionary|Data) should be", "Expected", details["msg"])
            message = re.sub(r"^(Input|Value|String|List|Tuple|Dictionary|Data) should have", "Expected", message)
            return f"`{name}` is {a_json(value)}", message, None


# pattern -> what it asks for. Every pattern of the models is here: a test reads the models and looks.
PATTERNS: dict[str, str] = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "lower-case letters, digits and single hyphens, as in `phantom-limb-pain`",
    r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$": "a language tag, as in `en` or `pt-BR`",
    r"^([A-Z]{2}|\*)$": "a two-letter country code in capitals, as in `GB`, or `*` for everywhere",
    r"^(condition|symptom|cause|treatment|caution)/[a-z0-9]+(-[a-z0-9]+)*$": "kind and id, as in `symptom/tingling`",
    r"^[EFL][0-9]{1,3}$": "the number of a fact, as in `F16`",
    r"^https://[^\s<>\"\\]+$": "an address that begins with `https://`",
    r"^[0-9a-f]{12}$": "a revision of twelve hex digits, as `content-api check` prints it",
    r"^[A-Za-z0-9.:_-]+$": "a code of letters, digits and `.`, `:`, `_`, `-`",
    r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$": "a year, month or day, as in `2025`, `2025-08` or `2025-08-18`",
    r"[a-z]+\.schema\.json$": "the path of a JSON Schema, as in `../../schema/content/symptom.schema.json`",
    r"^10\.[0-9]{4,9}/\S+$": "a DOI, as in `10.1002/14651858.CD015373`",
    r"^[0-9]{1,9}$": "a number of at most nine digits",
    r"^PMC[0-9]{1,9}$": "an id of PubMed Central, as in `PMC1234567`",
}


def pattern_in_words(pattern: str) -> str:
    return PATTERNS.get(pattern, f"text that matches {pattern}")


def fields_beside(adapter: TypeAdapter[Any], location: Sequence[int | str]) -> list[str]:
    """The field names that the model allows in the object that holds `location`."""
    schema = schema_of(adapter)
    node: Any = schema
    for part in location[:-1]:
        node = resolved(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = (
                node.get("properties", {}).get(part)
                or node.get("additionalProperties")
                or next(iter(node.get("patternProperties", {}).values()), {})
            )
    return list(resolved(schema, node).get("properties", {}))


@cache
def schema_of(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """The JSON Schema of a model, which takes longer to make than a file to read."""
    return adapter.json_schema(by_alias=True)


def resolved(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    """A schema node with `$ref`, and `anyOf` with null, followed to what they stand for."""
    while isinstance(node, dict) and ("$ref" in node or "anyOf" in node):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        else:
            node = next((option for option in node["anyOf"] if option.get("type") != "null"), {})
    return node if isinstance(node, dict) else {}
