"""Plans remember what they made of an entity, as long as it stays the same, and within a bound."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import orjson
import pytest
from graphql import GraphQLObjectType, parse
from graphql.execution import Executor

from content_api.answers import live_of
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.models import Recall
from content_api.content.noted import note_again, noted_by, noting, weight_of
from content_api.content.recalled import recalled_as
from content_api.content.view import view_of
from content_api.delivery.delivery import Delivery
from content_api.delivery.memory import LEAST_FIELDS, OVERHEAD, Memory
from content_api.delivery.operation import Operation
from content_api.delivery.plan import written
from content_api.delivery.plans import Plans
from content_api.graph.reader import Reader
from content_api.publish import making
from content_api.publish.making import retire
from tests.generator import generate
from tests.graph.asking import SCHEMA, world_edition
from tests.waiting import at_once
from tests.world.snapshot import MemorySnapshot

pytestmark = pytest.mark.usefixtures("turns")

READER = Reader(SCHEMA)
MOON = '{ condition(key: "moon-hiccups") %s }'
WIDE = "{ key slug name summary review { status isOverdue } requiredCautions { key name } sections { key } }"


def answering(edition: Edition, memory: Memory | None = None) -> Delivery:
    live = live_of(edition)
    made = Delivery(SCHEMA, lambda: live, reader=READER)
    made.plans = Plans(READER, memory or Memory(noting, note_again), sights=1)
    return made


def body(on: Delivery, text: str, **variables: object) -> dict:
    reply = at_once(on.answer(Operation(text, variables)))
    reference = at_once(Delivery(SCHEMA, on.live).answer(Operation(text, variables)))
    assert reply == reference
    return orjson.loads(reply.body)


def remembering(text: str, **variables: object) -> list[str]:
    """The types and the lists of which the plan for a document remembers what it makes."""
    executor = Executor.build(SCHEMA, parse(text), None, None, variables)
    source = written(executor, READER, Memory(noting, note_again)).source
    return [line.split("_")[0] for line in source.splitlines() if " = remembering" in line]


def fresh() -> Edition:
    """The world, of which nothing was remembered yet."""
    return replace(world_edition(), memo=dict(world_edition().memo))


# --- What is remembered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "types"),
    [
        (WIDE, ["Condition"]),
        ("{ key slug name summary id kind state }", []),
        ("{ key slug name summary id kind state revision }", ["Condition"]),
        (f"{{ symptoms {{ symptom {WIDE} }} }}", ["Symptom", "Condition"]),
        (f"{{ updatedAt symptoms {{ symptom {WIDE} }} }}", ["Symptom"]),
        (f"{{ symptoms {{ symptom {{ history {{ id }} conditions {{ condition {WIDE} }} }} }} }}", ["Condition"]),
        ("{ sections { key heading aspect text { markdown html plain channel isFallback } } }", ["Condition"]),
    ],
)
def test_what_is_made_of_an_entity_is_remembered_if_it_lasts_and_is_much(selection, types):
    assert LEAST_FIELDS == 8
    assert remembering(MOON % selection) == types


def test_what_depends_on_a_variable_is_not_remembered_and_what_is_below_is():
    text = f"""query ($aspects: [HealthAspect!]) {{ condition(key: "moon-hiccups") {{
      sections(aspects: $aspects) {{ key }} symptoms {{ symptom {WIDE} }} }} }}"""
    assert remembering(text) == ["Symptom"]
    on = answering(fresh())
    found = [len(body(on, text, aspects=aspects)["data"]["condition"]["sections"]) for aspects in (None, ["OVERVIEW"])]
    assert found[0] > found[1]


LIST = "{ nodes { name } totalCount }"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"{{ conditions {LIST} }}", ["conditions"]),
        (f'{{ a: conditions(where: {{ name: {{ contains: "h" }} }}) {LIST} site {{ __typename }} }}', ["conditions"]),
        (f'{{ content(locale: "de") {{ symptoms(first: 2) {LIST} causes {LIST} }} }}', ["symptoms", "causes"]),
        (f"{{ conditions {{ nodes {WIDE} }} }}", ["Condition", "conditions"]),
        (f"query ($first: Int) {{ conditions(first: $first) {LIST} }}", []),
        ("{ conditions { nodes { updatedAt } } }", []),
        ("{ conditions { nodes { name review { isOverdue } } } }", ["conditions"]),
        ('{ versions { nodes { id refused { problemCount } } } search(text: "hiccups") { totalCount } }', []),
        (f"query ($key: String) {{ condition(key: $key) {{ name }} conditions {LIST} }}", ["conditions"]),
    ],
)
def test_a_list_is_remembered_if_it_lasts_and_depends_on_no_variable(text, fields):
    assert remembering(text) == fields


def test_a_list_beside_what_differs_is_made_once_and_noted_each_time():
    edition, memory = fresh(), Memory(noting, note_again)
    on = answering(edition, memory)
    text = f"query ($key: String) {{ condition(key: $key) {{ name }} conditions(first: 1) {LIST} }}"
    body(on, text, key="moon-hiccups")
    held = memory.bytes
    assert held > OVERHEAD
    keys = [key.partition("/")[2] for key in edition.library.indexes.kinds["condition"]]
    assert len({orjson.dumps(body(on, text, key=key)["data"]) for key in keys}) > 1
    assert memory.bytes == held
    tags = at_once(on.answer(Operation(text, {"key": keys[0]}))).tags
    listed = at_once(on.answer(Operation(f"{{ conditions(first: 1) {LIST} }}"))).tags
    assert listed <= tags
    assert any(tag.startswith("condition/") for tag in listed)


def test_only_lists_of_entities_of_a_view_are_remembered():
    found = {
        (kind.name, name)
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if READER.list_memory_of(kind, field)
    }
    lists = ("conditions", "symptoms", "causes", "treatments", "cautions")
    assert found == {(kind, name) for kind in ("Query", "Content") for name in lists}


def test_what_was_noted_counts_as_well():
    edition = load(MemorySnapshot(generate(500)))
    memory = Memory(noting, note_again, weigh=weight_of)
    on = answering(edition, memory)
    body(on, "{ conditions(first: 100) { totalCount } }")
    assert memory.bytes > OVERHEAD + 100 * 50


def test_a_recall_is_noted_each_time_a_list_is_used():
    recalls = {key: Recall(id=key, reason={"en": "Not so."}, since="2026-11-20T11:00:00Z") for key in RECALLED}
    on = answering(recalled_as(world_edition(), recalls))
    text = f"query ($key: String) {{ condition(key: $key) {{ name }} symptoms {LIST} }}"
    told = [body(on, text, key=key)["extensions"] for key in ("moon-hiccups", "nobody", "moon-hiccups")]
    assert {each["key"] for each in told[0]["recalled"]} & set(RECALLED)
    assert told[0] == told[1] == told[2]


def test_a_list_is_that_of_its_own_locale_and_channel():
    on = answering(fresh())
    text = """query ($locale: Locale, $channel: Channel!) { content(locale: $locale, channel: $channel) {
      conditions { nodes { name sections { text { plain } } } } } }"""
    scopes = [{"locale": locale, "channel": channel} for locale in ("en", "de") for channel in ("WEB", "CHATBOT")]
    answers = [orjson.dumps(body(on, text, **scope)) for _ in range(2) for scope in scopes]
    assert len(set(answers)) == len(scopes)


def test_nothing_is_remembered_without_a_memory():
    executor = Executor.build(SCHEMA, parse(MOON % WIDE))
    assert "remembering" not in written(executor, READER).source
    assert "remembering" not in written(Executor.build(SCHEMA, parse(f"{{ conditions {LIST} }}")), READER).source


def test_what_was_remembered_is_answered():
    edition, memory = fresh(), Memory(noting, note_again)
    on = answering(edition, memory)
    first = body(on, MOON % WIDE)
    held = memory.bytes
    assert held > OVERHEAD
    assert body(on, MOON % WIDE) == first
    assert memory.bytes == held


def test_each_locale_and_channel_is_remembered_by_itself():
    on = answering(fresh())
    text = f"""query ($locale: Locale, $channel: Channel!) {{ content(locale: $locale, channel: $channel) {{
      condition(key: "moon-hiccups") {WIDE.replace("sections {", "sections { heading text { plain }")} }} }}"""
    scopes = [{"locale": locale, "channel": channel} for locale in ("en", "de") for channel in ("WEB", "CHATBOT")]
    answers = [orjson.dumps(body(on, text, **scope)) for _ in range(2) for scope in scopes]
    assert len(set(answers)) == len(scopes)


# --- How long --------------------------------------------------------------------------------------------------------


def test_at_midnight_all_is_forgotten():
    days = [date(2020, 1, 1)]
    edition = replace(fresh(), clock=lambda: days[0], memo={})
    on = answering(edition)
    text = f'{{ treatment(key: "quiet-tea") {WIDE} }}'
    assert body(on, text)["data"]["treatment"]["review"]["isOverdue"] is False
    every = '{ treatments(where: { name: { contains: "quiet" } }) { nodes { review { isOverdue } } } }'
    assert body(on, every)["data"]["treatments"]["nodes"] == [{"review": {"isOverdue": False}}]
    days[0] = date(2200, 1, 1)
    assert body(on, text)["data"]["treatment"]["review"]["isOverdue"] is True
    assert body(on, every)["data"]["treatments"]["nodes"] == [{"review": {"isOverdue": True}}]


def test_what_was_made_is_kept_with_the_view_until_it_is_retired():
    edition = fresh()
    shown = view_of(edition).show("condition/moon-hiccups")
    assert shown is not None
    made = shown.view.made(shown)
    made["a"] = 1
    assert shown.view.made(shown) is made
    retire(edition)
    assert shown.view.made(shown) == {}


def test_who_still_reads_a_version_that_is_retired_loses_nothing_to_the_thread_that_gets_rid_of_it(monkeypatch):
    """A preview's reader may begin anew in it. What was worked out is taken away at once, and emptied later."""
    later = []
    monkeypatch.setattr(making, "begin_beside", later.append)
    edition = fresh()
    view = view_of(edition)
    before = [shown.key for shown in view.all("condition")]
    retire(edition)
    assert not view._shown
    assert not view._in_order
    assert [shown.key for shown in view.all("condition")] == before
    [get_rid] = later
    get_rid()
    assert view._shown
    assert [shown.key for shown in view.all("condition")] == before


# --- How much --------------------------------------------------------------------------------------------------------


@contextmanager
def nothing_noted():
    yield None


class Made(dict):
    """Where to keep what was made of one thing."""


def test_pieces_are_bounded_by_bytes_and_the_oldest_goes_first():
    size = OVERHEAD + len('"aaaaaaaaaa"')
    memory = Memory(nothing_noted, noted_by, most=3 * size)
    places = [Made() for _ in range(5)]
    built = []
    piece = memory.remembering(lambda source, given: built.append(source) or "a" * 10, lambda source: places[source])
    for source in (0, 1, 2, 0, 3, 1, 0, 4):
        assert orjson.dumps(piece(source, ())) == b'"aaaaaaaaaa"'
        assert memory.bytes <= 3 * size
    assert built == [0, 1, 2, 3, 0, 4]
    assert [len(place) for place in places] == [1, 0, 0, 1, 1]


def test_what_is_held_is_at_least_what_it_takes():
    edition = load(MemorySnapshot(generate(500)))
    memory = Memory(noting, note_again)
    on = answering(edition, memory)
    text = f"query ($key: String) {{ condition(key: $key) {WIDE} }}"
    keys = [key.partition("/")[2] for key in edition.library.indexes.kinds["condition"]]
    at_once(on.answer(Operation(text, {"key": keys[0]})))
    tracemalloc.start()
    try:
        before = memory.bytes
        for key in keys[1:]:
            at_once(on.answer(Operation(text, {"key": key})))
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used <= memory.bytes - before


def test_a_piece_larger_than_the_bound_is_used_and_not_kept():
    memory, place = Memory(nothing_noted, noted_by, most=10), Made()
    piece = memory.remembering(lambda source, given: "a", lambda source: place)
    assert orjson.dumps(piece(None, ())) == b'"a"'
    assert (memory.bytes, place) == (0, {})


def test_selections_of_one_thing_are_told_apart():
    memory, place = Memory(nothing_noted, noted_by), Made()
    first, second = (memory.remembering(lambda *_, text=text: text, lambda _: place) for text in ("one", "two"))
    assert [orjson.dumps(piece(None, ())) for piece in (first, second, first, second)] == [b'"one"', b'"two"'] * 2


def test_what_cannot_be_made_is_not_remembered():
    def fail(source, given):
        raise ValueError("not now")

    memory, place = Memory(nothing_noted, noted_by), Made()
    piece = memory.remembering(fail, lambda _: place)
    for _ in range(2):
        with pytest.raises(ValueError, match="not now"):
            piece(None, ())
    assert (memory.bytes, place) == (0, {})


# --- What is noted ---------------------------------------------------------------------------------------------------


def test_what_was_noted_while_a_piece_was_made_is_noted_again_when_it_is_used():
    recalls = {key: Recall(id=key, reason={"en": "Not so."}, since="2026-11-20T11:00:00Z") for key in RECALLED}
    on = answering(recalled_as(world_edition(), recalls))
    text = MOON % "{ key slug name summary id symptoms { symptom { key } } treatments { treatment { key } } }"
    assert remembering(text) == ["Condition"]
    first = body(on, text)
    assert {each["key"] for each in first["extensions"]["recalled"]} & set(RECALLED)
    assert body(on, text) == first
    twice = text.replace("{ condition", "{ a: condition", 1)[:-1] + text[1:]
    assert body(on, twice)["extensions"] == body(on, twice)["extensions"] == first["extensions"]


RECALLED = ("symptom/left-ear-glow", "symptom/glowing-ears", "treatment/quiet-tea")
