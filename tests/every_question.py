"""Every way that the API has of asking for what is private, for `test_drafts_stay_private.py`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from starlette.testclient import TestClient

from content_api.answers import schema
from content_api.graph.identifiers import encoded
from content_api.web.tokens import new_token
from tests.world.hushed import HUSHED, KINDS, TRANSLATED, draft_of

BRANCH, TAG, TOKEN = "review/hushed", "hushed-tag", new_token()


@dataclass
class Public:
    """The public address of a server."""

    client: TestClient
    live: str
    branch: str
    """The commit of the branch, and of the tag that is on it alone."""
    tag_object: str

    def answer(self, question: str) -> str:
        """All of an answer, headers included, once it is known to be one."""
        answer = self.client.post("/graphql", json={"query": question})
        return checked(question, answer.json(), f"{answer.headers} {answer.text}")

    def data(self, question: str) -> Any:
        answer = self.client.post("/graphql", json={"query": question}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def previewed(self, question: str) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self.client.post(f"/preview/{BRANCH}/graphql", json={"query": question}, headers=headers)
        return answer.json()["data"]


def checked(question: str, body: dict[str, Any], whole: str) -> str:
    """The whole of an answer, whose body is no refusal of the question as such."""
    refused = {error["extensions"]["code"] for error in body.get("errors", ())}
    wrong = {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_VARIABLES", "INTERNAL", "STREAM_NEEDED"}
    assert not refused & wrong, (whole, question)
    assert not {code for code in refused if code.startswith(("TOO_", "PERSISTED_"))}, (whole, question)
    return whole


# ---- by which ways it is asked


Ask = Callable[[str], str]
"""Gives the whole of the answer to a question."""


@contextmanager
def over_http(public: Public) -> Iterator[Ask]:
    yield public.answer


@contextmanager
def over_events(public: Public) -> Iterator[Ask]:
    """By server-sent events, a stream for each question."""

    def ask(question: str) -> str:
        answer = public.client.post("/graphql/stream", json={"query": question})
        [told] = re.findall(r"^event: next\ndata: (.*)$", answer.text, re.MULTILINE)
        assert answer.text.endswith("event: complete\ndata:\n\n")
        return checked(question, json.loads(told), f"{answer.headers} {answer.text}")

    yield ask


@contextmanager
def over_socket(public: Public) -> Iterator[Ask]:
    """Over one WebSocket for all."""
    with public.client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        names = map(str, count())

        def ask(question: str) -> str:
            name = next(names)
            socket.send_json({"id": name, "type": "subscribe", "payload": {"query": question}})
            told = socket.receive_json()
            assert told["id"] == name
            if told["type"] == "next":
                assert socket.receive_json() == {"id": name, "type": "complete"}
                return checked(question, told["payload"], json.dumps(told))
            return checked(question, {"errors": told["payload"]}, json.dumps(told))

        yield ask


@contextmanager
def by_hash(public: Public) -> Iterator[Ask]:
    """By the hash of the text alone, which was sent with its text once."""

    def ask(question: str) -> str:
        named = {"documentId": f"sha256:{hashlib.sha256(question.encode()).hexdigest()}"}
        public.client.post("/graphql", json={"query": question, **named})
        answer = public.client.get("/graphql", params=named)
        return checked(question, answer.json(), f"{answer.headers} {answer.text}")

    yield ask


TRANSPORTS = {"HTTP": over_http, "events": over_events, "a socket": over_socket, "a hash": by_hash}


# ---- what is asked


def quoted(*values: str) -> list[str]:
    return [json.dumps(value) for value in values]


def names_of_versions(public: Public) -> list[str]:
    """Everything that somebody could call the branch, its commit or what is in it."""
    commit, tag = public.branch, public.tag_object
    ids = [commit, commit.upper(), commit[:7], commit[:12], commit[:39], tag, tag[:10]]
    refs = [BRANCH, f"heads/{BRANCH}", f"refs/heads/{BRANCH}", f"origin/{BRANCH}", f"refs/remotes/origin/{BRANCH}"]
    tags = [TAG, f"tags/{TAG}", f"refs/tags/{TAG}", TAG[:-1], TAG.upper(), f"{TAG}^{{commit}}", f"{TAG}^0"]
    grammar = [
        f"{commit}^",
        f"{commit}~0",
        f"{BRANCH}@{{0}}",
        f"main..{BRANCH}",
        f"{BRANCH}:content/site.json",
        ":/About",
    ]
    private = ["refs/content-api/live/HEAD", "content-api/live/HEAD", "FETCH_HEAD", "ORIG_HEAD", "HEAD", "main", "@"]
    return [*ids, *refs, *tags, *grammar, *private, "2099-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "", " "]


def cursors(public: Public) -> list[str]:
    """Cursors that lists of a preview gave, and those that somebody who knows how they are made could make."""
    text = (
        '{ conditions { edges { cursor } } search(text: "hushed") { edges { cursor } } versions { edges { cursor } } }'
    )
    given = [edge["cursor"] for found in public.previewed(text).values() for edge in found["edges"]]
    assert any(encoded(public.branch, HUSHED["condition"]) == cursor for cursor in given)
    made = [
        encoded(version, key) for version in (public.live, public.branch) for key in (*HUSHED.values(), "0", "versions")
    ]
    return [*dict.fromkeys([*given, *made]), "hushed"]


def ids(public: Public) -> list[str]:
    keys = [*HUSHED.values(), "symptom/hushed-new", "condition/star-sneezes"]
    made = [
        encoded(key, locale, channel)
        for key in keys
        for locale in ("en", "de", "de-AT")
        for channel in ("web", "chatbot")
    ]
    given = public.previewed('{ condition(key: "hushed-condition") { id } }')["condition"]["id"]
    assert given in made
    return [*made, "hushed"]


def ways(public: Public) -> dict[str, list[str]]:
    """Root field -> everything that it is asked with."""
    pages = [f"({name}: {value})" for name in ("after", "before") for value in quoted(*cursors(public))]
    found: dict[str, list[str]] = {
        "byCode": [f'(system: {system}, code: "{code}")' for system, code in codes()],
        "search": [
            f"(text: {text}{more})"
            for text in quoted(
                "hushed", "Hushed condition", "softly said", "sof", "hushed-condition", "Sternen", "huched"
            )
            for more in ("", ", first: 1", ", kinds: [CONDITION, SYMPTOM]")
        ]
        + [f'(text: "hushed", after: {value})' for value in quoted(*cursors(public))],
        "node": [f"(id: {value})" for value in quoted(*ids(public))],
        "nodes": [f"(ids: [{', '.join(some)}])" for some in batches(quoted(*ids(public)), 8)],
        "site": [""],
        "version": ["", *(f"(ref: {value})" for value in quoted(*names_of_versions(public)))],
        "versions": ["", "(first: 1)", *(f"(after: {value})" for value in quoted(*cursors(public)))],
        "recalls": ["", '(since: "2000-01-01T00:00:00Z")'],
        "changes": [
            *(f"(from: {value})" for value in quoted(*names_of_versions(public), public.live)),
            *(f'(from: "{public.live}", to: {value})' for value in quoted(*names_of_versions(public))),
            *(f'(from: "{public.live}", after: {value})' for value in quoted(*cursors(public))),
            *(f'(from: "{public.live}", kinds: [{kind.upper()}], first: 100)' for kind in KINDS),
        ],
        "content": [
            f"({scope})"
            for scope in (
                *(f"version: {value}" for value in quoted(*names_of_versions(public))),
                *(
                    f'locale: "{locale}", channel: {channel}'
                    for locale in ("en", "de", "de-AT")
                    for channel in ("WEB", "CHATBOT")
                ),
            )
        ],
    }
    for kind in KINDS:
        names = quoted(f"hushed-{kind}", f"once-{kind}", "hushed-new", TRANSLATED, "star-sneezes")
        found[kind] = [f"({argument}: {name})" for argument in ("key", "slug") for name in names]
        listed = (
            "",
            "(first: 100)",
            "(last: 100)",
            "(orderBy: [{field: NAME, direction: DESC}])",
            "(where: {not: {}})",
        )
        found[f"{kind}s"] = [*listed, *pages]
    return found


def codes() -> list[tuple[str, str]]:
    documents = [draft_of(kind, path)[1] for kind, path in KINDS.items()]
    found = {(coding["system"], coding["code"]) for document in documents for coding in document["codings"]}
    assert found
    return sorted(found)


# ---- selections, from the schema: a new field is asked without anybody thinking of it


def fields(kind: GraphQLNamedType) -> dict[str, GraphQLField]:
    found = kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}
    return {name: one for name, one in found.items() if not any(map(is_required_argument, one.args.values()))}


def leaves(kind: GraphQLNamedType) -> str:
    return " ".join(
        ["__typename", *(name for name, one in fields(kind).items() if is_leaf_type(get_named_type(one.type)))]
    )


def selections(kind: GraphQLNamedType, depth: int) -> Iterator[str]:
    """Selections which, together, have every field as deep as this."""
    if isinstance(kind, GraphQLUnionType) or (depth and isinstance(kind, GraphQLInterfaceType)):
        for member in schema().get_possible_types(kind):
            yield from (f"... on {member.name} {{ {below} }}" for below in selections(member, depth))
        return
    nested = {name: get_named_type(one.type) for name, one in fields(kind).items()}
    nested = {name: one for name, one in nested.items() if not is_leaf_type(one)}
    if depth == 0 or not nested:
        yield leaves(kind)
    elif depth == 1:
        yield " ".join([leaves(kind), *(f"{name} {{ {next(selections(one, 0))} }}" for name, one in nested.items())])
    else:
        for name, one in nested.items():
            yield from (f"{leaves(kind)} {name} {{ {below} }}" for below in selections(one, depth - 1))


def returned(field: str) -> GraphQLNamedType:
    return get_named_type(schema().query_type.fields[field].type)


FIELDS = sorted(schema().query_type.fields)


# ---- what can be counted


HOPS = 2


def filters(kind: GraphQLInputObjectType, depth: int) -> Iterator[str]:
    """Every way to ask for a text through a filter, and whether there is one, as far as this many relations away."""
    for name, field in kind.fields.items():
        one = get_named_type(field.type)
        if one.name == "StringFilter":
            tests = ('contains: "hushed"', 'startsWith: "s"', "exists: true")
            yield from (f"{{{name}: {{{test}}}}}" for test in (tests if depth == HOPS else tests[:1]))
        elif depth and name == "not":
            yield from (f"{{not: {below}}}" for below in filters(one, 0))
        elif depth and isinstance(one, GraphQLInputObjectType) and name not in ("not", "and", "or"):
            through = ("some", "none", "every") if "some" in one.fields else (None,)
            inner = get_named_type(one.fields["some"].type) if "some" in one.fields else one
            for below in filters(inner, depth - 1):
                yield from (f"{{{name}: {{{word}: {below}}}}}" if word else f"{{{name}: {below}}}" for word in through)


def batches(found: list[str], size: int) -> Iterator[list[str]]:
    return (found[start : start + size] for start in range(0, len(found), size))
