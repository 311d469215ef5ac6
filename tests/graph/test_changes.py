"""What differs between two versions, as a client sees it: through a schema of one field."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from datetime import date
from types import FunctionType, ModuleType
from typing import Any

import pytest
import strawberry
from graphql import GraphQLEnumType, graphql_sync
from strawberry.schema.config import StrawberryConfig

from content_api.content import change
from content_api.content.edition import Edition, Library
from content_api.content.fields import EntityKind
from content_api.content.load import load
from content_api.content.view import view_of
from content_api.errors import NotInMemory, RequestError
from content_api.graph import changes as graph
from content_api.graph.changes import (
    MOST_REMEMBERED,
    ChangeConnection,
    change_connection,
    compare,
    compared,
    versions_of,
)
from content_api.graph.connections import Page
from content_api.graph.entities import TYPES
from content_api.graph.scalars import DATE, LOCALE, Locale
from tests import generator, world
from tests.graph.asking import edition_with, world_edition
from tests.graph.test_schema import nullables, says_little
from tests.world import REMOVED
from tests.world.snapshot import MemorySnapshot

MOON = "conditions/moon-hiccups.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"


def page_of(
    before: Edition, after: Edition, kinds: list[EntityKind] | None, asked: Page, drafts: bool = False
) -> ChangeConnection:
    return change_connection(before, view_of(after, drafts=drafts), kinds, asked)


@strawberry.type
class Query:
    older: strawberry.Private[Edition]
    newer: strawberry.Private[Edition]

    @strawberry.field
    def changes(self, first: int | None = None, after: str | None = None) -> ChangeConnection:
        return page_of(self.older, self.newer, None, Page(first, after))


SCHEMA = strawberry.Schema(
    query=Query, types=list(TYPES.values()), config=StrawberryConfig(scalar_map={Locale: LOCALE, date: DATE})
)._schema
FIELDS = """kind entityKind key previousKey name reason fields { path before after }
    entity { key slug } affected { __typename key name }"""


def ask(older: Edition, newer: Edition) -> list[dict[str, Any]]:
    """All changes of a first page."""
    root = Query(older=older, newer=newer)
    answer = graphql_sync(SCHEMA, f"{{ changes {{ nodes {{ {FIELDS} }} }} }}", root_value=root)
    assert answer.errors is None
    return answer.data["changes"]["nodes"]


def test_a_changed_entity_with_its_fields_and_those_that_refer_to_it():
    [found] = ask(world_edition(), edition_with({SOCKS: {"/text/en/name": "Hot socks", "/plan/sessions": REMOVED}}))
    sessions = world.document(SOCKS)["plan"]["sessions"]
    assert found == {
        "kind": "CHANGED",
        "entityKind": "TREATMENT",
        "key": "warm-socks",
        "previousKey": None,
        "name": "Hot socks",
        "reason": None,
        "fields": [
            {"path": "/text/en/name", "before": '"Warm socks"', "after": '"Hot socks"'},
            {"path": "/plan/sessions", "before": found["fields"][1]["before"], "after": "null"},
        ],
        "entity": {"key": "warm-socks", "slug": "warm-socks"},
        "affected": [
            {"__typename": "Caution", "key": "ask-first", "name": "Ask first"},
            {"__typename": "Caution", "key": "not-near-fire", "name": "Not near fire"},
            {"__typename": "Condition", "key": "moon-hiccups", "name": "Moon hiccups"},
        ],
    }
    assert json.loads(found["fields"][1]["before"])["text"] == sessions["text"]


def test_what_was_not_there_is_null():
    fewer = edition_with({MOON: {"/symptoms/1": REMOVED}})
    value = '{"symptom":"left-ear-glow","frequency":"SOME"}'
    [found] = ask(fewer, world_edition())
    assert found["fields"] == [{"path": "/symptoms/1", "before": None, "after": value}]
    [found] = ask(world_edition(), fewer)
    assert found["fields"] == [{"path": "/symptoms/1", "before": value, "after": None}]


def test_a_withdrawn_entity_is_no_longer_there_and_says_why_in_the_default_locale():
    reason = {"en": "Too warm.", "de": "Zu warm."}
    withdrawn = edition_with(
        {SOCKS: {"/state": "WITHDRAWN", "/withdrawnReason": reason}, MOON: {"/treatments/0": REMOVED}}
    )
    found = ask(world_edition(), withdrawn)[1]
    assert (found["kind"], found["name"], found["reason"]) == ("WITHDRAWN", "Warm socks", "Too warm.")
    assert (found["entity"], found["affected"], found["fields"]) == (None, [], [])


def test_a_renamed_entity_has_both_its_keys():
    content = world.document("symptoms/left-ear-glow.json") | {"id": "one-ear-glow"}
    files = world.edited(
        {
            "symptoms/left-ear-glow.json": REMOVED,
            MOON: {"/symptoms/1/symptom": "one-ear-glow"},
            "redirects.json": {"/redirects/-": {"from": "symptom/left-ear-glow", "to": "symptom/one-ear-glow"}},
        }
    )
    content["text"]["en"]["slug"] = "one-ear-glow"
    files["symptoms/one-ear-glow.json"] = world.as_bytes(content)
    found = ask(world_edition(), load(MemorySnapshot(files)))[1]
    assert (found["kind"], found["key"], found["previousKey"]) == ("RENAMED", "one-ear-glow", "left-ear-glow")
    assert found["entity"]["key"] == "one-ear-glow"


def test_no_draft_is_in_it():
    drafts = {
        "conditions/cloud-yawns.json": {"/text/en/name": "Yawns"},
        "conditions/star-sneezes.json": {"/text/de/name": "Niesen"},
    }
    after = edition_with(drafts)
    assert ask(world_edition(), after) == []
    in_a_preview = page_of(world_edition(), after, None, Page(), drafts=True).nodes
    assert [(each.key(), each.name(), each.entity().key()) for each in in_a_preview] == [
        ("cloud-yawns", "Yawns", "cloud-yawns"),
        ("star-sneezes", "Star sneezes", "star-sneezes"),
    ]
    assert ask(world_edition(), after) == []  # what is remembered of one is not told to the other


def test_a_name_is_told_though_the_default_locale_is_another_now():
    assert graph.in_default_locale({"de": "Warme Socken"}, world_edition()) == "Warme Socken"


# --- Pages -----------------------------------------------------------------------------------------------------------


def versions(count: int = 60) -> tuple[Edition, Edition]:
    """Two versions of which each entity's summary differs."""
    files = generator.generate(count, seed=2)
    entities = [path for path in files if path.split("/")[0] in {kind.folder for kind in EntityKind}]
    edited = world.edited({path: {"/text/en/summary": "Another."} for path in entities}, files)
    before = load(MemorySnapshot(files))
    return before, load(MemorySnapshot(edited), known=before)


BEFORE, AFTER = versions()
for older, newer in ((BEFORE, AFTER), (AFTER, BEFORE)):
    compare(older, newer)  # so much is compared beside the event loop, before a page is asked for


def test_much_that_differs_has_to_be_compared_before_a_page_is_made():
    before, after = versions()
    with pytest.raises(NotInMemory) as lacking:
        page_of(before, after, None, Page())
    assert lacking.value.versions == (before.version.id, after.version.id)
    assert lacking.value.make is not None
    lacking.value.make()
    assert page_of(before, after, None, Page()).total_count >= 60


def pages(size: int, kinds: list[EntityKind] | None = None) -> Iterator[ChangeConnection]:
    after = None
    for _ in range(100):
        found = page_of(BEFORE, AFTER, kinds, Page(size, after))
        yield found
        after = found.page_info.end_cursor
        if not found.page_info.has_next_page:
            return
    raise AssertionError("there is always a next page")


@pytest.mark.parametrize("size", [1, 7, 60, 100])
@pytest.mark.parametrize("kinds", [None, [EntityKind.CAUSE, EntityKind.CONDITION], []])
def test_all_pages_together_are_all_changes_in_order(size: int, kinds: list[EntityKind] | None):
    expected = [each for each in change.differences(BEFORE, AFTER).told if kinds is None or each.entity_kind in kinds]
    found = list(pages(size, kinds))
    assert [node.record for page in found for node in page.nodes] == expected
    assert {page.total_count for page in found} == {len(expected)}
    assert [page.page_info.has_previous_page for page in found] == [place > 0 for place in range(len(found))]
    assert all([edge.node for edge in page.edges] == page.nodes for page in found)


def test_a_page_has_twenty_unless_asked_otherwise():
    assert len(page_of(BEFORE, AFTER, None, Page()).nodes) == 20


def test_a_cursor_knows_the_two_versions_it_belongs_to():
    token = page_of(BEFORE, AFTER, None, Page()).page_info.end_cursor
    assert versions_of(token) == (BEFORE.version.id, AFTER.version.id)


def refused(asked: Page, kinds: list[EntityKind] | None = None) -> RequestError:
    with pytest.raises(RequestError) as error:
        page_of(BEFORE, AFTER, kinds, asked)
    return error.value


def test_a_cursor_of_other_versions_is_refused_and_both_pairs_are_named():
    token = page_of(AFTER, BEFORE, None, Page()).page_info.end_cursor
    error = refused(Page(after=token))
    assert error.code == "VERSION_NOT_AVAILABLE"
    older, newer = BEFORE.version.id[:12], AFTER.version.id[:12]
    assert f"from {newer} to {older}; asked for is what changed from {older} to {newer}." in str(error)


def test_what_is_no_cursor_of_these_changes_is_refused():
    cause = page_of(BEFORE, AFTER, [EntityKind.CAUSE], Page(1)).page_info.end_cursor
    assert refused(Page(after=cause), [EntityKind.SYMPTOM]).code == "BAD_CURSOR"
    for token in ("", "?", "WyJhIl0", "x" * 1_000):
        assert refused(Page(after=token)).code == "BAD_CURSOR"


# --- What is remembered ----------------------------------------------------------------------------------------------


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The versions that are compared from now on, each time that they are."""
    made: list[tuple[str, str]] = []

    def counted(before: Edition, after: Edition, *, drafts: bool):
        made.append((before.version.id, after.version.id))
        return change.differences(before, after, drafts=drafts)

    monkeypatch.setattr(graph, "differences", counted)
    return made


def world_with(number: int) -> Edition:
    return edition_with({TEA: {"/text/en/name": f"Tea {number}"}})


def test_paging_compares_once(comparisons: list[tuple[str, str]]):
    newer = world_with(0)
    for _ in range(3):
        page_of(world_edition(), newer, None, Page(1))
    assert comparisons == [(world_edition().version.id, newer.version.id)]


def test_no_more_than_a_few_comparisons_are_remembered_the_last_used_ones(comparisons: list[tuple[str, str]]):
    newer, older = world_with(0), [world_with(number) for number in range(1, MOST_REMEMBERED + 2)]
    for edition in older[:-1]:
        compared(edition, newer)
    compared(older[0], newer)  # used again, so the second is the first to be forgotten
    compared(older[-1], newer)
    assert len(comparisons) == len(older)
    remembered = [each.version.id for each in (*older[2:-1], older[0], older[-1])]
    assert list(newer.memo[graph.Compared]) == [(version, False) for version in remembered]
    compared(older[0], newer)
    assert len(comparisons) == len(older)
    compared(older[1], newer)
    assert len(comparisons) == len(older) + 1


def test_what_is_remembered_does_not_keep_the_older_edition_in_memory():
    newer = world_with(0)
    compared(world_edition(), newer)
    found = reached_from(newer.memo[graph.Compared])
    assert any(isinstance(each, change.Change) for each in found), "the search is blind"
    assert not any(isinstance(each, Edition | Library) for each in found)


def reached_from(value: Any) -> list[Any]:
    """Everything that a value keeps in memory, but for classes and what they keep."""
    found, waiting = {}, [value]
    while waiting:
        each = waiting.pop()
        if id(each) not in found and not isinstance(each, type | ModuleType | FunctionType):
            found[id(each)] = each
            waiting += gc.get_referents(each)
    return list(found.values())


# --- Schema ----------------------------------------------------------------------------------------------------------

OURS = {
    name: SCHEMA.type_map[name] for name in ("Change", "ChangeConnection", "ChangeEdge", "FieldChange", "ChangeKind")
}


def test_everything_is_described_in_more_than_its_own_name():
    said = {name: kind.description for name, kind in OURS.items()}
    for name, kind in OURS.items():
        inside = kind.values if isinstance(kind, GraphQLEnumType) else kind.fields
        said |= {f"{name}.{field}": found.description for field, found in inside.items()}
    assert len(said) > 25
    assert [coordinate for coordinate, text in said.items() if says_little(coordinate, text)] == []


def test_nothing_is_null_without_a_reason():
    fields = {f"{name}.{field}": found.type for name, kind in OURS.items() for field, found in fields_of(kind)}
    assert {found for coordinate, kind in fields.items() for found in nullables(coordinate, kind)} == {
        "Change.previousKey",  # most were not renamed
        "Change.reason",  # most were not withdrawn
        "Change.entity",  # it may be gone
        "FieldChange.before",  # there may have been nothing
        "FieldChange.after",  # there may be nothing any more
    }


def fields_of(kind: Any) -> list[tuple[str, Any]]:
    return [] if isinstance(kind, GraphQLEnumType) else list(kind.fields.items())
