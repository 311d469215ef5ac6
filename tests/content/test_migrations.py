"""Content of an older model: read as today's, with its problems where they stand, and never half of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from content_api.content.edition import Edition
from content_api.content.layout import FileKind, place_of
from content_api.content.load import load
from content_api.content.migrations import MIGRATIONS, MODEL_VERSION, Migration, Stray, Written
from content_api.content.parse import parse
from content_api.content.rewriting import rewritten, rewritten_files
from content_api.content.searchable import search_index
from content_api.errors import ContentError
from content_api.store.git import GitRepository, open_repository
from tests import world
from tests.content.refusal import Told, refusal, seen, world_edition
from tests.graph.asking import ask, searchable
from tests.repositories import Repository
from tests.world.snapshot import MemorySnapshot

SOCKS, SITE, TEA = "treatments/warm-socks.json", "site.json", "treatments/quiet-tea.json"
T = FileKind.TREATMENT


def renamed(old: str, new: str) -> world.Edit:
    """A field at the top of a file by another name, in its place."""

    def rename(content: dict[str, Any]) -> None:
        entries = [(new if name == old else name, value) for name, value in content.items()]
        content.clear()
        content.update(entries)

    return rename


OLD: dict[str, world.Edit] = {SITE: {"/modelVersion": 1}, SOCKS: renamed("background", "history")}
OLD_WORLD = world.edited(OLD)
"""The world as it was written in model version 1."""


def told(changes: dict[str, world.Edit], base: dict[str, bytes] = OLD_WORLD) -> list[Told]:
    """What is told of the world of model version 1 with some changes, whatever was loaded before."""
    files = world.edited(changes, base)
    found = [seen(problem, files) for problem in refusal(MemorySnapshot(files))]
    for known in (world_edition(), load(MemorySnapshot(OLD_WORLD))):
        assert [seen(problem, files) for problem in refusal(MemorySnapshot(files), known=known)] == found
    return found


def entities(edition: Edition) -> dict[str, Any]:
    return {key: record.entity for key, record in edition.library.records.items()}


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_file_whose_json_was_looked_at_before_is_brought_up_to_date_all_the_same():
    """As where many are read in a copy of the process: the bytes are not today's, however strict they are."""
    place = place_of(SOCKS)
    assert place is not None
    value, problems = parse(SOCKS, place, OLD_WORLD[SOCKS], 1, strict=True)
    assert list(problems) == []
    assert value == entities(world_edition())["treatment/warm-socks"]


def test_content_of_an_older_model_is_read_as_that_of_today():
    old = load(MemorySnapshot(OLD_WORLD))
    assert b'"history"' in OLD_WORLD[SOCKS]
    assert entities(old) == entities(world_edition())
    assert [item.key for item in old.library.records["treatment/warm-socks"].entity.background] == ["sheep"]
    assert old.library.site.model_version == 1, "the site says what it was written for"


def test_a_translation_file_is_laid_over_an_item_of_an_older_model():
    def without_german(content: dict[str, Any]) -> None:
        del content["history"][0]["text"]["de"]
        translations["text"] = content["text"].pop("de")

    def german(content: dict[str, Any]) -> None:
        for field in [name for name in content if name not in ("$schema", "text")]:
            del content[field]
        content |= {"id": "warm-socks", "locale": "de", "items": {"sheep": {"text": "Schafe."}}}
        content["$schema"] = "../../../schema/content/translation.schema.json"
        content["text"] = translations["text"]

    translations: dict[str, Any] = {}
    files = world.edited({SOCKS: without_german}, OLD_WORLD)
    beside = world.edited({"treatments/warm-socks.de.json": german}, files | {"treatments/warm-socks.de.json": b"{}"})
    [item] = load(MemorySnapshot(beside)).library.records["treatment/warm-socks"].entity.background
    assert item.text == {"en": "Sheep had them first.", "de": "Schafe."}


def test_the_same_bytes_are_read_anew_for_another_model():
    """All files but two have the blob ids that they had; none may be taken for what it was."""
    for before, after in ((OLD_WORLD, world.files()), (world.files(), OLD_WORLD)):
        known, snapshot = load(MemorySnapshot(before)), MemorySnapshot(after)
        assert load(snapshot, known=known) == load(MemorySnapshot(after))
        assert {entry.blob for entry in snapshot.entries.values()} == set(snapshot.blobs_read)
    switched = world.edited({SITE: {"/modelVersion": 1}})
    assert [each.path for each in told({SITE: switched[SITE]}, world.files())] == [SOCKS]


def test_old_content_that_changes_is_read_in_part_like_any_other():
    known = load(MemorySnapshot(OLD_WORLD))
    files = world.edited({TEA: {"/text/en/name": "Loud tea"}}, OLD_WORLD)
    snapshot = MemorySnapshot(files)
    assert load(snapshot, known=known) == load(MemorySnapshot(files))
    assert snapshot.entries[SOCKS].blob not in snapshot.blobs_read


# --- Problems --------------------------------------------------------------------------------------------------------


def test_a_field_by_its_old_name_in_new_content_is_told_its_new_one():
    assert told({SOCKS: renamed("background", "history")}, world.files()) == [
        Told(
            SOCKS,
            '"history": [',
            "/history",
            "model",
            "`history` was renamed to `background` in model version 2",
            "Write `background`: this content is of model version 2",
        )
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [(renamed("history", "background"), '"background": ['), ({"/background": []}, '"background": []')],
    ids=["instead", "beside"],
)
def test_a_field_by_its_new_name_in_old_content_is_told_its_old_one(change, line):
    assert told({SOCKS: change}) == [
        Told(
            SOCKS,
            line,
            "/background",
            "model",
            "`history` was renamed to `background` in model version 2, and this content is of 1",
            "Write `history`, or bring all files up to model version 2: `content-api migrate`",
        )
    ]


def test_a_problem_in_a_renamed_field_is_found_where_it_stands():
    assert told({SOCKS: {"/history/0/key": "Sheep!"}}) == [
        Told(
            SOCKS,
            '"key": "Sheep!",',
            "/history/0/key",
            "model",
            '`key` is `"Sheep!"`',
            "Expected lower-case letters, digits and single hyphens, as in `phantom-limb-pain`",
        )
    ]
    [whole] = told({SOCKS: {"/history": "long"}})
    assert (whole.line, whole.pointer) == ('"history": "long",', "/history")
    assert whole.found.startswith("`history` is ")


def test_a_rule_that_finds_something_in_a_renamed_field_points_at_it():
    [found] = told({SOCKS: {"/history/0/text/en": "It is a breakthrough."}})
    assert (found.pointer, found.line) == ("/history/0/text/en", '"en": "It is a breakthrough.",')


def test_a_field_that_is_in_no_model_is_told_the_fields_of_its_own():
    [found] = told({SOCKS: {"/histori": []}})
    assert found.suggestion == "Did you mean `history`?"
    assert "history" in found.expected.split(", ")
    assert "background" not in found.expected


# --- The chain -------------------------------------------------------------------------------------------------------


def test_the_model_version_is_the_end_of_the_chain():
    assert MODEL_VERSION == world_edition().library.site.model_version == 1 + len(MIGRATIONS)


CHAIN = (
    Migration({T: {"a": "b"}}),
    Migration({FileKind.CAUSE: {"a": "z"}}),
    Migration({T: {"b": "c", "x": "y"}}),
)


@pytest.mark.parametrize(
    ("model", "document", "today"),
    [
        (1, {"k": 0, "a": 1, "x": 2}, {"k": 0, "c": 1, "y": 2}),
        (2, {"b": 1, "x": 2}, {"c": 1, "y": 2}),
        (3, {"b": 1, "x": 2}, {"c": 1, "y": 2}),
        (4, {"c": 1, "y": 2}, {"c": 1, "y": 2}),
        (4, {"a": 1}, {"a": 1}),
        (1, [1], [1]),
        (1, None, None),
    ],
)
def test_a_file_takes_every_step_from_its_model_on_and_keeps_its_order(model, document, today):
    found, strays = Written(T, model, CHAIN).today(document)
    assert (found, strays) == (today, [])
    assert not isinstance(document, dict) or list(found) == list(today)


@pytest.mark.parametrize(
    ("model", "document", "strays"),
    [
        (1, {"b": 1}, [Stray("b", "a", 2)]),
        (1, {"a": 0, "c": 1}, [Stray("c", "a", 4)]),
        (2, {"c": 1, "y": 2}, [Stray("c", "b", 4), Stray("y", "x", 4)]),
    ],
)
def test_a_field_of_a_later_model_is_a_stray_by_the_names_of_the_file(model, document, strays):
    found, told = Written(T, model, CHAIN).today(document)
    assert told == strays
    assert found == ({"c": 0} if "a" in document else {})


@pytest.mark.parametrize(("model", "pointer"), [(1, "/a/0/k"), (2, "/b/0/k"), (3, "/b/0/k"), (4, "/c/0/k")])
def test_a_pointer_leads_to_the_field_as_the_file_has_it(model, pointer):
    written = Written(T, model, CHAIN)
    assert written.pointer("/c/0/k") == pointer
    assert [written.pointer(other) for other in ("", "/k", "/k/c")] == ["", "/k", "/k/c"]
    assert Written(FileKind.CAUTION, model, CHAIN).pointer("/c") == "/c"


def test_an_old_name_leads_to_what_it_is_in_the_model_of_the_content():
    assert [Written(T, model, CHAIN).renamed("a") for model in (1, 2, 3, 4)] == [None, ("b", 2), ("b", 2), ("c", 4)]
    assert Written(T, 4, CHAIN).renamed("k") is None


# --- A repository ----------------------------------------------------------------------------------------------------


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[tuple[GitRepository, str, str]]:
    """A repository, the last commit of model version 1, and the commit that brings it up to today's."""
    repository = Repository(tmp_path / "repository")
    before = repository.commit(in_content(OLD_WORLD), message="As it was")
    after = repository.commit(in_content(world.files()), message="Model version 2")
    with open_repository(tmp_path / "repository") as opened:
        yield opened, before, after


def in_content(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"content/{path}": data for path, data in files.items()}


def test_versions_on_both_sides_of_an_upgrade_are_served_alike(upgraded):
    repository, *commits = upgraded
    asked = '{ treatment(key: "warm-socks") { background { text } } search(text: "sheep") { nodes { key } } }'
    for commit in commits:
        edition = searchable(load(repository.snapshot(commit)))
        assert edition.version.id == commit
        assert ask(asked, edition) == {
            "treatment": {"background": [{"text": "Sheep had them first."}]},
            "search": {"nodes": [{"key": "warm-socks"}]},
        }


def test_an_edition_made_from_the_one_across_an_upgrade_is_the_one_made_from_nothing(upgraded):
    repository, *commits = upgraded
    for one, other in (commits, reversed(commits)):
        known, snapshot = load(repository.snapshot(one)), repository.snapshot(other)
        from_known, from_nothing = load(snapshot, known=known), load(snapshot)
        assert from_known == from_nothing
        assert search_index(from_known, known).search("sheep", locale="en", kinds=None, limit=9) == search_index(
            from_nothing
        ).search("sheep", locale="en", kinds=None, limit=9)


def test_nothing_vanishes_with_an_upgrade(upgraded):
    repository, before, after = upgraded
    known = load(repository.snapshot(before))
    assert load(repository.snapshot(after), known=known, before=known.library.records)


# --- Writing files anew ----------------------------------------------------------------------------------------------


def test_files_written_anew_differ_in_names_of_fields_alone():
    snapshot = MemorySnapshot(OLD_WORLD)
    edition = load(snapshot)
    snapshot.blobs_read.clear()
    changed = dict(rewritten_files(edition, snapshot))
    in_order = [*sorted(path for path in OLD_WORLD if path != SITE and place_of(path)), SITE]
    assert snapshot.blobs_read == [snapshot.entries[path].blob for path in in_order]
    assert list(changed) == [SOCKS, SITE], "site.json last"
    assert OLD_WORLD | changed == world.files()
    again = MemorySnapshot(OLD_WORLD | changed)
    assert dict(rewritten_files(load(again), again)) == {}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1,\t"k":"a"}', b'{"c":1,\t"k":"a"}'),
        (b'{ "k": {"a": 1},\r\n "a" : [] }\r\n', b'{ "k": {"a": 1},\r\n "c" : [] }\r\n'),
        ('{"k": "ä\U0001f9e6", "a": "ä"}'.encode(), '{"k": "ä\U0001f9e6", "c": "ä"}'.encode()),
        (b'{"k": 1}', b'{"k": 1}'),
    ],
)
def test_a_file_written_anew_keeps_its_layout(data, expected):
    assert rewritten(data, Written(T, 1, CHAIN)) == expected


def test_a_file_that_would_not_say_the_same_is_not_written():
    def escape(data: bytes) -> bytes:
        return data.replace(b'"history"', b'"hist\\u006fry"')

    snapshot = MemorySnapshot(OLD_WORLD | {SOCKS: escape(OLD_WORLD[SOCKS])})
    edition = load(snapshot)
    assert edition.library.records["treatment/warm-socks"].entity.background
    with pytest.raises(ContentError, match=r"treatments/warm-socks\.json cannot be written anew by a program"):
        list(rewritten_files(edition, snapshot))
