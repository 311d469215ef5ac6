"""What was pushed and where the branch was told to be: what a server may serve, and in which order."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.publish.checker.content import Files


@dataclass(frozen=True, slots=True)
class Pushed:
    """A commit, good or bad. `version` is the commit whose content it has: an older one where it left it as it was."""

    commit: str
    version: str
    serial: int
    files: Files = field(repr=False)
    recalled: bool = False
    good: bool = True
    parents: tuple[str, ...] = ()


@dataclass(slots=True)
class Ledger:
    """Safe to share between threads.

    What is live walks along `aims`, skipping what it likes, and never turns back. There is one for each time that the
    branch, or a pin, was told to be somewhere, noted before git is told. So a rollback is another aim, not a step back.
    """

    commits: dict[str, Pushed] = field(default_factory=dict)
    aims: list[tuple[str, str]] = field(default_factory=list)
    """(version that should go live, commit that was named)"""
    tags: dict[str, set[str]] = field(default_factory=dict)
    """Every commit that a tag was ever told to name."""
    pins: set[str] = field(default_factory=set)
    """Versions that were pinned: in them, what later ones recall is hidden too."""
    mends_in: float = 0
    """Seconds in which the server mends what it reads from, where that is a mirror of its own that was damaged."""
    position: int = 0
    """The last aim that an answer proved to be reached."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, pushed: Pushed) -> None:
        above = frozenset().union(*(self._ancestors[parent] for parent in pushed.parents))
        self._ancestors[pushed.commit] = above | {pushed.commit}
        self.commits[pushed.commit] = pushed

    def aim(self, commit: str) -> None:
        """The branch is about to name a commit. In the place of a bad one the newest good one below should go live."""
        good = self.newest_good(commit)
        if good is not None:
            with self._lock:
                self.aims.append((self.commits[good].version, commit))

    def newest_good(self, commit: str) -> str | None:
        """The commit itself or the nearest first parent that is good."""
        found = self.commits[commit]
        while not found.good:
            if not found.parents:
                return None
            found = self.commits[found.parents[0]]
        return found.commit

    def may_stay(self, live: str, tip: str) -> bool:
        """Whether a version may be live for good while the branch names a commit.

        That is the newest good version below; or one that leads to it, if the branch went back to where it is bad.
        """
        good = self.newest_good(tip)
        return good is None or live == self.commits[good].version or good in self._ancestors.get(live, ())

    def reach(self, version: str, floor: int) -> int | None:
        """The first aim, not before `floor`, at which a version should be live; None where it should not."""
        with self._lock:
            return next((place for place in range(floor, len(self.aims)) if self.aims[place][0] == version), None)

    def observe(self, version: str, floor: int) -> int | None:
        """The same for an answer whose question was asked at `floor`: what comes after it may not go back behind it."""
        place = self.reach(version, floor)
        if place is not None:
            with self._lock:
                self.position = max(self.position, place)
        return place

    def always_reachable(self, commit: str, since: int) -> bool:
        """Whether every commit that was aimed at since then leads to a commit."""
        with self._lock:
            aims = self.aims[since:]
        return all(commit in self._ancestors[named] for _, named in aims)

    def went_back(self) -> bool:
        """Whether the last aim is at a commit that an earlier one led to."""
        *before, (_, last) = self.aims
        return any(last in self._ancestors[named] for _, named in before)

    def readable(self, since: int) -> Sequence[Pushed]:
        """The good commits that can be read whatever is live by now."""
        with self._lock:
            aims = self.aims[since:]
        common = frozenset.intersection(*(self._ancestors[named] for _, named in aims))
        return [self.commits[commit] for commit in sorted(common) if self.commits[commit].good]

    def bad(self) -> Sequence[Pushed]:
        return [pushed for pushed in list(self.commits.values()) if not pushed.good]


@dataclass(slots=True)
class Outages:
    """When the server was down because it was ended on purpose: then a connection may be refused, or cut."""

    _spans: list[tuple[float, float | None]] = field(default_factory=list)

    def begin(self) -> None:
        self._spans.append((time.monotonic(), None))

    def end(self) -> None:
        began, _ = self._spans[-1]
        self._spans[-1] = (began, time.monotonic())

    def overlap(self, began: float, ended: float) -> bool:
        return any(down <= ended and (up is None or began <= up) for down, up in self._spans)


@dataclass(frozen=True, slots=True)
class Offence:
    """Something that must not be."""

    what: str
    answer: str = ""

    def __str__(self) -> str:
        return f"{self.what}\n{self.answer[:4_000]}".rstrip()


@dataclass(slots=True)
class Findings:
    """What was found, from any thread. The first is told; what follows is as a rule its echo."""

    offences: list[Offence] = field(default_factory=list)
    happened: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def report(self, what: str, answer: object = "") -> None:
        self.offences.append(Offence(what, str(answer)))
        self.happened.set()
