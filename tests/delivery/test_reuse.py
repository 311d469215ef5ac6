"""Answers that are kept: what is reused and what is not, and how much memory that takes."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest

from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.present import CODINGS, digest, form, line
from content_api.delivery.reuse import MOST_CARRIED, Answers, Key, key_of, size_of
from content_api.errors import NotInMemory, RequestError
from content_api.web.representation import head_of
from tests.delivery.small import Root, schema
from tests.waiting import at_once

pytestmark = pytest.mark.usefixtures("turns")


class Counting(Root):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def picky(self, info, size):
        self.asked += 1
        return size

    def rename(self, info, name):
        self.asked += 1
        return name


PICKY = "query ($size: Int!, $other: String) { picky(size: $size) thing(key: $other) { name } }"


class Server:
    """A delivery that keeps answers, and what may change below it."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.root = Counting()
        self.day = 0
        self.live = self.edition()
        self.answers = Answers(limit)
        self.delivery = Delivery(schema(), lambda: self.live, answers=self.answers)

    def edition(self) -> Live:
        return Live("v1", self.root, passing=lambda: self.day)

    def ask(self, text: str = PICKY, **operation: object) -> Reply:
        operation.setdefault("variables", {"size": 1})
        return at_once(self.delivery.answer(Operation(text, **operation)))


def test_the_same_question_is_asked_once():
    server = Server()
    first = server.ask()
    assert server.ask() == first
    assert server.ask() is server.ask()
    assert server.root.asked == 1
    assert (len(server.answers), server.answers.reused) == (1, 3)


@pytest.mark.parametrize(
    "again",
    [
        {"variables": {"other": None, "size": 1}},
        {"variables": {"size": 1, "other": None}, "safe": True},
    ],
)
def test_what_the_answer_does_not_depend_on_makes_no_other_question(again):
    server = Server()
    first = server.ask(variables={"size": 1, "other": None})
    assert server.ask(**again) == first
    assert server.root.asked == 1


@pytest.mark.parametrize(
    "other",
    [
        {"variables": {"size": 2}},
        {"variables": {"size": 1, "other": "x"}},
        {"text": PICKY + " "},
        {"text": PICKY.replace("{ picky", "{ p: picky")},
        {"about_content": True},
    ],
)
def test_what_it_depends_on_does(other):
    server = Server()
    server.ask()
    server.ask(**other)
    assert (server.root.asked, len(server.answers)) == (2, 2)


def test_the_operation_that_is_meant_is_part_of_the_question():
    server = Server()
    text = "query A { picky(size: 1) } query B { picky(size: 2) }"
    bodies = {name: server.ask(text, operation_name=name, variables={}).body for name in ("A", "B")}
    assert bodies == {"A": b'{"data":{"picky":1}}', "B": b'{"data":{"picky":2}}'}


def test_another_edition_another_day_and_another_meaning_of_names_have_other_answers():
    server = Server()
    server.ask()
    server.day += 1
    server.ask()
    server.live = server.edition()
    server.ask()
    assert server.root.asked == 3
    assert len(server.answers) == 1, "what was answered before is let go of"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ name broken }", {}),
        ("{ refused }", {}),
        ("{", {}),
        ("{ nope }", {}),
        (PICKY, {"size": "no"}),
        (PICKY, {"size": 2**70}),
        (PICKY, {"size": 1, "unknown": 2**70}),
        ('mutation { rename(name: "x") }', {}),
    ],
)
def test_errors_and_mutations_are_not_kept(text, variables):
    server = Server()
    server.ask(text, variables=variables)
    assert len(server.answers) == 0
    assert not server.ask(text, variables=variables).reusable or server.root.asked == 2


def test_nothing_is_kept_where_there_is_room_for_nothing():
    server = Server(limit=0)
    server.ask()
    server.ask()
    assert (len(server.answers), server.answers.held, server.root.asked) == (0, 0, 2)


def test_a_preview_keeps_nothing():
    server = Server()
    beside = server.delivery.beside(lambda: server.live, server.delivery.fetch)
    at_once(beside.answer(Operation(PICKY, {"size": 1})))
    assert len(server.answers) == len(beside.answers) == 0


# --- When another version goes live ----------------------------------------------------------------------------------


def kept(*numbers: int, pinned: bool = False) -> Answers:
    answers = Answers()
    answers.get("one", key(0))
    for number in numbers:
        answers.keep("one", key(number), replace(reply(2_000, number), pinned=pinned))
    return answers


def test_what_a_version_leaves_as_it_was_stays_and_says_that_version():
    answers = kept(1, 2)
    before = answers.get("one", key(1))
    assert before
    form(before, "br"), line(before), digest(before), head_of(before)
    answers.carry("one", "two", "v2", {"version", "condition/n-2"})
    after = answers.get("two", key(1))
    assert after == replace(before, version="v2")
    assert after.made == {name: made for name, made in before.made.items() if name != "head"}
    assert (b"content-version", b"v2") in head_of(after)
    assert answers.get("two", key(1)) is after, "it is looked at once"
    assert answers.get("two", key(2)) is None
    assert (len(answers), answers.held) == (1, size_of(key(1), after))


def test_what_is_pinned_goes_on_to_say_its_own_version():
    answers = kept(1, pinned=True)
    answers.carry("one", "two", "v2", {"version"})
    found = answers.get("two", key(1))
    assert found
    assert found.version == "v1"


def test_what_was_not_asked_for_meanwhile_is_held_to_all_that_was_published():
    answers = kept(1, 2, 3)
    for version, outdated in (("v2", {"condition/n-1"}), ("v3", {"condition/n-2"}), ("v4", {"version"})):
        answers.carry(*moments(version), version, outdated)
    assert [bool(answers.get("v4", key(number))) for number in (1, 2, 3)] == [False, False, True]
    assert answers.get("v4", key(3)) == replace(reply(2_000, 3), version="v4")


def moments(version: str) -> tuple[str, str]:
    return {"v2": ("one", "v2"), "v3": ("v2", "v3"), "v4": ("v3", "v4")}[version]


def test_what_is_made_after_a_publication_is_not_held_to_it():
    answers = kept()
    answers.carry("one", "two", "v2", {"condition/n-1"})
    answers.keep("two", key(1), reply(100, 1))
    assert answers.get("two", key(1))
    answers.carry("two", "three", "v3", {"condition/n-1"})
    assert answers.get("three", key(1)) is None


@pytest.mark.parametrize("outdated", [{"site"}, {"site", "condition/n-1"}])
def test_where_everything_is_outdated_all_go_at_once(outdated):
    answers = kept(1, 2)
    answers.carry("one", "two", "v2", outdated)
    assert (len(answers), answers.held) == (0, 0)


def test_answers_of_another_moment_than_was_published_over_go():
    answers = kept(1)
    answers.carry("another", "two", "v2", {"version"})
    assert answers.get("two", key(1)) is None
    assert len(answers) == 0


def test_publications_that_nobody_asked_between_do_not_grow_without_end():
    answers = kept(1)
    for number in range(MOST_CARRIED + 1):
        assert len(answers) == 1
        answers.carry(number or "one", number + 1, "v2", {"version"})
    assert len(answers) == 0


# --- Memory ----------------------------------------------------------------------------------------------------------


def reply(size: int, number: int = 0) -> Reply:
    """An answer of so many bytes that compresses as badly as JSON may."""
    text = "".join(f"{(number * 7 + at) * 2654435761 % 2**32:08x}" for at in range(size // 8 + 1))[:size]
    return Reply(text.encode(), True, "v1", 5_000, reusable=True, tags=frozenset({"site", f"condition/n-{number}"}))


def key(number: int) -> Key:
    found = key_of(Operation(PICKY, {"size": number}))
    assert found is not None
    return found


def test_what_was_asked_for_longest_ago_makes_room():
    room = 3 * size_of(key(0), reply(5_000))
    answers = Answers(room)
    answers.get("now", key(0))
    for number in range(3):
        answers.keep("now", key(number), reply(5_000, number))
    assert answers.get("now", key(0))
    answers.keep("now", key(3), reply(5_000, 3))
    assert [number for number in range(4) if answers.get("now", key(number))] == [0, 2, 3]
    assert answers.held <= room


def test_an_answer_that_is_larger_than_the_room_is_not_kept_and_no_other_for_long():
    answers = Answers(10_000)
    answers.get("now", key(0))
    answers.keep("now", key(0), reply(6_000))
    assert (len(answers), answers.held) == (0, 0)


def test_the_answer_of_a_moment_that_has_passed_is_not_kept():
    answers = Answers()
    answers.get("now", key(0))
    answers.keep("before", key(0), reply(100))
    assert len(answers) == 0


@pytest.mark.parametrize("size", [100, 900, 5_000, 30_000])
def test_the_bound_holds_in_bytes_of_memory_however_many_variables_there_are(size):
    """50,000 unique variables here; a million take as much. All forms of each answer are made."""
    limit, asked = 2_000_000, min(50_000, 40_000_000 // size)
    answers = Answers(limit)
    answers.get("now", key(0))
    bodies = [reply(size, number).body.decode() for number in range(20)]
    tracemalloc.start()
    try:
        for number in range(asked):
            body = orjson.dumps({"data": bodies[number % 20]})
            answers.keep("now", key(number), Reply(body, True, "v1", 5_000, reusable=True, tags=frozenset({"site"})))
            sent = answers.get("now", key(number))
            assert sent is not None
            head_of(sent)
            if size >= 1_000 and number % 50 == 0:
                for coding in CODINGS:
                    form(sent, coding)
            assert answers.held <= limit
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0 < len(answers) < asked
    assert used <= limit, f"{used:,} bytes for {len(answers):,} answers"


def test_forms_that_together_are_larger_than_the_body_are_not_all_kept():
    made = reply(5_000)
    sizes = {coding: len(form(made, coding)) for coding in CODINGS}
    assert sum(sizes.values()) > 5_000, "these compress badly"
    assert sum(len(made.made.get(coding, b"")) for coding in CODINGS) <= 5_000
    assert {coding: len(form(made, coding)) for coding in CODINGS} == sizes


def test_an_answer_counts_with_its_tags():
    many = Reply(b"{}", True, "v1", 5_000, reusable=True, tags=frozenset(f"condition/n-{n}" for n in range(100)))
    assert size_of(key(0), many) >= size_of(key(0), reply(2)) + 2 * len(line(many)) * 0.8


# --- One in flight ---------------------------------------------------------------------------------------------------


class Slow(Root):
    """Lacks something until it was fetched."""

    def __init__(self) -> None:
        self.there = False
        self.fetched = 0
        self.go = asyncio.Event()
        self.asked = 0

    def picky(self, info, size):
        self.asked += 1
        if not self.there:
            raise NotInMemory("it", ("v0",))
        return size

    @asynccontextmanager
    async def fetch(self, wanted) -> AsyncIterator[None]:
        self.fetched += 1
        await self.go.wait()
        self.there = True
        yield


def slow(limit: int = 1_000_000) -> tuple[Slow, Delivery, Callable[[], None]]:
    root = Slow()
    lives = [Live("v1", root)]
    delivery = Delivery(schema(), lambda: lives[-1], fetch=root.fetch, answers=Answers(limit))
    return root, delivery, lambda: lives.append(Live("v2", root))


@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_who_asks_the_same_while_it_is_loaded_waits_for_the_same_answer(limit):
    async def scene() -> None:
        root, delivery, _ = slow(limit)
        operation = Operation(PICKY, {"size": 1})
        waiting = [asyncio.create_task(delivery.answer(operation)) for _ in range(5)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # who asked first leaves; the others do not suffer
        await asyncio.sleep(0)
        root.go.set()
        replies = await asyncio.gather(*waiting[1:])
        assert waiting[0].cancelled()
        assert root.fetched == 1
        assert all(one is replies[0] for one in replies)
        assert replies[0].body == b'{"data":{"picky":1,"thing":{"name":"stone"}}}'
        assert len(delivery.answers) == (limit > 0)
        assert root.asked == 5 + 1, "each looks first, and one looks again"

    asyncio.run(scene())


def test_an_answer_that_was_overtaken_while_it_waited_is_for_nobody_else():
    async def scene() -> None:
        root, delivery, publish = slow()
        operation = Operation(PICKY, {"size": 1})
        before = asyncio.create_task(delivery.answer(operation))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        publish()
        after = asyncio.create_task(delivery.answer(operation))
        await asyncio.sleep(0)
        root.go.set()
        early, late = await asyncio.gather(before, after)
        assert (early.version, early.reusable) == ("v1", False)
        assert (late.version, late.reusable) == ("v2", True)
        assert root.fetched == 2, "a later question is not answered from what was live before"

    asyncio.run(scene())


def test_what_cannot_be_loaded_is_told_to_all_and_tried_again_by_the_next():
    class Failing(Slow):
        @asynccontextmanager
        async def fetch(self, wanted) -> AsyncIterator[None]:
            self.fetched += 1
            await asyncio.sleep(0)
            raise RequestError("VERSION_NOT_AVAILABLE", "It cannot be read.")
            yield

    async def scene() -> None:
        root = Failing()
        live = Live("v1", root)
        delivery = Delivery(schema(), lambda: live, fetch=root.fetch, answers=Answers())
        operation = Operation(PICKY, {"size": 1})
        replies = await asyncio.gather(*(delivery.answer(operation) for _ in range(3)))
        assert {one.codes for one in replies} == {("VERSION_NOT_AVAILABLE",)}
        await delivery.answer(operation)
        assert root.fetched == 2

    asyncio.run(scene())
