"""Metrics for Prometheus: read from what is there when somebody asks, so that nothing has to be counted twice.

The names and meanings are a table; docs/reference/metrics.md shows the same, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from content_api.observe.collectors import Distribution, Labelled, Row, Table, Usages


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be counted of publishing, at one moment. Times are seconds since 1970, and None where there is none."""

    version: str
    live_since: float
    published: int
    refused: int
    publication_seconds: float
    problems: int
    """Of the newest version, where it was refused; 0 where it was not."""
    trouble_since: float | None
    pinned: bool
    kept: int
    loading: int
    committed: float | None
    """When the live version was committed; None where it is no commit."""
    started: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """What can be counted of answers that are kept or wait to be made, and of caches in front."""

    kept: int
    kept_bytes: int
    reused: int
    known: int
    known_bytes: int
    recognised: int
    heads_recognised: int
    waiting: int
    in_hand: int
    listeners: int
    lines_lost: int
    purges: int
    purge_failures: int
    purge_trouble: bool


PUBLISHING = (
    Row(
        InfoMetricFamily,
        "content_api_live_version",
        "The version that is live.",
        lambda figures: {"version": figures.version},
    ),
    Row(
        GaugeMetricFamily,
        "content_api_live_since_timestamp_seconds",
        "When the live version went live here.",
        lambda figures: figures.live_since,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_live_committed_timestamp_seconds",
        "When the live version was committed; not there for files as they stand.",
        lambda figures: figures.committed,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_started_timestamp_seconds",
        "When the server began to serve.",
        lambda figures: figures.started,
    ),
    Row(
        CounterMetricFamily,
        "content_api_publications",
        "Versions that went live after the one that the server began with.",
        lambda figures: figures.published,
    ),
    Row(
        CounterMetricFamily,
        "content_api_refusals",
        "Versions that were refused because they have problems.",
        lambda figures: figures.refused,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_last_publication_duration_seconds",
        "What the last publication took, from being seen to being live; 0 before the first.",
        lambda figures: figures.publication_seconds,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_refused",
        "1 while the newest version is refused and an older one is live, else 0.",
        lambda figures: figures.problems > 0,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_refused_problems",
        "Problems of the newest version while it is refused, counted up to 100.",
        lambda figures: figures.problems,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_source_trouble",
        "1 while nobody can tell whether there is a newer version, else 0.",
        lambda figures: figures.trouble_since is not None,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_source_trouble_since_timestamp_seconds",
        "When that began; not there while all is well.",
        lambda figures: figures.trouble_since,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_pinned",
        "1 while an operator holds a version, else 0.",
        lambda figures: figures.pinned,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_versions_kept",
        "Other versions that are in memory.",
        lambda figures: figures.kept,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_versions_loading",
        "Other versions that are being loaded, or wait for it.",
        lambda figures: figures.loading,
        same_in_each=False,
    ),
)


DELIVERY = (
    Row(
        GaugeMetricFamily,
        "content_api_answers_kept",
        "Answers that are kept, to be sent again without being made again.",
        lambda figures: figures.kept,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_answers_kept_bytes",
        "Bytes that they may take, with their compressed forms.",
        lambda figures: figures.kept_bytes,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_answers_reused",
        "Answers that were sent again.",
        lambda figures: figures.reused,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_requests_known",
        "Requests that came more than once, and are answered without being read when they come again.",
        lambda figures: figures.known,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_requests_known_bytes",
        "Bytes that they take, with their last answers.",
        lambda figures: figures.known_bytes,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_requests_recognised",
        "Requests that were answered so.",
        lambda figures: figures.recognised,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_request_heads_recognised",
        "Requests of which only the body was read, since others with the same head had come before.",
        lambda figures: figures.heads_recognised,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_operations_waiting",
        "Operations that take long, and wait until another one is answered.",
        lambda figures: figures.waiting,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_operations_in_hand",
        "Operations that are being answered, those that wait included.",
        lambda figures: figures.in_hand,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_listeners",
        "Connections and streams of those who listen.",
        lambda figures: figures.listeners,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_log_lines_lost",
        "Lines of the log that were left out, because who reads it stood still.",
        lambda figures: figures.lines_lost,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_purges",
        "Requests by which a cache in front was told what to drop.",
        lambda figures: figures.purges,
        same_in_each=False,
    ),
    Row(
        CounterMetricFamily,
        "content_api_purge_failures",
        "Those that failed; each is tried again.",
        lambda figures: figures.purge_failures,
        same_in_each=False,
    ),
    Row(
        GaugeMetricFamily,
        "content_api_purge_trouble",
        "1 while a cache in front could not be told what to drop, else 0.",
        lambda figures: figures.purge_trouble,
    ),
)


Operations = partial(
    Labelled,
    "content_api_operations",
    "Operations, by the name of the stored document; `(not stored)` is all others.",
    "operation",
    with_zeros=True,
)
Refusals = partial(
    Labelled,
    "content_api_requests_refused",
    "Operations that were not executed, and requests that were turned away unread, by the code of the error.",
    "code",
)
Failures = partial(
    Labelled,
    "content_api_operations_failed",
    "Operations that were executed with an error in a field, by the code of the first.",
    "code",
)
Statuses = partial(
    Labelled,
    "content_api_requests",
    "Requests, by the status of the answer; 499 is a client that left before it had one.",
    "status",
)


PublicationSeconds = partial(
    Distribution,
    "content_api_publication_duration_seconds",
    "What publications took, from being seen to being live.",
    "",
)
RequestSeconds = partial(
    Distribution,
    "content_api_request_duration_seconds",
    "What requests took that have one answer, by how that was had; see [the log](log.md#requests).",
    "answered",
)
Costs = partial(
    Distribution,
    "content_api_operation_cost",
    "What operations cost, refused ones too.",
    "",
)


SAME_IN_EACH = frozenset(
    (*(row.name for row in (*PUBLISHING, *DELIVERY) if row.same_in_each), PublicationSeconds(dict).name)
)
"""The names of metrics that are not added up."""


FieldRequests = partial(
    Usages,
    "content_api_field_requests",
    "Operations that were executed, by the fields that they asked for and by what the client calls itself.",
    ("field", "client"),
)


def registry(figures: Callable[[], Figures]) -> CollectorRegistry:
    """The metrics of one server. What counts something else registers itself with it."""
    found = CollectorRegistry()
    found.register(Table(PUBLISHING, figures))
    return found
