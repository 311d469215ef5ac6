"""Branches for tests of histories: drawn by Hypothesis, made by git, and told again without git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from hypothesis import strategies as st

from tests.repositories import Repository

_NAMES = count()


@dataclass(frozen=True)
class Planned:
    """One commit: how many commits back its parents are (None for a first one), what it changes, and when."""

    first: int | None
    second: int | None
    changes: Mapping[str, bytes | None]
    time: int


_PATHS = ("content/a.json", "content/b.json", "content/causes/c.json", "README", "contents/no.json")
_CHANGES = st.dictionaries(st.sampled_from(_PATHS), st.sampled_from([b"1", b"2", None]), max_size=2)
_TIMES = st.sampled_from([0, 1_700_000_000, 1_700_000_500, 1_800_000_000, 4_070_908_800])


@st.composite
def plans(draw: st.DrawFn) -> list[Planned]:
    """Commits, each on top of earlier ones, with merges, empty ones, and clocks that say what they like."""
    plan = [Planned(None, None, draw(_CHANGES), draw(_TIMES))]
    for number in range(1, draw(st.integers(1, 12))):
        first = draw(st.integers(1, min(number, 3)))
        second = draw(st.none() | st.integers(1, number)) if number > 1 else None
        plan.append(Planned(first, second if second != first else None, draw(_CHANGES), draw(_TIMES)))
    return plan


def made(repository: Repository, plan: Sequence[Planned]) -> list[str]:
    """Make the commits in one go, on a branch of their own, and return their ids."""
    stream, marks = b"", repository.path / "marks"
    branch, first = f"refs/heads/b{next(_NAMES)}", 1
    for number, planned in enumerate(plan, first):
        stream += f"commit {branch}\nmark :{number}\ncommitter A <a> {planned.time} +0000\ndata 0\n\n".encode()
        if planned.first:
            stream += f"from :{number - planned.first}\n".encode()
        if planned.second:
            stream += f"merge :{number - planned.second}\n".encode()
        for path, data in planned.changes.items():
            place = path.encode()
            stream += b"D %s\n" % place if data is None else b"M 644 inline %s\ndata 1\n%s\n" % (place, data)
        stream += b"\n"
    repository.git("fast-import", "--quiet", "--force", f"--export-marks={marks}", input=stream)
    found = dict(line.split() for line in marks.read_text().splitlines())
    return [found[f":{number}"] for number in range(first, first + len(plan))]


def line(plan: Sequence[Planned], tip: int) -> list[int]:
    """The first-parent line of a commit, oldest first."""
    found = [tip]
    while (back := plan[found[-1]].first) is not None:
        found.append(found[-1] - back)
    return found[::-1]


def ancestors(plan: Sequence[Planned], tip: int) -> set[int]:
    """All that a commit leads to, itself included."""
    found, left = set[int](), [tip]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += [number - back for back in (plan[number].first, plan[number].second) if back]
    return found


def changed(plan: Sequence[Planned], tip: int) -> dict[int, dict[str, str]]:
    """By commit of the line, what it did to each file below content/; those that did nothing left out."""
    files: dict[str, bytes] = {}
    found = {}
    for number in line(plan, tip):
        before = dict(files)
        for path, data in plan[number].changes.items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = data
        paths = sorted(path for path in files.keys() | before.keys() if files.get(path) != before.get(path))
        kinds = {path: "added" if path not in before else "changed" if path in files else "removed" for path in paths}
        if inside := {path.removeprefix("content/"): kinds[path] for path in paths if path.startswith("content/")}:
            found[number] = inside
    return found


def told(history):
    """All that a history answers, to compare two."""
    versions = list(history.versions)
    return {
        "tip": history.tip,
        "complete": history.complete,
        "versions": versions,
        "count": len(history),
        "commits": list(history.commits),
        "version of": {commit: history.version_of(commit) for commit in history.commits},
        "place": {commit: history.place(commit) for commit in history.commits},
        "touching": {path: list(history.touching(path)) for path in history.paths},
        "at": [history.at(datetime.fromtimestamp(second, UTC)) for second in range(0, 4_100_000_000, 100_000_000)],
    }


def files_of(logged):
    return {change.path: change.kind.value for change in logged.files}
