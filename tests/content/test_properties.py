"""What holds of any content: valid sets load, references resolve both ways, and loading onwards equals loading anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from immutables import Map

from content_api.content import load as load_module
from content_api.content.edition import Edition, Library, Places, indexed, places_of
from content_api.content.load import load
from content_api.content.problems import MOST_PROBLEMS, ContentRefused, Problem
from content_api.content.relations import targets
from content_api.content.suspects import suspects
from content_api.store import open_repository
from content_api.store.snapshot import Snapshot
from tests import generator, world
from tests.content.refusal import world_edition
from tests.repositories import Repository
from tests.world.snapshot import MemorySnapshot

slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

# --- Any valid set of entities ---------------------------------------------------------------------------------------

PROSE = generator.Prose(Random(0))
slugs = st.from_regex(r"[a-z0-9]{1,3}(-[a-z0-9]{1,3}){0,2}", fullmatch=True)


@st.composite
def valid_content(draw: st.DrawFn) -> dict[str, bytes]:
    """A few entities of drawn ids, with drawn references, and cautions that agree."""
    ids = {kind: draw(st.lists(slugs, max_size=4, unique=True)) for kind in ("condition", "symptom", "cause")}
    ids["treatment"] = draw(st.lists(slugs, max_size=4, unique=True))
    ids["caution"] = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    applies: dict[str, list[str]] = {name: [] for name in ids["caution"]}

    def some(names: list[str]) -> list[str]:
        return draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []

    def cautions(kind: str, name: str) -> list[str]:
        required = some(ids["caution"])
        for caution in required:
            applies[caution].append(f"{kind}/{name}")
        return required

    documents = []
    for index, name in enumerate(ids["condition"]):
        links = {kind: some(ids[kind[:-1]]) for kind in ("symptoms", "causes", "treatments")}
        broader = some(ids["condition"][:index])
        document = generator.condition(name, index, PROSE, cautions("condition", name), broader=broader, **links)
        documents.append(("condition", document))
    for index, name in enumerate(ids["symptom"]):
        group = draw(st.sampled_from([None, *ids["symptom"][:index]]))
        document = generator.symptom(name, index, PROSE, cautions("symptom", name), part_of=group)
        documents.append(("symptom", document))
    for index, name in enumerate(ids["cause"]):
        same = draw(st.sampled_from([None, *ids["condition"]]))
        document = generator.cause(name, index, PROSE, cautions("cause", name), condition=same)
        documents.append(("cause", document))
    for index, name in enumerate(ids["treatment"]):
        others = some([other for other in ids["treatment"] if other != name])
        document = generator.treatment(name, index, PROSE, cautions("treatment", name), alternatives=others)
        documents.append(("treatment", document))
    for index, name in enumerate(ids["caution"]):
        documents.append(("caution", generator.caution(name, index, PROSE, applies[name])))
    files = {f"{kind}s/{content['id']}.json": generator.as_bytes(content) for kind, content in documents}
    return files | generator.around()


@given(valid_content())
@settings(slow, max_examples=40)
def test_any_valid_set_of_entities_loads_and_every_reference_resolves_both_ways(files):
    library = load(MemorySnapshot(files)).library
    there = set()
    for key, record in library.records.items():
        for target, relation in targets(record.kind, record.entity):
            assert target in library.records
            assert key in library.indexes.referrers[target, relation]
            there.add((target, relation, key))
        for caution in record.entity.required_cautions:
            assert key in library.records[f"caution/{caution}"].entity.applies_to
    back = {(*place, key) for place, keys in library.indexes.referrers.items() for key in keys}
    assert back == there


# --- Loading onwards equals loading anew -----------------------------------------------------------------------------


def outcome(files: dict[str, bytes], known: Edition | None) -> Edition | tuple[Problem, ...]:
    return outcome_of(MemorySnapshot(files), known, ())


def places(value: Any, at: str = "") -> list[tuple[str, Any]]:
    """(JSON pointer, value) of everything inside a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(f"{at}/{name}", content) for name, content in inner]
    return found + [each for pointer, content in found for each in places(content, pointer)]


def values_by_field(files: dict[str, bytes]) -> dict[str, list[Any]]:
    """Field name -> every value it has anywhere: put elsewhere, these make valid files that break rules."""
    found: dict[str, list[Any]] = {}
    for path in files:
        for pointer, value in places(world.document(path, files)):
            found.setdefault(field_of(pointer), []).append(value)
    return found


def field_of(pointer: str) -> str:
    return next((part for part in reversed(pointer.split("/")) if not part.isdigit()), "")


WORLDS = [(files, values_by_field(files)) for files in (world.files(), generator.generate(20, seed=3))]


@st.composite
def edited_once(draw: st.DrawFn, files: dict[str, bytes], original: dict[str, bytes], values: dict[str, list[Any]]):
    """The files after one change such as an editor, good or careless, may make."""
    path = draw(st.sampled_from(sorted(original)))
    action = draw(
        st.sampled_from(("restore", "restore", "remove", "change", "change", "change", "drop", "copy", "cut"))
    )
    if action == "restore" or path not in files:
        return files | {path: original[path]}
    if action == "remove":
        return {other: data for other, data in files.items() if other != path}
    if action == "cut":
        return files | {path: files[path][: draw(st.integers(0, len(files[path])))]}
    try:
        inside = places(json.loads(files[path]))
    except ValueError:
        return files | {path: original[path]}
    fields = sorted({field_of(pointer) for pointer, _ in inside} - {"$schema", "id"})
    if not fields:
        return files | {path: original[path]}
    field = draw(st.sampled_from(fields))
    pointer, value = draw(st.sampled_from([place for place in inside if field_of(place[0]) == field]))
    if action == "drop":
        return world.edited({path: {pointer: world.REMOVED}}, files)
    if action == "copy" and pointer.rpartition("/")[2].isdigit():
        return world.edited({path: {f"{pointer.rpartition('/')[0]}/-": value}}, files)
    return world.edited({path: {pointer: draw(st.sampled_from(values[field_of(pointer)]))}}, files)


@given(st.data(), st.sampled_from(WORLDS), st.integers(1, 8))
@settings(slow, max_examples=40)
def test_an_edition_made_from_the_one_before_it_is_the_one_made_from_nothing(data, start, steps):
    original, values = start
    files, known = dict(original), None
    for _ in range(steps):
        files = data.draw(edited_once(files, original, values))
        onwards, anew = outcome(files, known), outcome(files, None)
        if isinstance(anew, Edition):
            assert isinstance(onwards, Edition)
            assert onwards.library == anew.library
            assert onwards.files == anew.files
            assert onwards.library.indexes == indexed(places_of(onwards.library.records.values()))
            known = onwards
            event("loads")
        else:
            assert onwards == anew
            assert 1 <= len(anew) <= MOST_PROBLEMS
            assert list(anew) == sorted(set(anew), key=lambda problem: (problem.path != "site.json", problem))
            assert all(problem.line >= 1 and problem.column >= 1 and problem.found for problem in anew)
            event(f"refused by {min(problem.rule for problem in anew)}")


@given(st.data(), st.integers(1, 6))
@settings(slow, max_examples=15)
def test_what_git_knows_of_a_change_makes_the_same_edition_as_a_comparison_of_everything(data, steps):
    original, values = WORLDS[0]
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "bare", bare=True)
        files = dict(original)
        first = repository.commit(dict(files))
        with open_repository(repository.path, folder="") as opened:
            snapshot = opened.snapshot(first)
            known = load(snapshot)
            for _ in range(steps):
                before, files = files, data.draw(edited_once(files, original, values))
                commit = repository.commit({path: files.get(path) for path in {*before, *files}})
                snapshot = opened.snapshot(commit, snapshot)
                keys = known.library.records
                onwards, anew = outcome_of(snapshot, known, keys), outcome_of(opened.snapshot(commit), None, keys)
                if isinstance(anew, Edition):
                    assert onwards.library == anew.library
                    compared = replace(onwards.library, before=Map()).touched_since(known.library.records)
                    assert compared <= set(onwards.library.touched_since(known.library.records))
                    known = onwards
                else:
                    assert onwards == anew


def outcome_of(snapshot: Snapshot, known: Edition | None, before: Collection[str]) -> Edition | tuple[Problem, ...]:
    try:
        return load(snapshot, known=known, before=before)
    except ContentRefused as refused:
        return refused.problems


@given(st.data(), st.lists(st.sampled_from(sorted(world.files())), min_size=1, max_size=4, unique=True))
@settings(slow, max_examples=40)
def test_a_version_loads_in_the_same_way_whatever_was_refused_before_it(data, paths):
    files, values = WORLDS[0]
    for path in paths:
        files = data.draw(edited_once(files, {path: world.files()[path]}, values))
    first = outcome(files, world_edition())
    assert load(MemorySnapshot(world.files()), known=world_edition()).library == world_edition().library
    assert outcome(files, world_edition()) == first


def everyone(library: Library, come: Places) -> set[str]:
    return set(library.records)


@given(st.data(), st.sampled_from(WORLDS), st.integers(1, 8))
@settings(slow, max_examples=60)
def test_rules_that_are_asked_about_suspects_find_what_they_find_in_everyone(data, start, steps):
    original, values = start
    files = dict(original)
    for _ in range(steps):
        files = data.draw(edited_once(files, original, values))
    asked_about_suspects = outcome(files, None)
    with patch.object(load_module, "suspects", everyone):
        assert outcome(files, None) == asked_about_suspects
    event("loads" if isinstance(asked_about_suspects, Edition) else "is refused")


def test_of_content_that_keeps_the_rules_hardly_anyone_is_suspected():
    for files, _ in WORLDS:
        with patch.object(load_module, "suspects", wraps=suspects) as asked:
            library = load(MemorySnapshot(files)).library
        assert len(suspects(*asked.call_args.args)) < len(library.records) / 2
