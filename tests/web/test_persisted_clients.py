"""Persisted documents in the hands of real clients: Apollo Client's link and urql's exchange, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from content_api.delivery.stored import SHIPPED, id_of, read_stored
from tests.cli.command import run
from tests.live import ROOT, LiveServer, live
from tests.needs import needs, needs_folder

NODE_TESTS = ROOT / "tests" / "node"
pytestmark = [needs("node"), needs_folder(NODE_TESTS / "node_modules/@apollo", made_by="`make test-node-deps`")]

STORED = {one.name: one for one in read_stored(SHIPPED)}
PAGE = STORED["ConditionPage"]
CLIENTS = ("apollo", "urql")
SYMPTOM = 'query Symptom { symptom(key: "tingling") { __typename id name } }'
UNKNOWN = {"text": False, "status": 400, "cacheControl": "no-store"}
"""The first request of an automatic query: its id alone, and the answer is that nobody knows it."""


def asked(client: str, server: LiveServer, *questions: dict) -> list[dict]:
    """What came of each question, and the requests that the client made for it."""
    finished = subprocess.run(
        ["node", "persisted.js", client, f"{server.url}/graphql", json.dumps(questions)],
        cwd=NODE_TESTS,
        env=os.environ | {"NODE_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def in_short(requests: list[dict]) -> list[tuple[str, bool, int]]:
    return [(one["method"], one["text"], one["status"]) for one in requests]


@pytest.fixture(scope="module")
def trusting() -> Iterator[LiveServer]:
    with live(CONTENT_API_TRUSTED_ONLY="true") as running:
        yield running


@pytest.mark.parametrize("get", [False, True])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_automatic_query_is_sent_once_and_its_id_from_then_on(client: str, get: bool, live_server: LiveServer):
    unheard = SYMPTOM.replace("Symptom", f"Symptom_{client}_{get}")
    first, second = asked(client, live_server, *[{"query": unheard, "get": get}] * 2)
    method = "GET" if get else "POST"
    again = "GET" if get and client == "urql" else "POST"  # Apollo Client sends texts by POST, to be on the safe side
    assert first["data"]["symptom"]["name"] == "Tingling"
    assert first["requests"][0] == {"method": method, **UNKNOWN}
    assert in_short(first["requests"]) == [(method, False, 400), (again, True, 200)]
    assert second["data"] == first["data"]
    assert in_short(second["requests"]) == [(method, False, 200)]


@pytest.mark.parametrize("get", [False, True])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_registered_id_is_answered_at_once_and_no_text_is_ever_sent(client: str, get: bool, trusting: LiveServer):
    variables = {"slug": "neuropathic-pain"}
    digits = PAGE.id.removeprefix("sha256:")
    [answer] = asked(client, trusting, {"query": PAGE.text, "variables": variables, "id": digits, "get": get})
    assert in_short(answer["requests"]) == [("GET" if get else "POST", False, 200)]
    condition = answer["data"]["content"]["condition"]
    assert condition["name"] == "Neuropathic pain"
    assert [caution["severity"] for caution in condition["requiredCautions"]]


@pytest.mark.parametrize("identifier", ["ConditionPage", PAGE.id])
def test_urql_asks_by_document_id(identifier: str, trusting: LiveServer):
    question = {"documentId": identifier, "variables": {"slug": "neuropathic-pain"}}
    by_post, by_get = asked("urql", trusting, question, question | {"get": True})
    assert by_post["data"]["content"]["condition"]["name"] == "Neuropathic pain"
    assert by_get["data"] == by_post["data"]
    assert [in_short(one["requests"]) for one in (by_post, by_get)] == [
        [("POST", False, 200)],
        [("GET", False, 200)],
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_document_that_is_not_stored_is_refused_at_once_where_only_those_are_answered(
    client: str, trusting: LiveServer
):
    [answer] = asked(client, trusting, {"query": SYMPTOM, "get": True})
    assert (answer["data"], answer["codes"]) == (None, ["DOCUMENT_NOT_TRUSTED"])
    assert in_short(answer["requests"]) == [("GET", False, 400)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_hashes_for_itself_finds_what_was_added_as_it_prints_it(client: str, tmp_path: Path):
    printed = "query Symptom($key: String!) {\n  symptom(key: $key) {\n    __typename\n    id\n    name\n  }\n}"
    (tmp_path / "printed.graphql").write_text(printed)
    folder = tmp_path / "operations"
    folder.mkdir()
    added = run("operations", "add", "printed.graphql", "--operations", "operations", cwd=tmp_path)
    assert (added.returncode, id_of(printed) in added.stdout) == (0, True)
    with live(CONTENT_API_TRUSTED_ONLY="true", CONTENT_API_OPERATIONS=str(folder)) as server:
        [answer] = asked(client, server, {"query": printed, "variables": {"key": "tingling"}, "get": True})
    assert answer["data"]["symptom"]["name"] == "Tingling"
    assert in_short(answer["requests"]) == [("GET", False, 200)]
