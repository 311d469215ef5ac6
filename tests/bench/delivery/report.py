"""The tables of the comparison, and how far its goals are reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.sample import Sample
from tests.bench.delivery.servers import CACHED, PEERS, UNCACHED
from tests.bench.figures import duration, markdown


@dataclass(frozen=True, slots=True)
class Goal:
    """For some queries, the most that one of our servers' CPU time may be as a share of another server's."""

    queries: tuple[str, ...]
    ours: str
    peer: str
    most: float


GOALS = (
    Goal(("Q1", "Q2", "Q3", "Q6", "Q7"), UNCACHED, "mercurius", 0.5),
    Goal(("Q4",), UNCACHED, "mercurius", 0.8),
    Goal(("Q5",), UNCACHED, "mercurius", 0.25),
    Goal(("Q5",), UNCACHED, "strawberry", 0.06),
    Goal(("Q1",), UNCACHED, "strawberry", 0.02),
    Goal(("Q1",), UNCACHED, "strawberry-caches", 0.07),
    Goal(("Q1", "Q2", "Q3", "Q4", "Q6", "Q7", "304"), CACHED, "nginx", 1.5),
)
"""What is to be reached. An answer that is kept is compared to the same bytes, a 304 to a 304."""


def report(samples: Sequence[Sample]) -> str:
    """All tables, as Markdown."""
    parts = {
        "CPU time of the server for each request, in microseconds": by_query(samples, lambda each: each.cpu * 1e6),
        "Requests per second": by_query(samples, lambda each: each.rate),
        "Half of the answers came within": by_query(samples, lambda each: each.p50, duration),
        "99 of 100 came within": by_query(samples, lambda each: each.p99, duration),
        "Resident memory after the load": memory(samples),
        "Goals": goals(samples),
    }
    tables = "\n\n".join(f"**{title}**\n\n{table}" for title, table in parts.items())
    return f"{tables}\n\nIn brackets: as a ratio to {CACHED}."


# ---- query by query


def by_query(
    samples: Sequence[Sample], of: Callable[[Sample], float], shown: Callable[[float], str] = "{:,.0f}".format
) -> str:
    """A row for each query and a column for each server: the median of all turns, and its ratio to ours as it comes."""
    names = [name for name in PEERS if any(each.server == name for each in samples)]
    rows = [
        (query, QUERIES[query].about, *(cell(samples, query, name, of, shown) for name in names))
        for query in QUERIES
        if any(each.query == query for each in samples)
    ]
    return markdown(("query", "what", *names), rows)


def cell(
    samples: Sequence[Sample], query: str, server: str, of: Callable[[Sample], float], shown: Callable[[float], str]
) -> str:
    """A figure, marked where the answer was not what the query is about: a whole one for a client that has it."""
    found = [each for each in samples if (each.query, each.server) == (query, server)]
    if not found:
        return "–"
    figure = shown(median(map(of, found)))
    whole = QUERIES[query].conditional and any(each.status != 304 for each in found)
    times = ratio(samples, query, server, CACHED, of) if server != CACHED else None
    return f"{figure}{'' if times is None else f' ({times:.2g})'}{' as a 200' if whole else ''}"


def memory(samples: Sequence[Sample]) -> str:
    """The most that each server had at the end of a load."""
    most = {name: max((each.memory for each in samples if each.server == name), default=0) for name in PEERS}
    measured = {name: found for name, found in most.items() if found}
    cells = [
        f"{found / 1e6:.0f} MB"
        + (f" ({found / measured[CACHED]:.2g})" if name != CACHED and CACHED in measured else "")
        for name, found in measured.items()
    ]
    return markdown(tuple(measured), [cells])


# ---- goals


def goals(samples: Sequence[Sample]) -> str:
    """A row for each goal and query that was measured."""
    rows = [
        (query, goal.ours, goal.peer, f"{goal.most:g}", f"{found:.3g}", "reached" if found <= goal.most else "**not**")
        for goal in GOALS
        for query in goal.queries
        if (found := ratio(samples, query, goal.ours, goal.peer)) is not None
    ]
    return markdown(("query", "server", "against", "at most", "CPU as a ratio", "goal"), rows)


def ratio(
    samples: Sequence[Sample], query: str, one: str, other: str, of: Callable[[Sample], float] = lambda each: each.cpu
) -> float | None:
    """The median of the ratios of each turn, in which both were measured one after the other; None if in none."""
    figures = {(each.server, each.turn): of(each) for each in samples if each.query == query}
    turns = [turn for server, turn in figures if server == one and (other, turn) in figures]
    return median(figures[one, turn] / figures[other, turn] for turn in turns) if turns else None
