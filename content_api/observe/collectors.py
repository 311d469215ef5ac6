"""What a Prometheus client library collects: metrics read from what is there, at the moment when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics

from content_api.observe.counts import Histogram

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
class Labelled:
    """A collector over numbers that are counted by something, such as a name; those that are 0 may be left out."""

    name: str
    meaning: str
    label: str
    counted: Callable[[], Mapping[Any, int]]
    with_zeros: bool = False

    def describe(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, self.meaning, labels=(self.label,))

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self.name, self.meaning, labels=(self.label,))
        for value, number in self.counted().items():
            if number or self.with_zeros:
                family.add_metric((str(value),), number)
        yield family


@dataclass(frozen=True)
class Usages:
    """A collector over numbers that are counted by two things: they are told by the second, and then by the first."""

    name: str
    meaning: str
    labels: tuple[str, str]
    counted: Callable[[], Mapping[str, Mapping[str, int]]]

    def describe(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, self.meaning, labels=self.labels)

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self.name, self.meaning, labels=self.labels)
        for second, numbers in self.counted().items():
            for first, number in numbers.items():
                family.add_metric((first, second), number)
        yield family


@dataclass(frozen=True)
class Distribution:
    """A collector over histograms, by the value of a label; there is no label where it has no name."""

    name: str
    meaning: str
    label: str
    histograms: Callable[[], Mapping[str, Histogram]]

    def describe(self) -> Iterator[Metric]:
        yield HistogramMetricFamily(self.name, self.meaning, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self.name, self.meaning, labels=self._labels)
        for value, histogram in self.histograms().items():
            labels = (value,) if self.label else ()
            family.add_metric(labels, list(histogram.buckets()), histogram.total)
        yield family

    @property
    def _labels(self) -> tuple[str, ...]:
        return (self.label,) if self.label else ()


# Two texts, whatever clients ask for: the library has one for each version and escaping that somebody names, and all of
# a format are the same, since our names need no escaping.
ENCODERS: Mapping[str, Callable[[CollectorRegistry], bytes]] = {
    exposition.CONTENT_TYPE_PLAIN_0_0_4: exposition.generate_latest,
    openmetrics.CONTENT_TYPE_LATEST: openmetrics.generate_latest,
}
PLAIN, OPENMETRICS = ENCODERS


def media_of(accept: str) -> str:
    """The media type for an Accept header: OpenMetrics for who accepts it, else Prometheus's own format."""
    try:
        _, media = exposition.choose_encoder(accept)
    except (TypeError, ValueError):  # the client asked for a `version` that is no number
        return PLAIN
    return OPENMETRICS if media.startswith("application/openmetrics-text") else PLAIN


def exposed(metrics: CollectorRegistry, media: str) -> bytes:
    """The metrics as text, in a media type of ENCODERS."""
    return ENCODERS[media](metrics)
