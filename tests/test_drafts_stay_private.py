"""Nothing on the public address reaches a draft, or a branch: every way that the API has is tried.

The content that is served has a draft of every kind, a draft translation, redirects to drafts and references from
them; a branch and a tag on it alone hold more. Every text that nobody may read holds one made-up word, which no
question contains: whatever the answers are, that word is in none of them, nor the key of a draft that was not asked
for. What can only be counted is compared with a server whose content never had the drafts. That who listens at the
public address hears of no branch is in `test_preview_listening.py`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest
from graphql import get_named_type
from starlette.testclient import TestClient

from content_api.answers import schema
from content_api.app import create_app
from content_api.delivery.stored import SHIPPED, read_stored
from content_api.graph.identifiers import encoded
from content_api.settings import Settings
from content_api.web.tokens import hashed
from tests import world
from tests.every_question import (
    BRANCH,
    FIELDS,
    HOPS,
    TAG,
    TOKEN,
    TRANSPORTS,
    Public,
    batches,
    filters,
    returned,
    selections,
    ways,
)
from tests.publish.world import in_content
from tests.repositories import ISOLATED, Repository
from tests.world.hushed import HUSHED, KINDS, MARK, TRANSLATED, branch_files, hushed_files

# ---- the two servers


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
            version_seconds=0.1,
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


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("field", FIELDS)
def test_no_way_of_asking_reaches_what_is_private(public: Public, field: str, transport):
    shallow = list(selections(returned(field), 1))
    with transport(public) as ask:
        for way in ways(public)[field]:
            for selection in shallow if field != "content" else inside(public):
                question = f"{{ {field}{way} {{ {selection} }} }}"
                assert leaks(public, question, ask(question)) == [], question


def inside(public: Public) -> list[str]:
    """What is asked of another scope, as far as a request may cost."""
    return [
        'condition(key: "hushed-condition") { name } moon: condition(key: "moon-hiccups") { name summary }',
        'conditions { totalCount nodes { key name } } symptom(slug: "hushed-new") { name }',
        'search(text: "hushed softly") { totalCount nodes { key name } edges { highlights { text } } }',
        f'condition(slug: "{TRANSLATED}") {{ name }}',
        'star: condition(key: "star-sneezes") { name availableLocales }',
    ]


@pytest.mark.parametrize("transport", list(TRANSPORTS.values())[1:], ids=list(TRANSPORTS)[1:])
def test_what_is_asked_by_each_transport_is_answered_with_what_is_public(public: Public, transport):
    with transport(public) as ask:
        answer = ask('{ condition(key: "moon-hiccups") { key } draft: condition(key: "hushed-condition") { key } }')
    assert re.search(r'"condition": ?{"key": ?"moon-hiccups"}, ?"draft": ?null', answer), answer


def test_no_stored_document_reaches_what_is_private(public: Public):
    for stored in read_stored(SHIPPED):
        if "\nsubscription" in stored.text:
            continue  # it has no argument; who listens is told of in the file that is named above
        for key in (*HUSHED.values(), f"condition/{TRANSLATED}", "condition/hushed-new"):
            name = key.partition("/")[2]
            asked = {"documentId": stored.name, "variables": {"slug": name, "key": name, "text": name}}
            answer = public.client.post("/graphql", json=asked)
            assert "errors" not in answer.json(), answer.text
            assert leaks(public, json.dumps(asked), f"{answer.headers} {answer.text}") == [], asked


def test_what_can_be_listened_to_is_what_is_known_here():
    assert [*schema().subscription_type.fields] == ["versionPublished"], "a new one: what does it say of drafts?"


@pytest.mark.parametrize("kind", [*KINDS])
def test_nothing_that_is_reached_from_what_is_public_is_private(public: Public, kind: str):
    keys = {path.partition("/")[2].split(".")[0] for path in world.files() if path.startswith(f"{kind}s/")}
    for key in sorted(keys):
        for selection in selections(returned(kind), 2):
            question = f'{{ {kind}(key: "{key}") {{ {selection} }} }}'
            assert leaks(public, question, public.answer(question)) == [], question


def test_what_is_served_beside_graphql_holds_nothing_private(public: Public):
    paths = {"/", "/graphql", "/schema.graphql", "/versions", "/livez", "/readyz", "/metrics", "/static", "/preview"}
    paths.add("/graphql/stream")
    assert {route.path for route in public.client.app.routes} == paths, "a new path: is it asked here?"
    for path in (
        *paths,
        "/graphql?query={",
        f"/preview/{BRANCH}/graphql",
        f"/preview/{BRANCH}/graphql/stream",
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


@pytest.mark.parametrize("kind", [*KINDS])
def test_no_filter_counts_what_is_private(public: Public, innocent: Public, kind: str):
    wanted = get_named_type(schema().query_type.fields[f"{kind}s"].args["where"].type)
    for some in batches(list(filters(wanted, HOPS)), 12):
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
