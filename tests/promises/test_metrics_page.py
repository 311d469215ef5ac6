"""docs/reference/metrics.md and the table in content_api/observe/metrics.py."""

from __future__ import annotations

from content_api.observe.counts import COSTS, PUBLICATION_SECONDS, SECONDS
from content_api.observe.metrics import (
    DELIVERY,
    PUBLISHING,
    Costs,
    Failures,
    Operations,
    PublicationSeconds,
    Refusals,
    RequestSeconds,
    Statuses,
)
from tests.live import ROOT

LABELLED = (Operations, Refusals, Failures, Statuses)
DISTRIBUTIONS = (RequestSeconds, Costs, PublicationSeconds)
PAGE = ROOT / "docs/reference/metrics.md"
# What a sample has behind its family's name; of a histogram there are several.
SUFFIXES = {"counter": "_total", "gauge": "", "info": "_info", "histogram": ""}


def test_the_page_has_every_metric_with_its_type_and_meaning():
    families = [
        *(row.family(row.name, row.meaning) for row in (*PUBLISHING, *DELIVERY)),
        *(family for each in (*LABELLED, *DISTRIBUTIONS) for family in each(dict).describe()),
    ]
    table = "".join(f"| `{one.name}{SUFFIXES[one.type]}` | {one.type} | {one.documentation} |\n" for one in families)
    written = PAGE.read_text(encoding="utf-8").partition("| --- | --- | --- |\n")[2].partition("\n\n")[0] + "\n"
    assert written == table, f"The table of {PAGE} should be:\n{table}"


def test_the_bounds_of_the_page_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    for bounds in (SECONDS, COSTS, PUBLICATION_SECONDS):
        assert ", ".join(f"{bound:,.6f}".rstrip("0").rstrip(".") for bound in bounds) in text.replace("\n", " ")
