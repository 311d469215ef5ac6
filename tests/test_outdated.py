"""A publication outdates every answer that differs after it, by a tag that the answer carries; and few others.

CONTENT_API_TEST_QUERIES sets how many random queries are tried (200 if it is not set).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

import pytest
from graphql import print_ast
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from content_api.answers import live_of
from content_api.content.edition import Edition
from content_api.content.fields import CodeSystem, EntityKind
from content_api.content.load import load
from content_api.content.models import Recall
from content_api.content.noted import note_again, noting
from content_api.content.outdated import outdated
from content_api.content.recalled import recalled_as
from content_api.content.searchable import search_index
from content_api.content.tags import TODAY, in_one_line
from content_api.delivery.delivery import Delivery
from content_api.delivery.later import fetch_nothing
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.present import line, within
from content_api.delivery.reuse import Answers, key_of
from content_api.graph.reader import Reader
from tests import world
from tests.generator import generate
from tests.graph.asking import SCHEMA
from tests.graph.test_random_queries import NO_LIMITS, QUERIES, asked
from tests.waiting import at_once
from tests.world.snapshot import MemorySnapshot

MOON, SNEEZES, YAWNS = (f"conditions/{name}.json" for name in ("moon-hiccups", "star-sneezes", "cloud-yawns"))
EARS, LEFT, HUMMING = (f"symptoms/{name}.json" for name in ("glowing-ears", "left-ear-glow", "soft-humming"))
TEA, SOCKS = (f"treatments/{name}.json" for name in ("quiet-tea", "warm-socks"))
ASK, FIRE, MADE_UP = (f"cautions/{name}.json" for name in ("ask-first", "not-near-fire", "all-made-up"))
COMETS = "causes/late-comets.json"
Changes = Mapping[str, world.Edit]
Pair = Callable[[], tuple[Edition, Edition]]
"""Makes what is live before a publication, and after it."""


def recall(*recalls: Mapping[str, object]) -> Changes:
    since = {"since": "2026-11-01T00:00:00Z", "reason": {"en": "Not so.", "de": "Nicht so."}}
    return {"recalls.json": {"/recalls": [since | each for each in recalls]}}


def another(path: str, name: str, **more: world.Edit) -> Changes:
    """A copy of an entity under another name."""
    copy = world.document(path)
    copy["id"] = name
    for locale, text in copy["text"].items():
        text["slug"], text["name"] = f"{name}-{locale}", f"Another {name} {locale}"
    return {f"{path.partition('/')[0]}/{name}.json": world.as_bytes(copy), **more}


CHANGES: dict[str, Changes] = {
    "a name": {MOON: {"/text/en/name": "Aardvark hiccups"}},
    "a name of a caution": {ASK: {"/text/en/name": "Ask twice"}},
    "a summary": {MOON: {"/text/en/summary": "Other words. A made-up condition."}},
    "a text": {EARS: {"/text/en/sections/0/channels/web/body": "Ears that glow, and hum."}},
    "a slug": {SNEEZES: {"/text/en/slug": "star-sneezing"}},
    "a slug that is the key of another": {MOON: {"/text/en/slug": "star-sneezes"}},
    "a slug in German": {MOON: {"/text/de/slug": "mond-schluckauf"}},
    "an alternate name": {MOON: {"/text/en/alternateNames/0/name": "Lunar something"}},
    "a code": {SNEEZES: {"/codings/0/code": "X00.1"}},
    "a citation": {SNEEZES: {"/citations/0/source": "test-review"}},
    "a review": {TEA: {"/review/nextReviewDueOn": "2027-02-15"}},
    "how often a symptom occurs": {MOON: {"/symptoms/0/frequency": "SOME"}},
    "a relation less": {MOON: {"/symptoms/1": world.REMOVED}},
    "a relation more": {SNEEZES: {"/symptoms/-": {"symptom": "left-ear-glow", "frequency": "SOME"}}},
    "a cause more": {SNEEZES: {"/causes/-": {"cause": "late-comets", "certainty": "CAN_CAUSE"}}},
    "a treatment less": {MOON: {"/treatments/0": world.REMOVED}},
    "an alternative less": {SOCKS: {"/alternatives": []}},
    "a related condition less": {MOON: {"/relatedConditions": []}},
    "a part less": {LEFT: {"/partOf": world.REMOVED}},
    "a required caution less": {TEA: {"/requiredCautions": []}, ASK: {"/appliesTo/4": world.REMOVED}},
    "a required caution more": {
        LEFT: {"/requiredCautions": ["all-made-up"]},
        MADE_UP: {"/appliesTo": ["symptom/left-ear-glow"]},
    },
    "a graver caution": {MADE_UP: {"/severity": "CRITICAL"}},
    "the order of a caution": {FIRE: {"/displayOrder": 1}},
    "a draft that is published": {YAWNS: {"/state": "PUBLISHED"}},
    "one that is withdrawn": {
        LEFT: {"/state": "WITHDRAWN", "/withdrawnReason": {"en": "No."}, "/partOf": world.REMOVED},
        MOON: {"/symptoms/1": world.REMOVED},
    },
    "one that is there again": {HUMMING: {"/state": "PUBLISHED", "/withdrawnReason": world.REMOVED}},
    "a draft that stays one": {YAWNS: {"/text/en/name": "Cloudy yawns"}},
    "a translation that is checked": {SNEEZES: {"/text/de/translation/status": "CHECKED"}},
    "one more": another(LEFT, "right-ear-glow"),
    "one more with a code and references": another(
        SNEEZES, "sun-sneezes", **{ASK: {"/appliesTo/-": "condition/sun-sneezes"}}
    ),
    "a recall": recall({"id": "treatment/quiet-tea"}),
    "a recall of a condition": recall({"id": "condition/star-sneezes"}),
    "a recall of a symptom": recall({"id": "symptom/glowing-ears"}),
    "a recall with a replacement": recall({"id": "caution/ask-first", "replacement": "caution/all-made-up"}),
    "a recall of what is not there": recall({"id": "treatment/of-yesterday"}),
    "a recall of a draft": recall({"id": "condition/cloud-yawns"}),
    "two recalls": recall({"id": "cause/old-moonlight"}, {"id": "treatment/quiet-tea"}),
    "a source": {"sources/test-review.json": {"/title": "Another title"}},
    "a person": {"people/test-reviewer.json": {"/name": "Another Reviewer"}},
    "a redirect": {"redirects.json": {"/redirects/-": {"from": "symptom/humming-ears", "to": "symptom/glowing-ears"}}},
    "a redirect to another": {"redirects.json": {"/redirects/0/to": "symptom/left-ear-glow"}},
    "the site": {"site.json": {"/publisher/name": "Another publisher"}},
}
# What is changed where something else was recalled before.
UNDER = recall({"id": "caution/ask-first", "replacement": "caution/all-made-up"}, {"id": "treatment/warm-socks"})
ABOVE: dict[str, Changes] = {
    "the reason of a recall": recall(
        {"id": "caution/ask-first", "replacement": "caution/all-made-up"},
        {"id": "treatment/warm-socks", "reason": {"en": "They itch.", "de": "Sie jucken."}},
    ),
    "another replacement": recall(
        {"id": "caution/ask-first", "replacement": "caution/not-near-fire"}, {"id": "treatment/warm-socks"}
    ),
    "the text of what stands in": UNDER | {MADE_UP: {"/text/en/summary": "All of it is made up."}},
    "what is recalled": UNDER | {SOCKS: {"/text/en/name": "Hot socks"}},
    "one recall fewer": recall({"id": "treatment/warm-socks"}),
}

ENTITY = """key slug name summary alternateNames { name } codings { code }
  sections { heading text { plain html } citations { source { key title } } }
  citations { source { title publisher } } review { status nextReviewDueOn reviewers { name } }
  requiredCautions { key name severity } served { locale } state availableLocales"""
BY_KIND = {
    "condition": """symptoms { frequency symptom { key name } } causes { cause { key name } }
        treatments { treatment { key name } } relatedConditions { relation condition { key name } }""",
    "symptom": "partOf { key name } parts { key name } conditions { frequency condition { key name } }",
    "cause": "sameAsCondition { text condition { key name } } conditions { condition { key name } }",
    "treatment": "alternatives { key name } conditions { condition { key name } } evidence { source { title } }",
    "caution": "severity appliesTo { key name }",
}
TEXT = "name summary sections { text { plain } }"
PLURAL = {kind: f"{kind}s" for kind in BY_KIND}
FILTERS = (
    'conditions(where: { name: { contains: "hiccups" } })',
    'conditions(where: { symptoms: { some: { symptom: { name: { startsWith: "glow" } } } } })',
    "conditions(where: { symptoms: { none: {} } })",
    "conditions(where: { treatments: { some: { line: { eq: FIRST } } } })",
    "conditions(where: { relatedConditions: { some: {} } })",
    "conditions(where: { requiredCautions: { some: { severity: { eq: CRITICAL } } } })",
    'conditions(where: { codings: { some: { code: { eq: "X00.1" } } } })',
    "symptoms(where: { conditions: { every: { frequency: { eq: COMMON } } } })",
    "symptoms(where: { parts: { some: {} } })",
    "treatments(where: { alternatives: { none: {} } })",
    "cautions(where: { mustDisplay: { eq: true } }, orderBy: [{ field: DISPLAY_ORDER }])",
    "symptoms(orderBy: [{ field: NAME, direction: DESC }])",
    "conditions(orderBy: [{ field: SLUG }])",
)


def questions(names: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """What clients ask: pages by key and slug in each locale, lists, filters, codes, searches, recalls, the site."""
    for kind, all_names in names.items():
        for name in all_names:
            yield f'{{ {kind}(key: "{name}") {{ {ENTITY} {BY_KIND[kind]} }} }}'
            yield f'{{ {kind}(slug: "{name}") {{ name requiredCautions {{ key }} }} }}'
            yield f'{{ content(locale: "de-AT", channel: CHATBOT) {{ {kind}(slug: "{name}") {{ {TEXT} }} }} }}'
    for kind, plural in PLURAL.items():
        yield f"{{ {plural} {{ totalCount nodes {{ key name }} }} }}"
        yield f"{{ {plural}(first: 1) {{ nodes {{ name summary {BY_KIND[kind]} }} }} }}"
        yield f"{{ {plural}(first: 2) {{ pageInfo {{ endCursor }} edges {{ cursor node {{ slug }} }} }} }}"
        yield f'{{ content(locale: "de") {{ {plural}(first: 1) {{ nodes {{ key }} }} }} }}'
        yield f'{{ content(locale: "de") {{ {plural} {{ nodes {{ name served {{ locale }} }} }} }} }}'
    for asked_for in FILTERS:
        yield f"{{ {asked_for} {{ totalCount nodes {{ key }} }} }}"
    for system in CodeSystem:
        yield f'{{ byCode(system: {system.name}, code: "X00.1") {{ key name }} }}'
    for text in ("hiccups", "glow ears", "tea", "nothing like it"):
        yield f'{{ search(text: "{text}") {{ totalCount nodes {{ key }} edges {{ score node {{ name }} }} }} }}'
    yield "{ recalls { key reason replacement { key entity { name } } } }"
    yield "{ site { publisher { name } disclaimer } }"
    yield "{ site { version } }"
    yield "{ __schema { queryType { name } } }"


def names_of(*editions: Edition) -> dict[str, list[str]]:
    """Kind -> keys, slugs and old names of entities, and one that is none."""
    found: dict[str, set[str]] = {kind: {"no-such"} for kind in EntityKind}
    for edition in editions:
        for record in edition.library.records.values():
            found[record.kind] |= {record.entity.id, *(text.slug for text in record.entity.text.values())}
        for old in edition.library.redirects:
            kind, _, name = old.partition("/")
            found[kind].add(name)
    return {kind: sorted(names) for kind, names in found.items()}


def edition_of(changes: Changes) -> Edition:
    edition = load(MemorySnapshot(world.edited(changes)))
    search_index(edition)
    return edition


@cache
def reading() -> Delivery:
    """What knows the documents, and their plans, for all editions: to read one takes longer than to answer it."""
    memory = Memory(noting, note_again, least=1)
    return Delivery(SCHEMA, lambda: pytest.fail("not asked"), NO_LIMITS, reader=Reader(SCHEMA), memory=memory)


def under_later(*recalls: Mapping[str, object], base: Changes | None = None) -> Edition:
    """The world under recalls of a later version, which may withhold what requires a caution."""
    since = {"since": "2026-11-01T00:00:00Z", "reason": {"en": "Not so."}}
    each = [TypeAdapter(Recall).validate_python(since | one) for one in recalls]
    return recalled_as(edition_of(base or {}), {one.id: one for one in each})


def answering(edition: Edition) -> Delivery:
    live = live_of(edition)
    return reading().beside(lambda: live, fetch_nothing)


def ask(delivery: Delivery, text: str) -> Reply:
    return at_once(delivery.answer(Operation(text)))


def is_dropped(tags: Iterable[str], stale: frozenset[str]) -> bool:
    """Whether a cache that is told these tags, in a line, drops an answer that carries those."""
    return not set(tags).isdisjoint(in_one_line(stale).split(","))


def missed(before: Reply, after: Reply, stale: frozenset[str]) -> bool:
    """Whether an answer stays in a cache that should not, be it told by its own tags or by the coarsest."""
    if not before.reusable or before.body == after.body:
        return False
    return not (is_dropped(line(before).split(","), stale) and is_dropped(within(before.tags, 0), stale))


def carried(text: str, before: Reply, stale: frozenset[str], version: str) -> Reply | None:
    """What is left of an answer that was kept, once another version is live."""
    key = key_of(Operation(text))
    if not before.reusable or key is None:
        return None
    answers = Answers()
    answers.get("before", key)
    answers.keep("before", key, before)
    answers.carry("before", "after", version, stale | {TODAY})
    return answers.get("after", key)


def both_ways(
    made: Mapping[str, Changes], base: Changes
) -> Iterator[tuple[str, Callable[[], tuple[Edition, Edition]]]]:
    for name, changes in made.items():
        yield name, lambda changes=changes: (edition_of(base), edition_of(changes))
        yield f"{name}, taken back", lambda changes=changes: (edition_of(changes), edition_of(base))


WITH_GERMAN = {SNEEZES: {"/text/de/name": "Aa"}}
CHECKED = {SNEEZES: {"/text/de/name": "Aa", "/text/de/translation/status": "CHECKED"}}
# A caution that requires one that is recalled: it is shown all the same.
REQUIRING = {FIRE: {"/requiredCautions": ["ask-first"]}, ASK: {"/appliesTo/-": "caution/not-near-fire"}}
REPLACED = {"id": "caution/ask-first", "replacement": "caution/all-made-up"}

PAIRS: dict[str, Pair] = {
    **dict(both_ways(CHANGES, {})),
    **dict(both_ways(ABOVE, UNDER)),
    **dict(both_ways({"a translation that comes first once it is checked": CHECKED}, WITH_GERMAN)),
    "a later recall that withholds": lambda: (edition_of({}), under_later({"id": "caution/ask-first"})),
    "one that is lifted": lambda: (under_later({"id": "caution/ask-first"}), edition_of({})),
    "one that gets a replacement": lambda: (
        under_later({"id": "caution/ask-first"}),
        under_later(REPLACED),
    ),
    "one whose replacement is recalled": lambda: (
        under_later(REPLACED),
        under_later(REPLACED, {"id": "caution/all-made-up"}),
    ),
    "one whose replacement is published": lambda: (
        under_later(REPLACED, base=REQUIRING | {MADE_UP: {"/state": "DRAFT"}}),
        under_later(REPLACED, base=REQUIRING),
    ),
}
UNSEEN = ("a draft that stays one", "a recall of a draft")


@cache
def pair(name: str) -> tuple[Delivery, Delivery, frozenset[str], dict[str, list[str]]]:
    """What answers before and after a change, what the publication outdates, and what there is to ask for."""
    before, after = PAIRS[name]()
    return answering(before), answering(after), outdated(before, after), names_of(before, after)


@pytest.mark.parametrize("name", PAIRS)
def test_every_answer_that_a_change_makes_differ_is_outdated_by_it(name):
    before, after, stale, names = pair(name)
    differing = 0
    for text in questions(names):
        one, again, other = ask(before, text), ask(before, text), ask(after, text)
        assert again == one, "from pieces that are remembered, by a plan, or field by field"
        assert not missed(one, other, stale), (text, line(one), sorted(stale), other.body)
        assert carried(text, one, stale, other.version) in (None, other), (text, line(one), sorted(stale))
        differing += one.body != other.body
    assert differing or name.startswith(UNSEEN), "it changes nothing"


@settings(max_examples=QUERIES)
@given(st.sampled_from(sorted(PAIRS)), asked().map(print_ast))
def test_so_is_every_answer_to_anything_that_can_be_asked(name, text):
    before, after, stale, _ = pair(name)
    one, other = ask(before, text), ask(after, text)
    assert not missed(one, other, stale), (text, line(one), sorted(stale), other.body)
    assert carried(text, one, stale, other.version) in (None, other), (text, line(one), sorted(stale))


def test_a_change_that_nobody_sees_outdates_what_names_the_version_and_nothing_else():
    assert pair("a draft that stays one")[2] == {"version"}


# --- And few others --------------------------------------------------------------------------------------------------


@cache
def generated() -> dict[str, bytes]:
    return generate(200)


def of_kind(kind: str, place: int = 7) -> str:
    return [path for path in generated() if path.startswith(f"{kind}s/")][place]


def less_a_caution() -> Changes:
    """A condition that does not require its first caution any more, and what that caution says of it."""
    path = of_kind("condition")
    content = json.loads(generated()[path])
    caution = f"cautions/{content['requiredCautions'][0]}.json"
    place = json.loads(generated()[caution])["appliesTo"].index(f"condition/{content['id']}")
    return {path: {"/requiredCautions/0": world.REMOVED}, caution: {f"/appliesTo/{place}": world.REMOVED}}


def recalled(kind: str) -> Changes:
    name = json.loads(generated()[of_kind(kind)])["id"]
    return recall({"id": f"{kind}/{name}", "reason": {"en": "Not so."}})


ONE_CHANGE: dict[str, Callable[[], Changes]] = {
    "a text of a condition": lambda: {of_kind("condition"): {"/text/en/sections/0/channels/web/body": "Other words."}},
    "a name of a symptom": lambda: {of_kind("symptom"): {"/text/en/name": "Aardvark"}},
    "a slug of a treatment": lambda: {of_kind("treatment"): {"/text/en/slug": "aardvark"}},
    "a relation of a condition": lambda: {of_kind("condition"): {"/symptoms/0": world.REMOVED}},
    "a state": lambda: {of_kind("condition"): {"/state": "DRAFT"}},
    "a recall": lambda: recalled("treatment"),
    "a required caution": less_a_caution,
}


@pytest.mark.parametrize("name", ONE_CHANGE)
def test_few_answers_that_stay_the_same_are_outdated(name):
    """200 entities; their pages by key and slug, the lists, filters and searches, some 700 questions."""
    files = generated() | {"recalls.json": world.files()["recalls.json"]}
    before, after = (load(MemorySnapshot(world.edited(changes, files))) for changes in ({}, ONE_CHANGE[name]()))
    for edition in (before, after):
        search_index(edition)
    one, other, stale = answering(before), answering(after), outdated(before, after)
    total, differ, dropped, reusable, stay = 0, 0, 0, 0, 0
    for text in questions(names_of(before, after)):
        first, second = ask(one, text), ask(other, text)
        assert not missed(first, second, stale), text
        left = carried(text, first, stale, second.version)
        assert left in (None, second), text
        stay += left is not None
        reusable += first.reusable
        total += 1
        differ += first.body != second.body
        dropped += is_dropped(line(first).split(","), stale)
    print(f"{name}: of {total} answers {differ} differ and {dropped} are dropped")
    assert 0 < differ <= dropped
    assert dropped - differ <= 40
    assert stay == reusable - dropped
