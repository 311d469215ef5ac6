"""What requests cost that are crafted to be dear: the processor's time of each, in process, each as if it were new."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from httpx2 import Response
from starlette.testclient import TestClient

from content_api.app import create_app
from content_api.settings import Settings
from tests.attacks import attacks
from tests.bench.delivery.attack import DEAR, LARGEST, question
from tests.bench.delivery.comparing import ENTITIES, QUICK_ENTITIES, progress
from tests.bench.delivery.content import prepared
from tests.bench.figures import duration, markdown

ROUNDS = 5
MOST_ROWS = 12
HEADERS = {"Content-Type": "application/json"}

Numbered = Callable[[int], bytes]
"""The same request with another number in it, so that nothing of it is known."""


def table(quick: bool) -> str:
    """The dearest of all that is crafted, refused or not; then the dearest questions of each kind that are allowed."""
    with tempfile.TemporaryDirectory(prefix="content-api-bench-") as scratch:
        folder = Path(scratch)
        with prepared(folder, QUICK_ENTITIES if quick else ENTITIES) as content:
            settings = Settings(content=content.repository, answer_bytes=0, log_level="error", operation_seconds=60)
            with TestClient(create_app(settings)) as client:
                crafted = measured(client, {about: partly(body) for about, body in attacks().items()})
                allowed = measured(client, {about: largest(client, of) for about, of in DEAR.items()})
    dearest = sorted(crafted, key=lambda row: -row[0])[:MOST_ROWS]
    return "\n\n".join(told(*each) for each in (("crafted", dearest), ("allowed", allowed)))


def partly(body: bytes) -> Numbered:
    """A body with so much white space in its document that it is another one."""
    try:
        given = json.loads(body)
        document = given["query"]
        return lambda number: json.dumps(given | {"query": " " * number + document}).encode()
    except (ValueError, TypeError, KeyError, RecursionError):  # it is no JSON, or has no document
        return lambda _: body


def largest(client: TestClient, of: Callable[[int], str]) -> Numbered:
    """The largest question of a kind that is answered."""
    sizes = (size for size in range(LARGEST, 0, -1) if not code_of(post(client, question(of, size).body)))
    request = question(of, next(sizes))
    return lambda number: request.numbered(number).body


def measured(client: TestClient, requests: Mapping[str, Numbered]) -> list[tuple[float, str, str, str]]:
    rows = []
    for about, numbered in requests.items():
        found = [timed(client, numbered(number + 1)) for number in range(ROUNDS)]
        response = found[-1][1]
        answered = code_of(response) or f"an answer, of cost {response.headers['query-cost']}"
        rows.append((median(seconds for seconds, _ in found), about, f"{len(numbered(1)):,}", answered))
        progress(f"{about}: {duration(rows[-1][0])}")
    return rows


def timed(client: TestClient, body: bytes) -> tuple[float, Response]:
    start = time.process_time()
    response = post(client, body)
    return time.process_time() - start, response


def post(client: TestClient, body: bytes) -> Response:
    return client.post("/graphql", content=body, headers=HEADERS)


def code_of(response: Response) -> str:
    errors = response.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else ""


def told(what: str, rows: list[tuple[float, str, str, str]]) -> str:
    cells = [(about, size, duration(seconds), answered) for seconds, about, size, answered in rows]
    return markdown((what, "bytes", "processor's time", "answered with"), cells)
