"""No request costs much, whatever is in it: the real application, in process, by the processor's time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from content_api.app import create_app
from content_api.settings import Settings
from tests import world
from tests.attacks import attacks
from tests.cli.conftest import write
from tests.documented import assert_documented

# What is promised. The dearest take a tenth of it on a quiet machine; on a busy one the caches are cold as well.
MOST_SECONDS = 0.25
HEADERS = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
ATTACKS = attacks()


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[TestClient]:
    content = tmp_path_factory.mktemp("attacked") / "content"
    write(content, world.files())
    with TestClient(create_app(Settings(content=content, operation_seconds=60, busy_seconds=60))) as found:
        found.post("/graphql", json={"query": '{ conditions(where: {name: {eq: "a"}}) { nodes { name } } }'})
        yield found


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_costs_little_and_has_an_answer_of_the_usual_shape(client, attack):
    start = time.process_time()
    response = client.post("/graphql", content=attack, headers=HEADERS)
    assert time.process_time() - start < MOST_SECONDS
    assert_documented(response)
    assert len(response.content) < 1_000_000


def code_of(client: TestClient, document: str) -> str:
    return client.post("/graphql", json={"query": document}).json()["errors"][0]["extensions"]["code"]


def test_a_refusal_costs_no_more_when_it_comes_again(client):
    """What was found wrong with a text is remembered with it."""
    document = ATTACKS["fields that must be merged"]
    client.post("/graphql", content=document, headers=HEADERS)
    client.post("/graphql", content=document, headers=HEADERS)
    start = time.process_time()
    for _ in range(20):
        client.post("/graphql", content=document, headers=HEADERS)
    assert time.process_time() - start < MOST_SECONDS


def test_what_is_compared_has_a_limit_that_no_page_comes_near(client):
    for parts, shared in (
        (29, "id key name"),
        (15, "key slug name summary kind state revision updatedAt id review { status }"),
    ):
        page = '{ condition(slug: "a") { ' + "".join(f"...P{i} " for i in range(parts)) + "} }"
        page += "".join(f"fragment P{i} on Condition {{ {shared} }} " for i in range(parts))
        assert client.post("/graphql", json={"query": page}).json() == {"data": {"condition": None}}
    assert code_of(client, json.loads(ATTACKS["fields that must be merged"])["query"]) == "TOO_MANY_FIELDS"
