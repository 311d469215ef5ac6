"""The versions that can be read beside the one that is live, as whoever reads content asks for them.

What stands behind it is the business of `publish`: git, a few editions in memory, a queue for loading others. Here, a
question costs a look into memory; a version that has to be loaded first is an exception, NotInMemory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from content_api.errors import RequestError
from content_api.store.history import Logged
from content_api.store.snapshot import Version

if TYPE_CHECKING:
    from content_api.content.edition import Edition


# A context variable, as there is no argument to pass it by; and so it is the thread's own.
_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Look into one edition and no other: for who reads one beside the event loop, which reads all the others."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def is_alone() -> bool:
    """Whether no edition may be given out."""
    return _ALONE.get()


class Archive(Protocol):
    """Every version of one branch. All of it answers from memory."""

    @property
    def moves(self) -> int:
        """How often the branch or a tag has moved, or an older version was found to be refused: while this stays, so
        do all answers below."""
        ...

    def named(self, name: str) -> str:
        """The commit id that a tag, an id or the beginning of one, or a date stands for.

        For a date, it is that of the newest version from then that is not refused. Raises NotInMemory where that must
        be found out first, RequestError for anything that names no version which may be read.
        """
        ...

    def edition(self, commit: str) -> Edition:
        """The edition of a commit. Raises NotInMemory where it must be loaded, RequestError where it cannot be."""
        ...

    def refused(self, commit: str) -> bool | None:
        """Whether a version has problems and is not served; None where that is not known, as nobody has read it."""
        ...

    def logged(self, commit: str) -> Logged | None:
        """What a version of the branch changed; None where that is not known, and for what came by a merge."""
        ...

    def versions(self, commit: str) -> Sequence[Logged]:
        """The versions up to a commit, newest first; only those that changed the content."""
        ...

    def behind(self, commit: str, version: str) -> int | None:
        """The place in `versions` that comes next after one of them; None for any other."""
        ...

    def touching(self, commit: str, *paths: str) -> Sequence[Logged]:
        """Of `versions`, those that changed one of these files of the content, newest first."""
        ...

    def tagged(self, version: Version) -> Version:
        """A version with the tags that it has now: tags come and go while a version stays."""
        ...


@dataclass(frozen=True, slots=True)
class NoArchive:
    """For files outside git: there is what there is, and nothing else."""

    moves: int = 0

    def named(self, name: str) -> str:
        raise RequestError(
            "VERSION_NOT_AVAILABLE",
            f"There is no version `{name[:40]}`: what is served here is a folder, and has no other versions.",
            "Leave the version out.",
        )

    def edition(self, commit: str) -> Edition:
        raise RequestError("VERSION_NOT_AVAILABLE", f"Version {commit[:12]} is not served any more.", "Start again.")

    def refused(self, commit: str) -> bool | None:
        return False

    def logged(self, commit: str) -> Logged | None:
        return None

    def versions(self, commit: str) -> Sequence[Logged]:
        return ()

    def behind(self, commit: str, version: str) -> int | None:
        return None

    def touching(self, commit: str, *paths: str) -> Sequence[Logged]:
        return ()

    def tagged(self, version: Version) -> Version:
        return version


NO_ARCHIVE = NoArchive()
