"""The first-parent line of a branch, step by step: each commit, and what it changed below the content folder.

The diffs are git's, unlike those of a snapshot (`listing.py`): a history compares thousands of folders of thousands of
files, which takes git a fraction of the time, and nothing of what is served depends on it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from sys import intern

from content_api.errors import ObjectUnreadable
from content_api.store.process import Git
from content_api.store.stream import records


class FileChangeKind(StrEnum):
    """What became of a file. A file that moved is REMOVED at one path and ADDED at the other."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a version did to one file. `path` is below the content folder."""

    path: str
    kind: FileChangeKind


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the line. `files` is empty where it left the content as it was, None where that cannot be told."""

    commit: str
    parent: str | None
    files: tuple[FileChange, ...] | None


_KINDS = {
    b"A": FileChangeKind.ADDED,
    b"D": FileChangeKind.REMOVED,
    b"M": FileChangeKind.CHANGED,
    b"T": FileChangeKind.CHANGED,  # a file became a symlink, or the other way round
}
# Beside each line stands what would otherwise make git say more, or less, than is read here.
_PLAIN = (
    "--no-follow",  # log.follow
    "--no-show-signature",  # log.showSignature
    "--no-renames",  # diff.renames: an entity is its path, and guessing costs more than comparing
    "--ignore-submodules=none",  # diff.ignoreSubmodules
    "--root",  # log.showRoot: a first commit adds all that it has
)


def steps(git: Git, folder: str, tip: str) -> Generator[Step]:
    """Yield the steps of the line that ends at a commit, newest first. Closing the generator ends git.

    Raises ObjectUnreadable where git can read no further. It goes from parent to parent: clocks change no order.
    """
    # --sparse keeps the commits that left the folder as it was.
    walk = ("log", "-z", "--first-parent", "--sparse", *_PLAIN, "--name-status", "--format=%H %P")
    where = ("--", folder) if folder else ("--",)
    return _steps(records(git, b"\0", *walk, "--end-of-options", tip, *where), f"{folder}/" if folder else "")


def _steps(said: Generator[bytes], prefix: str) -> Generator[Step]:
    """Take git's records apart: the ids of a commit and its parents, then a letter and a path for each file."""
    change = cache(partial(_change, prefix))  # one object for what happens to a file a thousand times
    ids: list[str] = []
    files: list[FileChange] = []
    try:
        for record in said:
            word = record.removeprefix(b"\n")
            if len(word) == 1:
                files += change(_KINDS[word], next(said))
                continue
            if ids:
                yield _step(ids, files)
            ids, files = word.decode().split(), []
        if ids:
            yield _step(ids, files)
    except ObjectUnreadable:
        if ids:  # git compares first and prints then: what it began to say of a commit, it has said in full
            yield _step(ids, files)
        raise
    finally:
        said.close()


def _step(ids: list[str], files: list[FileChange]) -> Step:
    return Step(ids[0], ids[1] if len(ids) > 1 else None, tuple(files))


def _change(prefix: str, kind: FileChangeKind, name: bytes) -> tuple[FileChange, ...]:
    """Return the change; none where the folder itself was a file or a symlink, for then there is no content in it."""
    path = name.decode("utf-8", "surrogateescape")
    below = path.removeprefix(prefix)
    return (FileChange(intern(below), kind),) if not prefix or below != path else ()
