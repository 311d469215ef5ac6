"""What a query costs: in the process, and over HTTP on one connection that is kept open."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from content_api.answers import live_in, schema
from content_api.content.load import load
from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation
from content_api.publish.current import Current
from content_api.store import FolderSnapshot
from tests.bench.figures import duration, markdown, median_seconds
from tests.generator import generate
from tests.live import live
from tests.waiting import at_once

DETAIL = """
query Detail($key: String!) {
  condition(key: $key) {
    id key slug name summary kind state
    alternateNames { name relation }
    sections { key aspect heading text { markdown html plain isFallback } citations { role source { key title } } }
    codings { system systemVersion code display match verified { status } }
    citations { role supports source { key title publisher url conflictOfInterest seenAs } }
    review { status lastReviewedOn nextReviewDueOn isOverdue }
    requiredCautions { key name summary severity kind action { text } }
    symptoms { frequency symptom { key slug name summary } }
    causes { certainty cause { key slug name summary } }
    treatments { line treatment { key slug name summary requiredCautions { key name severity } } }
    relatedConditions { relation condition { key slug name } }
    served { locale channels isFallback version }
  }
}
"""
LIST = "{ conditions(first: 20) { totalCount pageInfo { hasNextPage endCursor } nodes { key slug name summary } } }"
FILTER = """
{ conditions(where: { name: { contains: "numb" } }, orderBy: [{ field: NAME, direction: DESC }], first: 20) {
  totalCount nodes { key name } } }
"""
RELATION = """
{ conditions(where: { symptoms: { some: { frequency: { eq: COMMON }, symptom: { name: { startsWith: "a" } } } } }) {
  totalCount nodes { key name } } }
"""


def table(quick: bool) -> str:
    """One row for each query, on 1,000 and 10,000 conditions."""
    small, large = (100, 1_000) if quick else (1_000, 10_000)
    runs = 5 if quick else 51
    rows: list[tuple[str, ...]] = []
    for conditions, queries in (
        (small, {"a page of one condition": DETAIL, "a list of 20": LIST}),
        (large, {"a filter by name, ordered": FILTER, "a filter through a relation": RELATION}),
    ):
        rows += measured(conditions, queries, runs)
    return markdown(("query", "conditions", "in process", "over HTTP", "answer"), rows)


def measured(conditions: int, queries: dict[str, str], runs: int) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch), generate(1_000, conditions=conditions))
        edition = load(FolderSnapshot(Path(scratch)))
        key = next(iter(edition.library.indexes.kinds["condition"])).partition("/")[2]
        delivery = Delivery(schema(), live_in(Current(edition)))
        with live(CONTENT_API_CONTENT=scratch) as server:
            address = server.url.removeprefix("http://")
            return [row(name, text, conditions, delivery, address, key, runs) for name, text in queries.items()]


def row(
    name: str, text: str, conditions: int, delivery: Delivery, address: str, key: str, runs: int
) -> tuple[str, ...]:
    operation = Operation(text, {"key": key} if "$key" in text else {})
    reply = at_once(delivery.answer(operation))
    if reply.codes:
        raise RuntimeError(reply.body.decode())
    inside = median_seconds(lambda: at_once(delivery.answer(operation)), runs)
    ask = asking(address, operation)
    outside = median_seconds(ask, runs)
    return name, f"{conditions:,}", duration(inside), duration(outside), f"{len(reply.body) / 1000:.1f} kB"


def asking(address: str, operation: Operation) -> Callable[[], None]:
    """A function that sends one request on a connection that is kept open."""
    connection = http.client.HTTPConnection(address)
    body = json.dumps({"query": operation.document, "variables": dict(operation.variables)})
    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}

    def ask() -> None:
        connection.request("POST", "/graphql", body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(answer.decode())

    return ask


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
