"""What an editor is told of broken content: the problems of a load, each with the line that it points at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from content_api.content.edition import Edition
from content_api.content.load import load
from content_api.content.problems import ContentRefused, Problem
from content_api.store.snapshot import EntryKind, Snapshot
from tests import world
from tests.world.snapshot import MemorySnapshot


class Told(NamedTuple):
    """A problem as an editor sees it. `line` is the line it points at, from its column on."""

    path: str
    line: str
    pointer: str
    rule: str
    found: str
    expected: str
    suggestion: str | None = None


@cache
def world_edition() -> Edition:
    """The world, unedited."""
    return load(MemorySnapshot(world.files()))


def told(changes: Mapping[str, world.Edit], *, before: Collection[str] = ()) -> list[Told]:
    """What is told of the world with some changes, whichever way it is loaded."""
    files = world.edited(changes)
    return [seen(problem, files) for problem in problems(MemorySnapshot(files), before=before)]


def seen(problem: Problem, files: Mapping[str, bytes]) -> Told:
    lines = files.get(problem.path, b"").decode("utf-8", "replace").split("\n")
    line = lines[problem.line - 1][problem.column - 1 :] if problem.line <= len(lines) else "(no such line)"
    return Told(problem.path, line, problem.pointer, problem.rule, problem.found, problem.expected, problem.suggestion)


def problems(snapshot: Snapshot, *, before: Collection[str] = ()) -> tuple[Problem, ...]:
    """The problems of a snapshot, which are the same from nothing and after the world."""
    from_nothing = refusal(snapshot, before=before)
    assert refusal(snapshot, known=world_edition(), before=before) == from_nothing
    return from_nothing


def refusal(snapshot: Snapshot, *, known: Edition | None = None, before: Collection[str] = ()) -> tuple[Problem, ...]:
    """The problems of a snapshot; none when it loads."""
    try:
        load(snapshot, known=known, before=before)
    except ContentRefused as refused:
        if not refused.problems:
            raise AssertionError("refused without a reason") from refused
        return refused.problems
    return ()


def odd_entry(path: str, kind: EntryKind) -> MemorySnapshot:
    """The world with something that is no plain file at a path."""
    return MemorySnapshot(world.files() | {path: b"target"}, kinds={path: kind})
