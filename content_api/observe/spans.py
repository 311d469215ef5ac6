"""Spans for OpenTelemetry, made when what they are of has ended: while it goes on, nothing is done for them.

To import this takes OpenTelemetry's API. The names of attributes are those of
https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/; the text of a document is in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from content_api import __version__
from content_api.observe.exchange import Exchange

PROPAGATOR = TraceContextTextMapPropagator()
UNTOLD = (trace.ProxyTracerProvider, trace.NoOpTracerProvider)
"""What the API has until somebody configures it."""
OPERATION = "GraphQL Operation"
"""The name of a span of which nobody knows the type."""
PUBLICATION = "publication"
SUBSCRIPTION = "Subscription."

Attributes = Mapping[str, str | int | bool | None]


class Spans:
    """Makes spans by a tracer."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @classmethod
    def of_provider(cls) -> Spans | None:
        """By the tracer of whoever was configured; None where nobody was."""
        provider = trace.get_tracer_provider()
        return None if isinstance(provider, UNTOLD) else cls(provider.get_tracer("content_api", __version__))

    def operation(self, exchange: Exchange, identity: str, began: float, ended: float) -> None:
        kind = type_of(exchange)
        attributes: Attributes = {
            "graphql.operation.type": kind,
            "graphql.operation.name": exchange.stored,
            "http.response.status_code": exchange.status,
            "url.path": exchange.shown_path,
            "error.type": exchange.code,
            "content_api.request_id": identity,
            "content_api.answered": exchange.answered,
            "content_api.cost": exchange.cost,
            "content_api.version": exchange.version,
            "content_api.client": exchange.client,
            "content_api.client_version": exchange.client_version,
        }
        parent = PROPAGATOR.extract({"traceparent": exchange.parent}) if exchange.parent else Context()
        span = self._begun(kind or OPERATION, SpanKind.SERVER, began, attributes, parent)
        # A mistake of the client is no error of the server: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
        if exchange.status >= 500 or exchange.code == "INTERNAL":
            span.set_status(Status(StatusCode.ERROR, exchange.code))
        span.end(nanoseconds(ended))

    def publication(self, version: str, seconds: float, problems: int) -> None:
        ended = time()
        attributes: Attributes = {"content_api.version": version, "content_api.problems": problems}
        span = self._begun(PUBLICATION, SpanKind.INTERNAL, ended - seconds, attributes, Context())
        if problems:
            span.set_status(Status(StatusCode.ERROR, "refused"))
        span.end(nanoseconds(ended))

    def _begun(self, name: str, kind: SpanKind, began: float, attributes: Attributes, parent: Context) -> Span:
        given = {key: value for key, value in attributes.items() if value is not None}
        return self._tracer.start_span(name, parent, kind, given, start_time=nanoseconds(began))


def type_of(exchange: Exchange) -> str | None:
    """The type of an operation that was executed. There are no mutations."""
    if not exchange.fields:
        return None
    return "subscription" if any(name.startswith(SUBSCRIPTION) for name in exchange.fields) else "query"


def nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
