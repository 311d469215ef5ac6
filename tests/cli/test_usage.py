"""`content-api usage`: a real server asked by the real command."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from content_api.cli.usage import ask
from content_api.errors import NoAnswer
from tests.cli.command import Serving, run, serving
from tests.cli.test_status import answering
from tests.live import ROOT
from tests.test_known_requests import ROADS, connected, exchange, posted

PAGE = '{ condition(key: "phantom-limb-pain") { name sections { heading } } }'


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with serving("--content", str(ROOT / "content"), cwd=ROOT) as running:
        with connected(running) as connection:
            for _ in range(ROADS + 3):
                exchange(connection, posted(PAGE, "GraphQL-Client-Name: website"))
            exchange(connection, posted('{ search(text: "pain") { nodes { name } } }'))
            for number in range(3):  # texts that are new each time, and answered as one that is like them
                text = f'query Q{number} {{ a{number}: condition(key: "phantom-limb-pain") {{ b{number}: kind }} }}'
                exchange(connection, posted(text, "GraphQL-Client-Name: app"))
            exchange(connection, posted("{ nothing }", "GraphQL-Client-Name: app"))
        yield running


def usage(server: Serving, *arguments: str, code: int = 0) -> str:
    finished = run("usage", *arguments, "--url", server.url, cwd=ROOT)
    assert (finished.returncode, finished.stderr) == (code, "")
    return finished.stdout


def test_who_asked_for_a_field_is_told_and_how_often(server):
    told = usage(server, "Condition.sections", code=1).splitlines()
    assert told[0] == "Condition.sections was asked for by"
    assert told[1].split() == ["website", "5", "requests"], "those that were not read are counted as well"
    assert told[3].startswith("Counted since 2")


def test_texts_that_are_new_each_time_count_as_any_other(server):
    told = json.loads(usage(server, "Condition.kind", "--format", "json", code=1))
    assert told["fields"] == {"Condition.kind": {"app": 3}}


def test_what_is_asked_of_several_kinds_at_once_is_asked_of_each(server):
    told = json.loads(usage(server, "Caution.name", "--format", "json", code=1))
    assert told["fields"]["Caution.name"] == {"(not named)": 1}


def test_a_field_that_nobody_asked_for_can_go(server):
    assert usage(server, "Condition.alternateNames").startswith("Nobody asked for Condition.alternateNames.\n")


def test_all_fields_or_those_that_nobody_asked_for(server):
    used, unused = usage(server), usage(server, "--unused")
    [line] = [line for line in used.splitlines() if line.startswith("Condition.sections ")]
    assert line.split()[1:] == ["5", "website"]
    assert "Condition.alternateNames" not in used
    assert "Condition.alternateNames\n" in unused
    assert "Condition.sections\n" not in unused


def test_metrics_have_the_same_for_longer_than_a_server_runs(server):
    line = 'content_api_field_requests_total{client="website",field="Condition.sections"} 5.0'
    assert line in httpx2.get(f"{server.url}/metrics", trust_env=False).text.splitlines()


def test_a_field_that_there_is_not_is_told_with_one_that_there_is(server):
    finished = run("usage", "Condition.sumary", "--url", server.url, cwd=ROOT)
    assert finished.returncode == 2
    assert "The schema has no field 'Condition.sumary'. Did you mean `Condition.summary`?" in finished.stderr


def test_a_server_that_nobody_asked_says_so(tmp_path):
    with serving("--content", str(ROOT / "content"), cwd=tmp_path) as running:
        assert usage(running).startswith("Nobody asked for any field.\n\nCounted since ")


@pytest.mark.parametrize("body", [{"ready": True}, [], "text"])
def test_what_is_no_server_of_ours_is_told(body):
    with answering(body) as (url, asked):
        with pytest.raises(NoAnswer, match="is no content-api"):
            ask(url, 5)
        assert asked == ["/metrics"]


def test_no_server_is_told():
    finished = run("usage", "--url", "http://127.0.0.1:9", cwd=ROOT)
    assert finished.returncode == 2
    assert "Nothing answers at http://127.0.0.1:9" in finished.stderr
