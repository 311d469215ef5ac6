"""Versions over HTTP: which one an answer is from, how long it is good, and waiting for one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from content_api.app import create_app
from content_api.settings import Settings
from content_api.web.representation import LIVE
from tests import world
from tests.publish.world import broken, moon, new_repository
from tests.repositories import ISOLATED, Repository
from tests.waiting import until

NAME = '{ condition(key: "moon-hiccups") { name } }'
PINNED = 'query ($v: String) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)
    return new_repository(tmp_path / "content.git")


@pytest.fixture
def client(repository: Repository) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(content=repository.path, poll_seconds=0.2))) as client:
        yield client


def ask(client: TestClient, text: str, headers: dict[str, str] | None = None, **variables: object) -> httpx2.Response:
    accept = {"Accept": "application/graphql-response+json"}
    return client.post("/graphql", json={"query": text, "variables": variables}, headers=accept | (headers or {}))


def code(answer: httpx2.Response) -> str:
    return answer.json()["errors"][0]["extensions"]["code"]


def test_a_version_named_by_its_whole_id_is_cached_for_ever_and_says_itself(client, repository):
    first = repository.git("rev-parse", "main")
    answer = ask(client, PINNED, v=first)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    repository.commit(moon("Newer"))
    newest = repository.git("rev-parse", "main")
    assert ask(client, NAME, {"Content-Version-At-Least": newest}).headers["Content-Version"] == newest
    answer = ask(client, PINNED, v=first)
    assert answer.headers["Content-Version"] == first
    assert answer.json()["data"]["content"]["condition"]["name"] == "Moon hiccups"


@pytest.mark.parametrize("name", ["a tag", "a prefix", "none", "two versions", "beside the live one", "with an error"])
def test_what_could_have_another_answer_one_day_is_not(client, repository, name):
    first = repository.git("rev-parse", "main")
    repository.tag("edition")
    second = repository.commit(moon("Newer"))
    ask(client, NAME, {"Content-Version-At-Least": second})
    one, other = (f'content(version: "{version}") {{ site {{ version }} }}' for version in (first, second))
    document = {
        "a tag": one.replace(first, "edition"),
        "a prefix": one.replace(first, first[:12]),
        "none": "content { site { version } }",
        "two versions": f"a: {one} b: {other}",
        "beside the live one": f"{one} site {{ version }}",
        "with an error": one.replace("site {", 'condition(key: "a", slug: "b") {').replace("version }", "name }"),
    }[name]
    answer = ask(client, f"{{ {document} }}")
    assert answer.headers["Cache-Control"] == ("no-store" if name == "with an error" else LIVE)
    assert answer.headers["Content-Version"] == second


def test_an_answer_that_depends_on_the_day_is_not_good_for_ever(client, repository):
    version = repository.git("rev-parse", "main")
    review = 'treatment(key: "quiet-tea") { review { isOverdue } }'
    answer = ask(client, f'{{ content(version: "{version}") {{ {review} }} }}')
    assert (answer.headers["Cache-Control"], "today" in answer.headers["Cache-Tag"]) == (LIVE, True)


def test_an_answer_that_says_a_tag_is_not_good_for_ever_since_a_tag_can_be_moved(client, repository):
    first = repository.git("rev-parse", "main")
    asked = {"query": PINNED, "variables": {"v": first}, "extensions": {"content": True}}
    answer = client.post("/graphql", json=asked)
    assert answer.json()["extensions"]["content"]["version"] == answer.headers["Content-Version"] == first
    assert answer.headers["Cache-Control"] == LIVE


def test_a_client_is_told_on_request_which_version_it_reads(client, repository):
    repository.tag("edition-1")
    ask(client, NAME, {"Content-Version-At-Least": repository.commit({"README": "a look"})})
    live = ask(client, NAME).headers["Content-Version"]
    expected = {"content": {"version": live, "tag": "edition-1", "publishedAt": "2025-11-22T08:26:40Z"}}
    assert "extensions" not in ask(client, NAME).json()
    assert client.post("/graphql?extensions=content", json={"query": NAME}).json()["extensions"] == expected
    assert client.get("/graphql", params={"query": NAME, "extensions": "content"}).json()["extensions"] == expected
    asked = {"query": NAME, "extensions": {"content": True}}
    assert client.post("/graphql", json=asked).json()["extensions"] == expected


def test_an_answer_is_sent_again_until_something_else_is_live(client, repository):
    def reused() -> float:
        return float(re.search(r"^content_api_answers_reused_total (\S+)$", client.get("/metrics").text, re.M)[1])

    first = ask(client, NAME)
    assert (ask(client, NAME).content, reused()) == (first.content, 1)
    newest = repository.commit(moon("Newer"))
    assert ask(client, NAME, {"Content-Version-At-Least": newest}).content != first.content
    assert reused() == 1
    repository.tag("spring")
    until(10, lambda: client.get("/readyz").json()["tags"] == ["spring"])
    assert (ask(client, NAME).status_code, reused()) == (200, 1), "what names mean has changed"
    assert (ask(client, NAME).status_code, reused()) == (200, 2)


def test_no_client_reads_what_is_older_than_its_own_publish(client, repository):
    for number in range(3):
        commit = repository.commit(moon(f"Name {number}"))
        answer = ask(client, NAME, {"Content-Version-At-Least": commit})
        assert answer.json()["data"]["condition"]["name"] == f"Name {number}"


def test_what_does_not_come_in_time_is_503_and_says_when_to_ask_again(repository):
    with TestClient(create_app(Settings(content=repository.path, poll_seconds=0.2, version_seconds=0.5))) as client:
        refused = repository.commit(broken())
        for commit, words in ((refused, "has 1 problem"), ("0" * 40, "0.5 s were waited; 0.5 s may be")):
            answer = ask(client, NAME, {"Content-Version-At-Least": commit})
            assert (answer.status_code, code(answer)) == (503, "VERSION_NOT_YET_LIVE")
            assert words in answer.json()["errors"][0]["message"]
            assert int(answer.headers["Retry-After"]) >= 1
        answer = ask(client, NAME, {"Content-Version-At-Least": "newest"})
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


def test_the_past_of_an_entity_is_its_versions_up_to_the_one_shown(client, repository):
    first = repository.git("rev-parse", "main")
    second = repository.commit(moon("Second"), author="Somebody Else <else@example.org>", date="1764000000 +0000")
    third = repository.commit({"README": "beside"})
    ask(client, NAME, {"Content-Version-At-Least": third})
    past = 'condition(key: "moon-hiccups") { updatedAt history { id author changed { added changed removed } } }'
    found = ask(client, f'{{ {past} content(version: "{first}") {{ {past} }} }}').json()["data"]
    assert [version["id"] for version in found["condition"]["history"]] == [second, first]
    assert found["condition"]["updatedAt"] == "2025-11-24T16:00:00Z"
    assert found["condition"]["history"][0]["author"] == "Somebody Else"
    assert found["condition"]["history"][0]["changed"] == {"added": 0, "changed": 1, "removed": 0}
    assert [version["id"] for version in found["content"]["condition"]["history"]] == [first]


def test_versions_are_paged_from_the_newest(client, repository):
    commits = [repository.git("rev-parse", "main"), *(repository.commit(moon(f"Name {number}")) for number in range(5))]
    ask(client, NAME, {"Content-Version-At-Least": commits[-1]})
    text = """query ($after: String) { versions(first: 4, after: $after) {
        totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"""
    one = ask(client, text).json()["data"]["versions"]
    other = ask(client, text, after=one["pageInfo"]["endCursor"]).json()["data"]["versions"]
    assert [node["id"] for node in one["nodes"] + other["nodes"]] == commits[::-1]
    assert (one["totalCount"], one["pageInfo"]["hasNextPage"], other["pageInfo"]["hasNextPage"]) == (6, True, False)
    page = ask(client, "{ conditions { pageInfo { endCursor } } }").json()["data"]["conditions"]["pageInfo"]
    assert code(ask(client, text, after=page["endCursor"])) == "BAD_CURSOR"


def test_the_page_of_versions_still_shows_which_were_refused_after_the_branch_was_mended(client, repository):
    refused = repository.commit(broken())
    until(10, lambda: refused in client.get("/readyz").text)
    mended = repository.commit(moon("Mended"))
    ask(client, NAME, {"Content-Version-At-Least": mended})
    rows = client.get("/versions").text.split("<tbody>")[1].split("</tr>")
    assert [("refused" in row, refused[:12] in row) for row in rows[:3]] == [(False,) * 2, (True,) * 2, (False,) * 2]
    asked = "{ versions { nodes { id refused } } }"
    nodes = ask(client, asked).json()["data"]["versions"]["nodes"]
    assert [node["refused"] for node in nodes] == [False, True, False]


CHANGES = """query ($from: String!, $to: String, $first: Int, $after: String) {
  changes(from: $from, to: $to, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { kind key fields { path before after } affected { key } }
  } }"""


def test_what_differs_between_two_versions_is_told_field_by_field(client, repository):
    first = repository.git("rev-parse", "main")
    second = repository.commit(moon("Renamed hiccups"))
    ask(client, NAME, {"Content-Version-At-Least": second})
    for variables in ({"from": first}, {"from": first, "to": second}):
        [change] = ask(client, CHANGES, **variables).json()["data"]["changes"]["nodes"]
        assert (change["kind"], change["key"]) == ("CHANGED", "moon-hiccups")
        expected = {"path": "/text/en/name", "before": '"Moon hiccups"', "after": '"Renamed hiccups"'}
        assert change["fields"] == [expected]
        assert "star-sneezes" in [entity["key"] for entity in change["affected"]]
    assert ask(client, CHANGES, **{"from": second}).json()["data"]["changes"]["totalCount"] == 0
    assert code(ask(client, CHANGES, **{"from": "main"})) == "VERSION_NOT_AVAILABLE"


def test_much_that_differs_is_compared_beside_the_event_loop_and_paged_without_comparing_again(client, repository):
    first = repository.git("rev-parse", "main")
    glow = "symptoms/left-ear-glow.json"
    new = {
        f"content/symptoms/glow-{number}.json": world.edited(
            {glow: {"/id": f"glow-{number}", "/text/en/slug": f"glow-{number}"}}
        )[glow]
        for number in range(120)
    }
    second = repository.commit(new)
    ask(client, NAME, {"Content-Version-At-Least": second})
    keys: list[str] = []
    after = None
    while True:
        page = ask(client, CHANGES, **{"from": first}, first=50, after=after).json()["data"]["changes"]
        keys += [change["key"] for change in page["nodes"] if change["kind"] == "ADDED"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        second = repository.commit(moon(f"Published in between, {after[:5]}"))
        ask(client, NAME, {"Content-Version-At-Least": second})
    assert len(keys) == len(set(keys)) == 120
