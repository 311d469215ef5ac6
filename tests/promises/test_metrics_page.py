"""docs/reference/metrics.md and the table in content_api/observe/metrics.py."""

from __future__ import annotations

from content_api.observe.metrics import DELIVERY, PUBLISHING, Operations, Refusals
from tests.live import ROOT

PAGE = ROOT / "docs/reference/metrics.md"
SUFFIXES = {"counter": "_total", "gauge": "", "info": "_info"}  # that a sample has behind its family's name


def test_the_page_has_every_metric_with_its_type_and_meaning():
    families = [
        *(row.family(row.name, row.meaning) for row in (*PUBLISHING, *DELIVERY)),
        *Operations(dict).describe(),
        *Refusals(dict).describe(),
    ]
    table = "".join(f"| `{one.name}{SUFFIXES[one.type]}` | {one.type} | {one.documentation} |\n" for one in families)
    written = PAGE.read_text(encoding="utf-8").partition("| --- | --- | --- |\n")[2].partition("\n\n")[0] + "\n"
    assert written == table, f"The table of {PAGE} should be:\n{table}"
