"""Finding out what a path is: a folder in a repository's work tree, a repository itself, or neither."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from content_api.errors import RepositoryUnusable, SettingError
from content_api.store.process import Git, essence, told_plainly

_QUESTIONS = ("--absolute-git-dir", "--is-inside-work-tree", "--show-object-format", "--show-prefix")
_ANSWER = re.compile(r"(?P<git>.+)\n(?P<inside>true|false)\n(?P<format>sha1|sha256)\n(?P<prefix>.*)\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Location:
    """A repository, as found from a path. `prefix` is the path's own place in the work tree, "" for its top."""

    git_directory: Path
    work_tree: Path | None
    prefix: str
    digits: int
    """How many hex digits an object id has."""


def existing_folder(path: Path) -> Path:
    """Return the folder's absolute path, symlinks followed. Raises RepositoryUnusable if it is none, or is closed."""
    try:
        folder = path.resolve(strict=True)
        next(folder.iterdir(), None)
    except FileNotFoundError:
        raise RepositoryUnusable(f"There is nothing at {path}. Give the path of a repository or of a folder") from None
    except NotADirectoryError:
        raise RepositoryUnusable(f"{path} is a file. Give the path of a repository or of a folder") from None
    except OSError as error:
        raise RepositoryUnusable(
            f"{path} cannot be read: {error.strerror}. Give the user that serves it read access"
        ) from None
    return folder


def find_repository(path: Path, deadline: float) -> Location | None:
    """Return the repository that `path` is or is in; None where nothing looks like one.

    Raises RepositoryUnusable where something does and git will not read it. Serving such a folder as plain files would
    put out, without a word, what nobody has committed.
    """
    folder = existing_folder(path)
    with told_plainly(f"Whether {path} is in a git repository cannot be told"):
        if not any(_looks_like_git(place) for place in (folder, *folder.parents)):
            return None
    git = Git(folder, deadline)
    finished = git.run("rev-parse", *_QUESTIONS)
    answer = _ANSWER.fullmatch(os.fsdecode(finished.output))
    if finished.code or answer is None:
        refuse_closed(place / name for place in (folder, *folder.parents) for name in (".git", ".git/HEAD", "HEAD"))
        raise git.failure(finished.complaint) or RepositoryUnusable(
            f"Git cannot read {path}. Git says: {essence(finished.complaint)}"
        )
    prefix = answer["prefix"].rstrip("/")
    return Location(
        git_directory=Path(answer["git"]),
        work_tree=_up(folder, prefix) if answer["inside"] == "true" else None,
        prefix=prefix,
        digits=40 if answer["format"] == "sha1" else 64,
    )


def refuse_closed(places: Iterable[Path]) -> None:
    """Raise RepositoryUnusable for the first place that is there and may not be read; git takes it for absent."""
    for place in places:
        wanted = os.R_OK | os.X_OK if place.is_dir() else os.R_OK
        if os.path.lexists(place) and not os.access(place, wanted, effective_ids=True):
            raise RepositoryUnusable(f"{place} may not be read by this user. Give the user that serves it read access")


def inside(folder: str) -> str:
    """Return a folder's path inside a repository, with no slash at its ends. Raises SettingError if it leads out."""
    parts = folder.strip("/").split("/") if folder.strip("/") else []
    if {"", ".", ".."} & set(parts):
        raise SettingError(
            f"The content folder {folder!r} is not a plain path inside the repository, such as `content`"
        )
    return "/".join(parts)


def _looks_like_git(folder: Path) -> bool:
    return os.path.lexists(folder / ".git") or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _up(folder: Path, prefix: str) -> Path:
    return folder.parents[len(PurePosixPath(prefix).parts) - 1] if prefix else folder
