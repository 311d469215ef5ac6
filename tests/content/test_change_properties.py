"""What holds of the changes between any two versions."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from content_api.content import change
from content_api.content.change import ChangeKind, changes
from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.relations import RELATION_NAMES
from content_api.content.translations import adapter_of
from tests import world
from tests.content.changing import edition, german_texts, told
from tests.content.patching import applied
from tests.content.refusal import world_edition
from tests.content.test_properties import WORLDS, edited_once, outcome, slow
from tests.world.snapshot import MemorySnapshot

ADDED, CHANGED, _, WITHDRAWN, GONE = ChangeKind


# --- Any two versions ------------------------------------------------------------------------------------------------


@st.composite
def versions(draw: st.DrawFn) -> tuple[Edition, Edition]:
    """A version, and what careless editors made of it, as far as it still keeps the rules."""
    original, values = draw(st.sampled_from(WORLDS))
    editions = []
    files = dict(original)
    for _ in range(draw(st.integers(1, 6))):
        edited = draw(edited_once(files, original, values))
        if isinstance(made := outcome(edited, None), Edition):
            files = edited
            editions.append(made)
    assume(editions)
    return load(MemorySnapshot(original)), draw(st.sampled_from(editions))


@given(versions(), st.booleans())
@settings(slow, max_examples=60)
def test_fields_make_of_the_older_entity_the_newer_and_back_again(pair, drafts):
    older, newer = pair
    forth, back = changes(older, newer, drafts=drafts), changes(newer, older, drafts=drafts)
    assert told(forth).keys() == told(back).keys()
    reverse = told(back)
    for each in forth:
        event(each.kind)
        if each.kind is CHANGED:
            seen = [change._Side(side, drafts).document(each.key) for side in (older, newer)]
            old, new = seen if drafts else map(change._shown, seen)
            assert applied(each.fields, old) == new
            assert reverse[each.key] is CHANGED
        elif each.kind is ADDED:
            assert reverse[each.key] in (GONE, WITHDRAWN)
        else:
            assert reverse[each.key] is ADDED


@given(versions())
@settings(slow, max_examples=60)
def test_to_an_editor_everything_that_differs_is_told(pair):
    older, newer = (side.library for side in pair)
    found = told(changes(*pair, drafts=True))
    for key in {*older.records} & {*newer.records}:
        old, new = (
            adapter_of(side.records[key].kind).dump_python(side.records[key].entity, mode="json")
            for side in (older, newer)
        )
        if old != new and new["state"] != "WITHDRAWN":
            assert key in found


# --- No draft by any road --------------------------------------------------------------------------------------------

SECRET = "Nobody may know."
ENTITIES = {
    record.path: key for key, record in world_edition().library.records.items() if key != "symptom/soft-humming"
}
LEADING = set(RELATION_NAMES) - {"applies_to"}
GERMAN = [path for path in ENTITIES if "de" in world.document(path)["text"]]


def with_all_that_refer_to(keys: set[str]) -> set[str]:
    """Keys that have to be drafts if these are: what is published leads to what is published."""
    index = world_edition().library.indexes.referrers
    found, waiting = set(), list(keys)
    while waiting:
        if (key := waiting.pop()) not in found:
            found.add(key)
            waiting += [other for relation in LEADING for other in index.get((key, relation), ())]
    return found


@st.composite
def with_secrets(draw: st.DrawFn) -> tuple[Edition, set[str]]:
    """A version whose drafts, of entities and of translations, hold a secret; and the keys of its draft entities."""
    drafts = with_all_that_refer_to(draw(st.sets(st.sampled_from(sorted(ENTITIES.values())), max_size=3)))
    edits: dict[str, dict[str, Any]] = {path: {} for path in ENTITIES}
    for path, key in ENTITIES.items():
        edits[path] = {"/state": "DRAFT", "/text/en/summary": SECRET} if key in drafts else {"/state": "PUBLISHED"}
        if key not in drafts and draw(st.booleans()):
            edits[path] |= {"/text/en/summary": draw(st.sampled_from(["One thing.", "Another."]))}
    for path in draw(st.sets(st.sampled_from(GERMAN))):
        document = world.document(path)
        items = [pointer for pointer in german_texts(document) if not pointer.startswith("/text/")]
        edits[path] |= {"/text/de/translation/status": "DRAFT", "/text/de/name": SECRET} | dict.fromkeys(items, SECRET)
    return edition(edits), drafts


@given(with_secrets(), with_secrets())
@settings(slow, max_examples=60)
def test_the_public_is_told_nothing_of_any_draft(one, other):
    (older, drafts_before), (newer, drafts_after) = one, other
    said = repr(changes(older, newer))
    assert SECRET not in said
    assert [key for key in drafts_before & drafts_after if key in said] == []
    assert SECRET in repr(changes(older, newer, drafts=True)) or not drafts_before ^ drafts_after
