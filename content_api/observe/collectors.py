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


def exposed(metrics: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The metrics as text and its media type: OpenMetrics for who accepts it, else Prometheus's own format."""
    try:
        encode, media = exposition.choose_encoder(accept)
        return encode(metrics), media
    except (TypeError, ValueError):  # the client asked for a `version` that is no number
        return exposition.generate_latest(metrics), exposition.CONTENT_TYPE_PLAIN_0_0_4
