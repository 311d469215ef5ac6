"""Refs of a repository: where each leads, and the private ones that keep what is served from git's sweeping."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

from content_api.errors import ObjectUnreadable, RepositoryUnusable, StoreError
from content_api.store.cache import STALE_SECONDS
from content_api.store.objects import Found, Objects
from content_api.store.process import Git, essence

TAGS = "refs/tags/"
PRIVATE = "refs/content-api/"
"""Below it stand the refs that `keep` sets. No fetch, push or prune of branches and tags touches them."""

_LOCK = re.compile(r"Unable to create '(.+\.lock)': File exists")

# What git says when it cannot write a ref -> which error it is, and what the operator can do. The first row that
# matches wins.
_REMEDIES: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        r"\.lock': File exists",
        StoreError,
        "If no git command is running there, delete that .lock file: it is left from a crash",
    ),
    (r"Permission denied", RepositoryUnusable, "Give the user that serves it write access to the repository"),
    (r"Read-only file system", RepositoryUnusable, "Mount it writable: what is served has to be kept from `git gc`"),
    (r"No space left|[Qq]uota exceeded|File too large|couldn't write", StoreError, "Free some disk there"),
    (
        r"unable to create directory",  # where git does not say why
        RepositoryUnusable,
        "Give the user that serves it write access to the repository, and see that its disk is not full",
    ),
)


def refs(git: Git, objects: Objects, *under: str) -> dict[str, str]:
    """Return the full name of each ref below these -> the id of the commit it leads to, by one git process.

    Annotated tags are followed. A ref that leads to no commit, or to one that is lost, is left out, and hurts no other.
    """
    # Only the name and what stands in the ref: for anything more git opens each object, and ends at the first damaged.
    finished = git.run("for-each-ref", "--format=%(objectname) %(refname)", *under)
    if finished.code:
        raise git.failure(finished.complaint) or RepositoryUnusable(
            f"Git cannot list the branches and tags of {git.place}. Git says: {essence(finished.complaint)}"
        )
    lines = [line.split(" ", 1) for line in finished.output.decode("utf-8", "surrogateescape").splitlines()]
    ids = list(dict.fromkeys(found for found, _ in lines))
    commits = dict(zip(ids, _commits(objects, [f"{found}^{{commit}}" for found in ids]), strict=True))
    return {name: commit.id for found, name in lines if (commit := commits[found])}


def _commits(objects: Objects, names: list[str]) -> list[Found | None]:
    try:
        return objects.find(names)
    except ObjectUnreadable:  # at a tag that is damaged git ends, and says nothing of the others
        return [_commit(objects, name) for name in names]


def _commit(objects: Objects, name: str) -> Found | None:
    with suppress(ObjectUnreadable):
        return objects.find([name])[0]
    return None


def keep(git: Git, name: str, commit: str | None) -> None:
    """Set the private ref of this name, or with None delete it. Raises StoreError, saying what to do, if git cannot."""
    ref = f"{PRIVATE}{name}"
    what = ["-d", ref] if commit is None else [ref, commit]
    finished = git.run("update-ref", "--no-deref", *what)
    if finished.code and _unlocked(git, finished.complaint):
        finished = git.run("update-ref", "--no-deref", *what)
    if finished.code:
        raise _unwritten(git, ref, finished.complaint)


def _unlocked(git: Git, complaint: str) -> bool:
    """Remove the lock that git complains of, where it is one of a private ref and nobody's any more; tell if it was."""
    found = _LOCK.search(complaint)
    lock = Path(found[1]) if found else None
    if lock is None or not lock.is_relative_to(git.place / PRIVATE):
        return False
    with suppress(OSError):
        if lock.stat().st_mtime < time.time() - STALE_SECONDS:
            lock.unlink()
            return True
    return False


def _unwritten(git: Git, ref: str, complaint: str) -> StoreError:
    says = f"The ref {ref} cannot be written in {git.place}. Git says: {essence(complaint)}"
    for pattern, kind, remedy in _REMEDIES:
        if re.search(pattern, complaint):
            return kind(f"{says}. {remedy}")
    return git.failure(complaint) or StoreError(says)
