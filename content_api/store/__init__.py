"""The store: a version's files, from a git repository or a folder. The only room that runs git or walks folders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from content_api.errors import ObjectUnreadable, RepositoryUnusable, RevisionUnknown, SnapshotTooLarge, StoreError
from content_api.store.folder import FolderSnapshot
from content_api.store.git import DEADLINE, MARK, USUAL_FOLDER, GitRepository, open_repository
from content_api.store.locate import Location, find_repository, inside
from content_api.store.mirror import Mirror, open_remote
from content_api.store.remote import Remote
from content_api.store.snapshot import Limits, Snapshot

__all__ = ["FolderSnapshot", "GitRepository", "Opened", "open_content", "open_mirrored", "open_repository"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The content at a path, and how it is read. Close it after use; `with` does."""

    snapshot: Snapshot
    repository: GitRepository | None
    """None where files are served as they stand, and no further version can come."""
    reason: str
    """One sentence for a person: what is served, and why that."""
    mirror: Mirror | None = None
    """What brings the repository up to date with one on another machine, where it is a mirror of that."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git process, where there is one."""
        if self.repository:
            self.repository.close()

    def end(self) -> None:
        """The same for a server that ends: git commands that still run for it are ended, and no other begins."""
        if self.mirror:
            self.mirror.end()
        if self.repository:
            self.repository.end()


def open_content(
    path: Path,
    *,
    ref: str | None = None,
    working_tree: bool = False,
    limits: Limits | None = None,
    folder: str | None = None,
    deadline: float = DEADLINE,
    objects: Path | None = None,
    last: str | None = None,
) -> Opened:
    """Open the content at `path`: what is committed, if it is in a repository, else the files as they stand.

    `ref` names another commit than the one that is checked out; `working_tree` asks for the files as they stand;
    `folder` is where the content is, from the top of the repository; `objects` is a folder of objects beside its own;
    `last` is the private name of a commit to open where the one that is asked for cannot be, or has no content.
    Raises a StoreError that says what to do.
    """
    if ref is not None and working_tree:
        raise RevisionUnknown("A ref names what is committed, and --working-tree what is not. Give only one of them")
    location = _located(path, working_tree, deadline)
    if location is None:
        return _files(path, folder, ref, limits)
    repository = GitRepository(location, folder, limits or Limits(), deadline, objects, last)
    try:
        return _working_tree(repository) if working_tree else _committed(repository, path, ref, last)
    except BaseException:
        repository.close()
        raise


def open_mirrored(
    remote: Remote,
    cache: Path,
    *,
    fresh: bool,
    ref: str | None = None,
    limits: Limits | None = None,
    folder: str | None = None,
    deadline: float = DEADLINE,
    last: str | None = None,
) -> Opened:
    """Open the content of a remote repository, through its mirror in a cache folder.

    A `fresh` one is fetched first; else only where there is nothing yet, so that a restart needs no network.
    """
    mirror = open_remote(remote, cache)
    if not mirror.prepare() or fresh:
        mirror.fetch()
    opened = open_content(mirror.path, ref=ref, limits=limits, folder=folder, deadline=deadline, last=last)
    _, at, which = opened.reason.rpartition(" at commit ")
    return replace(opened, mirror=mirror, reason=f"{remote.address}{at}{which}")


def _located(path: Path, working_tree: bool, deadline: float) -> Location | None:
    try:
        return find_repository(path, deadline)
    except RepositoryUnusable:
        if working_tree:  # the files can be read without git
            return None
        raise


def _files(path: Path, folder: str | None, ref: str | None, limits: Limits | None) -> Opened:
    if ref is not None:
        raise RevisionUnknown(f"{path} is not in a git repository, so it has no version {ref!r}. Leave the ref out")
    top = (path / MARK).is_file() or not (path / USUAL_FOLDER).is_dir()
    below = ("" if top else USUAL_FOLDER) if folder is None else inside(folder)
    snapshot = FolderSnapshot(path / below, limits)
    return Opened(snapshot, None, f"The files in {path / below} as they stand: git is not used there.")


def _working_tree(repository: GitRepository) -> Opened:
    work_tree = repository.location.work_tree
    if work_tree is None:
        raise RepositoryUnusable(
            f"{repository.place} has no work tree: what is in it is committed. Leave --working-tree out"
        )
    place = work_tree / repository.folder
    snapshot = FolderSnapshot(place, repository.limits, repository.location.digits)
    return Opened(snapshot, repository, f"The files in {place} as they stand, committed or not.")


def _committed(repository: GitRepository, path: Path, ref: str | None, last: str | None) -> Opened:
    try:
        return _named(repository, path, ref)
    except (ObjectUnreadable, RevisionUnknown, SnapshotTooLarge) as failure:
        if last is None:
            raise
        return _kept(repository, last) or _unlisted(repository, ref, failure)


def _kept(repository: GitRepository, last: str) -> Opened | None:
    """The commit of a private name, in the place of one that cannot be opened; None for want of it."""
    commit = repository.kept().get(last)
    if commit is None:
        return None
    try:
        found = repository.snapshot(commit)
    except SnapshotTooLarge:  # by limits that are new
        return None
    return Opened(found, repository, f"{found.place}, which was live here last.")


def _unlisted(repository: GitRepository, ref: str | None, failure: StoreError) -> Opened:
    """A commit that is too large without its files: what came before it may be served. Raises any other failure."""
    if not isinstance(failure, SnapshotTooLarge):
        raise failure
    found = repository.unlisted(repository.require(ref or "HEAD"))
    return Opened(found, repository, f"{found.place}, which {ref or 'HEAD'} names.")


def _named(repository: GitRepository, path: Path, ref: str | None) -> Opened:
    commit = repository.require(ref or "HEAD")
    is_path_itself = repository.folder == repository.location.prefix != ""
    if ref is None and is_path_itself and repository.tree_id(commit) is None:
        snapshot = FolderSnapshot(path, repository.limits, repository.location.digits)
        repository.close()
        reason = f"The files in {path} as they stand: {repository.place} has nothing committed there."
        return Opened(snapshot, None, reason)
    found = repository.snapshot(commit)
    reason = f"{found.place}, which {ref or 'HEAD'} names"
    if repository.location.work_tree is not None:  # a bare repository has nothing that is not committed
        reason += "; changes that are not committed are not served"
    return Opened(found, repository, f"{reason}.")
