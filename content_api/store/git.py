"""A version's files from a git repository: its objects alone, never its work tree."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Self

from content_api.errors import ObjectUnreadable, RepositoryUnusable, RevisionUnknown, SnapshotTooLarge
from content_api.store.commit import Commit, parse
from content_api.store.listing import EMPTY, Listing, listed
from content_api.store.locate import Location, find_repository, inside, refuse_closed
from content_api.store.objects import Objects
from content_api.store.process import Git, objects_in, unreadable
from content_api.store.refs import PRIVATE, TAGS, keep, refs
from content_api.store.revision import full_names, is_id, is_prefix, refuse_malformed
from content_api.store.snapshot import Entry, EntryKind, Limits, Version
from content_api.store.steps import Step, steps
from content_api.store.stream import records as lines
from content_api.store.tree import RECORD_BYTES, fields, records

DEADLINE = 30.0
"""Seconds. Git answers in milliseconds; a spinning disk that wakes up takes ten seconds."""

_COMMIT_BYTES = 1_000_000  # a message and a few lines; more is a weapon, and a history reads many at once
USUAL_FOLDER = "content"
MARK = "site.json"  # the one file that all content has


@dataclass(frozen=True, slots=True, eq=False)
class GitSnapshot:
    """One commit's files below the content folder. A commit without that folder has no entries."""

    version: Version
    place: str
    listing: Listing = field(repr=False)
    _objects: Objects = field(repr=False)
    _file_bytes: int

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self.listing.entries

    def touched_since(self, entries: Mapping[str, Entry]) -> frozenset[str] | None:
        return self.listing.touched_since(entries)

    def read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob id with its bytes, as the protocol says. Raises SnapshotTooLarge for one above the limit."""
        return self._objects.contents(list(blobs), "blob", self._file_bytes)


class GitRepository:
    """A repository and the folder of it that holds the content. Safe to share between threads; close it after use.

    It answers from what git has now: a push, a fetch or a repack is seen at the next question.
    """

    def __init__(
        self,
        location: Location,
        folder: str | None,
        limits: Limits,
        deadline: float,
        objects: Path | None = None,
        last: str | None = None,
    ) -> None:
        self.location = location
        self.limits = limits
        self._git = Git(location.git_directory, deadline, is_directory_of_git=True, variables=objects_in(objects))
        self._objects = Objects(self._git)
        self.folder = (location.prefix or self._usual_folder(last)) if folder is None else inside(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def place(self) -> Path:
        """The work tree, or the repository itself where it has none: what an operator knows it by."""
        return self.location.work_tree or self.location.git_directory

    def close(self) -> None:
        """End the git process. Snapshots that were given out can no longer be read without starting another."""
        self._objects.close()

    def end(self) -> None:
        """End all that git does here now, and let nothing more be asked: for a server that ends."""
        self._git.commands.end_all()
        self._objects.close()

    def resolve(self, ref: str) -> str | None:
        """Return the id of the commit that `ref` names now, or None.

        `ref` is HEAD, a full ref name, the name of a branch or tag, or an id of at least seven hex digits. Annotated
        tags are followed. Raises RevisionUnknown for anything else, and for what leads to no commit or to several.
        """
        refuse_malformed(ref)
        if is_id(ref, self.location.digits):
            return self._commit_named(ref.lower())
        for name in full_names(ref):
            if found := self._commit_named(name):
                return found
            self._refuse_broken(name)
        return self._commit_beginning(ref.lower()) if is_prefix(ref) else None

    def require(self, ref: str) -> str:
        """Return the id of the commit that `ref` names. Raises RevisionUnknown, with what could be meant, for none."""
        if found := self.resolve(ref):
            return found
        if ref == "HEAD":
            raise RevisionUnknown(
                f"{self.place} has no commit yet on the branch that is checked out."
                " Commit first, or serve the files as they are with --working-tree"
            )
        names = [name.split("/", 2)[2] for name in self.refs("refs/heads/", "refs/tags/")]
        close = difflib.get_close_matches(ref, names, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(names[:10]) or 'none at all'}"
        raise RevisionUnknown(f"{self.place} has no branch, tag or commit {ref!r}. {hint}")

    def head_branch(self) -> str:
        """Return the full name of the branch that is checked out. Raises RevisionUnknown when there is none."""
        finished = self._git.run("symbolic-ref", "--quiet", "HEAD")
        if finished.code:
            raise self._git.failure(finished.complaint) or RevisionUnknown(
                f"{self.place} has a commit checked out, not a branch. Name the branch to serve with --ref"
            )
        return _text(finished.output).strip()

    def parent(self, commit: str) -> str | None:
        """Return the first parent's id; None for a first commit, and where a shallow clone ends."""
        parents = self._commit(commit).parents
        if not parents or self._objects.find(parents[:1]) != [None]:
            return parents[0] if parents else None
        if self.is_shallow():
            return None
        raise unreadable(parents[0], self._git.place, "is missing")

    def version(self, commit: str, tags: Sequence[str] | None = None) -> Version:
        """Return what git knows about a commit. Its tags are asked for where they are not given."""
        found = self._commit(commit)
        names = self._tags(commit) if tags is None else tuple(tags)
        return Version(commit, names, found.committed_at, found.author, found.message)

    def commits(self, ids: Sequence[str]) -> Iterator[tuple[str, Commit]]:
        """Yield each commit's id with what it says, in the order asked, a batch at a time."""
        for commit, data in self._objects.contents(ids, "commit", _COMMIT_BYTES):
            try:
                yield commit, parse(data)
            except ValueError as error:
                raise unreadable(commit, self._git.place, f"is not a well-formed commit: {error}") from None

    def steps(self, tip: str) -> Generator[Step]:
        """Yield the commits of the first-parent line that ends at `tip`, as `steps.py` says."""
        return steps(self._git, self.folder, tip)

    def reachable(self, tip: str, *, without: str | None = None) -> Generator[str]:
        """Yield every commit that a commit leads to by any parents, itself included; not all that `without` leads to.

        Raises ObjectUnreadable where git can read no further, after what it could.
        """
        leave_out = () if without is None else (f"^{without}",)
        for line in lines(self._git, b"\n", "rev-list", "--end-of-options", tip, *leave_out):
            yield line.decode()

    def is_shallow(self) -> bool:
        """Tell whether older commits are left out of this clone."""
        return self._git.run("rev-parse", "--is-shallow-repository").output.strip() == b"true"

    def merge_base(self, a: str, b: str) -> str | None:
        """Return the newest commit that both commits lead to; None where they have nothing in common."""
        return self._answer("merge-base", "--end-of-options", a, b)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether `newer` leads to `older`. A commit leads to itself."""
        return self._answer("merge-base", "--is-ancestor", "--end-of-options", older, newer) is not None

    def refs(self, *under: str) -> dict[str, str]:
        """Return the full name of each ref below these -> the commit it leads to; those that lead to none left out."""
        return refs(self._git, self._objects, *under)

    def keep(self, name: str, commit: str | None) -> None:
        """Keep a commit from git's sweeping, under a private name, until that is set to another or to None.

        Raises StoreError, saying what to do, where the repository cannot be written.
        """
        keep(self._git, name, commit)

    def kept(self) -> dict[str, str]:
        """Return what is kept: private name -> commit."""
        return {name.removeprefix(PRIVATE): commit for name, commit in self.refs(PRIVATE).items()}

    def tree_id(self, commit: str) -> str | None:
        """Return the id of the content folder's tree; None where the commit has no such folder."""
        tree = self._commit(commit).tree
        for part in self.folder.split("/") if self.folder else ():
            kind, tree = self._names_in(tree).get(part, (EntryKind.OTHER, ""))
            if kind is not None:
                return None
        return tree

    def snapshot(
        self, commit: str, previous: GitSnapshot | None = None, tags: Sequence[str] | None = None
    ) -> GitSnapshot:
        """Return a commit's files. With a `previous` snapshot of this repository it costs what differs from that.

        `tags` are those of the commit, where they are known.
        """
        found = listed(self._objects, self.tree_id(commit), self.limits, previous.listing if previous else EMPTY)
        return replace(self.unlisted(commit, tags), listing=found)

    def unlisted(self, commit: str, tags: Sequence[str] | None = None) -> GitSnapshot:
        """Return what is known of a commit whose files cannot be listed."""
        place = f"{self.place / self.folder} at commit {commit[:12]}"
        return GitSnapshot(self.version(commit, tags), place, EMPTY, self._objects, self.limits.file_bytes)

    def _answer(self, *question: str) -> str | None:
        """Return what git answers about commits; None for a no. Raises ObjectUnreadable when it cannot tell."""
        finished = self._git.run(*question)
        if finished.code > 1:
            raise self._git.failure(finished.complaint) or unreadable(
                question[-1], self._git.place, f"cannot be compared with {question[-2]}", finished.complaint
            )
        return None if finished.code else _text(finished.output).strip()

    def usual_folder(self, commit: str) -> str:
        """Return "" where site.json stands at the top of a commit, else the folder's usual name."""
        return "" if MARK in self._names_in(self._commit(commit).tree) else USUAL_FOLDER

    def _usual_folder(self, last: str | None) -> str:
        """Return the content folder of what is checked out; where nobody can tell, of what was live `last`."""
        kept = self.kept().get(last) if last else None
        try:
            commit = self.resolve("HEAD")
            if commit and (kept is None or self._has_content(commit)):
                return self.usual_folder(commit)
        except (ObjectUnreadable, SnapshotTooLarge):
            if kept is None:
                raise
        if kept:
            return self.usual_folder(kept)
        work_tree = self.location.work_tree
        return "" if work_tree and (work_tree / MARK).is_file() else USUAL_FOLDER

    def _has_content(self, commit: str) -> bool:
        names = self._names_in(self._commit(commit).tree)
        kind, tree = names.get(USUAL_FOLDER, (EntryKind.OTHER, ""))
        return MARK in names or (kind is None and MARK in self._names_in(tree))

    def _names_in(self, tree: str) -> dict[str, tuple[EntryKind | None, str]]:
        """Return what stands in one folder: name -> kind (None for a folder) and object id."""
        [(_, data)] = self._objects.contents([tree], "tree", self.limits.files * RECORD_BYTES)
        found = records(data, self.location.digits)
        if found is None:
            raise unreadable(tree, self._git.place, "is not a well-formed tree")
        return {name: (kind, named) for kind, name, named in (fields(record, self.location.digits) for record in found)}

    def _commit(self, commit: str) -> Commit:
        [(_, found)] = self.commits([commit])
        return found

    def _commit_named(self, name: str) -> str | None:
        """Return the id of the commit that a full ref name or full id leads to. Raises RevisionUnknown for a blob."""
        try:
            commit, itself = self._objects.find([f"{name}^{{commit}}", name])
        except ObjectUnreadable:
            self._refuse_broken(name)
            raise
        if commit is None and itself is not None:
            if itself.kind == "commit":
                raise unreadable(itself.id, self._git.place, "is damaged")
            raise RevisionUnknown(f"{name} in {self.place} is a {itself.kind} that leads to no commit. Name another")
        return commit.id if commit else None

    def _refuse_broken(self, name: str) -> None:
        """Raise, if git does not find what `name` names because the ref or its commit is damaged, not absent."""
        finished = self._git.run("rev-parse", "--verify", "--end-of-options", name)
        if finished.code == 0:
            found = _text(finished.output).strip()
            raise unreadable(found, self._git.place, f"is missing or damaged, and {name} names it")
        # Of a closed ref, and of HEAD where it leads to one, git says no more than of an absent one.
        ref = self._git.place / ("refs/heads" if name == "HEAD" else name)
        refuse_closed(chain(reversed(ref.parents), [ref], ref.rglob("*")))
        if "broken ref" in finished.complaint:
            raise RepositoryUnusable(
                f"{name} in {self.place} is damaged, as after a power cut. Push it again, or set it with"
                f" `git update-ref {name} COMMIT`"
            )

    def _commit_beginning(self, prefix: str) -> str | None:
        finished = self._git.run("rev-parse", f"--disambiguate={prefix}")
        found = [each for each in self._objects.find(finished.output.decode().split()) if each]
        commits_found = [each.id for each in found if each.kind == "commit"]
        if len(commits_found) > 1:
            raise RevisionUnknown(
                f"{prefix!r} begins the ids of several commits: {', '.join(commits_found)}. Give more of it"
            )
        return next(iter(commits_found), None)

    def _tags(self, commit: str) -> tuple[str, ...]:
        """Return the names of the tags that lead to a commit."""
        tags = self.refs(TAGS)
        return tuple(sorted(name.removeprefix(TAGS) for name, found in tags.items() if found == commit))


def open_repository(
    path: Path,
    *,
    folder: str | None = None,
    limits: Limits | None = None,
    deadline: float = DEADLINE,
    objects: Path | None = None,
) -> GitRepository:
    """Open the repository that `path` is or is in.

    `objects` is a folder of further objects, such as those of a push that has not been taken yet.

    `folder` is where the content stands in it, from its top. Without it, that is `path` itself when it is a folder
    below the top of a work tree; else the top, when the commit that is checked out has site.json there; else `content`.
    Raises RepositoryUnusable, saying what to do, when there is no repository or git will not read it.
    """
    location = find_repository(path, deadline)
    if location is None:
        raise RepositoryUnusable(f"{path} is not a git repository, nor in one. Name one, or run `git init` there")
    return GitRepository(location, folder, limits or Limits(), deadline, objects)


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
