"""A picture of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pygal
from pygal.style import CleanStyle

from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.sample import Sample
from tests.bench.delivery.servers import PEERS


def draw(samples: Sequence[Sample], file: Path) -> None:
    """Write an SVG: for each query a bar for each server, of the server's CPU time for a request."""
    queries = [query for query in QUERIES if any(each.query == query for each in samples)]
    chart = pygal.Bar(
        title="CPU time of the server for each request, in microseconds: less is better",
        logarithmic=True,
        x_labels=queries,
        y_labels=[1, 10, 100, 1_000, 10_000],
        zero=1,
        legend_at_bottom=True,
        width=1000,
        height=500,
        style=CleanStyle(font_family="sans-serif", title_font_size=16, background="white", plot_background="white"),
        js=[],  # it would be loaded from another site
    )
    for server in PEERS:
        values = [microseconds(samples, query, server) for query in queries]
        if any(values):
            chart.add(server, values)
    chart.render_to_file(str(file))


def microseconds(samples: Sequence[Sample], query: str, server: str) -> float | None:
    found = [each.cpu * 1e6 for each in samples if (each.query, each.server) == (query, server)]
    return round(median(found), 1) if found else None
