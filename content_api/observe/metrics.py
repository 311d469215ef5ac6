"""Metrics for Prometheus: read from what is there when somebody asks, so that nothing has to be counted twice.

The names and meanings are a table; docs/reference/metrics.md shows the same, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric


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


@dataclass(frozen=True, slots=True)
class Delivered:
    """What can be counted of answers that are kept or wait to be made, and of caches in front."""

    kept: int
    kept_bytes: int
    reused: int
    known: int
    known_bytes: int
    recognised: int
    waiting: int
    purges: int
    purge_failures: int
    purge_trouble: bool


Value = float | dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One metric. An Info's value is its labels; None leaves the sample out."""

    family: type[CounterMetricFamily] | type[GaugeMetricFamily] | type[InfoMetricFamily]
    name: str
    meaning: str
    value: Callable[[Any], Value]
    """From the figures of its table."""
    same_in_each: bool = True
    """Whether it is the same in each worker of a server, or soon will be; else what the workers have is added up."""


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
        GaugeMetricFamily,
        "content_api_operations_waiting",
        "Operations that take long, and wait until another one is answered.",
        lambda figures: figures.waiting,
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


SAME_IN_EACH = frozenset(row.name for row in (*PUBLISHING, *DELIVERY) if row.same_in_each)
"""The names of metrics that are not added up."""


@dataclass(frozen=True)
class Table:
    """A collector over figures that are taken at each scrape, all at the same moment."""

    rows: Sequence[Row]
    figures: Callable[[], Any]

    def describe(self) -> Iterator[Metric]:
        """The metrics without values: the registry asks when it takes this, and refuses a name that it has."""
        for row in self.rows:
            yield row.family(row.name, row.meaning)

    def collect(self) -> Iterator[Metric]:
        figures = self.figures()
        for row in self.rows:
            value = row.value(figures)
            yield row.family(row.name, row.meaning, value=value)  # type: ignore[arg-type]  # each family its own


@dataclass(frozen=True)
class Operations:
    """A collector over how often each stored document was asked, by its name. All other documents are one."""

    counted: Callable[[], Mapping[str, int]]
    name = "content_api_operations"
    meaning = "Operations, by the name of the stored document; `(not stored)` is all others."

    def describe(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, self.meaning, labels=("operation",))

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self.name, self.meaning, labels=("operation",))
        for name, number in self.counted().items():
            family.add_metric((name,), number)
        yield family


@dataclass(frozen=True)
class Refusals:
    """A collector over how often something was refused, by the code of the error."""

    counted: Callable[[], Mapping[str, int]]
    name = "content_api_requests_refused"
    meaning = "Operations that were not executed, and requests that were turned away, by the code of the error."

    def describe(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, self.meaning, labels=("code",))

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self.name, self.meaning, labels=("code",))
        for code, number in self.counted().items():
            if number:  # of fifty codes a server sees five
                family.add_metric((code,), number)
        yield family


def registry(figures: Callable[[], Figures]) -> CollectorRegistry:
    """The metrics of one server. What counts something else registers itself with it."""
    found = CollectorRegistry()
    found.register(Table(PUBLISHING, figures))
    return found


def exposed(metrics: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The metrics as text and its media type: OpenMetrics for who accepts it, else Prometheus's own format."""
    try:
        encode, media = exposition.choose_encoder(accept)
        return encode(metrics), media
    except (TypeError, ValueError):  # the client asked for a `version` that is no number
        return exposition.generate_latest(metrics), exposition.CONTENT_TYPE_PLAIN_0_0_4
