"""The refusal of an operation that costs too much: which path is the dearest, and which argument to change."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable

from content_api.delivery.price import LONGEST_KEY, Most, Price, Step
from content_api.errors import LONGEST_MESSAGE, RequestError

# Fragments that double one another cost more than anybody reads.
MOST_SPELT = 1_000_000_000


Again = Callable[[Most], Price]
"""What the operation would cost if an argument were smaller, wherever it stands."""


def too_costly(limit: int, priced: Price, again: Again) -> RequestError:
    """The refusal of what costs more than `limit`: it names the dearest path, its share, and the argument to change."""
    path = _dear_part(priced.path)
    share = _times(path[:-1]) * path[-1].cost
    found = f"The operation could cost {_number(priced.total)}; {limit:,} is allowed. "
    told = f" costs {_number(share)} of it."
    where = _spelt(path, LONGEST_MESSAGE - len(found) - len(told))
    hint = _advice(path, priced.total - limit) or _advice_for_all(path, limit, again)
    return RequestError("TOO_COSTLY", found + where + told, hint)


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


def _advice(path: tuple[Step, ...], excess: int) -> str | None:
    """Which one argument to change, and to what, so that the operation costs less by the excess; None where no one
    does."""
    for place, step in _choices(path):
        fitting = step.size - math.ceil(excess / (_times(path[:place]) * step.each))
        if fitting >= 1:
            return _change(step, fitting)
    return None


def _choices(path: tuple[Step, ...]) -> list[tuple[int, Step]]:
    """The arguments of the dearest path that can be smaller, the largest first, each with its place."""
    found = [(place, step) for place, step in enumerate(path) if step.argument and step.size > 1]
    return sorted(found, key=lambda choice: -choice[1].size)


def _advice_for_all(path: tuple[Step, ...], limit: int, again: Again) -> str:
    """The same, where many fields share the cost: what an argument may be at most wherever it stands.

    The operation is priced anew for each number that is tried, eight times for an argument: a cost need not go with
    the number, where one list stands in another.
    """
    sizes = {step.argument: step.size for _, step in reversed(_choices(path)) if step.argument}
    for argument, size in reversed(sizes.items()):
        if fitting := _fitting(argument, size, limit, again):
            return _change_all(argument, fitting, _places(argument, fitting, again))
    if not sizes:
        return "Ask for fewer fields, or in several requests."
    argument, _ = sizes.popitem()
    return (
        f"Ask for fewer fields, or in several requests: `{argument}` is more than 1 in {_places(argument, 1, again)}."
    )


def _fitting(argument: str, size: int, limit: int, again: Again) -> int:
    """The largest number with which the operation is answered, if it is an argument's wherever that is larger; 0 where
    there is none."""

    def cost(number: int) -> int:
        return again(Most(argument, number)).total

    return 0 if cost(1) > limit else 1 + bisect_right(range(2, size), limit, key=cost)


def _places(argument: str, number: int, again: Again) -> str:
    """In how many places an argument is larger."""
    most = Most(argument, number)
    again(most)
    return f"{len(most.places)} places" if len(most.places) > 1 else "1 place"


def _change_all(argument: str, fitting: int, places: str) -> str:
    noun = {"where": "thing", "orderBy": "key", "ids": "id"}.get(argument)
    wanted = f"{fitting} {noun}{'s' * (fitting > 1)} in `{argument}`" if noun else f"`{argument}: {fitting}`"
    return f"Ask for {wanted} at most in the {places} that have more, or in fewer places."


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
