"""The refusal of an operation that costs too much: which path is the dearest, and which argument to change."""

from __future__ import annotations

import math
from collections.abc import Iterable

from content_api.delivery.price import LONGEST_KEY, Price, Step
from content_api.errors import LONGEST_MESSAGE, RequestError

# Fragments that double one another cost more than anybody reads.
MOST_SPELT = 1_000_000_000


def hold_cost(limit: int, priced: Price) -> None:
    """Refuse what costs more than `limit`, naming the dearest path, its share, and the argument to change."""
    if priced.total <= limit:
        return
    path = _dear_part(priced.path)
    share = _times(path[:-1]) * path[-1].cost
    found = f"The operation could cost {_number(priced.total)}; {limit:,} is allowed. "
    told = f" costs {_number(share)} of it."
    where = _spelt(path, LONGEST_MESSAGE - len(found) - len(told))
    raise RequestError("TOO_COSTLY", found + where + told, _advice(path, priced.total - limit))


def _dear_part(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """The path as far as it multiplies; what follows is as cheap as its neighbours."""
    last = max((place for place, step in enumerate(path) if step.size > 1), default=0)
    return path[: last + 1]


def _spelt(path: tuple[Step, ...], most: int) -> str:
    """The path in so many characters at most. Of a longer one the end is told, where it is dearest."""
    spelt = " > ".join(map(str, path))
    while len(spelt) > most and len(path) > 1:
        path = path[1:]
        spelt = " > ".join(["…", *map(str, path)])
    return spelt


def _advice(path: tuple[Step, ...], excess: int) -> str:
    """Which argument to change, and to what, so that the operation costs less by the excess."""
    choices = [(place, step) for place, step in enumerate(path) if step.argument and step.size > 1]
    for place, step in sorted(choices, key=lambda choice: -choice[1].size):
        fitting = step.size - math.ceil(excess / (_times(path[:place]) * step.each))
        if fitting >= 1:
            return _change(step, fitting)
    return "Ask for fewer fields, or in several requests."


def _change(step: Step, fitting: int) -> str:
    key = f"`{step.key:.{LONGEST_KEY}}`"
    if step.argument == "where":
        return f"Ask {fitting} of the {step.size} things in `where` of {key}: one costs {step.each} or so."
    if step.argument == "orderBy":
        return f"Order {key} by {fitting} of the {step.size} keys: one costs {step.each}."
    if step.argument == "ids":
        return f"Give {fitting} `ids` to {key} instead of {step.size}, and the rest in other requests."
    return f"Ask for `{step.argument}: {fitting}` of {key} instead of {step.size}, and page through the rest."


def _times(path: Iterable[Step]) -> int:
    """How often what stands at the end of a path is counted."""
    return math.prod(step.size for step in path)


def _number(cost: int) -> str:
    """A cost for a person."""
    return f"{cost:,}" if cost <= MOST_SPELT else f"more than {MOST_SPELT:,}"
