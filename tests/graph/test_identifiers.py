"""Ids and cursors: opaque, exact, and what they stand for."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.content.fields import EntityKind
from content_api.errors import RequestError
from content_api.graph.identifiers import cursor, cursor_parts, decoded, encoded, node_parts
from tests.graph.asking import ask, edition_with, refusal

LOCALES = ("en", "de", "de-AT")
CHANNELS = ("WEB", "APP", "CHATBOT")
RECALL = {"id": "symptom/glowing-ears", "reason": {"en": "Not so."}, "since": "2026-11-20T10:00:00Z"}


@given(st.lists(st.text(), max_size=4))
def test_a_token_gives_back_its_parts(parts):
    assert decoded(encoded(*parts), len(parts)) == parts
    assert decoded(encoded(*parts), len(parts) + 1) is None


@given(st.lists(st.text() | st.text(st.characters(max_codepoint=127)), max_size=3))
def test_a_token_stays_what_it_was_when_the_first_were_given_out(parts):
    as_json = json.dumps(parts, separators=(",", ":"))
    assert encoded(*parts) == base64.urlsafe_b64encode(as_json.encode()).decode().rstrip("=")


@given(st.text(), st.text())
def test_a_cursor_gives_back_its_version_and_key(version, key):
    assert cursor_parts(cursor(version, key)) == (version, key)


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_-]*={0,2}", fullmatch=True)))
def test_only_what_was_encoded_is_decoded(token):
    parts = decoded(token, 2)
    assert parts is None or encoded(*parts) == token


def token_of(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_there_is_one_way_to_write_a_token():
    """A client's cache knows things by their ids: two ids of one thing would be two things."""
    token = encoded("a", "é")
    spaced = token_of(["a", "é"])
    raw = base64.urlsafe_b64encode('["a","é"]'.encode()).decode().rstrip("=")
    last = chr(ord(token[-1]) + 1)
    assert decoded(token, 2) == ["a", "é"]
    for other in (spaced, raw, f"{token}=", f"{token}==", f"{token}\n", f" {token}", token[:-1] + last, f"!{token}"):
        assert other != token
        assert decoded(other, 2) is None, other


GARBAGE = [
    "",
    "x",
    "é",
    "a b",
    "\ud800",
    token_of([]),
    token_of({}),
    token_of(None),
    token_of([1, 2, 3]),
    token_of(["a", None]),
    base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    base64.urlsafe_b64encode(b"9" * 5_000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe[\x00").decode(),
    "=" * 8,
    "A" * 100_000,
]


@pytest.mark.parametrize("token", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_refused_and_not_repeated_at_length(token):
    with pytest.raises(RequestError) as id_refused:
        node_parts(token)
    with pytest.raises(RequestError) as cursor_refused:
        cursor_parts(token)
    assert (id_refused.value.code, cursor_refused.value.code) == ("BAD_USER_INPUT", "BAD_CURSOR")
    assert max(len(str(id_refused.value)), len(str(cursor_refused.value))) < 100


def test_a_cursor_is_no_id_and_an_id_no_cursor():
    entity = ask('{ condition(key: "moon-hiccups") { id } }')["condition"]["id"]
    place = ask("{ conditions { pageInfo { endCursor } } }")["conditions"]["pageInfo"]["endCursor"]
    with pytest.raises(RequestError, match="not an id"):
        node_parts(place)
    with pytest.raises(RequestError, match="not a cursor"):
        cursor_parts(entity)


# --- node and nodes --------------------------------------------------------------------------------------------------

EVERY = " ".join(
    f"{kind}s {{ nodes {{ id key served {{ requestedLocale requestedChannel }} }} }}" for kind in EntityKind
)


def every_entity() -> list[dict]:
    """Every entity of the world in every scope."""
    scopes = " ".join(
        f'{tag.replace("-", "")}{channel}: content(locale: "{tag}", channel: {channel}) {{ {EVERY} }}'
        for tag in LOCALES
        for channel in CHANNELS
    )
    return [
        node
        for scope in ask(f"{{ {scopes} }}").values()
        for connection in scope.values()
        for node in connection["nodes"]
    ]


def test_an_id_names_one_entity_in_one_locale_and_channel_and_finds_it_again():
    entities = every_entity()
    assert len(entities) == 11 * len(LOCALES) * len(CHANNELS)
    assert len({entity["id"] for entity in entities}) == len(entities)
    again = "{ id ... on Entity { key served { requestedLocale requestedChannel } } }"
    ids = [entity["id"] for entity in entities]
    assert ask(f"query($ids: [ID!]!) {{ nodes(ids: $ids) {again} }}", ids=ids)["nodes"] == entities
    for entity in entities[::10]:
        assert ask(f"query($id: ID!) {{ node(id: $id) {again} }}", id=entity["id"])["node"] == entity


def test_the_id_of_what_is_hidden_or_never_was_finds_null():
    hidden = [
        encoded(key, locale, "web")
        for key in ("condition/cloud-yawns", "symptom/soft-humming", "condition/nothing", "source/test-review", "")
        for locale in ("en", "de")
    ]
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert ask(text, ids=hidden)["nodes"] == [None] * len(hidden)
    assert ask("query($id: ID!) { node(id: $id) { id } }", id=hidden[0])["node"] is None


def test_the_id_of_what_was_recalled_or_of_a_locale_that_is_no_longer_served_finds_null_beside_the_others():
    ears, socks, tea = (
        encoded(key, locale, "web")
        for key, locale in (
            ("symptom/glowing-ears", "en"),
            ("treatment/warm-socks", "fr"),
            ("treatment/quiet-tea", "en"),
        )
    )
    edition = edition_with({"recalls.json": {"/recalls": [RECALL]}})
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Entity { key } } }"
    assert ask(text, edition, ids=[ears, tea, socks, tea])["nodes"] == [
        None,
        {"key": "quiet-tea"},
        None,
        {"key": "quiet-tea"},
    ]


@pytest.mark.parametrize("channel", ["WEB", "print", ""])
def test_an_id_of_no_channel_is_garbage(channel):
    token = encoded("condition/moon-hiccups", "en", channel)
    assert refusal("query($id: ID!) { node(id: $id) { id } }", id=token).code == "BAD_USER_INPUT"
    assert refusal("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[token]).code == "BAD_USER_INPUT"


def test_a_hundred_nodes_are_found_at_once():
    token = ask('{ condition(key: "moon-hiccups") { id } }')["condition"]["id"]
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert ask(text, ids=[]) == {"nodes": []}
    assert ask(text, ids=[token] * 100)["nodes"] == [{"id": token}] * 100
