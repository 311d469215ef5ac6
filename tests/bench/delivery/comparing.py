"""The comparison: every server answers every query alone, one after the other, in several turns."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from tests.bench.delivery.content import Content, prepared
from tests.bench.delivery.load import Numbers, Request, load
from tests.bench.delivery.plot import draw
from tests.bench.delivery.processes import cores, cpu_seconds, memory_bytes
from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.report import report
from tests.bench.delivery.sample import Sample, kept
from tests.bench.delivery.servers import PEERS, Server, ask, requests, running, without

ENTITIES, QUICK_ENTITIES = 5_000, 250
TURNS = 3
SECONDS, QUICK_SECONDS = 2.0, 0.2
WARM_SECONDS = 2.0  # in the first turn: by then V8 has compiled what it will compile, and caches are filled
ALIKE = 5  # requests of a query whose answers are compared; those that rotate differ in nothing but the condition
SIGHTS = 4  # of each of them: what is asked again may be answered another way, compiled, kept or not even read


def table(quick: bool, plot: Path, only: Collection[str] = (), keep: Path | None = None) -> str:
    """The tables of the comparison; a picture is written to `plot`."""
    if reason := without("wrk")():
        return f"Not measured: {reason}."
    samples, reasons = compared(quick, only)
    samples = kept(keep, samples) if keep else samples
    draw(samples, plot)
    return "\n\n".join([report(samples), *reasons])


def compared(quick: bool, only: Collection[str] = ()) -> tuple[list[Sample], list[str]]:
    """What was measured, and why some servers were not. `only` names queries and servers, of which all are taken where
    none is named.

    Raises RuntimeError where a server gives other data than ours.
    """
    queries, names = (some_of(all_of, only) for all_of in (QUERIES, PEERS))
    reasons = {name: reason for name in names if (reason := PEERS[name].lacking())}
    with tempfile.TemporaryDirectory(prefix="content-api-bench-") as scratch, ExitStack() as stack:
        progress("making the content")
        content = stack.enter_context(prepared(Path(scratch), QUICK_ENTITIES if quick else ENTITIES))
        servers = []
        for name in [name for name in names if name not in reasons]:
            progress(f"starting {name}")
            servers.append(stack.enter_context(running(name, content, Path(scratch) / name, cores()[0])))
        agree(servers, queries, content)
        samples = list(measured(servers, queries, content, quick))
    return samples, [f"{name} was not measured: {reason}." for name, reason in reasons.items()]


def some_of(all_of: Iterable[str], only: Collection[str]) -> list[str]:
    """Those that are named; all where none is."""
    return [name for name in all_of if name in only] or list(all_of)


def progress(text: str) -> None:
    print(f"  {text} …", file=sys.stderr, flush=True)


# ---- the same data


def agree(servers: Sequence[Server], queries: Sequence[str], content: Content) -> None:
    """Hold all servers to our answers. Raises RuntimeError for the first that gives other data."""
    for name in queries:
        progress(f"comparing the answers to {name}")
        operations = QUERIES[name].operations(content.places)[:ALIKE]
        for server in servers:
            for operation, request in zip(operations, requests(server, name, content), strict=False):
                expected = json.loads(content.answer(*operation))["data"]
                for _ in range(SIGHTS):
                    same(server, name, expected, data(server, plain(request)))


def plain(request: Request) -> Request:
    """The request of a client that has no answer yet."""
    headers = {key: value for key, value in request.headers.items() if key != "If-None-Match"}
    return Request(request.method, request.target, headers, request.body)


def data(server: Server, request: Request) -> object:
    response = ask(server, request)
    if response.status_code != 200 or "errors" in response.json():
        raise RuntimeError(f"{server.name} answers {response.status_code}: {response.text[:1_000]}")
    return response.json()["data"]


def same(server: Server, query: str, expected: object, found: object) -> None:
    """Fields in the order of the question, as GraphQL wants them, so that JSON is compared as text."""
    wanted, given = (json.dumps(value, indent=1).splitlines() for value in (expected, found))
    if wanted != given:
        line = next((at for at, pair in enumerate(zip(wanted, given, strict=False)) if pair[0] != pair[1]), -1)
        differing = f"`{given[line].strip()}` where ours has `{wanted[line].strip()}`"
        raise RuntimeError(f"{server.name} gives other data for {query}: {differing}")


# ---- measuring


def measured(servers: Sequence[Server], queries: Sequence[str], content: Content, quick: bool) -> Iterator[Sample]:
    """Samples, turn by turn. Those of one turn are taken within a minute of one another, and are compared."""
    run, numbers = uuid4().hex[:8], Numbers()
    for query in queries:
        asked = {server: found for server in servers if (found := requests(server, query, content))}
        for turn in range(1 if quick else TURNS):
            for server, found in asked.items():
                if turn == 0 and not quick:
                    load(server.url, found, WARM_SECONDS, cores()[1], first_number=numbers.stock())
                sample = sampled(server, query, f"{run}-{turn}", found, quick, numbers)
                progress(f"{query}, turn {turn + 1}, {server.name}: {sample.cpu * 1e6:,.0f} µs a request")
                yield sample


def sampled(server: Server, query: str, turn: str, found: Sequence[Request], quick: bool, numbers: Numbers) -> Sample:
    status = ask(server, found[0]).status_code
    before = cpu_seconds(server.process)
    seen = load(server.url, found, QUICK_SECONDS if quick else SECONDS, cores()[1], first_number=numbers.stock())
    cpu = (cpu_seconds(server.process) - before) / seen.requests
    rate = seen.requests / seen.seconds
    return Sample(query, server.name, turn, status, rate, seen.p50, seen.p99, cpu, memory_bytes(server.process))
