"""From a snapshot to an edition: what is read, in which order problems are told, and what a new version costs."""

from __future__ import annotations

import gc

import pytest

from content_api.content.load import entity_keys, load
from content_api.content.problems import MOST_PROBLEMS, ContentRefused
from content_api.content.translations import stale_translations
from content_api.errors import SnapshotTooLarge
from content_api.store.snapshot import EntryKind, Limits
from tests import generator, world
from tests.content.refusal import odd_entry, problems, refusal, told, world_edition
from tests.world import REMOVED
from tests.world.snapshot import MemorySnapshot, blob_id

MOON = "conditions/moon-hiccups.json"


def test_the_world_loads():
    edition = world_edition()
    assert len(edition.library.records) == 13
    assert edition.version == MemorySnapshot(world.files()).version
    assert set(edition.files) == set(world.files())
    assert edition.library.unread == frozenset()
    assert edition.library.redirects["symptom/bright-ears"] == "symptom/glowing-ears"
    assert edition.library.recalls == {}


def test_an_edition_knows_the_files_of_each_entity():
    record = world_edition().library.records["cause/late-comets"]
    files = world.files()
    own, translation = "causes/late-comets.json", "causes/late-comets.de.json"
    assert record.files == ((own, blob_id(files[own])), (translation, blob_id(files[translation])))
    assert record.path == own
    assert record.revision == f"{blob_id(files[own])}.{blob_id(files[translation])}"


def test_generated_content_loads_in_any_amount():
    for count in (1, 5, 37, 500):
        assert len(load(MemorySnapshot(generator.generate(count))).library.records) == count
    edition = load(MemorySnapshot(generator.generate(50, conditions=300)))
    assert len(edition.library.indexes.kinds["condition"]) == 300


def test_generated_content_is_the_same_for_the_same_seed():
    assert generator.generate(100) == generator.generate(100)
    assert generator.generate(100, seed=1) != generator.generate(100, seed=2)


def test_generated_cautions_are_spread():
    library = load(MemorySnapshot(generator.generate(500))).library
    applies = [len(record.entity.applies_to) for record in library.records.values() if record.kind == "caution"]
    assert max(applies) <= 12
    assert min(applies) >= 4


# --- What is refused before it is read -------------------------------------------------------------------------------


def test_nothing_at_all_is_refused():
    [problem] = problems(MemorySnapshot({}))
    assert (problem.path, problem.found) == ("site.json", "There is no content")


def test_content_without_a_site_is_refused():
    [problem] = told({"site.json": REMOVED})
    assert (problem.path, problem.rule, problem.found) == ("site.json", "layout", "There is no site.json")


def test_a_broken_site_is_told_with_whatever_else_cannot_be_read():
    found = told({"site.json": b"{", MOON: b"["})
    assert [(each.path, each.rule) for each in found] == [("site.json", "json"), (MOON, "json")]


@pytest.mark.parametrize("kind", [EntryKind.SYMLINK, EntryKind.SUBMODULE, EntryKind.OTHER])
@pytest.mark.parametrize("path", [MOON, "site.json", "causes/late-comets.json", "vendor"])
def test_what_is_no_plain_file_is_refused_and_never_read(path, kind):
    snapshot = odd_entry(path, kind)
    assert [(each.path, each.rule) for each in problems(snapshot)] == [(path, "plain_files")]
    assert snapshot.entries[path].blob not in snapshot.blobs_read


def test_a_symlink_with_the_bytes_of_the_file_it_replaces_is_seen():
    snapshot = MemorySnapshot(world.files(), kinds={MOON: EntryKind.SYMLINK})
    assert [each.rule for each in problems(snapshot)] == ["plain_files"]


@pytest.mark.parametrize("path", ["site.json", MOON])
def test_a_huge_file_is_refused_and_never_read(path):
    snapshot = MemorySnapshot(world.edited({path: world.files()[path] + b" " * 100_000}))
    with pytest.raises(ContentRefused) as refused:
        load(snapshot, limits=Limits(file_bytes=100_000))
    assert [(each.path, each.rule) for each in refused.value.problems] == [(path, "file_size")]
    assert snapshot.entries[path].blob not in snapshot.blobs_read


@pytest.mark.parametrize("kind", [EntryKind.FILE, EntryKind.OTHER])
def test_a_translation_that_may_not_be_read_is_not_read_to_say_that_its_entity_is_missing(kind):
    path = "symptoms/nothing.de.json"
    snapshot = MemorySnapshot(world.files() | {path: b" " * 100_000}, kinds={path: kind})
    with pytest.raises(ContentRefused) as refused:
        load(snapshot, limits=Limits(file_bytes=99_999))
    assert {each.path for each in refused.value.problems} == {path}
    assert snapshot.entries[path].blob not in snapshot.blobs_read


def test_notes_are_not_read():
    snapshot = MemorySnapshot(world.files() | {"README.md": b"\xff" * 2_000_000})
    assert "README.md" in load(snapshot).files
    assert snapshot.entries["README.md"].blob not in snapshot.blobs_read


def test_a_tree_that_breaks_a_limit_is_a_problem_like_any_other():
    class Bomb(MemorySnapshot):
        @property
        def entries(self):
            raise SnapshotTooLarge("a/b/c", "There are 100,001 files", "Content has at most 100,000")

        @entries.setter
        def entries(self, value):
            self.__dict__["listed"] = value

        def __init__(self):
            self.place = "memory"

    [problem] = refusal(Bomb())
    assert (problem.path, problem.rule, problem.found) == ("a/b/c", "tree_size", "There are 100,001 files")


def test_content_for_a_newer_server_is_refused_with_that_problem_alone():
    [problem] = told({"site.json": {"/modelVersion": 3, "/unheard": 1}, MOON: {"/of": 1}})
    assert (problem.rule, problem.line, problem.pointer) == (
        "model_version_known",
        '"modelVersion": 3,',
        "/modelVersion",
    )
    assert problem.expected == "Serve it with a content-api that knows model version 3"


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, True])
def test_a_model_version_that_is_none_is_refused(version):
    assert [each.pointer for each in told({"site.json": {"/modelVersion": version}})] == ["/modelVersion"]


# --- Problems --------------------------------------------------------------------------------------------------------


def test_problems_are_sorted_unique_and_at_most_a_hundred():
    files = generator.generate(600)
    broken = {path: data.replace(b"PUBLISHED", b"PUBLISHD") for path, data in files.items()}
    told_of = refusal(MemorySnapshot(broken))
    assert len(told_of) == MOST_PROBLEMS == 100
    assert list(told_of) == sorted(set(told_of))
    assert {problem.path for problem in told_of} == set(sorted(p for p in files if p.startswith("cau"))[:100])


def test_problems_of_many_rules_are_at_most_a_hundred_together():
    files = generator.generate(600)
    broken = {path: data.replace(b'"heading": "', b'"heading": "A *miracle* ') for path, data in files.items()}
    told_of = refusal(MemorySnapshot(broken))
    assert len(told_of) == 100
    assert {problem.rule for problem in told_of} == {"markup_allowed", "no_promotional_words"}


def test_problems_of_the_site_come_first():
    files = generator.generate(600)
    broken = {path: data.replace(b"PUBLISHED", b"PUBLISHD") for path, data in files.items()} | {"site.json": b"{"}
    told_of = refusal(MemorySnapshot(broken))
    assert told_of[0].path == "site.json"
    assert len(told_of) == 100


def test_problems_of_files_paths_and_rules_are_told_together():
    found = told(
        {
            MOON: {"/symptoms/0/symptom": "glowing-eers"},
            "causes/old-moonlight.json": {"/category": "LUNAR"},
            "conditions/New.json": b"{}",
            "treatments/quiet-tea.json": {"/text/en/summary": "A miracle."},
        }
    )
    assert [(each.path, each.rule) for each in found] == [
        ("causes/old-moonlight.json", "model"),
        ("conditions/New.json", "layout"),
        (MOON, "references_resolve"),
        ("treatments/quiet-tea.json", "no_promotional_words"),
    ]


UNREADABLE: list[tuple[str, world.Edit]] = [
    *[(path, b"{") for path in sorted(world.files()) if "/" in path],
    *[(path, {"/unheard": 1}) for path in sorted(world.files())],
    ("redirects.json", b"["),
    ("recalls.json", b"]"),
]


@pytest.mark.parametrize(("path", "edit"), UNREADABLE)
def test_a_file_that_cannot_be_read_makes_no_other_look_wrong(path, edit):
    """Who refers to it, cites it or is redirected to it is not told that it is missing."""
    found = told({path: edit}, before=world_edition().library.records)
    assert {each.path for each in found} == {path}


@pytest.mark.parametrize("path", ["redirects.json", "recalls.json"])
def test_a_broken_account_of_what_went_makes_no_other_file_look_wrong(path):
    recall = {"id": "symptom/left-ear-glow", "reason": {"en": "No."}, "since": "2026-11-01T00:00:00Z"}
    changes: dict[str, world.Edit] = {
        "symptoms/left-ear-glow.json": REMOVED,
        "recalls.json": {"/recalls/-": recall},
    }
    assert told(changes, before=world_edition().library.records) == []
    found = told(changes | {path: b"{"}, before=world_edition().library.records)
    assert path in {each.path for each in found}
    assert {each.path for each in found} <= {path, MOON if path == "redirects.json" else path}


# --- What a new version costs ----------------------------------------------------------------------------------------


def test_the_next_version_reads_only_what_changed():
    snapshot = MemorySnapshot(world.edited({MOON: {"/kind": "SYNDROME"}}))
    edition = load(snapshot, known=world_edition())
    assert snapshot.blobs_read == [snapshot.entries[MOON].blob]
    for key, record in edition.library.records.items():
        assert (record is world_edition().library.records[key]) == (key != "condition/moon-hiccups")


def test_the_edition_known_stays_as_it_was():
    known = load(MemorySnapshot(world.files()))
    load(MemorySnapshot(world.edited({MOON: {"/codings": []}, "symptoms/soft-humming.json": REMOVED})), known=known)
    assert known.library == world_edition().library
    assert known.files == world_edition().files


def test_a_version_that_leaves_the_files_as_they_were_reads_nothing():
    snapshot = MemorySnapshot(world.files(), message="Empty")
    assert load(snapshot, known=world_edition()).library == world_edition().library
    assert snapshot.blobs_read == []


def test_a_known_edition_of_quite_another_content_is_no_harm():
    other = load(MemorySnapshot(generator.generate(40)))
    assert load(MemorySnapshot(world.files()), known=other).library == world_edition().library


def test_the_collector_is_left_as_it_was():
    assert gc.isenabled()
    refusal(MemorySnapshot({}))
    assert gc.isenabled()


def test_entity_keys_are_those_of_entity_files():
    assert entity_keys(world.files()) == set(world_edition().library.records)


# --- Translations ----------------------------------------------------------------------------------------------------


def test_a_translation_that_is_made_from_an_older_text_is_stale():
    [stale] = stale_translations(world_edition().library)
    assert (stale.key, stale.path, stale.locale) == ("symptom/glowing-ears", "symptoms/glowing-ears.json", "de")
    assert (stale.of, len(stale.now)) == ("000000000000", 12)
