"""What several workers have counted, added up."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from content_api.observe.collectors import PLAIN, Table, exposed
from content_api.observe.counts import Histogram
from content_api.observe.metrics import (
    DELIVERY,
    Delivered,
    Operations,
    PublicationSeconds,
    Refusals,
    RequestSeconds,
)
from content_api.observe.workers import GONE_SECONDS, Together
from tests.cli.command import Serving, serving
from tests.live import ROOT
from tests.waiting import until

FIGURES = Delivered(
    kept=1,
    kept_bytes=10,
    reused=100,
    waiting=1,
    in_hand=2,
    listeners=3,
    lines_lost=4,
    known=2,
    known_bytes=20,
    recognised=200,
    heads_recognised=50,
    purges=3,
    purge_failures=0,
    purge_trouble=True,
)


def worker(folder: Path, name: str, **counted: int) -> Together:
    """One worker, with what it has counted of operations."""
    own = CollectorRegistry()
    own.register(Table(DELIVERY, lambda: FIGURES))
    own.register(Operations(lambda: counted))
    own.register(Refusals(dict))
    seconds = Histogram((0.5, 1, 10))
    for number in counted.values():
        seconds.add(number)
    own.register(RequestSeconds(lambda: {"plan": seconds}))
    published = Histogram((1,))
    published.add(0.5)
    own.register(PublicationSeconds(lambda: {"": published}))
    made = Together(own, folder)
    made.file = folder / f"{name}.json"
    return made


def values(text: str) -> dict[str, float]:
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {"/".join([sample.name, *sample.labels.values()]): sample.value for sample in found}


def scraped(one: Together) -> dict[str, float]:
    return values(exposed(one.registry, PLAIN).decode())


@pytest.fixture
def three(tmp_path: Path) -> list[Together]:
    workers = [worker(tmp_path, "1", Page=1), worker(tmp_path, "2", Page=10, List=5), worker(tmp_path, "3", Search=7)]
    for one in workers:
        one.write()
    return workers


def test_whoever_is_scraped_says_the_same(three):
    first, *others = map(scraped, three)
    assert all(found == first for found in others)
    assert first["content_api_operations_total/Page"] == 11
    assert first["content_api_operations_total/List"] == 5
    assert first["content_api_operations_total/Search"] == 7
    assert first["content_api_answers_reused_total"] == 300
    assert first["content_api_answers_kept_bytes"] == 30
    names = ("operations_waiting", "operations_in_hand", "listeners", "log_lines_lost_total")
    assert [first[f"content_api_{name}"] for name in names] == [3, 6, 9, 12]


def test_histograms_add_up_and_their_bounds_stay_in_order(three):
    text = exposed(three[0].registry, PLAIN).decode()
    seconds = [line for line in text.splitlines() if line.startswith("content_api_request_duration_seconds")]
    assert [line.split()[-1] for line in seconds] == ["0.0", "1.0", "4.0", "4.0", "4.0", "23.0"]
    assert [line.partition('le="')[2].partition('"')[0] for line in seconds] == ["0.5", "1.0", "10.0", "+Inf", "", ""]
    assert scraped(three[0])["content_api_publication_duration_seconds_count"] == 1, "all of them publish the same"


def test_what_is_the_same_in_each_is_not_added_up(three):
    assert scraped(three[0])["content_api_purge_trouble"] == 1


def test_of_a_worker_that_is_gone_the_counters_stay(three):
    written = orjson.loads(three[1].file.read_bytes())
    written["at"] -= GONE_SECONDS + 1
    three[1].file.write_bytes(orjson.dumps(written))
    found = scraped(three[0])
    assert found["content_api_operations_total/Page"] == 11
    assert found["content_api_answers_reused_total"] == 300
    assert found["content_api_answers_kept_bytes"] == 20
    assert found["content_api_request_duration_seconds_count/plan"] == 4


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'{"at": "now", "samples": []}', b'{"at": 1}'])
def test_a_file_that_makes_no_sense_is_left_out_and_logged(three, rubbish: bytes):
    three[1].file.write_bytes(rubbish)
    with capture_logs() as logged:
        assert scraped(three[0])["content_api_operations_total/Page"] == 1
    assert [(line["log_level"], line["file"]) for line in logged] == [("warning", str(three[1].file))]


def test_without_others_it_is_what_one_has_counted(tmp_path: Path):
    assert scraped(worker(tmp_path, "1", Page=4))["content_api_operations_total/Page"] == 4
    assert Together.of(CollectorRegistry(), None) is None


# ---- a real server


NAMES = "{ site { attribution } }"


def total(server: Serving) -> float:
    return values(server.get("/metrics"))["content_api_operations_total/(not stored)"]


def test_two_workers_add_up_and_one_that_is_killed_is_not_forgotten():
    with serving("--workers", "2", "--content", str(ROOT / "content"), cwd=ROOT) as server:
        for _ in range(40):  # each on a connection of its own, so that both have some
            server.ask(NAMES)
        time.sleep(2)
        assert {total(server) for _ in range(20)} == {40}
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        if not children.exists():
            pytest.skip("this system does not say which processes are its children")
        os.kill(int(children.read_text().split()[-1]), signal.SIGKILL)
        assert until(30, lambda: len(children.read_text().split()) >= 2 and total(server) >= 40)
        server.ask(NAMES)
        time.sleep(2)
        assert {total(server) for _ in range(20)} == {41}
        assert server.stop() == 0
