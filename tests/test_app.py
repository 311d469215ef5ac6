"""The wiring, in process: what is served, from which edition, and what becomes of it when that changes."""

from __future__ import annotations

import base64
import gc
import json
import pkgutil
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from content_api.answers import live_in
from content_api.app import create_app, wire
from content_api.content.load import load
from content_api.content.view import View
from content_api.delivery.plan import compiled as make_plan
from content_api.errors import RepositoryUnusable, SettingError, exit_code
from content_api.opening import ContentUnservable, Started, usual_content
from content_api.publish.current import Current
from content_api.publish.making import make_edition, retire
from content_api.settings import Settings
from content_api.store import open_content
from content_api.store.snapshot import Limits
from tests import world
from tests.cli.conftest import write
from tests.publish.world import new_repository
from tests.repositories import ISOLATED
from tests.world.snapshot import MemorySnapshot

NAME = {"query": '{ condition(key: "moon-hiccups") { name } }'}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    write(tmp_path / "content", world.files())
    return tmp_path / "content"


def renamed(name: str) -> MemorySnapshot:
    return MemorySnapshot(world.edited({"conditions/moon-hiccups.json": {"/text/en/name": name}}))


def test_the_app_answers_from_the_content_of_its_settings(content: Path):
    with TestClient(create_app(Settings(content=content, cors_origins=("https://example.org",)))) as client:
        answer = client.post("/graphql", json=NAME, headers={"Origin": "https://example.org"})
        assert answer.json() == {"data": {"condition": {"name": "Moon hiccups"}}}
        assert answer.headers["Access-Control-Allow-Origin"] == "https://example.org"
        assert "Access-Control-Allow-Origin" not in client.get("/livez", headers={"Origin": "https://e.com"}).headers
        assert client.get("/readyz").json()["version"] == answer.headers["Content-Version"]
        assert "type Condition implements" in client.get("/schema.graphql").text


@pytest.mark.parametrize("field", ["conditions", 'search(text: "moon")'])
def test_a_cursor_that_no_answer_could_hold_is_the_clients_mistake(content: Path, field: str):
    token = base64.urlsafe_b64encode(rb'["\ud800","x"]').decode().rstrip("=")
    asked = field.replace(")", f', after: "{token}")') if ")" in field else f'{field}(after: "{token}")'
    client = TestClient(create_app(Settings(content=content)))
    answer = client.post("/graphql", json={"query": f"{{ {asked} {{ totalCount }} }}"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


def test_an_operation_is_answered_from_what_is_live_when_it_begins(content: Path):
    settings = Settings(content=content)
    opened = open_content(content)
    current = Current(load(opened.snapshot))
    client = TestClient(wire(settings, Started(opened, current)))
    before = client.post("/graphql", json=NAME)
    current.go_live(load(renamed("Renamed"), known=current.edition))
    after = client.post("/graphql", json=NAME)
    assert before.json()["data"]["condition"] == {"name": "Moon hiccups"}
    assert after.json()["data"]["condition"] == {"name": "Renamed"}
    assert before.headers["Content-Version"] != after.headers["Content-Version"]
    assert client.get("/readyz").json()["version"] == after.headers["Content-Version"]


@pytest.mark.parametrize(
    ("setting", "where"),
    [
        ("lane_waiting", "content_api.app.Lane"),
        ("operations_waiting", "content_api.app.Load"),
        ("send_seconds", "content_api.app.Listeners"),
        ("send_seconds", "content_api.web.routes.WebSocketEndpoint"),
        ("rate_clients", "content_api.web.rates.Rate"),
        ("loads_waiting", "content_api.opening.Branch"),
        ("load_seconds", "content_api.opening.Branch"),
        ("versions_waiting", "content_api.opening.Branch"),
        ("version_seconds", "content_api.opening.Branch"),
    ],
)
def test_a_limit_of_waiting_comes_to_where_it_holds(tmp_path: Path, monkeypatch, setting: str, where: str):
    seen: list[str] = []
    made = pkgutil.resolve_name(where)

    def noting(*arguments: object, **named: object) -> object:
        seen.append(repr((arguments, named)))
        return made(*arguments, **named)

    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(where, noting)
    repository = new_repository(tmp_path / "content.git")
    number = {setting: 321}
    settings = Settings(content=repository.path, rate_limit="9/second", **number)
    with TestClient(create_app(settings)) as client:
        assert client.get("/livez").status_code == 200
    assert seen
    assert any(re.search(r"\b321\b", one) for one in seen)


def test_what_operations_are_answered_from_is_made_once_for_each_edition():
    current = Current(load(renamed("One")))
    live = live_in(current)
    first = live()
    assert live() is first
    current.go_live(load(renamed("Two"), known=current.edition))
    assert live() is not first
    assert live().version == current.edition.version.id


def test_an_edition_that_is_retired_is_freed_though_the_collector_does_not_look_at_it():
    """Counted among all objects, frozen ones included: the View that a reader has used holds the edition."""
    limits = Limits()
    current = Current(make_edition(renamed("One"), limits))
    live = live_in(current)
    for name in ("Two", "Three"):
        before = current.edition
        live().root.view.all("condition")
        current.go_live(make_edition(renamed(name), limits, before))
        retire(before)
    version = before.version.id
    del before
    gc.unfreeze()
    try:
        held = [found for found in gc.get_objects() if type(found) is View and found.edition.version.id == version]
    finally:
        gc.freeze()
    assert held == []


def test_content_with_problems_is_refused_with_the_list(content: Path):
    (content / "site.json").write_bytes(b"{}")
    with pytest.raises(ContentUnservable) as refused:
        create_app(Settings(content=content))
    assert f"{content}/site.json:1:1  " in str(refused.value)
    assert str(refused.value).endswith("Nothing is served.")
    assert exit_code(refused.value) == 1


def test_content_that_cannot_be_read_is_for_an_operator(tmp_path: Path):
    with pytest.raises(RepositoryUnusable) as refused:
        create_app(Settings(content=tmp_path / "nowhere"))
    assert exit_code(refused.value) == 2


def test_the_usual_content_is_the_folder_of_that_name_or_the_one_with_a_site(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=r"neither a folder `content` nor a file `site\.json`"):
        usual_content()
    (tmp_path / "site.json").touch()
    assert usual_content() == Path()
    (tmp_path / "content").mkdir()
    assert usual_content() == Path("content")


# --- Stored documents -------------------------------------------------------------------------------------------------

MOON = 'query Moon { condition(key: "moon-hiccups") { name } }'


@pytest.fixture
def operations(tmp_path: Path) -> Path:
    """A folder of stored documents."""
    write(tmp_path / "operations", {"Moon.graphql": MOON.encode()})
    return tmp_path / "operations"


def test_stored_documents_are_those_of_the_settings(content: Path, operations: Path):
    client = TestClient(create_app(Settings(content=content, operations=operations)))
    assert client.get("/graphql?documentId=Moon").json() == {"data": {"condition": {"name": "Moon hiccups"}}}
    assert client.get("/graphql?documentId=ConditionPage").json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert 'content_api_operations_total{operation="Moon"} 1.0' in client.get("/metrics").text


def test_without_a_setting_they_are_those_that_are_shipped(content: Path):
    client = TestClient(create_app(Settings(content=content)))
    asked = {"documentId": "ConditionPage", "variables": {"slug": "moon-hiccups"}}
    assert client.post("/graphql", json=asked).json()["data"]["content"]["condition"]["name"] == "Moon hiccups"


def test_where_only_they_are_trusted_nothing_else_is_answered(content: Path, operations: Path):
    client = TestClient(create_app(Settings(content=content, operations=operations, trusted_only=True)))
    assert client.get("/graphql?documentId=Moon").json() == {"data": {"condition": {"name": "Moon hiccups"}}}
    assert client.post("/graphql", json=NAME).json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    assert client.get("/graphql", headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.parametrize(("plans", "compiled"), [(True, 1), (False, 0)])
def test_plans_can_be_done_without(content: Path, plans: bool, compiled: int, monkeypatch):
    made = []
    monkeypatch.setattr("content_api.delivery.plans.compiled", lambda *given: made.append(given) or make_plan(*given))
    client = TestClient(create_app(Settings(content=content, plans=plans, answer_bytes=0)))
    answers = {client.post("/graphql", json=NAME).text for _ in range(5)}
    assert answers == {'{"data":{"condition":{"name":"Moon hiccups"}}}'}
    assert len(made) == compiled


def test_strangers_documents_do_not_push_out_a_stored_one(content: Path, operations: Path, monkeypatch):
    client = TestClient(create_app(Settings(content=content, operations=operations)))
    for number in range(1_100):
        client.post("/graphql", json={"query": f"{{ a{number}: __typename }}"})
    monkeypatch.setattr("content_api.delivery.reading.parse", None)  # whoever parses now fails
    assert client.get("/graphql?documentId=Moon").json() == {"data": {"condition": {"name": "Moon hiccups"}}}


def test_a_stored_document_that_does_not_fit_the_schema_is_a_warning_and_hurts_its_own_clients(
    content: Path, operations: Path, capsys: pytest.CaptureFixture[str]
):
    write(operations, {"Old.graphql": b"query Old {\n  site { colour }\n}"})
    client = TestClient(create_app(Settings(content=content, operations=operations)))
    warning = json.loads(capsys.readouterr().err)
    assert (warning["level"], warning["event"]) == ("warning", "a stored document cannot be answered")
    assert warning["place"] == f"{operations}/Old.graphql:2"
    assert warning["why"] == "Cannot query field 'colour' on type 'Site'."
    errors = client.get("/graphql?documentId=Old").json()["errors"]
    assert errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" in client.get("/graphql?documentId=Moon").json()


def test_a_folder_of_documents_that_is_not_there_keeps_the_server_from_starting(content: Path):
    with pytest.raises(SettingError, match="There is no folder"):
        create_app(Settings(content=content, operations=content / "nowhere"))
