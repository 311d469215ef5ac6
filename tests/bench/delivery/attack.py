"""What readers with small questions notice of others who ask the dearest ones that are allowed."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.delivery.comparing import ENTITIES, QUICK_ENTITIES, progress
from tests.bench.delivery.content import prepared
from tests.bench.delivery.load import NUMBER, Load, Numbers, Request, ended, load, sending
from tests.bench.delivery.processes import cores
from tests.bench.delivery.queries import PAGE, posted
from tests.bench.delivery.servers import CACHED, Server, ask, running, without
from tests.bench.figures import duration, markdown, median_seconds

SECONDS, QUICK_SECONDS = 6.0, 0.5
READERS, PAUSE = 20, 0.2  # so many, each with a question five times a second: a hundred a second, as a site may have
BEFORE = 0.5  # seconds of readers before an attack; each has asked by then
ATTACKERS = (1, 8)  # connections that always have a dear question open
LARGEST = 100  # as large as a page or a list may be
LIGHT = "query ReaderName($slug: String!) { condition(slug: $slug) { name } }"


# ---- dear questions, by size


def list_of_pages(size: int) -> str:
    return f"conditions(first: {size}) {{ nodes {{ {PAGE} }} }}"


def back_and_forth(size: int) -> str:
    there = "conditions { condition { name treatments { treatment { name conditions { condition { name } } } } } }"
    return f"symptoms(first: {size}) {{ nodes {{ name {there} }} }}"


def filters(size: int) -> str:
    return counted(f'name: {{ contains: "z{place}{NUMBER}" }}' for place in range(size))


def filters_through_relations(size: int) -> str:
    return counted(
        f'symptoms: {{ some: {{ symptom: {{ name: {{ contains: "z{place}{NUMBER}" }} }} }} }}' for place in range(size)
    )


def counted(asked: Iterable[str]) -> str:
    """How many conditions meet one of these, which none does, so that all are asked of each."""
    return f"conditions(where: {{ or: [{', '.join(f'{{ {each} }}' for each in asked)}] }}) {{ totalCount }}"


def searches(size: int) -> str:
    return " ".join(f's{place}: search(text: "nubness {place} {NUMBER}") {{ totalCount }}' for place in range(size))


def long_text(size: int) -> str:
    return f'condition(key: "nobody") {{ {"key slug name summary kind state " * size} }}'


DEAR: dict[str, Callable[[int], str]] = {
    "a list of whole pages": list_of_pages,
    "back references of a list": back_and_forth,
    "a filter that asks many things": filters,
    "the same through relations": filters_through_relations,
    "many searches": searches,
    "a text that repeats its fields": long_text,
}
"""What it is -> what is asked, in a size of which the largest allowed is taken. No text comes twice."""


@dataclass(frozen=True, slots=True)
class Dear:
    """A dear question: what it costs by the price list, and how many seconds its answer takes alone."""

    about: str
    request: Request
    cost: int
    seconds: float


def dearest(server: Server, about: str, of: Callable[[int], str]) -> Dear:
    """The largest that the server allows, found by halving. Raises RuntimeError where it allows not the smallest."""
    allowed, refused = 0, LARGEST + 1
    while refused - allowed > 1:
        size = (allowed + refused) // 2
        if is_allowed(server, question(of, size)):
            allowed = size
        else:
            refused = size
    if not allowed:
        raise RuntimeError(f"{about} is refused in every size: {ask(server, question(of, 1)).text}")
    request = question(of, allowed)
    numbers = itertools.count()
    seconds = median_seconds(lambda: ask(server, request.numbered(next(numbers))), 3)
    return Dear(about, request, int(ask(server, request).headers["Query-Cost"]), seconds)


def question(of: Callable[[int], str], size: int) -> Request:
    return posted(f"query Dear{NUMBER} {{ {of(size)} }}")


def is_allowed(server: Server, request: Request) -> bool:
    response = ask(server, request)
    return response.status_code == 200 and "errors" not in response.json()


# ---- readers, left alone and not


def table(quick: bool) -> str:
    """A row for each dear question and number of attackers, and for all of the questions in turn."""
    if reason := without("wrk")():
        return f"Not measured: {reason}."
    with tempfile.TemporaryDirectory(prefix="content-api-bench-") as scratch:
        folder = Path(scratch)
        with (
            prepared(folder, QUICK_ENTITIES if quick else ENTITIES) as content,
            running(CACHED, content, folder / "server", cores()[0]) as server,
        ):
            readers = [posted(LIGHT, {"slug": slug}) for slug in content.places.conditions]
            rows = measured(server, readers, QUICK_SECONDS if quick else SECONDS)
    head = ("attack", "`Query-Cost`", "alone", "attackers", "99 of 100 readers, idle", "attacked", "ratio", "refused")
    return markdown(head, rows)


def measured(server: Server, readers: Sequence[Request], seconds: float) -> list[tuple[str, ...]]:
    progress("looking for the dearest questions")
    found = [dearest(server, about, of) for about, of in DEAR.items()]
    attacks = [(dear.about, f"{dear.cost:,}", duration(dear.seconds), [dear.request]) for dear in found]
    attacks.append(("all of them in turn", "", "", [dear.request for dear in found]))
    read(server, readers, seconds)  # which does not count: it fills what is kept
    idle, numbers = read(server, readers, seconds), Numbers()
    rows = []
    for *what, requests in attacks:
        for attackers in ATTACKERS:
            figures = under_attack(server, readers, seconds, requests, attackers, numbers.stock(), idle)
            progress(f"{what[0]}, {attackers} at once: {figures[0]}")
            rows.append((*what, str(attackers), duration(idle.p99), *figures))
    return rows


def under_attack(
    server: Server,
    readers: Sequence[Request],
    seconds: float,
    attack: Sequence[Request],
    attackers: int,
    number: int,
    idle: Load,
) -> tuple[str, str, str]:
    """99 of 100 of the readers, that as a ratio to idle times, and how many were refused.

    Readers come first, and are connected when the attack begins: what is measured is how long an answer takes.
    """
    core = cores()[1]
    with sending(server.url, readers, BEFORE + seconds, core, connections=READERS, pause=PAUSE) as reading:
        time.sleep(BEFORE)
        with sending(server.url, attack, seconds, core, number, attackers):
            seen = ended(reading, seconds)
    ask(server, readers[0])  # comes after what attackers have left behind, which the next row must not wait for
    return duration(seen.p99), f"{seen.p99 / idle.p99:.1f}", f"{seen.refused:,}"


def read(server: Server, readers: Sequence[Request], seconds: float) -> Load:
    return load(server.url, readers, seconds, cores()[1], connections=READERS, pause=PAUSE, refusals=True)
