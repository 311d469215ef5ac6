"""From what a client sent to an Operation: the parameters of GraphQL over HTTP, in a body or in a query string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation
from content_api.delivery.stored import HASHED
from content_api.web.strict_json import bad_request, strict_json

# Parameter -> the type that it has in JSON, and how a message says so. Others are left alone, as the
# specification says.
PARAMETERS: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "documentId": (str, "a string or null"),
    "operationName": (str, "a string or null"),
    "variables": (dict, "an object or null"),
    "extensions": (dict, "an object or null"),
}
NOUNS = {list: "an array", dict: "an object", bool: "a boolean", int: "a number", float: "a number", str: "a string"}
IN_JSON = ("variables", "extensions")
# In an address, `extensions=content` asks for `extensions.content` of the response; `{"content": true}` does anywhere.
CONTENT = "content"
PERSISTED = "persistedQuery"  # and this, Apollo's, is the id of a document
# As much as a body may have. Our own protocol takes no head of that length, but another server may, and this is read on
# the event loop.
LONGEST_QUERY_STRING = 100_000
MOST_PARAMETERS = 20  # five are known; a cache-buster or a tracking mark may come along
HASH = re.compile(r"[0-9a-f]{64}")
# The document identifiers of GraphQL over HTTP that mean something here: a hash, or a name, which has no colon.
IDENTIFIER = re.compile(rf"{HASHED}{HASH.pattern}|[\w.~-]{{1,100}}", re.ASCII)
USUAL = Limits()


def from_body(body: bytes, about_content: bool = False, limits: Limits = USUAL) -> Operation:
    """Read the body of a POST: one JSON object in UTF-8. `about_content` is what its address asks for."""
    value = strict_json(_text(body), "The body", limits)
    if isinstance(value, list):
        raise bad_request("Batches are not answered here.", "Send one request for each operation.")
    if not isinstance(value, dict):
        raise bad_request(f"The body must be a JSON object; it is {_noun(value)}.", 'Send {"query": "…"}.')
    return operation_of(value, safe=False, about_content=about_content)


def from_query_string(query_string: bytes, limits: Limits = USUAL) -> Operation:
    """Read the query string of a GET, in which `variables` and `extensions` are JSON."""
    given = read_query_string(query_string)
    about = given.get("extensions") == CONTENT
    if about:
        del given["extensions"]
    parsed = {name: strict_json(given[name], f"`{name}`", limits) for name in IN_JSON if name in given}
    return operation_of(given | parsed, safe=True, about_content=about)


def read_about(query_string: bytes) -> bool:
    """Whether the address of a POST asks for `extensions.content`. Whatever else stands there is not looked at."""
    return bool(query_string) and read_query_string(query_string).get("extensions") == CONTENT


def asks_nothing(query_string: bytes) -> bool:
    """Whether a query string names no document."""
    given = read_query_string(query_string)
    return not given.keys() & {"query", "documentId"} and given.get("extensions", CONTENT) == CONTENT


def read_query_string(query_string: bytes) -> dict[str, str]:
    """The parameters of a query string that we know. An empty one counts as absent, as the specification says."""
    if len(query_string) > LONGEST_QUERY_STRING:
        message = f"The query string has {len(query_string):,} bytes; {LONGEST_QUERY_STRING:,} are read."
        raise bad_request(message, "Send the query by POST.")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise bad_request("The query string is not percent-encoded UTF-8.") from None
    except ValueError:
        number = query_string.count(b"&") + 1
        raise bad_request(f"The query string has {number:,} parameters; {MOST_PARAMETERS} are read.") from None
    known = [(name, value) for name, value in pairs if name in PARAMETERS]
    names = [name for name, _ in known]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise bad_request(f"`{twice}` is given more than once.")
    return dict(known)


def operation_of(given: Mapping[str, Any], *, safe: bool, about_content: bool = False) -> Operation:
    """The operation that these parameters describe, whatever carried them."""
    for name, (kind, noun) in PARAMETERS.items():
        value = given.get(name)
        if value is not None and not isinstance(value, kind):
            raise bad_request(f"`{name}` must be {noun}; it is {_noun(value)}.")
    extensions = given.get("extensions") or {}
    identifier = identifier_of(given.get("documentId"), extensions.get(PERSISTED))
    if given.get("query") is None and identifier is None:
        raise bad_request(
            "There is no `query`.", "Set `query` to a GraphQL document, or `documentId` to the id of one."
        )
    return Operation(
        document=given.get("query") or "",
        document_id=identifier,
        variables=given.get("variables") or {},
        operation_name=given.get("operationName"),
        safe=safe,
        about_content=about_content or extensions.get(CONTENT) is True,
    )


def identifier_of(document_id: str | None, persisted: object) -> str | None:
    """The id of a document, in the parameter of GraphQL over HTTP or as Apollo's `extensions.persistedQuery`."""
    if persisted is not None:
        if document_id is not None:
            raise bad_request(f"`documentId` and `extensions.{PERSISTED}` are both given.", "Send one of them.")
        return _apollo_identifier(persisted)
    if document_id is not None and not IDENTIFIER.fullmatch(document_id):
        raise bad_request(
            f"`documentId` is `{document_id:.100}`.",
            f"It is the name of a stored document, or `{HASHED}` and 64 hexadecimal digits in lower case.",
        )
    return document_id


def _apollo_identifier(persisted: object) -> str:
    found = persisted if isinstance(persisted, dict) else {}
    digest = found.get("sha256Hash")
    if found.get("version") != 1 or not isinstance(digest, str) or not HASH.fullmatch(digest):
        raise bad_request(
            f"`extensions.{PERSISTED}` is not one that is known here.",
            'It is {"version": 1, "sha256Hash": …} with 64 hexadecimal digits in lower case.',
        )
    return HASHED + digest


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_request(f"The body is not UTF-8: byte {error.start + 1} does not fit.") from None


def _noun(value: object) -> str:
    return NOUNS.get(type(value), "null")
