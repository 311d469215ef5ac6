"""Texts that differ in names and strings are answered by one plan, and each as if it alone had been read."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest
import structlog

from content_api.answers import live_of
from content_api.content.noted import note_again, noting
from content_api.delivery import shapes as keeping
from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.lifted import lift
from content_api.delivery.limits import Limits
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation
from content_api.delivery.shape import Form, Shapeless, form_of, shape_of, spelt
from content_api.delivery.shapes import LATEST, SIGHTS
from content_api.delivery.sights import Sights
from content_api.graph.reader import Reader
from tests.delivery import odd
from tests.delivery.shaping import ALIKE, BOX, EITHER, READ, SHAPED, UNLIKE, Shaping, asked_of, at_first_sight, shaping
from tests.graph.asking import SCHEMA, world_edition
from tests.waiting import at_once

FILLINGS = 150
PAGE = 'query Page%d { page%d: condition(key: "%s") { key title%d: name sections { key heading } } }'


@pytest.fixture(autouse=True)
def quiet():
    with structlog.testing.capture_logs():  # to print what is behind an error takes seconds
        yield


def page(number: int, key: str = "moon-hiccups") -> str:
    return PAGE % (number, number, key, number)


def world(**settings) -> Shaping:
    live = live_of(world_edition())
    return Shaping(SCHEMA, lambda: live, reader=Reader(SCHEMA), **settings)


def reference(operation: Operation):
    return at_once(Delivery(SCHEMA, world().live).answer(operation))


# --- The same answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [*SHAPED, *READ, *EITHER])
def test_names_and_strings_make_no_difference_but_their_own(template):
    seen = compared(template)
    assert seen["shaped"] or template not in SHAPED
    assert not seen["shaped"] or template not in READ


def compared(template: str) -> Counter[str]:
    """Ask texts of a template, all of one delivery, and tell which road was taken how often."""
    executor, target = odd.delivery(BOX, reader=None), shaping()
    seen: Counter[str] = Counter()
    for operation in asked_of(template, FILLINGS):
        expected = at_once(executor.answer(operation))
        assert at_once(target.answer(operation)) == expected, operation
        seen["refused" if expected.codes else "shaped" if target.shaped else "read"] += 1
    return seen


@pytest.mark.parametrize("turn", [*ALIKE, *UNLIKE], ids=repr)
def test_what_one_text_taught_answers_others_and_only_those_that_are_like_it(turn):
    target, executor = shaping(), odd.delivery(BOX, reader=None)
    for each in turn:
        operation = Operation(each) if isinstance(each, str) else each
        assert at_once(target.answer(operation)) == at_once(executor.answer(operation))
    assert len(target.documents) == 1 + (turn in UNLIKE)


def test_whole_answers_are_the_same_with_tags_pins_and_costs():
    target, version = at_first_sight(world()), world_edition().version.id
    pinned = '{ a: content(version: "%s") { b: condition(key: "moon-hiccups") { c: name } } }'
    texts = [pinned.replace("%s", named) for named in (version, "f" * 40, version[:7], version)]
    texts += [page(1), page(2, "isOverdue"), page(3, "sleeping-left-foot"), page(4).replace("page4", "version")]
    texts += [f'{{ a: search(text: "{word}") {{ totalCount }} }}' for word in ("moon", "tags", "Moon")]
    texts += [f'{{ {name}: conditions(where: {{ name: {{ contains: "o" }} }}) {{ totalCount }} }}' for name in "abc"]
    for text in texts:
        for about in (False, True):
            operation = Operation(text, about_content=about)
            assert at_once(target.answer(operation)) == reference(operation)


# --- Which road ------------------------------------------------------------------------------------------------------


def test_there_is_a_shape_from_the_third_text_on_and_its_plan_with_the_third_after_that():
    target = world()
    roads = []
    for number in range(8):
        at_once(target.answer(Operation(page(number))))
        roads.append(target.shaped)
    assert roads == [False] * (2 * SIGHTS - 2) + [True] * 4


def test_what_is_remembered_of_an_entity_is_good_for_every_name():
    memory = Memory(noting, note_again, least=1)
    target = at_first_sight(world(memory=memory))
    at_once(target.answer(Operation(page(1))))
    held = memory.bytes
    for number in range(2, 30):
        assert at_once(target.answer(Operation(page(number)))) == reference(Operation(page(number)))
        assert target.shaped
    assert memory.bytes == held > 0


def test_a_text_that_comes_again_and_again_is_read():
    target = at_first_sight(world())
    at_once(target.answer(Operation(page(1))))
    roads = []
    for _ in range(SIGHTS + 1):
        at_once(target.answer(Operation(page(2))))
        roads.append(target.shaped)
    assert roads == [True] * (SIGHTS - 1) + [False] * 2
    assert page(2) in target.documents


SOME = 'symptoms: { some: { symptom: { name: { ne: "x%d" } } } }'
DEAR = f"{{ a%d: conditions(where: {{ and: [{{ {SOME} }}, {{ {SOME} }}] }}) {{ nodes {{ name }} }} }}"


@pytest.mark.parametrize("tried_first", [False, True], ids=["answered", "tried at once before"])
def test_what_is_asked_about_several_times_before_it_is_answered_is_seen_once(tried_first):
    """What is dear is tried at once, by one road or two, and then answered in the lane."""

    async def roads() -> tuple[int, list[bool], list[bool]]:
        target = world(lane=Lane())

        async def asked(text: str) -> bool:
            operation = Operation(text)
            assert not (tried_first and target.at_once(operation))
            assert not (await target.answer(operation)).codes
            return target.shaped

        new = [await asked(DEAR % (number, number, number)) for number in range(12)]
        read = len(target.documents)
        return read, new, [await asked(DEAR % (77, 77, 77)) for _ in range(SIGHTS + 2)]

    read, new, again = asyncio.run(roads())
    assert read <= SIGHTS + 1
    assert new[-5:] == [True] * 5
    assert again[:2] == [True] * 2
    assert again[-1] is False, "what comes again is read"


def test_more_texts_in_turn_than_can_be_held_are_not_read():
    target = at_first_sight(world())
    for number in [*range(LATEST + 2)] * 3:
        at_once(target.answer(Operation(page(number))))
    assert len(target.documents) == 1


def test_what_is_beside_knows_the_same_shapes():
    target = at_first_sight(world())
    other = target.beside(target.live, target.fetch)
    at_once(target.answer(Operation(page(1))))
    assert at_once(other.answer(Operation(page(2)))) == reference(Operation(page(2)))
    assert len(target.documents) == 1


def test_without_plans_nothing_has_a_shape():
    target = odd.delivery(BOX, reader=None)
    for number in range(9):
        at_once(target.answer(Operation(f"{{ a{number}: wished }}")))
    assert (len(target.documents), len(target.shapes)) == (9, 0)


def test_a_text_that_is_too_long_is_refused_whatever_its_shape():
    target = shaping()
    target.limits = Limits(characters=40)
    assert at_once(target.answer(Operation("{ a: wished }"))).codes == ()
    assert at_once(target.answer(Operation(f"{{ {'a' * 40}: wished }}"))).codes == ("DOCUMENT_TOO_LONG",)


def test_a_name_that_is_too_long_is_refused_whatever_its_shape():
    delivery = world(limits=Limits(name_characters=50))
    for number in range(5):
        assert at_once(delivery.answer(Operation(page(number)))).codes == ()
    longer = page(6).replace("title6", "t" * 51)
    assert at_once(delivery.answer(Operation(longer))).codes == ("DOCUMENT_TOO_LONG",)
    assert at_once(delivery.answer(Operation(longer.replace("t" * 51, "t" * 50)))).codes == ()


def test_what_takes_too_long_is_not_asked_again():
    asked = []

    class Slow(odd.Box):
        @property
        def must(self):
            asked.append(self)
            from content_api.content.deadline import look

            time.sleep(0.02)
            look()
            return "m"

        @must.setter
        def must(self, value):
            pass

    target = shaping(Slow())
    target.limits = Limits(seconds=0.01)
    operation = Operation("{ a: box { must } }")
    reply = at_once(target.answer(operation))
    assert (reply.codes, reply.cost, len(asked)) == (("TOOK_TOO_LONG",), 2, 1)
    executor = Delivery(odd.SCHEMA, target.live, target.limits)
    assert at_once(executor.answer(operation)) == reply


def test_a_defect_of_ours_keeps_nobody_from_an_answer(monkeypatch):
    monkeypatch.setattr(keeping, "lift", lambda text: 1 / 0)
    assert at_once(shaping().answer(Operation("{ a: wished }"))).codes == ()


@pytest.mark.parametrize(
    ("text", "as_if", "form", "why"),
    [
        ("{ a: wished }", "{ a: wished a: wished }", Form(frozenset(), ()), "its names are not what they look like"),
        ('{ a: wished(end: "x") }', '{ a: wished(end: "x") }', Form(frozenset(), ("ID",)), "it is not valid"),
    ],
)
def test_what_the_parser_found_is_what_a_shape_is_made_of(text, as_if, form, why):
    document = shaping().begin(Operation(text)).recalled()
    with pytest.raises(Shapeless, match=why):
        shape_of(odd.SCHEMA, document, lift(as_if), form)


def test_strings_that_the_parser_found_otherwise_make_no_form():
    document = shaping().begin(Operation('{ wished(end: "x") }')).recalled()
    assert form_of(odd.SCHEMA, document, lift('{ wished(end: "x") }')).kinds == ("String",)
    with pytest.raises(Shapeless, match="its strings are not what they look like"):
        form_of(odd.SCHEMA, document, lift('{ wished(end: "y") }'))


def test_an_invalid_text_teaches_nothing():
    target = shaping()
    bad = Operation('{ a: wished(size: "x") }')
    assert at_once(target.answer(bad)).codes == ("GRAPHQL_VALIDATION_FAILED",)
    assert len(target.shapes) == 0


# --- Bounds ----------------------------------------------------------------------------------------------------------


def test_shapes_are_bounded_by_number_and_characters():
    target = shaping(number=10)
    for number in range(1, 40):
        assert at_once(target.answer(Operation(f"{{ a: wished(times: {number}) }}"))).codes == ()
        assert len(target.shapes) <= 10
    target = shaping(most=200)
    for number in range(1, 40):
        assert at_once(target.answer(Operation(f"{{ a: wished(times: {number}) }}"))).codes == ()
        assert target.shapes.characters <= 200
    assert len(target.shapes) > 4


def test_texts_that_come_once_drive_out_no_shape():
    target = shaping(number=4, sights=2)
    for number in range(4):
        at_once(target.answer(Operation(f"{{ b{number}: wished }}")))
    for number in range(200):
        at_once(target.answer(Operation(f"{{ a: wished(times: {number}) }}")))
    at_once(target.answer(Operation("{ c: wished }")))
    assert target.shaped


def test_sights_are_bounded_and_begin_anew():
    sights = Sights(3, 2)
    assert [sights.enough(what) for what in "abaabcdea"] == [
        False,
        False,
        True,
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert len(sights) == 3


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        ")",
        "()",
        "{a:",
        "a",
        "...",
        "...a",
        ":",
        "a:",
        "ab:a",
        "fragment ",
        "query ",
        '""',
        '"',
        '"a"',
        "($a)",
        "$",
        " ",
    ],
)
def test_no_text_takes_long_to_lift(piece):
    text = (piece * 10_000)[:10_000]
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        lift(text)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.02


# --- Pieces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{ a(b: """c""") }',
        '{ a(b: "\\n") }',
        "{ a } # b",
        '{ a(b: "c) }',
        '{ a(b: "c\n") }',
        '{ a(b: "\x7f") }',
        '{ a(b: "\ud800") }',
        "{ a(b: (c)) }",
        "{ a(b: c }",
        "{ a b: c) }",
        "{ \0a: b }",
        "{ 1a: b }",
        "{ " + " ".join(f"a{number}: b" for number in range(1_001)) + " }",
    ],
    ids=repr,
)
def test_what_is_not_surely_understood_is_left_alone(text):
    assert lift(text) is None


def test_names_stand_in_the_places_of_their_marks():
    body = b'{"\\u0000001":"\\"\\\\u0000000","b":[{"\\u0000000":1}]}'
    assert spelt(body, ("first", "second")) == b'{"second":"\\"\\\\u0000000","b":[{"first":1}]}'


@pytest.mark.parametrize("body", [b'{"a":"\\u0000000"}', b'{"a":"\\u0000"}', b'{"\\u0000007":1}'])
def test_what_looks_like_a_mark_and_is_none_is_left_to_the_executor(body):
    with pytest.raises(KeyError):
        spelt(body, ("first",))


def test_a_text_that_looks_like_a_mark_is_an_answer_like_any_other():
    target = shaping(replace(BOX, must="\x00000", text='"\x00000":'))
    for text in ("{ a: box { b: must } }", "{ c: box { b: text } }"):
        operation = Operation(text)
        assert at_once(target.answer(operation)) == at_once(Delivery(odd.SCHEMA, target.live).answer(operation))
