"""Nothing on the public address reaches a draft, or a branch: every way that the API has is tried.

The content that is served has a draft of every kind, a draft translation, redirects to drafts and references from
them; a branch and a tag on it alone hold more. Every text that nobody may read holds one made-up word, which no
question contains: whatever the answers are, that word is in none of them, nor the key of a draft that was not asked
for. What can only be counted is compared with a server whose content never had the drafts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
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

from content_api.app import create_app, schema
from content_api.graph.identifiers import encoded
from content_api.settings import Settings
from content_api.web.tokens import hashed, new_token
from tests import world
from tests.publish.world import in_content
from tests.repositories import ISOLATED, Repository
from tests.world.hushed import HUSHED, KINDS, MARK, TRANSLATED, branch_files, draft_of, hushed_files

BRANCH, TAG, TOKEN = "review/hushed", "hushed-tag", new_token()


# ---- the two servers


@dataclass
class Public:
    """The public address of a server."""

    client: TestClient
    live: str
    branch: str
    """The commit of the branch, and of the tag that is on it alone."""
    tag_object: str

    def answer(self, question: str, **variables: object) -> str:
        """All of an answer, headers included, once it is known to be one."""
        answer = self.client.post("/graphql", json={"query": question, "variables": variables})
        refused = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert not refused & {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_VARIABLES", "INTERNAL"}, (
            answer.text
        )
        assert not {code for code in refused if code.startswith("TOO_")}, (answer.text, question)
        return f"{answer.headers} {answer.text}"

    def data(self, question: str) -> Any:
        answer = self.client.post("/graphql", json={"query": question}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def previewed(self, question: str) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self.client.post(f"/preview/{BRANCH}/graphql", json={"query": question}, headers=headers)
        return answer.json()["data"]


@pytest.fixture(scope="module", name="public")
def _public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ISOLATED.items():
            patched.setenv(name, value)
        repository = Repository(tmp_path_factory.mktemp("hushed") / "content.git", bare=True)
        live = repository.commit(in_content(hushed_files()), message="Drafts come in", date="1763800000 +0000")
        repository.branch(BRANCH, "main")
        branch = repository.commit(
            in_content(branch_files()), branch=BRANCH, message=f"About {MARK}", author=f"{MARK} <editor@example.org>"
        )
        repository.tag(TAG, branch, message=f"Tagged {MARK}")
        settings = Settings(
            content=repository.path,
            folder="content",
            log_level="error",
            preview_branches=(BRANCH,),
            preview_tokens=(f"a:{hashed(TOKEN)}",),
        )
        with TestClient(create_app(settings)) as client:
            public = Public(client, live, branch, repository.git("rev-parse", f"refs/tags/{TAG}"))
            shown = public.previewed(
                '{ symptom(key: "hushed-new") { name } draft: condition(key: "hushed-condition") { name } }'
            )
            assert str(shown).count(MARK) == 2, "the preview shows what is looked for, and holds it in memory"
            assert MARK in str(public.previewed('{ search(text: "hushed") { nodes { name } } }'))
            yield public


@pytest.fixture(scope="module", name="innocent")
def _innocent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    """A server whose content never had the drafts."""
    folder = tmp_path_factory.mktemp("innocent")
    for path, data in world.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    with TestClient(create_app(Settings(content=folder, log_level="error"))) as client:
        yield Public(client, "", "", "")


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


# ---- what no answer may hold


def leaks(public: Public, question: str, answer: str) -> list[str]:
    """What an answer holds that it must not, in plain or in a cursor or id."""
    whole, asked = opened(answer), opened(question)
    private = [key.partition("/")[2] for key in HUSHED.values()]
    private += ["hushed-new", TAG, BRANCH, public.branch, public.branch[:12], public.tag_object]
    return [word for word in (MARK, *private) if word in whole and word not in asked]


def opened(text: str) -> str:
    """A text, and what the cursors and ids in it hold."""
    return " ".join([text, *map(opaque, re.findall(r"[\w-]+", text))]).lower()


def opaque(word: str) -> str:
    """What a cursor or an id holds; nothing for another word."""
    try:
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
    except ValueError:
        return ""


def test_what_looks_for_leaks_finds_them():
    public = Public(None, "l" * 40, "b" * 40, "t" * 40)  # type: ignore[arg-type]
    assert leaks(public, "{ a }", f"{{}} Headers {MARK}") == [MARK]
    assert leaks(public, "{ a }", f'{{"cursor":"{encoded("l" * 40, "condition/hushed-condition")}"}}') == [
        "hushed-condition"
    ]
    assert leaks(public, '{ a(key: "hushed-condition") }', "`hushed-condition` is not there") == []
    assert leaks(public, "{ a }", "Did you mean `hushed-tag`?") == [TAG]


# ---- the tests


def test_every_field_and_argument_of_the_root_is_asked_with(public: Public):
    asked = ways(public)
    assert sorted(asked) == FIELDS, "a new field of Query: say in `ways` what it is asked with"
    for name, field in schema().query_type.fields.items():
        for argument in field.args:
            assert any(f"{argument}: " in way for way in asked[name]), f"{name}({argument}:) is never asked with"


@pytest.mark.parametrize("field", FIELDS)
def test_no_way_of_asking_reaches_what_is_private(public: Public, field: str):
    shallow = list(selections(returned(field), 1))
    for way in ways(public)[field]:
        for selection in shallow if field != "content" else inside(public):
            question = f"{{ {field}{way} {{ {selection} }} }}"
            assert leaks(public, question, public.answer(question)) == [], question


def inside(public: Public) -> list[str]:
    """What is asked of another scope, as far as a request may cost."""
    return [
        'condition(key: "hushed-condition") { name } moon: condition(key: "moon-hiccups") { name summary }',
        'conditions { totalCount nodes { key name } } symptom(slug: "hushed-new") { name }',
        'search(text: "hushed softly") { totalCount nodes { key name } edges { highlights { text } } }',
        f'condition(slug: "{TRANSLATED}") {{ name }}',
        'star: condition(key: "star-sneezes") { name availableLocales }',
    ]


@pytest.mark.parametrize("kind", [*KINDS])
def test_nothing_that_is_reached_from_what_is_public_is_private(public: Public, kind: str):
    keys = {path.partition("/")[2].split(".")[0] for path in world.files() if path.startswith(f"{kind}s/")}
    for key in sorted(keys):
        for selection in selections(returned(kind), 2):
            question = f'{{ {kind}(key: "{key}") {{ {selection} }} }}'
            assert leaks(public, question, public.answer(question)) == [], question


def test_what_is_served_beside_graphql_holds_nothing_private(public: Public, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("content_api.publish.publisher.WAIT_SECONDS", 0.1)
    paths = {"/", "/graphql", "/schema.graphql", "/versions", "/livez", "/readyz", "/metrics", "/static", "/preview"}
    paths.add("/graphql/stream")
    assert {route.path for route in public.client.app.routes} == paths, "a new path: is it asked here?"
    for path in (
        *paths,
        "/graphql?query={",
        f"/preview/{BRANCH}/graphql",
        f"/preview/{BRANCH}/schema.graphql",
        f"/{TAG}",
    ):
        for accept in ("text/html", "application/json", "*/*"):
            answer = public.client.get(path, headers={"Accept": accept})
            assert leaks(public, path, f"{answer.headers} {answer.text}") == []
    for header in ({"Content-Version-At-Least": public.branch}, {"Content-Version-At-Least": BRANCH}):
        answer = public.client.post("/graphql?extensions=content", json={"query": "{ __typename }"}, headers=header)
        assert leaks(public, str(header), f"{answer.headers} {answer.text}") == []


# ---- what can be found out by counting


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


@pytest.mark.parametrize("kind", [*KINDS])
def test_no_filter_counts_what_is_private(public: Public, innocent: Public, kind: str):
    wanted = get_named_type(schema().query_type.fields[f"{kind}s"].args["where"].type)
    for some in batches(list(filters(wanted, HOPS)), 15):
        asked = " ".join(
            f"f{at}: {kind}s(where: {one}) {{ totalCount nodes {{ key }} }}" for at, one in enumerate(some)
        )
        assert public.data(f"{{ {asked} }}") == innocent.data(f"{{ {asked} }}"), some


@pytest.mark.parametrize("locale", ["en", "de", "de-AT"])
def test_no_name_of_what_is_private_finds_anything(public: Public, innocent: Public, locale: str):
    for kind in KINDS:
        names = (f"hushed-{kind}", f"once-{kind}", "hushed-new", TRANSLATED)
        found = [f'{kind}({how}: "{name}") {{ key }}' for name in names for how in ("key", "slug")]
        asked = " ".join(f"f{at}: {one}" for at, one in enumerate(found))
        question = f'{{ content(locale: "{locale}") {{ {asked} }} }}'
        assert public.data(question) == innocent.data(question)
        assert set(public.data(question)["content"].values()) == {None}


@pytest.mark.parametrize("locale", ["en", "de", "de-AT"])
def test_no_search_ranks_by_what_is_private(public: Public, innocent: Public, locale: str):
    for text in ("hushed", "softly said", "moon", "ears glow", "sternen", "tea", "condition"):
        found = f'search(text: "{text}") {{ totalCount edges {{ score node {{ key }} highlights {{ text }} }} }}'
        question = f'{{ content(locale: "{locale}") {{ {found} }} }}'
        assert public.data(question) == innocent.data(question), text


def batches(found: list[str], size: int) -> Iterator[list[str]]:
    return (found[start : start + size] for start in range(0, len(found), size))
