"""A real Varnish in front of the real server: kept answers are sent from it, and none that was published over."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import httpx2
import pytest

from content_api.publish.purging import AGAIN_SECONDS
from tests import world
from tests.in_front import free_port, varnish
from tests.live import LiveServer, live
from tests.needs import needs
from tests.publish.world import in_content, moon, new_repository
from tests.repositories import ISOLATED, Repository
from tests.waiting import until

pytestmark = needs("varnishd")

KEYS = {
    "condition": ("moon-hiccups", "star-sneezes"),
    "symptom": ("glowing-ears", "left-ear-glow"),
    "cause": ("late-comets", "old-moonlight"),
    "treatment": ("warm-socks", "quiet-tea"),
    "caution": ("not-near-fire", "ask-first", "all-made-up"),
}
ENTITY = "name summary requiredCautions { name }"
QUERIES = [
    *(f'{{ {kind}(key: "{key}") {{ {ENTITY} }} }}' for kind, keys in KEYS.items() for key in keys),
    *(f"{{ {kind}s {{ totalCount nodes {{ key name }} }} }}" for kind in KEYS),
    '{ search(text: "hiccups") { totalCount } }',
    "{ site { publisher { name } } }",
]
MOON = '{ condition(key: "moon-hiccups") { name } }'


@dataclass
class Stage:
    """A server on a repository, and a Varnish before it."""

    repository: Repository
    server: LiveServer
    front: str
    client: httpx2.Client
    seen: Counter[str] = field(default_factory=Counter)
    """How often an answer came from the cache, or did not."""

    def ask(self, text: str, **headers: str) -> httpx2.Response:
        answer = self.client.get(f"{self.front}/graphql", params={"query": text}, headers=headers)
        self.seen[answer.headers["X-Cache"]] += 1
        return answer

    def told(self) -> dict[str, float]:
        """The server's metrics of purges."""
        text = self.client.get(f"{self.server.url}/metrics").text
        return {name: float(value) for name, value in re.findall(r"^(content_api_purge\w+) (\S+)$", text, re.MULTILINE)}

    def publish(self, files: dict[str, Any]) -> str:
        """Commit, and wait until the server serves it and has told the cache, for good."""
        before = self.told()["content_api_purges_total"]
        commit = self.repository.commit(files)
        until(20, lambda: self.client.get(f"{self.server.url}/readyz").json()["version"] == commit)
        until(20, lambda: self.told()["content_api_purges_total"] >= before + 2)
        return commit


@pytest.fixture(scope="module", name="whole")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ISOLATED.items():
            patched.setenv(name, value)
        repository = new_repository(tmp_path_factory.mktemp("served") / "content.git")
        port = free_port()
        settings = {"CONTENT_API_PURGE_URLS": f"http://127.0.0.1:{port}/", "CONTENT_API_POLL_SECONDS": "0.2"}
        with (
            live(CONTENT_API_CONTENT=str(repository.path), **settings) as server,
            varnish(server.url, port) as front,
            httpx2.Client(trust_env=False) as client,
        ):
            stage = Stage(repository, server, front, client)
            told_again = time.monotonic() + AGAIN_SECONDS + 1  # everything, once more
            until(20, lambda: stage.told()["content_api_purges_total"] >= 1 and time.monotonic() > told_again)
            yield stage


@pytest.fixture
def stage(whole: Stage) -> Stage:
    """The one stage of all tests here, with an empty cache. A test may publish what the next can do with."""
    whole.client.request("PURGE", whole.front, headers={"Cache-Tag": "site"}).raise_for_status()
    whole.seen.clear()
    return whole


def test_a_publication_drops_what_it_changed_and_leaves_the_rest(stage):
    first = {text: stage.ask(text) for text in QUERIES}
    assert all(answer.status_code == 200 for answer in first.values())
    assert stage.seen == {"miss": len(QUERIES)}
    assert all(stage.ask(text).content == answer.content for text, answer in first.items())
    assert stage.seen == {"miss": len(QUERIES), "hit": len(QUERIES)}

    stage.publish(moon("Hiccups of the new moon"))
    stage.seen.clear()
    for text in QUERIES:
        answer = stage.ask(text)
        straight = stage.client.get(f"{stage.server.url}/graphql", params={"query": text})
        assert answer.content == straight.content, text
        if answer.content != first[text].content:
            assert answer.headers["X-Cache"] == "miss", text
    # The entity's page, the list of its kind, and the search.
    assert stage.seen == {"miss": 3, "hit": len(QUERIES) - 3}


@dataclass(frozen=True)
class Read:
    """What a reader got: when it was asked for, and whether it came from the cache."""

    began: float
    text: str
    body: bytes
    cached: bool


def reading(front: str, reads: list[Read], ended: Event) -> None:
    """Read every page again and again."""
    with httpx2.Client(trust_env=False) as client:
        while not ended.is_set():
            for text in QUERIES:
                began = time.monotonic()
                answer = client.get(f"{front}/graphql", params={"query": text}).raise_for_status()
                reads.append(Read(began, text, answer.content, answer.headers["X-Cache"] == "hit"))
                ended.wait(0.005)


def test_nobody_reads_what_was_published_over(stage):
    """Publications, one after another, while every page is read again and again, before, meanwhile and afterwards."""
    reads: list[Read] = []
    told: list[tuple[float, float, dict[str, bytes]]] = []
    ended = Event()
    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(reading, stage.front, reads, ended) for _ in range(2)]
        try:
            for number in range(4):
                stage.publish(moon(f"Hiccups number {number}"))
                since = time.monotonic()
                straight = {
                    text: stage.client.get(f"{stage.server.url}/graphql", params={"query": text}).content
                    for text in QUERIES
                }
                ended.wait(0.5)
                told.append((since, time.monotonic(), straight))
        finally:
            ended.set()
        for reader in readers:
            reader.result()
    for since, until_then, straight in told:
        found = [read for read in reads if since < read.began < until_then]
        assert {read.text for read in found} == set(QUERIES)
        assert [read for read in found if read.body != straight[read.text]] == []
    assert len({straight[QUERIES[0]] for _, _, straight in told}) == len(told)
    rate = sum(read.cached for read in reads) / len(reads)
    print(f"hits: {rate:.1%} of {len(reads)}")
    assert rate > 0.9


def test_the_cache_answers_conditions_and_heads_and_leaves_the_rest_to_the_server(stage):
    whole = stage.ask(MOON)
    same = stage.ask(MOON, **{"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.content, same.headers["X-Cache"]) == (304, b"", "hit")
    head = stage.client.head(f"{stage.front}/graphql", params={"query": MOON})
    assert (head.status_code, head.headers["ETag"], head.headers["X-Cache"]) == (200, whole.headers["ETag"], "hit")
    assert "Age" not in whole.headers
    for text in ("{ nope }", '{ condition(key: "a", slug: "b") { name } }'):
        assert [stage.ask(text).headers["X-Cache"] for _ in range(2)] == ["miss", "miss"]
    at_least = {"Content-Version-At-Least": stage.repository.git("rev-parse", "main")}
    assert stage.ask(MOON, **at_least).headers["X-Cache"] == "miss"
    assert "today" in stage.ask('{ treatment(key: "quiet-tea") { review { isOverdue } } }').headers["Cache-Tag"]


def test_nobody_else_can_have_answers_dropped(stage):
    assert stage.client.request("PURGE", stage.front).status_code == 400
    for tags in ("site", "condition/moon-hiccups,version", "x" * 3_000):
        assert stage.client.request("PURGE", stage.front, headers={"Cache-Tag": tags}).status_code == 200
    for tags in (".*", "(", "a b", "site\\"):
        assert stage.client.request("PURGE", stage.front, headers={"Cache-Tag": tags}).status_code == 400


def test_a_recall_reaches_every_version_that_is_cached_for_ever(stage):
    first = stage.repository.git("rev-parse", "main")
    pinned = f'{{ content(version: "{first}") {{ treatments {{ nodes {{ key }} }} }} }}'
    assert "immutable" in stage.ask(pinned).headers["Cache-Control"]
    assert stage.ask(pinned).headers["X-Cache"] == "hit"
    stage.publish(moon("Another name"))
    assert stage.ask(pinned).headers["X-Cache"] == "hit"
    recall = {"id": "treatment/quiet-tea", "since": "2026-11-01T00:00:00Z", "reason": {"en": "No.", "de": "Nein."}}
    files = world.edited({"recalls.json": {"/recalls": [recall]}})
    stage.publish(in_content({"recalls.json": files["recalls.json"]}))
    answer = stage.ask(pinned)
    assert answer.headers["X-Cache"] == "miss"
    assert [node["key"] for node in answer.json()["data"]["content"]["treatments"]["nodes"]] == ["warm-socks"]
