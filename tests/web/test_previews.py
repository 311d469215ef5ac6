"""Everything below /preview/, over the real application on a real repository."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient, WebSocketDenialResponse

from content_api.app import create_app
from content_api.errors import RequestError
from content_api.settings import Settings
from content_api.web.previews import OfBranch, answering, page_at
from content_api.web.scoped import SCOPED, Scoped, Served
from content_api.web.tokens import LONGEST, Tokens, hashed, new_token
from tests import world
from tests.publish.world import MOON, broken, in_content, moon, new_repository
from tests.repositories import ISOLATED, Repository
from tests.waiting import until

TOKEN, OTHER = new_token(), new_token()
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NAME = {"query": '{ condition(key: "moon-hiccups") { name } draft: condition(key: "cloud-yawns") { name } }'}
PROBLEM = "application/problem+json"
RESPONSE = {"Accept": "application/graphql-response+json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module", name="repository")
def _repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with branches to preview, one of them with problems."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ISOLATED.items():
            patched.setenv(name, value)
        repository = new_repository(tmp_path_factory.mktemp("previews") / "content.git")
    for name in ("review/moon", "review/prüfung.v2", "review/broken", "secret"):
        repository.branch(name, "main")
        repository.commit(broken() if name == "review/broken" else moon(f"From {name}"), branch=name)
    return repository


@pytest.fixture
def logs_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoes what an application does to the process's logs, whose stream is the test's own."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers)
    monkeypatch.setattr(root, "level", root.level)


def settings(repository: Repository, **given: object) -> Settings:
    given = {"preview_branches": ("review/*",), "preview_tokens": tokens("anna", "bot"), **given}
    return Settings(content=repository.path, folder="content", log_level="error", **given)  # type: ignore[arg-type]


def tokens(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}:{hashed(token)}" for name, token in zip(names, (TOKEN, OTHER), strict=False))


@pytest.fixture(scope="module", name="client")
def _client(repository: Repository) -> Iterator[TestClient]:
    with TestClient(create_app(settings(repository)), follow_redirects=False) as client:
        yield client


def ask(client: TestClient, branch: str, **headers: str):
    return client.post(f"/preview/{branch}/graphql", json=NAME, headers=BEARER | headers)


# ---- what is answered


def test_a_preview_takes_documents_by_id_and_knows_no_others_than_the_public_address(client):
    variables = {"slug": "moon-hiccups"}
    asked = {"documentId": "ConditionPage", "variables": variables}
    answer = client.post("/preview/review/moon/graphql", json=asked, headers=BEARER)
    assert answer.json()["data"]["content"]["condition"]["name"] == "From review/moon"
    unknown = client.get("/preview/review/moon/graphql?documentId=Nope", headers=BEARER)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"


def test_a_preview_answers_stored_documents_only_where_the_server_does(repository: Repository):
    with TestClient(create_app(settings(repository, trusted_only=True))) as trusting:
        assert ask(trusting, "review/moon").json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


@pytest.mark.parametrize("path", ["review/moon", "review%2Fmoon"])
def test_a_branch_answers_with_its_drafts_and_its_commit(client, repository, path):
    answer = ask(client, path)
    assert answer.json() == {"data": {"condition": {"name": "From review/moon"}, "draft": {"name": "Cloud yawns"}}}
    assert answer.headers["Content-Version"] == repository.git("rev-parse", "review/moon")
    assert client.post("/graphql", json=NAME).json() == {"data": {"condition": {"name": "Moon hiccups"}, "draft": None}}


def test_what_changed_in_a_branch_is_told_with_its_drafts(client, repository):
    drafted = world.edited({"conditions/cloud-yawns.json": {"/text/en/name": "Louder yawns"}})
    repository.branch("review/drafted", "main")
    commit = repository.commit(in_content(drafted), branch="review/drafted")
    until(10, lambda: ask(client, "review/drafted").headers.get("Content-Version") == commit)
    asked = "query ($from: String!) { changes(from: $from) { nodes { key name entity { name } } } }"
    question = {"query": asked, "variables": {"from": repository.git("rev-parse", "main")}}
    answer = client.post("/preview/review/drafted/graphql", json=question, headers=BEARER)
    yawns = {"key": "cloud-yawns", "name": "Louder yawns", "entity": {"name": "Louder yawns"}}
    assert answer.json() == {"data": {"changes": {"nodes": [yawns]}}}
    assert client.post("/graphql", json=question).json() == {"data": {"changes": {"nodes": []}}}


def test_a_branch_answers_get_and_head_like_the_public_address(client):
    for method in ("GET", "HEAD"):
        answer = client.request(method, "/preview/review/moon/graphql", params=NAME, headers=BEARER | RESPONSE)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/graphql-response+json")
    assert client.delete("/preview/review/moon/graphql", headers=BEARER).status_code == 405


def test_every_token_is_good_and_the_scheme_has_no_case(client):
    for value in (f"Bearer {OTHER}", f"bearer {TOKEN}", f"BEARER  {TOKEN} "):
        assert ask(client, "review/moon", Authorization=value).status_code == 200


def test_names_beyond_ascii_are_percent_encoded(client):
    answer = ask(client, "review/pr%C3%BCfung.v2")
    assert answer.json()["data"]["condition"] == {"name": "From review/prüfung.v2"}


def test_extensions_say_which_commit_it_is(client, repository):
    answer = client.post("/preview/review/moon/graphql?extensions=content", json=NAME, headers=BEARER)
    assert answer.json()["extensions"]["content"]["version"] == repository.git("rev-parse", "review/moon")


def test_the_schema_is_the_same(client):
    answer = client.get("/preview/review/moon/schema.graphql", headers=BEARER)
    assert answer.text == client.get("/schema.graphql").text
    refused = client.post("/preview/review/moon/schema.graphql", headers=BEARER)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_every_route_of_a_scope_is_below_preview(client):
    for row in SCOPED:
        assert client.get(f"/preview/review/moon{row.path}", headers=BEARER).status_code != 404
        assert client.get(f"/preview/review/moon{row.path}").status_code == 401
        assert client.get(f"/preview/review/none{row.path}", headers=BEARER).status_code == 404


def test_a_push_is_seen(client, repository):
    repository.branch("review/pushed", "main")
    for name in ("One", "Two"):
        repository.commit(moon(name), branch="review/pushed")
        until(10, lambda name=name: name in (answer := ask(client, "review/pushed")).text and answer.status_code == 200)


# ---- who is let in


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {hashed(TOKEN)}"},
        {"Authorization": "Bearer anna"},
        {"Authorization": "Bearer " + "x" * 100_000},
        {"Authorization": "Bearer \xe4"},
        {"Cookie": f"Authorization=Bearer {TOKEN}"},
    ],
)
def test_without_a_good_token_every_path_is_the_same(client, headers):
    given = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    paths = ("review/moon", "review/none", "secret", "review/broken", "main", "%2e%2e%2fx", "%00", "x" * 5000)
    answers = [client.post(f"/preview/{path}/graphql", json=NAME, headers=given) for path in paths]
    answers += [
        client.get(f"/preview/{path}", headers=given) for path in ("", "x", "review/moon/schema.graphql", "a/b")
    ]
    answers.append(client.get(f"/preview/review/moon/graphql?query={{site{{version}}}}&token={TOKEN}", headers=given))
    first = answers[0]
    assert (first.status_code, first.headers["WWW-Authenticate"]) == (401, 'Bearer realm="previews"')
    assert first.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "There is no token, or none that is good here.",
        "code": "TOKEN_REQUIRED",
        "requestId": first.headers["Request-Id"],
    }
    assert len({without_id(answer) for answer in answers}) == 1


def without_id(answer: httpx2.Response) -> str:
    """All of an answer but the id of its request."""
    told = f"{answer.status_code} {sorted(answer.headers.items())} {answer.text}"
    return told.replace(answer.headers["Request-Id"], "")


def test_two_tokens_in_one_request_are_none(client):
    pairs = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {OTHER}")]
    assert client.post("/preview/review/moon/graphql", json=NAME, headers=pairs).status_code == 401


def test_all_hashes_are_compared_and_in_constant_time(monkeypatch):
    compared: list[tuple[str, str]] = []

    def counting(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("content_api.web.tokens.hmac.compare_digest", counting)
    known = Tokens.of(tokens("anna", "bot"))
    assert known.owner([f"Bearer {TOKEN}"]) == "anna"
    assert known.owner([f"Bearer {OTHER}"]) == "bot"
    assert known.owner(["Bearer nobody"]) is None
    assert len(compared) == 6
    assert all(len(one) == len(other) == 64 for one, other in compared)
    assert known.owner(["Bearer " + "x" * (LONGEST + 1)]) is None
    assert len(compared) == 6


def test_what_holds_tokens_shows_none(repository):
    shown = [repr(Tokens.of(tokens("anna"))), repr(settings(repository)), str(settings(repository))]
    assert [text for text in shown if hashed(TOKEN) in text or TOKEN in text] == []


@pytest.mark.parametrize("path", ["review/moon/graphql", "review/moon/graphql/stream", "review/none/graphql", ""])
@pytest.mark.parametrize(("headers", "status", "code"), [({}, 401, "TOKEN_REQUIRED"), (BEARER, 404, "NOT_FOUND")])
def test_a_websocket_is_not_let_in_and_is_told_where_to_listen(client, path, headers, status, code):
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(f"/preview/{path}", headers=headers),
    ):
        pass
    response = denied.value
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (status, code)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert ("/preview/BRANCH/graphql/stream" in error["extensions"].get("hint", "")) == (status == 404)


# ---- what there is no preview of


@pytest.mark.parametrize(
    "branch", ["main", "secret", "review/none", "review", "refs/heads/review/moon", "%2e%2e%2fx", "%00"]
)
def test_what_there_is_no_preview_of_is_the_same_problem(client, branch):
    for answer in (
        ask(client, branch),
        client.get(f"/preview/{branch}/schema.graphql", headers=BEARER),
        client.get(f"/preview/{branch}", headers=BEARER),
        client.post(f"/preview/{branch}/graphql", content=b"{", headers=BEARER),
    ):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
        assert answer.json()["code"] == "NOT_FOUND"
    assert ask(client, branch).json()["detail"] == "There is no preview at this path."


# ---- a branch with problems


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_a_branch_with_problems_answers_with_the_problems(client, repository, accept):
    answer = ask(client, "review/broken", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, f"{accept}; charset=utf-8")
    [error] = answer.json()["errors"]
    commit = repository.git("rev-parse", "review/broken")
    assert error["message"] == f"Version {commit[:12]} of this branch has 1 problem in 1 file."
    assert (error["extensions"]["code"], error["extensions"]["version"]) == ("BRANCH_HAS_PROBLEMS", commit)
    [problem] = error["extensions"]["problems"]
    assert (problem["path"], problem["pointer"]) == (MOON, "/state")
    assert {"line", "column", "rule", "message"} <= problem.keys()


def test_what_is_not_graphql_answers_with_them_as_a_problem(client):
    answer = client.get("/preview/review/broken/schema.graphql", headers=BEARER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    body = answer.json()
    assert (body["code"], body["title"]) == ("BRANCH_HAS_PROBLEMS", "Unprocessable Entity")
    assert body["problems"] == ask(client, "review/broken").json()["errors"][0]["extensions"]["problems"]


def test_at_most_a_hundred_problems_are_told(repository, client):
    files = {f"conditions/bad-{number}.json": b"{" for number in range(150)}
    repository.branch("review/very-broken", "main")
    repository.commit(in_content(files), branch="review/very-broken")
    time.sleep(1.1)  # until the branches are looked at again
    [error] = ask(client, "review/very-broken").json()["errors"]
    assert len(error["extensions"]["problems"]) == 100
    assert error["message"].endswith("100 problems in 100 files. These are the first; there may be more.")


# ---- which version it is


def test_each_answer_of_a_preview_says_the_branchs_own_version(client, repository):
    commit, path = repository.git("rev-parse", "review/moon"), "/preview/review/moon"
    json = BEARER | {"Content-Type": "application/json"}
    answers = {
        200: client.get(f"{path}/schema.graphql", headers=BEARER),
        400: client.post(f"{path}/graphql", content=b"{", headers=json),
        405: client.delete(f"{path}/graphql", headers=BEARER),
        406: ask(client, "review/moon", Accept="image/png"),
        415: client.post(f"{path}/graphql/stream", content=b"{", headers=BEARER),
    }
    assert {answer.status_code: answer.status_code for answer in answers.values()} == {one: one for one in answers}
    streamed = client.post(f"{path}/graphql/stream", json=NAME, headers=BEARER)
    refused = client.post(f"{path}/schema.graphql", headers=BEARER)
    assert (streamed.status_code, refused.status_code) == (200, 405)
    found = [answer.headers.get_list("Content-Version") for answer in (*answers.values(), streamed, refused)]
    assert found == [[commit]] * len(found)


def test_a_commit_that_leaves_the_content_as_it_was_is_what_a_preview_says(client, repository):
    repository.branch("review/beside", "main")
    for name in ("one", "two"):
        commit = repository.commit({f"{name}.md": b"beside the content"}, branch="review/beside")
        time.sleep(1.1)  # until the branches are looked at again
        assert ask(client, "review/beside").headers["Content-Version"] == commit
        refused = client.delete("/preview/review/beside/graphql", headers=BEARER)
        assert refused.headers["Content-Version"] == commit


def test_without_a_token_and_of_a_branch_with_problems_no_version_is_said(client):
    for answer in (
        client.get("/preview/review/moon/schema.graphql"),
        ask(client, "review/none"),
        ask(client, "review/broken"),
        client.post("/preview/review/broken/graphql/stream", json=NAME, headers=BEARER),
        client.delete("/preview/review/broken/graphql", headers=BEARER),
    ):
        assert "Content-Version" not in answer.headers


# ---- caches, browsers


def test_nothing_below_preview_is_for_a_shared_cache(client, repository):
    commit = repository.git("rev-parse", "review/moon")
    pinned = {"query": f'{{ content(version: "{commit}") {{ site {{ version }} }} }}'}
    origin = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    answers = {
        200: client.post("/preview/review/moon/graphql", json=pinned, headers=BEARER),
        401: client.get("/preview/x/graphql?query={__typename}"),
        404: ask(client, "review/none"),
        405: client.delete("/preview/review/moon/graphql", headers=BEARER),
        406: ask(client, "review/moon", Accept="image/png"),
        422: ask(client, "review/broken"),
    }
    assert {answer.status_code: answer.status_code for answer in answers.values()} == {one: one for one in answers}
    page = client.get("/preview/review/moon/graphql", headers=BROWSER)
    preflight = client.options("/preview/review/moon/graphql", headers=origin)
    for answer in (*answers.values(), page, preflight):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Authorization" in answer.headers["Vary"]
    assert {"Accept", "Authorization"} <= set(answers[200].headers["Vary"].split(", "))
    assert client.post("/graphql", json=NAME).headers["Cache-Control"].startswith("public")


def test_a_failure_of_ours_is_not_for_a_shared_cache_either(repository, monkeypatch):
    def failing(*_: object) -> None:
        raise RuntimeError("a defect")

    app = create_app(settings(repository))
    monkeypatch.setattr("content_api.previewing.live_of", failing)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = ask(client, "review/moon")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (500, "private, no-store")
    assert "a defect" not in answer.text


def test_a_page_of_another_origin_may_send_the_token(client):
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    allowed = client.options("/preview/review/moon/graphql", headers=asked).headers["Access-Control-Allow-Headers"]
    assert {"authorization", "content-type"} == set(allowed.split(","))


@pytest.mark.parametrize("headers", [{}, BEARER])
def test_a_person_with_a_browser_gets_the_page_whatever_the_branch(client, headers):
    pages = [
        client.get(f"/preview/{name}/graphql", headers=BROWSER | headers) for name in ("a/b", "c/d", "review/moon")
    ]
    assert {page.status_code for page in pages} == {200}
    assert len({page.content for page in pages}) == 1
    assert "Content-Security-Policy" in pages[0].headers
    assert client.get("/preview/review/moon/graphql?query={__typename}", headers=BROWSER).status_code == 401
    assert client.post("/preview/review/moon/graphql", json=NAME, headers=BROWSER).status_code == 401


@pytest.mark.parametrize(
    ("path", "prefix", "up"),
    [
        ("/preview/x/graphql", "", "../../"),
        ("/preview/x/y/graphql", "", "../../../"),
        ("/preview/x%2Fy/graphql?a=/b", "", "../../"),
        ("/behind/preview/x/graphql", "/behind", "../../"),
    ],
)
def test_the_page_finds_its_files_from_wherever_it_is(path, prefix, up):
    page = HTMLResponse('<script src="static/graphiql.js"></script>')
    scope = {"raw_path": path.encode(), "path": path, "app_root_path": prefix}
    assert page_at(page, scope).body == f'<script src="{up}static/graphiql.js"></script>'.encode()


# ---- where there are no previews


@pytest.mark.parametrize("given", [{"preview_branches": ()}, {"preview_tokens": ()}])
def test_previews_are_closed_unless_both_settings_are_given(repository, given):
    with TestClient(create_app(settings(repository, **given))) as client:
        answer = ask(client, "review/moon")
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is nothing at this path.")
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_plain_folder_has_no_previews_and_says_so(tmp_path: Path, capsys, logs_as_before):
    for path, data in world.files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    given = Settings(content=tmp_path, preview_branches=("*",), preview_tokens=tokens("anna"), log_format="json")
    with TestClient(create_app(given)) as client:
        assert ask(client, "main").status_code == 404
    said = capsys.readouterr().err
    assert "there are no previews" in said
    assert hashed(TOKEN) not in said


# ---- the log


def test_the_log_says_whose_token_it_was_and_never_a_token(repository, capfd, logs_as_before):
    given = settings(repository).model_copy(update={"log_level": "info", "log_format": "json"})
    with TestClient(create_app(given)) as client:
        assert ask(client, "review/moon").status_code == 200
        assert ask(client, "review/moon", Authorization=f"Bearer {TOKEN}-not").status_code == 401
    said = "".join(capfd.readouterr())
    assert '"token": "anna"' in said
    assert [one for one in (TOKEN, OTHER, hashed(TOKEN), hashed(OTHER)) if one in said] == []


def test_what_answers_the_public_again_answers_no_preview():
    """A preview is asked for with a token each time, and is of a branch."""
    seen: list[Served] = []

    async def served(scope, receive, send):
        pass

    @asynccontextmanager
    async def opened(branch):
        yield answering(RequestError("NOT_FOUND", branch))

    row = Scoped("/graphql", lambda given: seen.append(given) or served, in_graphql=True)
    public = Served(None, None, None, "", HTMLResponse(""), 1_000, at_least=print, again=print)
    asyncio.run(OfBranch(row, opened, public)({"type": "http", "path_params": {"branch": "next"}}, None, None))
    [given] = seen
    assert (given.again, given.at_least) == (None, None)
