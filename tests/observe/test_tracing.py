"""Spans, made by OpenTelemetry's own SDK; and what happens where there is none."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from content_api.observe.exchange import Exchange
from content_api.observe.observer import Observer
from content_api.observe.spans import Spans
from tests.cli.command import serving
from tests.live import ROOT
from tests.test_known_requests import ROADS, connected, exchange, posted

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = Exchange(
    "a" * 32,
    None,
    began=time.perf_counter(),
    method="POST",
    path=b"/graphql",
    named=b"website",
    operation="ConditionPage",
    answered="plan",
    cost=3,
    version="v1",
    fields=frozenset({"Query.condition"}),
)
TRACED = replace(ASKED, identity=TRACE, traced=TRACE, parent=f"00-{TRACE}-{PARENT}-01")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[Spans]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Spans(provider.get_tracer("test"))
    provider.shutdown()


def told(spans: Spans, exporter: InMemorySpanExporter, one: Exchange, status: int = 200) -> tuple[ReadableSpan, ...]:
    Observer(tracing=spans, together=1).ended(one, status)
    return exporter.get_finished_spans()


def test_an_operation_is_a_span_with_the_attributes_of_the_conventions(spans, exporter):
    [span] = told(spans, exporter, ASKED)
    assert (span.name, span.kind, span.parent) == ("query", SpanKind.SERVER, None)
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "ConditionPage",
        "http.response.status_code": 200,
        "url.path": "/graphql",
        "content_api.request_id": "a" * 32,
        "content_api.answered": "plan",
        "content_api.cost": 3,
        "content_api.version": "v1",
        "content_api.client": "website",
    }
    assert abs(span.end_time / 1e9 - time.time()) < 5
    assert span.end_time > span.start_time


def test_it_is_a_part_of_the_trace_that_the_client_names(spans, exporter):
    [span] = told(spans, exporter, TRACED)
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.parent.is_remote


def test_a_trace_that_is_not_recorded_is_not_recorded_here(spans, exporter):
    assert told(spans, exporter, replace(TRACED, parent=f"00-{TRACE}-{PARENT}-00")) == ()


def test_no_text_and_no_name_that_a_client_made_up_is_in_a_span(spans, exporter):
    [span] = told(spans, exporter, replace(ASKED, operation="(not stored)", document="query Secret { name }"))
    assert "graphql.operation.name" not in span.attributes
    assert "Secret" not in str(span.to_json())


@pytest.mark.parametrize(
    ("one", "status", "name", "state"),
    [
        (replace(ASKED, fields=frozenset(), code="TOO_COSTLY"), 400, "GraphQL Operation", StatusCode.UNSET),
        (replace(ASKED, code="INTERNAL"), 200, "query", StatusCode.ERROR),
        (replace(ASKED, fields=frozenset(), code="OVERLOADED"), 503, "GraphQL Operation", StatusCode.ERROR),
        (replace(ASKED, fields=frozenset({"Subscription.versionPublished"})), 200, "subscription", StatusCode.UNSET),
    ],
)
def test_a_fault_of_ours_is_an_error_and_one_of_the_client_is_not(spans, exporter, one, status, name, state):
    [span] = told(spans, exporter, one, status)
    assert (span.name, span.status.status_code, span.attributes.get("error.type")) == (name, state, one.code)


def test_what_is_no_operation_has_no_span(spans, exporter):
    assert told(spans, exporter, Exchange("a" * 32, None, 0.0, "GET", b"/livez")) == ()


# ---- a server of its own, as it is started

CONFIGURED = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=open(sys.argv.pop(1), "w"))))
trace.set_tracer_provider(provider)
from content_api.cli import main
main()
"""
WITHOUT = """
import sys
sys.modules["opentelemetry"] = None
from content_api.observe.tracing import configured
assert configured() is None
import content_api.app
assert not [name for name in sys.modules if name.startswith("opentelemetry.")]
"""
UNCONFIGURED = "from content_api.observe.tracing import configured; assert configured() is None"


@pytest.mark.parametrize("program", [WITHOUT, UNCONFIGURED], ids=["not installed", "not configured"])
def test_where_there_is_nobody_to_tell_there_is_no_tracing(program):
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)


def test_a_server_tells_whoever_is_configured_of_both_roads(tmp_path: Path):
    out = tmp_path / "spans"
    command = [sys.executable, "-c", CONFIGURED, str(out), "serve"]
    with serving("--content", str(ROOT / "content"), cwd=ROOT, command=command) as server:
        with connected(server) as connection:
            for _ in range(ROADS + 2):
                exchange(connection, posted("query Both { site { defaultLocale } }", f"traceparent: {TRACED.parent}"))
        assert server.stop() == 0
    written = out.read_text()
    assert written.count(f'"trace_id": "0x{TRACE}"') == ROADS + 2
    assert written.count('"content_api.answered": "known"') == 2
