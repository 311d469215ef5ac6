"""Reading a snapshot: which files are new since the edition that is known, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from immutables import Map

from content_api.content.ahead import read_ahead
from content_api.content.budget import SITE, Budget
from content_api.content.edition import Edition, ParsedFile, Record
from content_api.content.findings import Finding
from content_api.content.layout import Place, collisions, path_problems, place_of
from content_api.content.parse import parse
from content_api.content.problems import MOST_PROBLEMS, Problem
from content_api.content.records import made
from content_api.store.snapshot import Entry, EntryKind, Limits, Snapshot


@dataclass(frozen=True, slots=True)
class Delta:
    """Paths to be read, and paths that are gone, compared with the edition that is known. Without one, all and none."""

    changed: tuple[str, ...]
    gone: tuple[str, ...]


def difference(snapshot: Snapshot, known: Edition | None) -> Delta:
    """What has to be read anew, and what is no longer there."""
    entries = snapshot.entries
    if known is None:
        return Delta(tuple(sorted(entries)), ())
    files, touched = known.files, snapshot.touched_since(known.entries)
    there = entries.items() if touched is None else [(path, entries[path]) for path in touched if path in entries]
    changed = [
        path
        for path, entry in there
        # A symlink can have the blob id of the file that it replaces.
        if (file := files.get(path)) is None or file.blob != entry.blob or entry.kind is not EntryKind.FILE
    ]
    gone = [path for path in (files if touched is None else touched) if path in files and path not in entries]
    return Delta(tuple(sorted(changed)), tuple(gone))


def names_came(delta: Delta, known: Edition | None) -> bool:
    """Whether there is a path that was not there before: only then can names collide that did not."""
    return known is None or any(path not in known.files for path in delta.changed)


def parsed(
    snapshot: Snapshot,
    entries: Mapping[str, Entry],
    delta: Delta,
    known: Edition | None,
    limits: Limits,
    model: int,
    budget: Budget,
) -> tuple[Map[str, ParsedFile], list[Problem]]:
    """Every file of the snapshot, those that changed read anew, and what is wrong with paths and files."""
    files = (known.files if known else Map[str, ParsedFile]()).mutate()
    for path in delta.gone:
        del files[path]
    problems = list(collisions(entries)) if names_came(delta, known) else []
    readable: list[tuple[str, Place]] = []
    for path in sorted(delta.changed, key=lambda path: path != SITE):
        files.pop(path, None)
        misplaced = list(path_problems(path, entries[path], limits))
        problems += misplaced
        place = place_of(path)
        if place and not misplaced:
            readable.append((path, place))
        elif place or not misplaced:
            files[path] = ParsedFile(entries[path].blob, None)
    contents = budget.over(read_ahead(snapshot, [entries[path].blob for path, _ in readable]))
    unreadable: list[Problem] = []
    for (path, place), (blob, data, strict) in zip(readable, contents, strict=True):
        value, wrong = parse(path, place, data, model, strict=strict)
        # Paths come in the order of problems, so what is left unsaid here would stand after the first hundred.
        unreadable += islice(wrong, MOST_PROBLEMS - len(unreadable))
        files[path] = ParsedFile(blob, value)
    return files.finish(), problems + unreadable


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is different from the edition known: records as they were, and as they are."""

    removed: tuple[Record, ...]
    added: tuple[Record, ...]


def records_of(
    files: Mapping[str, ParsedFile], delta: Delta, known: Edition | None
) -> tuple[Map[str, Record], Rebuilt, list[Finding]]:
    """Every entity with its translations, those whose files changed made anew, and what kept translations out."""
    records = (known.library.records if known else Map[str, Record]()).mutate()
    paths: dict[str, list[str]] = {}
    for path in (*delta.changed, *delta.gone):
        place = place_of(path)
        if place and place.entity:
            paths.setdefault(place.key, []).append(path)
    removed = [records.pop(key) for key in paths if key in records]
    for old in removed:
        paths[old.key] += [path for path, _ in old.files]
    added: list[Record] = []
    findings: list[Finding] = []
    for key, candidates in sorted(paths.items()):
        if record := made(key, [path for path in sorted(set(candidates)) if path in files], files, findings):
            records[key] = record
            added.append(record)
    return records.finish(), Rebuilt(tuple(removed), tuple(added)), findings
