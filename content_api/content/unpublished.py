"""Which problems of a refused version are about drafts: these are for editors, and nobody else is told of a draft."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from content_api.content.edition import Record
from content_api.content.fields import State
from content_api.content.layout import place_of
from content_api.content.problems import Problem
from content_api.store.snapshot import Entry, EntryKind, Limits, Snapshot

# Looked for in the bytes: a file with a problem may be no JSON, or of no model. To take more for a draft than is one
# does no harm.
_STATE = re.compile(rb'"state"\s*:\s*"([^"]*)"')
_DRAFT_TEXT = re.compile(rb'"status"\s*:\s*"DRAFT"')
_IN_A_LOCALE = re.compile(r"/[a-z]{2,3}(-[A-Za-z0-9]+)*(/|\Z)")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def about_drafts(
    problems: Iterable[Problem],
    snapshot: Snapshot,
    entries: Mapping[str, Entry],
    limits: Limits,
    records: Mapping[str, Record],
    before: Mapping[str, Record],
) -> frozenset[Problem]:
    """Those that are in a draft, in a text that nobody has checked, or name a draft in their words.

    Of an entity that is gone, or does not say what it is, it counts what it was; where that is not known either, it may
    have been a draft.
    """
    problems = tuple(problems)
    mains = {problem.path: main for problem in problems if (main := _main_file(problem.path))}
    found = _contents({*mains, *mains.values()}, snapshot, entries, limits)
    drafts = {path for path, main in mains.items() if _is_draft(main, found, before)}
    names = {_id(path) for path in drafts}
    names |= {
        each.entity.id for some in (records, before) for each in some.values() if each.entity.state is State.DRAFT
    }
    return frozenset(
        problem
        for problem in problems
        if problem.path in drafts
        or not names.isdisjoint(_ID.findall(problem.message))
        or (_DRAFT_TEXT.search(found.get(problem.path, b"")) and _is_of_a_text(problem))
    )


def _main_file(path: str) -> str | None:
    """The file that says in which state an entity is; None for a path of anything else."""
    place = place_of(path)
    return f"{place.entity.folder}/{place.id}.json" if place and place.entity else None


def _contents(
    paths: Iterable[str], snapshot: Snapshot, entries: Mapping[str, Entry], limits: Limits
) -> dict[str, bytes]:
    """What is in those that can be read at all: empty for one that is no file, or too large for one."""
    there = {path: entries[path] for path in sorted(paths) if path in entries}
    small = {path: each.blob for path, each in there.items() if _can_be_read(each, limits)}
    read = dict(zip(small, (data for _, data in snapshot.read(list(small.values()))), strict=True)) if small else {}
    return dict.fromkeys(there, b"") | read


def _can_be_read(entry: Entry, limits: Limits) -> bool:
    return entry.kind is EntryKind.FILE and entry.size <= limits.file_bytes


def _is_draft(main: str, found: Mapping[str, bytes], before: Mapping[str, Record]) -> bool:
    if said := _STATE.search(found.get(main, b"")):
        return said[1] == State.DRAFT.encode()
    place = place_of(main)
    was = before.get(place.key) if place else None
    return was is None or was.entity.state is State.DRAFT


def _id(path: str) -> str:
    place = place_of(path)
    return place.id if place else ""


def _is_of_a_text(problem: Problem) -> bool:
    """Whether a problem is in a text of one locale: by its file, or by where in its file it is."""
    place = place_of(problem.path)
    return bool(place and place.locale) or bool(_IN_A_LOCALE.search(problem.pointer))
