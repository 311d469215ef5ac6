"""Real git repositories for tests, made by the real git command in a folder of the test's own.

    repository = Repository(tmp_path / "repository")            # or bare=True, object_format="sha256"
    first = repository.commit({"content/site.json": b"{}"})     # only what changes; None removes a path
    repository.commit({"content/a.json": Symlink("b.json"), "content/b.json": None}, message="Second", date="0 +0000")
    repository.tag("v1"); repository.branch("draft", first); repository.git("gc")

Nothing of the machine's own git configuration is used. For trees that no editor could commit there are `blob`, `tree`
and `commit_tree`, which write single objects unchecked.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""Variables under which git knows nothing of this machine's user; set them, too, around what a test calls."""

AUTHOR = "An Editor <editor@example.org>"
DATE = "1763800000 +0000"


@dataclass(frozen=True)
class Symlink:
    """In place of a file's bytes: a symlink to this target."""

    target: str


@dataclass(frozen=True)
class Submodule:
    """In place of a file's bytes: another repository at this commit."""

    commit: str


Change = bytes | str | Symlink | Submodule | None


class Repository:
    """A git repository. A work tree, where there is one, is brought up to date by every commit to its branch."""

    def __init__(self, path: Path, *, bare: bool = False, object_format: str = "sha1") -> None:
        self.path = path
        self.bare = bare
        path.mkdir(parents=True)
        kind = ["--bare"] if bare else []
        self.git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}", *kind)

    def git(self, *arguments: str, input: bytes = b"") -> str:
        """Run a git command here and return what it printed, stripped. Raises AssertionError if it fails."""
        finished = subprocess.run(
            ["git", *arguments], cwd=self.path, env=_environment(), input=input, capture_output=True, check=False
        )
        assert finished.returncode == 0, finished.stderr.decode(errors="replace")
        return finished.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(
        self,
        files: Mapping[str, Change],
        *,
        message: str = "Change the content",
        author: str = AUTHOR,
        date: str = DATE,
        branch: str = "main",
    ) -> str:
        """Commit these changes on top of a branch and return the commit's id.

        A path is decoded with surrogateescape; a `date` is seconds since 1970 and a time zone.
        """
        stream = b"".join(_stream(files, message, author, date, f"refs/heads/{branch}", self._tip(branch)))
        self.git("fast-import", "--quiet", "--date-format=raw-permissive", input=stream)
        if not self.bare and self.git("symbolic-ref", "HEAD") == f"refs/heads/{branch}":
            self.git("reset", "--quiet", "--hard")
        return self.git("rev-parse", f"refs/heads/{branch}")

    def tag(self, name: str, at: str = "HEAD", *, message: str | None = None) -> None:
        """Set a tag; with a message, an annotated one."""
        annotated = ["-a", "-m", message] if message else []
        self.git(*_identity(), "tag", "--force", *annotated, name, at)

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Set a branch."""
        self.git("update-ref", f"refs/heads/{name}", at)

    def blob(self, data: bytes) -> str:
        """Write one blob and return its id."""
        return self.git("hash-object", "-w", "--stdin", input=data)

    def tree(self, records: Iterable[tuple[str, bytes, str]]) -> str:
        """Write one tree of (mode, name, id) in this order, whatever is wrong with it, and return its id."""
        data = b"".join(b"%s %s\0%s" % (mode.encode(), name, bytes.fromhex(found)) for mode, name, found in records)
        return self.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=data)

    def commit_tree(self, tree: str, *, branch: str = "main") -> str:
        """Commit a tree on top of a branch and return the commit's id. A work tree is left as it is."""
        tip = self._tip(branch)
        parents = ["-p", tip] if tip else []
        commit = self.git(*_identity(), "commit-tree", tree, "-m", "A tree", *parents)
        self.branch(branch, commit)
        return commit

    def clone(self, path: Path, *options: str) -> Repository:
        """Clone it, bare, as from another machine, and return the clone."""
        self.git("clone", "--quiet", "--bare", *options, self.path.as_uri(), str(path))
        clone = object.__new__(Repository)
        clone.path, clone.bare = path, True
        return clone

    def loose(self, found: str) -> Path:
        """Return the file of an object that is not in a pack, made writable."""
        file = self.git_directory / "objects" / found[:2] / found[2:]
        file.chmod(0o644)
        return file

    @property
    def git_directory(self) -> Path:
        return self.path if self.bare else self.path / ".git"

    def _tip(self, branch: str) -> str | None:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | ISOLATED


def _identity() -> list[str]:
    return ["-c", "user.name=An Editor", "-c", "user.email=editor@example.org"]


def _stream(
    files: Mapping[str, Change], message: str, author: str, date: str, ref: str, tip: str | None
) -> Iterable[bytes]:
    yield f"commit {ref}\nauthor {author} {date}\ncommitter {author} {date}\n".encode()
    yield _data(message.encode())
    if tip:
        yield f"from {tip}\n".encode()
    for path, change in files.items():
        yield from _changed(_quoted(path), change)
    yield b"\n"


def _changed(path: bytes, change: Change) -> Iterable[bytes]:
    match change:
        case None:
            yield b"D %s\n" % path
        case Submodule(commit):
            yield b"M 160000 %s %s\n" % (commit.encode(), path)
        case Symlink(target):
            yield b"M 120000 inline %s\n%s" % (path, _data(target.encode()))
        case _:
            yield b"M 100644 inline %s\n%s" % (path, _data(change.encode() if isinstance(change, str) else change))


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


def _quoted(path: str) -> bytes:
    return b'"%s"' % b"".join(b"\\%03o" % byte for byte in os.fsencode(path))
