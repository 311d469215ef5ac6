"""Where a repository's hooks are, and what one that looks before a commit sees."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from content_api.errors import RepositoryUnusable
from content_api.store.locate import Location
from content_api.store.process import Git, essence, objects_in

# The author of a commit that is made to be looked at, and thrown away.
_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "content-api"), ("EMAIL", "content-api@localhost"), ("DATE", "@0 +0000"))
}


@dataclass(frozen=True, slots=True)
class HooksFolder:
    """The folder that git runs hooks from. `shared_by` is who else's configuration it is from, such as `global`."""

    path: Path
    shared_by: str | None


@dataclass(frozen=True, slots=True)
class Staged:
    """A commit of what is in the index, and the folder that has those of its objects that the repository lacks."""

    commit: str
    objects: Path


def hooks_folder(location: Location, deadline: float) -> HooksFolder:
    """The hooks of a repository: where `core.hooksPath` says, else beside its objects, for all its work trees."""
    git = Git(location.git_directory, deadline, is_directory_of_git=True)
    # The last one counts, but for those of a command line, which is where our own git is told to run none.
    found = _output(
        git, "config", "--show-scope", "--type=path", "--null", "--get-all", "core.hooksPath", may_fail=True
    )
    scoped = [pair for pair in zip(*[iter(found.split("\0")[:-1])] * 2, strict=False) if pair[0] != "command"]
    if not scoped:
        return HooksFolder(
            Path(_output(git, "rev-parse", "--path-format=absolute", "--git-common-dir")) / "hooks", None
        )
    scope, path = scoped[-1]
    where = location.work_tree or location.git_directory  # a relative path is from where git runs hooks
    return HooksFolder(where / path, scope if scope in ("global", "system") else None)


@contextmanager
def staged(location: Location, index: Path, message: str, deadline: float) -> Iterator[Staged]:
    """Commit the index on top of HEAD, beside the repository: nothing in it changes, and nothing is left behind.

    The index is copied first: git would note in it which trees it has written, and they are gone afterwards.
    """
    plain = Git(location.git_directory, deadline, is_directory_of_git=True)
    with tempfile.TemporaryDirectory(prefix="content-api-index-") as scratch:
        copy, objects = Path(scratch) / "index", Path(scratch) / "objects"
        objects.mkdir()
        if index.exists():
            shutil.copyfile(index, copy)
        own = Path(_output(plain, "rev-parse", "--path-format=absolute", "--git-path", "objects"))
        beside = {"GIT_INDEX_FILE": str(copy), "GIT_OBJECT_DIRECTORY": str(objects)} | objects_in(own) | _NOBODY
        git = Git(location.git_directory, deadline, is_directory_of_git=True, variables=beside)
        tree = _output(git, "write-tree")
        head = _output(plain, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", may_fail=True)
        parents = ("-p", head) if head else ()
        yield Staged(_output(git, "commit-tree", tree, *parents, "-m", message), objects)


def _output(git: Git, *arguments: str, may_fail: bool = False) -> str:
    finished = git.run(*arguments)
    if finished.code and not may_fail:
        raise git.failure(finished.complaint) or RepositoryUnusable(
            f"`git {arguments[0]}` failed in {git.place}. Git says: {essence(finished.complaint)}"
        )
    return os.fsdecode(finished.output).removesuffix("\n")
