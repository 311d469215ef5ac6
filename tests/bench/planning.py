"""What a request costs in the process, by a plan and by the executor: from an operation to the bytes of its answer.

The same operation again and again, so that a plan that remembers what it made finds it: what it saves where questions
repeat. One that does not remember shows what a plan takes the first time that it meets an entity. Then one page whose
text is new each time, for all conditions in turn: by the plan of its shape, and read as if no other were like it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from time import process_time

import orjson

from content_api.answers import live_in, schema
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.noted import note_again, noting
from content_api.delivery.delivery import Delivery
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation
from content_api.delivery.plans import SIGHTS
from content_api.delivery.reuse import KEPT_BYTES, Answers
from content_api.graph.reader import Reader
from content_api.publish.current import Current
from tests.bench.delivery.load import NUMBER
from tests.bench.delivery.queries import DETAIL as PAGE
from tests.bench.delivery.queries import renamed
from tests.bench.figures import duration, markdown
from tests.bench.querying import DETAIL, FILTER, LIST
from tests.generator import generate
from tests.waiting import at_once
from tests.world.snapshot import MemorySnapshot

BACK = """
query SymptomPage($key: String!) {
  symptom(key: $key) {
    key slug name
    conditions { frequency condition { key slug name
      treatments { line treatment { key slug name conditions { line condition { key slug name } } } } } }
  }
}
"""
NAME = "query Name($key: String!) { condition(key: $key) { name } }"
# What is asked, and of which kind of entity a middling one is named by `$key`.
QUERIES = {
    "Q1, a page of one condition": (DETAIL, "condition"),
    "Q2, a list of 20": (LIST, None),
    "Q3, three levels deep, through back references": (BACK, "symptom"),
    "Q4, one field": (NAME, "condition"),
    "Q6, a filter by name, ordered": (FILTER, None),
}
ROUNDS = 15
"""Of each road in turn; the best one counts. Others use the machine too, and its best moments are alike."""


def table(quick: bool) -> str:
    """One row for each query, on 1,000 conditions."""
    edition = load(MemorySnapshot(generate(300, conditions=100) if quick else generate(1_000, conditions=1_000)))
    live = live_in(Current(edition))
    reader, memory = Reader(schema()), Memory(noting, note_again)
    roads = (
        Delivery(schema(), live, reader=reader, memory=memory),
        Delivery(schema(), live, reader=reader),
        Delivery(schema(), live),
    )
    rows = [row(name, *question, edition, roads, 10 if quick else 100) for name, question in QUERIES.items()]
    head = ("query", "fields", "answer", "plan that remembers", "plan that does not", "executor", "ratio of these two")
    return f"{markdown(head, rows)}\n\n{table_of_new_texts(edition, 50 if quick else 500)}"


def table_of_new_texts(edition: Edition, runs: int) -> str:
    """One row, for a page that is asked with other names and another slug in its text each time."""
    live, reader = live_in(Current(edition)), Reader(schema())
    shaped = Delivery(schema(), live, reader=reader, memory=Memory(noting, note_again))
    keeping = Delivery(schema(), live, reader=reader, memory=Memory(noting, note_again), answers=Answers(KEPT_BYTES))
    texts = new_texts(edition)
    for road in (shaped, keeping):  # each condition once, so that it is remembered
        seconds_of_each(road, [next(texts) for _ in edition.library.indexes.kinds["condition"]])
    by_shape, kept = (
        min(seconds_of_each(road, [next(texts) for _ in range(runs)]) for _ in range(ROUNDS))
        for road in (shaped, keeping)
    )
    read = seconds_of_each(Delivery(schema(), live), [next(texts) for _ in range(runs // 10)])
    figures = duration(by_shape), duration(kept), duration(read), f"{read / by_shape:.0f}"
    head = ("query", "by its shape", "the same, answers kept", "read and executed", "ratio of this to the first")
    return markdown(head, [("Q5, a page of one condition, the text new each time", *figures)])


def new_texts(edition: Edition) -> Iterator[str]:
    """Q5: one page after the other, no two texts the same."""
    records = edition.library.records
    slugs = [records[key].entity.text["en"].slug for key in sorted(edition.library.indexes.kinds["condition"])]
    for number in count():
        yield renamed(PAGE % slugs[number % len(slugs)]).replace(NUMBER, str(number))


def seconds_of_each(road: Delivery, texts: Sequence[str]) -> float:
    """Time of the processor that an answer takes, on average."""
    operations = iter([Operation(text) for text in texts])
    return processor_seconds(lambda: at_once(road.answer(next(operations))), len(texts))


def row(
    name: str, text: str, kind: str | None, edition: Edition, roads: Sequence[Delivery], runs: int
) -> tuple[str, ...]:
    operation = Operation(text, {"key": middling(edition, kind)} if kind else {})
    [body] = {at_once(road.answer(operation)).body for road in roads for _ in range(SIGHTS)}
    times: list[list[float]] = [[] for _ in roads]
    for _ in range(ROUNDS):
        for road, found in zip(roads, times, strict=True):
            found.append(processor_seconds(lambda road=road: road.attempt(road.begin(operation)), runs))
    remembering, plan, executor = map(min, times)
    size = f"{len(body) / 1000:.1f} kB"
    figures = duration(remembering), duration(plan), duration(executor), f"{executor / plan:.0f}"
    return name, str(fields_of(orjson.loads(body))), size, *figures


def middling(edition: Edition, kind: str) -> str:
    """The key of the entity of a kind in the middle."""
    keys = sorted(edition.library.indexes.kinds[kind])
    return keys[len(keys) // 2].partition("/")[2]


def processor_seconds(work: Callable[[], object], runs: int) -> float:
    """Time of the processor that a run takes, on average."""
    start = process_time()
    for _ in range(runs):
        work()
    return (process_time() - start) / runs


def fields_of(value: object) -> int:
    """How many fields with a value of their own an answer has, those of each object in a list counted."""
    if isinstance(value, dict):
        return sum(map(fields_of, value.values()))
    return sum(map(fields_of, value)) if isinstance(value, list) else 1
