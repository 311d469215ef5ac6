"""A picture of the comparison."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from types import ModuleType

from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.sample import Sample
from tests.bench.delivery.servers import PEERS


def draw(samples: Sequence[Sample], file: Path) -> None:
    """Write an SVG: for each query a bar for each server, of the server's CPU time for a request."""
    queries = [query for query in QUERIES if any(each.query == query for each in samples)]
    pygal = imported()
    chart = pygal.Bar(
        title="CPU time of the server for each request, in microseconds: less is better",
        logarithmic=True,
        zero=1,
        x_labels=queries,
        y_labels=[1, 10, 100, 1_000, 10_000],
        legend_at_bottom=True,
        width=1000,
        height=500,
        style=pygal.style.CleanStyle(font_family="sans-serif", background="white", plot_background="white"),
        js=[],  # it would be loaded from another site
    )
    for server in PEERS:
        values = [microseconds(samples, query, server) for query in queries]
        if any(values):
            chart.add(server, values)
    chart.render_to_file(str(file))


def imported() -> ModuleType:
    """pygal, without what it leaves in the search for modules: Python warns of it at each import that follows.

    What it imports leaves something there too, without which no version of a package would be found afterwards.
    """
    import pygal
    import pygal.style

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
    return pygal


def microseconds(samples: Sequence[Sample], query: str, server: str) -> float | None:
    found = [each.cpu * 1e6 for each in samples if (each.query, each.server) == (query, server)]
    return round(median(found), 1) if found else None
