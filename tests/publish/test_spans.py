"""Publications as spans, made by OpenTelemetry's own SDK."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from content_api.observe.spans import Spans
from tests.publish.world import broken, following, moon

pytestmark = pytest.mark.anyio


async def test_each_publication_is_a_span_and_each_refusal(repository):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with following(repository) as seen:
        seen.current.ended = Spans(provider.get_tracer("test")).publication
        live = await seen.push(moon("Second"))
        refused = await seen.push(broken())
    provider.shutdown()
    good, bad = exporter.get_finished_spans()
    assert (good.name, good.kind, good.status.status_code) == ("publication", SpanKind.INTERNAL, StatusCode.UNSET)
    assert dict(good.attributes) == {"content_api.version": live, "content_api.problems": 0}
    assert good.end_time > good.start_time
    assert dict(bad.attributes) == {"content_api.version": refused, "content_api.problems": 1}
    assert bad.status.status_code is StatusCode.ERROR
    assert bad.end_time > bad.start_time
