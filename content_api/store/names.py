"""What a client may call a version: a tag, a commit id or the beginning of one, or a date. All of it from memory.

Nothing here knows whether a version can be served: which one was live at a date is for the archive to find, from the
newest that there was (publish/archive.py).

Where a name could be several things, a full id goes before a tag, and a tag before the beginning of an id: nobody can
set a tag that takes a commit's own name from it, and a tag of hex digits can still be named. A date is never either:
git allows no colon in a tag.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest
from itertools import islice
from types import MappingProxyType
from typing import NoReturn

from rapidfuzz import fuzz, process

from content_api.errors import ObjectUnreadable, RequestError
from content_api.store.git import GitRepository
from content_api.store.history import MOST_COMMITS, History
from content_api.store.refs import TAGS
from content_api.store.revision import is_id, is_prefix, malformed

_LONGEST = 255  # characters; git on a usual file system allows no longer tag
_SHOWN = 40  # characters of what was asked for, in a message: a whole id
_FEW = 100  # commits that are read one by one, in 25 µs each; git walks in as long as it takes to start
_SUGGESTED = 200  # tags, of the newest commits: comparing with so many takes 30 µs, and nobody misses a forgotten one
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")
_LIKE_A_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([T ]|\Z)")
_TOO_SHORT = re.compile(r"[0-9a-fA-F]{1,6}")
_DATE_HINT = "Write a date with its time and time zone, as in `2026-11-22T10:00:00Z`."
_HINT = "Name a tag, a commit id or at least 7 digits of one, or a date as in `2026-11-22T10:00:00Z`."


@dataclass(frozen=True, slots=True)
class TagMove:
    """A tag that no longer names the commit it did. `after` is None where it is gone, or leads off the branch."""

    tag: str
    before: str
    after: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The commits that may be read, and what they may be called. Immutable: a push makes another."""

    history: History = field(repr=False)
    tags: Mapping[str, str] = field(repr=False)
    """Tag -> commit, of those whose commit may be read."""
    complete: bool
    """False where older commits are hidden: by a shallow clone, or by an object that cannot be read."""
    _commits: tuple[str, ...] = field(repr=False)  # sorted
    _tags_of: Mapping[str, tuple[str, ...]] = field(repr=False)
    _offered: tuple[str, ...] = field(repr=False)

    def resolve(self, name: str) -> str:
        """Return the id of the commit that a name stands for: for a date, of the newest version there was then.

        Raises RequestError, saying what would be right.
        """
        if len(name) > _LONGEST:
            _refuse(name, f"it has {len(name):,} characters, and no version has a name of over {_LONGEST}", _HINT)
        if is_id(name, len(self.history.tip)):
            return self._whole(name)
        if name in self.tags:
            return self.tags[name]
        if is_prefix(name):
            return self._beginning(name)
        return self._at(name) if _LIKE_A_DATE.match(name) else self._unknown(name)

    def reaches(self, commit: str) -> bool:
        """Tell whether a full commit id is one that may be read: the tip leads to it, by whichever parents."""
        place = bisect_left(self._commits, commit)
        return self._commits[place : place + 1] == (commit,)

    def tags_of(self, commit: str) -> tuple[str, ...]:
        """Return the tags of a commit, sorted."""
        return self._tags_of.get(commit, ())

    def mean_the_same_as(self, other: Names) -> bool:
        """Tell whether every name stands for the same commit as it does in other names."""
        same_line = (self.history.tip, self.complete) == (other.history.tip, other.complete)
        return same_line and self.tags == other.tags and self._commits == other._commits

    def _whole(self, name: str) -> str:
        commit = name.lower()
        if not self.reaches(commit):
            _refuse(name, f"the branch does not lead to such a commit{self._as_far}", _HINT)
        return commit

    def _beginning(self, name: str) -> str:
        prefix = name.lower()
        place = bisect_left(self._commits, prefix)
        found = [commit for commit in self._commits[place : place + 2] if commit.startswith(prefix)]
        if not found:
            _refuse(name, f"it is no tag, and no commit of the branch has an id that begins so{self._as_far}", _HINT)
        if len(found) > 1:
            _refuse(name, "several commit ids begin so", "Give more of its digits.")
        return found[0]

    def _at(self, name: str) -> str:
        if not _DATE.fullmatch(name):
            _refuse(name, "it looks like a date, but does not say exactly when", _DATE_HINT)
        try:
            moment = datetime.fromisoformat(name)
        except ValueError:
            _refuse(name, "the calendar has no such date, time or time zone", _DATE_HINT)
        commit = self.history.at(moment)
        version = None if commit is None else self.history.version_of(commit)
        if version is None:
            _refuse(name, f"nothing was live then{self._as_far}", self._first())
        return version

    def _first(self) -> str:
        if not self.history:
            return "No version has content yet."
        oldest = self.history.versions[-1].version
        when = f", of {oldest.committed_at.isoformat()}" if oldest.committed_at else ""
        return f"The oldest version that is known is {oldest.id[:12]}{when}."

    def _unknown(self, name: str) -> NoReturn:
        if reason := malformed(name):
            _refuse(name, reason, _HINT)
        if _TOO_SHORT.fullmatch(name):
            _refuse(name, "it is no tag, and too short for a commit id", "Give at least 7 digits of the id.")
        near = process.extractOne(name, self._offered, scorer=fuzz.ratio, processor=str.lower, score_cutoff=70)
        _refuse(name, "it is no tag on the branch", f"Did you mean `{near[0]}`?" if near else _HINT)

    @property
    def _as_far(self) -> str:
        return "" if self.complete else ", as far as this server knows its history"


def read_names(
    repository: GitRepository, history: History, known: Names | None = None, refs: Mapping[str, str] | None = None
) -> Names:
    """Read what the tip of a history leads to, and its tags; with `known` names of the same branch, only new commits.

    `refs` has the tags by their full names, where git was asked for them already; what else is in it is left alone.
    What is damaged hides what is older, as in a history.
    """
    commits, complete = _reached(repository, history, known)
    given = repository.refs(TAGS) if refs is None else refs
    found = {name.removeprefix(TAGS): commit for name, commit in given.items() if name.startswith(TAGS)}
    tags = {tag: commit for tag, commit in sorted(found.items()) if commit in commits and tag.isprintable()}
    every = tuple(sorted(commits))
    return Names(history, MappingProxyType(tags), complete, every, _reversed(tags), _newest(tags, history))


def is_date(name: str) -> bool:
    """Tell whether a name is written as a date. Of one that resolves, whether it is one."""
    return _DATE.fullmatch(name) is not None


def moved(before: Names, after: Names) -> tuple[TagMove, ...]:
    """Return the tags that named a commit before and do not name it any more, sorted. New tags are no moves."""
    return tuple(
        TagMove(tag, commit, after.tags.get(tag))
        for tag, commit in before.tags.items()
        if after.tags.get(tag) != commit
    )


def _reached(repository: GitRepository, history: History, known: Names | None) -> tuple[set[str], bool]:
    """Return the commits that may be read, and whether those are all."""
    if known and not (known.complete and _leads_to(repository, history, known.history.tip)):
        known = None
    found = set(known._commits if known else history.commits)
    complete = history.complete
    if known and (behind := _alone(repository, history, known.history.tip)) is not None:
        return found.union(behind), complete
    try:
        with closing(repository.reachable(history.tip, without=known.history.tip if known else None)) as new:
            found.update(islice(new, MOST_COMMITS))
            complete = complete and next(new, None) is None
    except ObjectUnreadable:  # what git said before that is in the set
        complete = False
    return found, complete


def _alone(repository: GitRepository, history: History, older: str) -> Sequence[str] | None:
    """Return the commits that the tip leads to and an older one does not, where that is plain from themselves: they
    stand on the line behind it, and none merges another. It saves a git process, which takes longer than all of this.
    """
    place = history.place(older)
    new = () if place is None else history.commits[place + 1 :]
    if place is None or len(new) > _FEW:
        return None
    try:
        return None if any(len(commit.parents) > 1 for _, commit in repository.commits(new)) else new
    except ObjectUnreadable:
        return None


def _leads_to(repository: GitRepository, history: History, older: str) -> bool:
    """Tell whether the tip leads to a commit that was the tip before, which may be gone by now."""
    if history.place(older) is not None:
        return True
    try:
        return repository.is_ancestor(older, history.tip)
    except ObjectUnreadable:
        return False


def _reversed(tags: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    found = defaultdict[str, list[str]](list)
    for tag, commit in tags.items():
        found[commit].append(tag)
    return {commit: tuple(names) for commit, names in found.items()}


def _newest(tags: Mapping[str, str], history: History) -> tuple[str, ...]:
    """Return the tags to suggest, those of the newest commits of the line first."""
    return tuple(nlargest(_SUGGESTED, tags, key=lambda tag: history.place(tags[tag]) or -1))


def _refuse(name: str, reason: str, hint: str) -> NoReturn:
    shown = name[:_SHOWN] if name.isprintable() else ascii(name[:_SHOWN])[1:-1][:_SHOWN]
    asked = f"{shown}…" if len(name) > _SHOWN else shown
    raise RequestError("VERSION_NOT_AVAILABLE", f"`{asked}` names no version that can be read: {reason}.", hint)
