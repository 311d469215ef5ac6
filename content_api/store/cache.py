"""The folder that a mirror is kept in: its name, one process at a time in it, and what interrupted ones left behind."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from content_api.errors import RemoteUnreachable, RepositoryUnusable

# Git holds a lock for milliseconds, and for minutes while it packs a large repository. What is older is nobody's.
STALE_SECONDS = 600
_POLL = 0.05

# What git leaves behind when it is cut short: locks, packs and objects half written, quarantines, the pid of its gc.
_LEFTOVER = re.compile(r".*\.lock|tmp_.*|\.tmp-.*|incoming-.*|gc\.pid")


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """One remote's folder. `mirror` is the repository; `new` and `old` stand beside it while it is exchanged."""

    path: Path

    @property
    def mirror(self) -> Path:
        return self.path / "mirror.git"

    @property
    def new(self) -> Path:
        return self.path / "mirror.git.new"

    @property
    def old(self) -> Path:
        return self.path / "mirror.git.old"

    @contextlib.contextmanager
    def alone(self, seconds: float, over: threading.Event | None = None) -> Iterator[Stamp]:
        """Be the only process, and the only thread, that changes the folder. Raises after so many seconds of waiting.

        Setting `over` ends the waiting. The kernel takes the lock back from a process that ends, however it ends.
        """
        with self.told_plainly():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # what a private host gives out stays private
            file = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self.told_plainly():
                _wait_for(file, time.monotonic() + seconds, self.path, over or threading.Event())
                yield Stamp(file)
        finally:
            os.close(file)

    def heal(self) -> None:
        """Finish an exchange that was cut short between its two steps. Only for who is alone."""
        if not self.mirror.exists() and self.old.exists():
            (self.new if self.new.exists() else self.old).rename(self.mirror)

    def exchange(self) -> None:
        """Put the new mirror, which is complete, in the place of the one there is. Only for who is alone.

        The path stays: a git that reads there goes on, with the files that it has open and then with the new ones.
        """
        if self.mirror.exists():
            remove(self.old)
            self.mirror.rename(self.old)
        self.new.rename(self.mirror)
        remove(self.old)

    def sweep(self, since: float | None = None) -> None:
        """Remove what is left of interrupted work: what is stale and, given `since`, what is younger than that too."""
        now = time.time()
        for place, folders, files in os.walk(self.mirror):
            for name in filter(_LEFTOVER.fullmatch, [*files, *folders]):
                with contextlib.suppress(FileNotFoundError):
                    changed = os.lstat(os.path.join(place, name)).st_mtime  # noqa: PTH118 - a Path for each object is slow
                    if changed < now - STALE_SECONDS or (since is not None and changed >= since):
                        remove(Path(place, name))

    @contextlib.contextmanager
    def told_plainly(self) -> Iterator[None]:
        """Make what the operating system refuses an error that names the folder and the remedy."""
        try:
            yield
        except OSError as error:
            raise RepositoryUnusable(
                f"The cache {self.path} cannot be used: {error.strerror or error}. Make room, give the user that"
                " serves it the right to, or name another folder with CONTENT_API_CACHE"
            ) from error


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the last fetch that succeeded was begun, in nanoseconds since 1970: what waiting processes want to know."""

    file: int

    def read(self) -> int:
        text = os.pread(self.file, 32, 0).strip()
        return int(text) if text.isdigit() else 0

    def write(self, began: int) -> None:
        with contextlib.suppress(OSError):  # on a full disk: then whoever waits looks once more, and that is all
            os.pwrite(self.file, b"%32d" % began, 0)


def cache_folder(cache: Path, address: str) -> CacheFolder:
    """The folder of one address: a name that a person recognises, and a hash that no other address has."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", address.partition("://")[2] or address).strip("-.").removesuffix(".git")
    digest = hashlib.sha256(address.encode()).hexdigest()[:12]
    return CacheFolder(cache.expanduser().absolute() / f"{readable[-60:].strip('-.')}-{digest}")


def _wait_for(file: int, until: float, path: Path, over: threading.Event) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise RemoteUnreachable(
                    f"Another process has been busy in {path} for longer than a fetch may take. See what it is:"
                    f" `fuser {path}/lock`"
                ) from None
            if over.wait(_POLL):
                raise RemoteUnreachable(f"Nothing was fetched into {path}: the server ends") from None


def remove(path: Path) -> None:
    """Remove a file or a folder, as far as that can be done; what cannot is no worse than before."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
