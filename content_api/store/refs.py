"""Refs of a repository: where each leads, and the private ones that keep what is served from git's sweeping."""

from __future__ import annotations

import re

from content_api.errors import RepositoryUnusable, StoreError
from content_api.store.objects import Objects
from content_api.store.process import Git, essence

TAGS = "refs/tags/"
PRIVATE = "refs/content-api/"
"""Below it stand the refs that `keep` sets. No fetch, push or prune of branches and tags touches them."""

# What git says when it cannot write a ref -> what the operator can do. The first row that matches wins.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"\.lock': File exists", "If no git command is running there, delete that .lock file: it is left from a crash"),
    (r"Permission denied", "Give the user that serves it write access to the repository"),
    (r"Read-only file system", "Mount it writable: what is served has to be kept from `git gc`"),
    (r"No space left|[Qq]uota exceeded|File too large", "Free some disk there"),
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
    peeled = dict(zip(ids, objects.find([f"{found}^{{commit}}" for found in ids]), strict=True))
    return {name: commit.id for found, name in lines if (commit := peeled[found])}


def keep(git: Git, name: str, commit: str | None) -> None:
    """Set the private ref of this name, or with None delete it. Raises StoreError, saying what to do, if git cannot."""
    ref = f"{PRIVATE}{name}"
    what = ["-d", ref] if commit is None else [ref, commit]
    finished = git.run("update-ref", "--no-deref", *what)
    if finished.code:
        raise _unwritten(git, ref, finished.complaint)


def _unwritten(git: Git, ref: str, complaint: str) -> StoreError:
    says = f"The ref {ref} cannot be written in {git.place}. Git says: {essence(complaint)}"
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, complaint):
            return StoreError(f"{says}. {remedy}")
    return git.failure(complaint) or StoreError(says)
