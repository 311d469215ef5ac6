"""The versions of a branch: the commits of its first-parent line that changed the content, in the branch's order."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import overload

from immutables import Map

from content_api.errors import ObjectUnreadable, SnapshotTooLarge
from content_api.store.commit import Commit
from content_api.store.git import GitRepository
from content_api.store.snapshot import Version
from content_api.store.steps import FileChange, FileChangeKind, Step

__all__ = ["FileChange", "FileChangeKind", "History", "Logged", "read_history"]

# A history is kept for as long as its edition is live, so what a pusher can put into it is bounded.
_AUTHOR = 100  # characters; a line on a page
_MESSAGE = 2_000  # characters; a screen of text. The whole of it is in the commit.
MOST_COMMITS = 1_000_000  # 200 MB of ids; a content repository that is committed to every minute takes two years
_CHANGES = 10_000_000  # 80 MB; a thousand versions that change ten thousand files each

_HIDING = (ObjectUnreadable, SnapshotTooLarge)  # what an old commit may be without keeping a new one from being read


@dataclass(frozen=True, slots=True)
class Logged:
    """A version, and what it changed."""

    version: Version
    """Without its tags, which may move. A long author or message is cut."""
    files: tuple[FileChange, ...] | None
    """None for the oldest version that a cut history knows: what came before it cannot be told."""


class Versions(Sequence[Logged]):
    """Some of a history's versions, newest first. Nothing is copied to make it, or a slice of it."""

    __slots__ = ("_logged", "_picked")

    def __init__(self, logged: Sequence[Logged], picked: Sequence[int]) -> None:
        self._logged = logged
        self._picked = picked

    def __len__(self) -> int:
        return len(self._picked)

    @overload
    def __getitem__(self, index: int) -> Logged: ...
    @overload
    def __getitem__(self, index: slice) -> Versions: ...
    def __getitem__(self, index: int | slice) -> Logged | Versions:
        if isinstance(index, slice):
            return Versions(self._logged, self._picked[index])
        return self._logged[self._picked[index]]


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The commits of a line and the versions among them, oldest first. Histories of one branch share it."""

    commits: tuple[str, ...]
    places: Map[str, int]
    counts: tuple[int, ...]
    """By a commit's place, how many versions there are up to it and with it."""
    times: tuple[float, ...]
    """By a commit's place, when it was committed, in seconds since 1970; infinity where it does not say so legibly."""
    logged: tuple[Logged, ...]
    touches: Map[str, tuple[int, ...]]
    """By a file's path, which versions changed it. A Map, as the places are: to copy 50,000 paths for each push, and
    have the garbage collector walk them and let go of those of before, would hold up readers for 4 ms."""


@dataclass(frozen=True, eq=False)
class History:
    """The versions of a branch up to one commit. Immutable: a push makes another.

    Its order is that of the branch, whatever the clocks of those who committed say.
    """

    complete: bool
    """False where older versions are hidden: by a shallow clone, or by an object that cannot be read."""
    _line: _Line = field(repr=False)
    _length: int

    @property
    def tip(self) -> str:
        """The commit it was read at."""
        return self._line.commits[self._length - 1]

    def __len__(self) -> int:
        """How many versions there are. 0 where no commit had content yet."""
        return self._line.counts[self._length - 1]

    @property
    def versions(self) -> Versions:
        """All versions, newest first."""
        return Versions(self._line.logged, range(len(self) - 1, -1, -1))

    @property
    def commits(self) -> Sequence[str]:
        """The commits of the first-parent line, oldest first, those among them that changed nothing included."""
        return self._line.commits[: self._length]

    @property
    def paths(self) -> Collection[str]:
        """Every path below the content folder that a version changed."""
        return [path for path, touches in self._line.touches.items() if touches[0] < len(self)]

    def place(self, commit: str) -> int | None:
        """Return a commit's place on the first-parent line, counted from the oldest; None for one not on it."""
        place = self._line.places.get(commit)
        return place if place is not None and place < self._length else None

    def version_of(self, commit: str) -> str | None:
        """Return the id of the version that a commit of the line stands for; None before the first, and off the line.

        That is itself if it changed the content, else the nearest older one that did.
        """
        place = self.place(commit)
        count = 0 if place is None else self._line.counts[place]
        return self._line.logged[count - 1].version.id if count else None

    def logged(self, commit: str) -> Logged | None:
        """Return what a version changed; None for a commit that is no version of this history."""
        place = self.place(commit)
        found = None if place is None else self._line.logged[self._line.counts[place] - 1]
        return found if found and found.version.id == commit else None

    def behind(self, version: str) -> int | None:
        """Return the place in `versions` that comes next after a version; None for what is none of them."""
        return None if self.logged(version) is None else len(self) - self._line.counts[self._line.places[version]] + 1

    def touching(self, *paths: str) -> Versions:
        """Return the versions that changed any of these files, newest first."""
        touches = [self._line.touches.get(path, ()) for path in paths]
        merged = touches[0] if len(touches) == 1 else tuple(dict.fromkeys(heapq.merge(*touches)))
        return Versions(self._line.logged, merged[: bisect_left(merged, len(self))][::-1])

    def upto(self, commit: str) -> History | None:
        """Return the history as it was at an older commit of the line; None for one not on it. Everything is shared."""
        place = self.place(commit)
        return None if place is None else History(self.complete, self._line, place + 1)

    def at(self, moment: datetime) -> str | None:
        """Return the newest commit of the line, in the branch's order, that was not committed after a moment."""
        count = bisect_right(self._earliest_from, moment.timestamp())
        return self._line.commits[count - 1] if count else None

    @cached_property
    def _earliest_from(self) -> tuple[float, ...]:
        """By place, the earliest time from there on: it only grows, so that what `at` looks for can be bisected."""
        return tuple(accumulate(reversed(self._line.times[: self._length]), min))[::-1]


def read_history(repository: GitRepository, tip: str, known: History | None = None) -> History:
    """Read the history that ends at a commit; with a `known` one of the same branch, only what is new since.

    Raises ObjectUnreadable when that commit itself cannot be read. What is damaged before it hides what is older.
    """
    if known is not None and not known.complete:  # what was hidden may have been fetched meanwhile
        known = None
    if known is not None and (before := known.upto(tip)) is not None:
        return before
    steps, base = _walked(repository, tip, known)
    seen = list(_seen(repository, steps))
    oldest = seen[-1]
    if len(seen) < len(steps):
        base, complete = None, False
    else:
        complete = base is not None or (not oldest.parents and oldest.files is not None)
    if not complete:
        seen[-1] = replace(oldest, files=None)
    line = _grown(_line(base), seen[::-1])
    return History(complete, line, len(line.commits))


def _walked(repository: GitRepository, tip: str, known: History | None) -> tuple[list[Step], History | None]:
    """Return the steps from a commit back to one whose parent is known, and what is known there; else to the last."""
    steps: list[Step] = []
    changes = 0
    with closing(_as_far_as_possible(repository, tip)) as walk:
        for step in walk:
            steps.append(step)
            if known is not None and step.parent and (base := known.upto(step.parent)) is not None:
                return steps, base
            changes += len(step.files or ())
            if len(steps) >= MOST_COMMITS or changes > _CHANGES:
                break
    return steps, None


def _as_far_as_possible(repository: GitRepository, tip: str) -> Generator[Step]:
    """Yield the steps back from a commit; the last one, where git can read no further, without what it changed."""
    next_one: str | None = tip
    try:
        with closing(repository.steps(tip)) as walk:
            for step in walk:
                yield step
                next_one = step.parent
    except ObjectUnreadable:
        if next_one:
            yield Step(next_one, None, None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A step, and what its commit says."""

    version: Version
    parents: tuple[str, ...]
    files: tuple[FileChange, ...] | None


def _seen(repository: GitRepository, steps: Sequence[Step]) -> Iterator[_Seen]:
    """Yield the steps up to the first whose commit cannot be read. Raises why, when that is the very first."""
    done = 0
    try:
        for step, (_, commit) in zip(steps, repository.commits([step.commit for step in steps]), strict=True):
            yield _joined(step, commit)
            done += 1
    except _HIDING:  # commits are read many at a time, and one that is damaged keeps the others back
        for step in steps[done:]:
            try:
                [(_, commit)] = repository.commits([step.commit])
            except _HIDING:
                if done == 0:
                    raise
                return
            yield _joined(step, commit)
            done += 1


def _joined(step: Step, commit: Commit) -> _Seen:
    version = Version(
        step.commit,
        committed_at=commit.committed_at,
        author=_clipped(commit.author, _AUTHOR) if commit.author else None,
        message=_clipped(commit.message, _MESSAGE),
    )
    return _Seen(version, commit.parents, step.files)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _line(base: History | None) -> _Line:
    """Return the line of a history without what is newer than it."""
    if base is None:
        return _Line((), Map(), (), (), (), Map())
    line, length, count = base._line, base._length, len(base)
    if length == len(line.commits):
        return line
    commits = line.commits[:length]
    touches = {path: found[: bisect_left(found, count)] for path, found in line.touches.items() if found[0] < count}
    places = Map((commit, place) for place, commit in enumerate(commits))
    return _Line(commits, places, line.counts[:length], line.times[:length], line.logged[:count], Map(touches))


def _grown(line: _Line, seen: Sequence[_Seen]) -> _Line:
    """Return the line with newer commits, oldest first. The old one is left as it was, for those who still read it."""
    length, count = len(line.commits), len(line.logged)
    is_version = [each.files is None or each.files != () for each in seen]
    logged = [Logged(each.version, each.files) for each, changed in zip(seen, is_version, strict=True) if changed]
    commits = [each.version.id for each in seen]
    return _Line(
        line.commits + tuple(commits),
        line.places.update((commit, place) for place, commit in enumerate(commits, length)),
        line.counts + tuple(accumulate(is_version, initial=count))[1:],
        line.times + tuple(_seconds(each.version.committed_at) for each in seen),
        line.logged + tuple(logged),
        _touched(line.touches, logged, count),
    )


def _touched(touches: Map[str, tuple[int, ...]], logged: Iterable[Logged], first: int) -> Map[str, tuple[int, ...]]:
    come = defaultdict[str, list[int]](list)
    for number, each in enumerate(logged, first):
        for change in each.files or ():
            come[change.path].append(number)
    return touches.update((path, touches.get(path, ()) + tuple(numbers)) for path, numbers in come.items())


def _seconds(moment: datetime | None) -> float:
    return math.inf if moment is None else moment.timestamp()
