"""The metrics, read back by Prometheus's own parsers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_plain

from content_api.observe.collectors import ENCODERS, PLAIN, exposed, media_of
from content_api.observe.counts import Counts
from content_api.observe.metrics import Costs, Figures, Operations, RequestSeconds, registry

CALM = Figures(
    version="a" * 40,
    live_since=1_763_800_000.5,
    published=3,
    refused=2,
    publication_seconds=0.125,
    problems=0,
    trouble_since=None,
    pinned=False,
    kept=4,
    loading=1,
    committed=1_763_700_000.0,
    started=1_763_750_000.0,
)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def values(figures: Figures, accept: str = "") -> dict[str, float]:
    """Sample -> value."""
    media = media_of(accept)
    text = exposed(registry(lambda: figures), media)
    read = read_openmetrics if media.startswith("application/openmetrics-text") else read_plain
    return {sample.name: sample.value for family in read(text.decode()) for sample in family.samples}


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_all_figures_are_there_in_either_format(accept: str):
    assert values(CALM, accept) == {
        "content_api_live_version_info": 1,
        "content_api_live_since_timestamp_seconds": 1_763_800_000.5,
        "content_api_live_committed_timestamp_seconds": 1_763_700_000,
        "content_api_started_timestamp_seconds": 1_763_750_000,
        "content_api_publications_total": 3,
        "content_api_refusals_total": 2,
        "content_api_last_publication_duration_seconds": 0.125,
        "content_api_refused": 0,
        "content_api_refused_problems": 0,
        "content_api_source_trouble": 0,
        "content_api_pinned": 0,
        "content_api_versions_kept": 4,
        "content_api_versions_loading": 1,
    }


def test_a_refusal_trouble_and_a_pin_are_seen():
    found = values(replace(CALM, problems=7, trouble_since=5.0, pinned=True))
    assert (found["content_api_refused"], found["content_api_refused_problems"]) == (1, 7)
    assert found["content_api_source_trouble"] == 1
    assert found["content_api_source_trouble_since_timestamp_seconds"] == 5
    assert found["content_api_pinned"] == 1


def test_the_live_version_is_a_label():
    text = exposed(registry(lambda: CALM), PLAIN)
    assert f'content_api_live_version_info{{version="{"a" * 40}"}} 1.0' in text.decode()


def test_figures_are_taken_when_somebody_asks():
    live = [CALM]
    metrics = registry(lambda: live[0])
    before = exposed(metrics, PLAIN)
    live[0] = replace(CALM, published=4)
    after = exposed(metrics, PLAIN)
    assert b"content_api_publications_total 3.0" in before
    assert b"content_api_publications_total 4.0" in after


def test_the_type_that_is_accepted_is_the_type_of_the_answer():
    assert media_of(f"{OPENMETRICS}; escaping=dots") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert media_of("text/html, */*") == "text/plain; version=0.0.4; charset=utf-8"
    assert media_of("text/plain; version=1.0.0; escaping=values") == PLAIN


@pytest.mark.parametrize("version", ["x", "1.x", "", "9" * 5000, "1.0.0é", "="])
def test_an_accept_header_that_makes_no_sense_gets_an_answer_all_the_same(version: str):
    for kind in ("application/openmetrics-text", "text/plain"):
        assert media_of(f"{kind}; version={version}") in ENCODERS


def test_other_metrics_register_themselves_and_a_name_is_given_once():
    metrics = registry(lambda: CALM)
    Counter("content_api_something_else", "For this test.", registry=metrics).inc()
    assert b"content_api_something_else_total 1.0" in exposed(metrics, PLAIN)
    with pytest.raises(ValueError, match="Duplicated"):
        Counter("content_api_publications", "Taken.", registry=metrics)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_operations_are_counted_by_name_at_the_moment_of_asking(accept: str):
    counted = {"ConditionPage": 0, "(not stored)": 1}
    metrics = registry(lambda: CALM)
    metrics.register(Operations(lambda: counted))
    counted["ConditionPage"] = 2
    text = exposed(metrics, media_of(accept)).decode()
    assert 'content_api_operations_total{operation="ConditionPage"} 2.0' in text
    assert 'content_api_operations_total{operation="(not stored)"} 1.0' in text


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_histogram_is_read_as_one(accept: str):
    counts = Counts()
    for seconds in (0.00001, 0.000011, 0.2, 60.0):
        counts.seconds["plan"].add(seconds)
    counts.costs.add(5_000)
    metrics = registry(lambda: CALM)
    metrics.register(RequestSeconds(lambda: counts.seconds))
    metrics.register(Costs(lambda: {"": counts.costs}))
    media = media_of(accept)
    text = exposed(metrics, media)
    read = read_openmetrics if media.startswith("application/openmetrics-text") else read_plain
    samples = [sample for family in read(text.decode()) for sample in family.samples]
    plan = {
        sample.labels.get("le", sample.name.rpartition("_")[2]): sample.value
        for sample in samples
        if sample.labels.get("answered") == "plan"
    }
    bounds = ("1e-05", "2.5e-05", "0.1", "0.25", "5.0", "+Inf", "count")
    assert [plan[bound] for bound in bounds] == [1, 2, 2, 3, 3, 4, 4]
    assert plan["sum"] == pytest.approx(60.200021)
    costs = {
        sample.labels["le"]: sample.value for sample in samples if sample.name == "content_api_operation_cost_bucket"
    }
    assert (costs["2000.0"], costs["5000.0"], costs["+Inf"]) == (0, 1, 1)
