"""The first reader after a publication: finds everything ready, and the answers that it left as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

import content_api.answers
from content_api.app import create_app
from content_api.content import select, view
from content_api.delivery import memory, plans, present, price
from content_api.settings import Settings
from tests import world
from tests.publish.world import MOON, in_content, moon, new_repository
from tests.repositories import ISOLATED, Repository

PAGE = """query Page($slug: String!) { condition(slug: $slug) {
  key name summary kind slug sections { heading text { html } } requiredCautions { name } symptoms { symptom { name } }
} }"""
LIST = "{ conditions { totalCount nodes { key name } } }"
RELATION = '{ conditions(where: { symptoms: { some: { symptom: { name: { contains: "glow" } } } } }) { totalCount } }'
FILTER = """{ conditions(where: { name: { contains: "moon" } }, orderBy: [{ field: NAME, direction: DESC }]) {
  nodes { name } } }"""
YAWNS = "conditions/cloud-yawns.json"
COMETS = "causes/late-comets.json"
QUESTIONS = {PAGE: {"slug": "moon-hiccups"}, LIST: {}, RELATION: {}, FILTER: {}}
LIVE = "{ __typename }"
LONG = f'{{ caution(key: "ask-first") {{ name {" ".join(f"a{place}: summary" for place in range(40))} }} }}'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)
    return new_repository(tmp_path / "content.git")


@contextmanager
def served(repository: Repository, **settings: Any) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(content=repository.path, poll_seconds=0.2, **settings))) as client:
        yield client


def ask(client: TestClient, text: str, headers: dict[str, str] | None = None, **variables: object) -> httpx2.Response:
    answer = client.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
    assert "errors" not in answer.json(), answer.text
    return answer


def publish(client: TestClient, repository: Repository, files: dict[str, Any]) -> str:
    """Push, and wait until it is live, with a question that reads nothing."""
    commit = repository.commit(files)
    assert ask(client, LIVE, {"Content-Version-At-Least": commit}).headers["Content-Version"] == commit
    return commit


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something was done that is done once for an edition, or once for a plan."""
    done: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any) -> Any:
            done[name] += 1
            return function(*arguments)

        return count

    monkeypatch.setattr(view, "in_usual_order", counted("an order", view.in_usual_order))
    monkeypatch.setattr(select.Remembered, "__missing__", counted("an edge", select.Remembered.__missing__))
    monkeypatch.setattr(select, "selected", counted("a selection", select.selected))
    monkeypatch.setattr(memory.Memory, "_make", counted("a piece", memory.Memory._make))
    monkeypatch.setattr(plans, "compiled", counted("a plan", plans.compiled))
    return done


def asked_after_a_publication(repository: Repository, work: Counter[str]) -> Counter[str]:
    """What is done for the first who ask what was asked before it."""
    with served(repository, answer_bytes=0) as client:
        for text, variables in QUESTIONS.items():
            for _ in range(plans.SIGHTS):
                ask(client, text, **variables)
        assert work["a plan"] == len(QUESTIONS)
        publish(client, repository, moon("Moon sneezes"))
        work.clear()
        answers = [ask(client, text, **variables).json()["data"] for text, variables in QUESTIONS.items()]
    assert answers[0]["condition"]["name"] == "Moon sneezes"
    assert answers[3] == {"conditions": {"nodes": [{"name": "Moon sneezes"}]}}
    return work


def test_what_is_asked_for_again_is_ready_before_a_version_goes_live(repository, work):
    assert asked_after_a_publication(repository, work) == {}


def test_without_that_the_first_reader_would_wait_for_it(repository, work, monkeypatch):
    monkeypatch.setattr(content_api.answers, "warm", lambda live, asked: 0)
    assert asked_after_a_publication(repository, work).keys() == {"an order", "an edge", "a selection", "a piece"}


def test_what_cannot_be_made_ready_goes_live_all_the_same_and_is_logged(repository, monkeypatch):
    def failing(live: object, asked: object) -> int:
        raise LookupError("a defect")

    monkeypatch.setattr(content_api.answers, "warm", failing)
    with served(repository) as client, capture_logs() as logged:
        publish(client, repository, moon("Moon sneezes"))
        assert ask(client, FILTER).json()["data"]["conditions"]["nodes"] == [{"name": "Moon sneezes"}]
    assert "a version goes live without being made ready" in [entry["event"] for entry in logged]


def test_making_ready_asks_no_other_version(repository, monkeypatch):
    """Another edition is read by the event loop meanwhile."""
    first = repository.git("rev-parse", "main")
    document = 'query ($v: String!) { content(version: $v) { condition(slug: "moon-hiccups") { name } } }'
    followed: list[int] = []
    warm = content_api.answers.warm
    monkeypatch.setattr(content_api.answers, "warm", lambda live, asked: followed.append(warm(live, asked)) or 0)
    with served(repository, answer_bytes=0) as client:
        publish(client, repository, moon("Moon sneezes"))
        for _ in range(plans.SIGHTS + 1):
            ask(client, document, v=first)
            ask(client, LIST)
        publish(client, repository, moon("Moon coughs"))
    assert followed == [0, 1], "the list, and not the older version"


# --- Answers that stay -----------------------------------------------------------------------------------------------


def test_no_answer_stays_where_a_publication_changes_what_it_costs(repository, monkeypatch):
    """One entity more begins another thousand here. What is about conditions has the same answer, at another cost."""
    monkeypatch.setattr(price, "THOUSAND", 1)
    monkeypatch.setattr(price, "MEASURED", 5)
    cause = world.edited({COMETS: {"/id": "later-comets", "/text/en/slug": "later-comets", "/text/en/name": "Later"}})
    with served(repository) as client:
        publish(client, repository, moon("Moon coughs"))
        before = ask(client, FILTER)
        publish(client, repository, in_content({"causes/later-comets.json": cause[COMETS]}))
        after = ask(client, FILTER)
    assert after.content == before.content
    assert int(after.headers["Query-Cost"]) == int(before.headers["Query-Cost"]) + 10 + 10


def test_an_answer_that_a_publication_does_not_touch_is_kept_and_says_the_new_version(repository):
    with served(repository) as client:
        publish(client, repository, moon("Moon coughs"))  # the first look, whenever that is, is over
        before = ask(client, PAGE, slug="sneezing-at-stars")
        name = ask(client, PAGE, slug="moon-hiccups")
        commit = publish(client, repository, moon("Moon sneezes"))
        reused = metric(client, "content_api_answers_reused_total")
        after = ask(client, PAGE, slug="sneezing-at-stars")
        assert metric(client, "content_api_answers_reused_total") == reused + 1
        renamed = ask(client, PAGE, slug="moon-hiccups")
        assert metric(client, "content_api_answers_reused_total") == reused + 1
    assert after.content == before.content
    assert after.headers["Content-Version"] == commit != before.headers["Content-Version"]
    told = ("ETag", "Cache-Tag", "Cache-Control", "Query-Cost")
    assert [after.headers[each] for each in told] == [before.headers[each] for each in told]
    assert renamed.json()["data"]["condition"]["name"] == "Moon sneezes"
    assert renamed.headers["ETag"] != name.headers["ETag"]


def test_the_hash_and_the_forms_of_an_answer_are_made_once_and_outlast_what_does_not_touch_it(repository, monkeypatch):
    made: Counter[str] = Counter()

    def counted(name: str, make: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def count(body: bytes) -> Any:
            made[name] += 1
            return make(body)

        return count

    monkeypatch.setattr(present, "sha256", counted("hash", present.sha256))
    for coding, make in present.CODINGS.items():
        monkeypatch.setitem(present.CODINGS, coding, counted(coding, make))
    with served(repository) as client:
        publish(client, repository, moon("Moon coughs"))
        made.clear()
        for turn in range(2):
            for coding in ("br", "gzip", "br", "gzip", "identity"):
                answer = ask(client, LONG, {"Accept-Encoding": coding})
                assert answer.headers.get("Content-Encoding", "identity") == coding
                head = client.head("/graphql", params={"query": LONG}, headers={"Accept-Encoding": coding})
                assert (head.content, head.headers["ETag"]) == (b"", answer.headers["ETag"])
                known = {"Accept-Encoding": coding, "If-None-Match": head.headers["ETag"]}
                assert client.get("/graphql", params={"query": LONG}, headers=known).status_code == 304
            assert made == {"hash": 1, "br": 1, "gzip": 1}
            if not turn:
                publish(client, repository, moon("Moon sneezes"))


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


@pytest.mark.parametrize("field", ["updatedAt", "history { message }"])
def test_what_was_changed_there_and_back_has_another_history(repository, field):
    """The file is as it was, and the answer is not."""
    text = f'{{ condition(slug: "moon-hiccups") {{ name {field} }} }}'
    with served(repository) as client:
        before = ask(client, text)
        commit = publish_there_and_back(client, repository, MOON)
        after = ask(client, text)
    assert after.headers["Content-Version"] == commit
    assert after.json()["data"]["condition"]["name"] == before.json()["data"]["condition"]["name"]
    assert after.content != before.content


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (MOON, {"condition/moon-hiccups", "condition/mondschluckauf", "condition:all", "search", "version"}),
        (YAWNS, {"version"}),
    ],
)
def test_what_was_changed_there_and_back_is_told_unless_it_is_a_draft(repository, path, told):
    with served(repository) as client, capture_logs() as logged:
        publish_there_and_back(client, repository, path)
    [outdated] = [entry["outdated"] for entry in logged if entry["event"] == "live"]
    assert set(outdated.split(",")) == told


def publish_there_and_back(client: TestClient, repository: Repository, path: str) -> str:
    repository.branch("beside", "main")
    changed = world.edited({path: {"/text/en/summary": "Other words."}})
    repository.commit(in_content({path: changed[path]}), message="There", branch="beside")
    back = repository.commit(
        in_content({path: world.files()[path]}), message="Back", branch="beside", date="1900000000 +0000"
    )
    repository.branch("main", back)
    ask(client, LIVE, {"Content-Version-At-Least": back})
    return back
