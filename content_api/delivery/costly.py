"""The refusal of an operation that costs too much: which path is the dearest, and which argument to change."""

from __future__ import annotations

import math
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
    hint = _advice(path, priced.total - limit) or _advice_for_all(path, priced.total, limit, again)
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


def _advice_for_all(path: tuple[Step, ...], priced: int, limit: int, again: Again) -> str:
    """The same, where many fields share the cost: what an argument may be at most wherever it stands."""
    sizes = {step.argument: step.size for _, step in reversed(_choices(path)) if step.argument}
    for argument, size in reversed(sizes.items()):
        if most := _fitting(argument, size, priced, limit, again):
            return _change_all(most)
    if not sizes:
        return "Ask for fewer fields, or in several requests."
    again(one := Most(sizes.popitem()[0], 1))
    return f"Ask for fewer fields, or in several requests: `{one.argument}` is more than 1 in {_places(one)}."


def _fitting(argument: str, size: int, priced: int, limit: int, again: Again) -> Most | None:
    """The largest number with which the operation is answered, if it is an argument's wherever that is larger; None
    where there is none.

    The operation is priced anew for each number that is tried. Where the cost goes with the number these are three;
    where one list stands in another they are twenty or so at most, since every third try halves what is left.
    """
    fits = Most(argument, 1)
    low = again(fits).total
    if low > limit:
        return None
    beyond, high, tries = size, priced, 0
    while beyond - fits.number > 1:
        between = beyond - fits.number
        tries += 1
        step = between // 2 if tries % 3 == 0 else (limit - low) * between // (high - low)
        tried = Most(argument, min(max(fits.number + step, fits.number + 1), beyond - 1))
        cost = again(tried).total
        if cost <= limit:
            fits, low = tried, cost
        else:
            beyond, high = tried.number, cost
    return fits


def _places(most: Most) -> str:
    """In how many places an argument is larger."""
    return f"{len(most.places)} places" if len(most.places) > 1 else "1 place"


def _change_all(most: Most) -> str:
    wanted = f"`{most.argument}: {most.number}`"
    if noun := {"where": "thing", "orderBy": "key", "ids": "id"}.get(most.argument):
        wanted = f"{most.number} {noun}{'s' * (most.number > 1)} in `{most.argument}`"
    return f"Ask for {wanted} at most in the {_places(most)} that have more, or in fewer places."


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
