"""From one document to another: few changes, that a reviewer can read and a program can apply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.content.export import content_schemas
from content_api.content.fields import EntityKind
from content_api.content.patch import ABSENT, NAMED_BY, FieldChange, patch
from tests.content.patching import applied


def changed(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(change.pointer, change.before, change.after) for change in patch(before, after)]


def items(*keys: str) -> dict[str, Any]:
    return {"limits": [{"key": key, "text": key.upper()} for key in keys]}


def item(key: str) -> dict[str, str]:
    return {"key": key, "text": key.upper()}


def test_each_field_that_changed_is_named_by_its_pointer():
    before = {"name": "Tea", "plan": {"route": "by mouth", "setting": "at home"}}
    after = {"name": "Tea", "plan": {"route": "by mouth", "setting": "in bed"}}
    assert changed(before, after) == [("/plan/setting", "at home", "in bed")]


def test_what_was_not_there_is_not_the_same_as_null():
    assert changed({"a": None}, {"a": 1, "b": None}) == [("/a", None, 1), ("/b", ABSENT, None)]
    assert changed({"a": 1, "b": None}, {"a": None}) == [("/a", 1, None), ("/b", None, ABSENT)]


def test_what_an_object_becomes_instead_of_null_is_one_change():
    assert changed({"timing": None}, {"timing": {"key": "now"}}) == [("/timing", None, {"key": "now"})]


def test_slashes_and_tildes_in_a_name_are_escaped():
    assert changed({"a/b~c": 1}, {"a/b~c": 2}) == [("/a~1b~0c", 1, 2)]


def test_something_put_into_a_list_is_one_change_and_moves_nothing():
    assert changed(items("a", "b"), items("new", "a", "b")) == [("/limits/0", ABSENT, item("new"))]


def test_something_taken_out_of_a_list_is_one_change_at_its_old_place():
    assert changed(items("a", "b", "c"), items("a", "c")) == [("/limits/1", item("b"), ABSENT)]


def test_several_that_go_are_told_from_the_end_so_that_places_stay_right():
    assert [pointer for pointer, _, _ in changed(items("a", "b", "c"), items("b"))] == ["/limits/2", "/limits/0"]


def test_a_field_of_something_that_shifted_is_found_at_its_new_place():
    after = items("new", "a", "b")
    after["limits"][2]["text"] = "Other"
    assert changed(items("a", "b"), after)[1:] == [("/limits/2/text", "B", "Other")]


def test_something_that_moved_is_taken_out_and_put_in():
    assert changed(items("a", "b", "c"), items("b", "c", "a")) == [
        ("/limits/0", item("a"), ABSENT),
        ("/limits/2", ABSENT, item("a")),
    ]


def test_what_only_got_another_key_is_another_thing():
    assert changed(items("a"), items("b")) == [("/limits/0", item("a"), ABSENT), ("/limits/0", ABSENT, item("b"))]


def test_texts_in_a_list_are_matched_by_what_they_are():
    assert changed({"appliesTo": ["a", "c"]}, {"appliesTo": ["a", "b", "c"]}) == [("/appliesTo/1", ABSENT, "b")]


@pytest.mark.parametrize("name", NAMED_BY)
def test_what_a_reference_says_changes_without_the_reference(name):
    before = {field: f"the {field}" for field in NAMED_BY[name]} | {"more": 1}
    other = {field: f"another {field}" for field in NAMED_BY[name]} | {"more": 1}
    assert changed({name: [before]}, {name: [other, before | {"more": 2}]}) == [
        (f"/{name}/0", ABSENT, other),
        (f"/{name}/1/more", 1, 2),
    ]


def test_two_of_one_name_are_told_apart_by_their_order():
    before, after = {"examples": [item("a"), item("a")]}, {"examples": [item("a"), item("a") | {"text": "Other"}]}
    assert changed(before, after) == [("/examples/1/text", "A", "Other")]


@pytest.mark.parametrize("kind", EntityKind)
def test_everything_in_a_list_of_the_model_has_what_names_it(kind):
    """A list that is new to the model is compared by `key`, or has a row of its own in NAMED_BY."""
    schema = json.loads(content_schemas()[f"{kind}.schema.json"])
    found = list(lists(schema, schema["$defs"]))
    assert {"sections", "citations", "requiredCautions"} < {name for name, _ in found}
    for name, fields in found:
        assert fields is None or fields.issuperset(NAMED_BY.get(name, ("key",))), name


def lists(schema: Any, definitions: dict[str, Any]):
    """(name of a list, the fields that its things must have, or None where they are texts) of all in a schema."""
    for part in (schema, *definitions.values()):
        for name, said in part.get("properties", {}).items():
            if "items" in said:
                reference = said["items"].get("$ref", "").rpartition("/")[2]
                inner = definitions[reference] if reference else said["items"]
                yield name, None if inner.get("type") == "string" else set(inner["required"])


# --- Any two documents -----------------------------------------------------------------------------------------------

# No field of a model can be true in one version and 1 in another, which are the same to Python.
scalars = st.none() | st.booleans() | st.integers(2, 4) | st.sampled_from(["", "a", "b"])
names = st.sampled_from(["a", "b/c", "~", "limits"])
documents = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(names, inner, max_size=3)
        | st.lists(st.sampled_from("abcde"), max_size=5)
        | st.lists(st.builds(lambda key, more: {"key": key, "more": more}, st.sampled_from("abc"), inner), max_size=5)
    ),
    max_leaves=12,
)


@given(documents)
def test_nothing_differs_from_itself(document):
    assert list(patch(document, document)) == []


@given(documents, documents)
def test_the_changes_in_order_make_of_one_document_the_other(before, after):
    found = list(patch(before, after))
    assert applied(found, before) == after
    assert all(change.before is not ABSENT or change.after is not ABSENT for change in found)


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.data())
def test_a_list_that_grew_is_as_many_changes_as_it_grew_by(after, data):
    kept = [name for name in after if data.draw(st.booleans())]
    found = list(patch(items(*kept), items(*after)))
    assert len(found) == len(after) - len(kept)
    assert all(isinstance(change, FieldChange) and change.before is ABSENT for change in found)
