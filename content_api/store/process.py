"""The git command as a child process: with a clean environment, a deadline, and errors that name a remedy."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakSet

from content_api.errors import GitTimeout, ObjectUnreadable, RepositoryUnusable, StoreError

END_SECONDS = 0.5  # that git has to end in good order: it takes milliseconds, unless the disk hangs

# Variables that point git at another repository or at other objects than the ones we name. Git sets them for its own
# hooks, so they are there whenever somebody starts us from one. The list is `git rev-parse --local-env-vars`, without
# the GIT_CONFIG_* ones: those are how containers set `safe.directory`.
_REDIRECTING = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
_FIXED = {
    "GIT_TERMINAL_PROMPT": "0",  # never ask a person for anything
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not go to the network while it is read …
    "GIT_ALLOW_PROTOCOL": "none",  # … nor where git is too old to know the line above
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is served is what the commit says
    "GIT_LITERAL_PATHSPECS": "1",  # the content folder's name is a name, not a pattern
    "GIT_OPTIONAL_LOCKS": "0",  # reading leaves no lock behind
    "LC_ALL": "C",  # the messages below are matched in English
}
_OPTIONS = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.logAllRefUpdates=false",  # an entry in a reflog has an author, and a server has no name of its own
    "-c",
    "safe.bareRepository=all",  # every repository here was named by an operator, never found by chance
)

# What git says -> which error it is, and what the operator can do. The first row that matches wins.
_COMPLAINTS: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        r"dubious ownership in repository at '(?P<place>.*)'",
        RepositoryUnusable,
        "{place} belongs to another user, so git will not read it. If you trust it, run"
        " `git config --global --add safe.directory {quoted}` as the user that serves it",
    ),
    (
        r"[Pp]ermission denied",
        RepositoryUnusable,
        "{place} may not be read by this user. Give the user that serves it read access to the repository",
    ),
    (
        r"not a git repository",
        RepositoryUnusable,
        "{place} is not a git repository. Name one, or a folder inside one",
    ),
    (
        r"unknown option|usage: git cat-file",
        RepositoryUnusable,
        "the git command on this machine is too old to read {place}. Version 2.36 or later is needed",
    ),
)


class Commands:
    """The commands that run for one repository now, so that a server that ends can end them. Safe to share."""

    def __init__(self) -> None:
        self.over = threading.Event()
        """Set once all of them were ended: whoever waits for something else gives up, too."""
        self._lock = threading.Lock()
        self._running: WeakSet[subprocess.Popen[bytes]] = WeakSet()

    def start(self, program: Sequence[str], variables: Mapping[str, str], input: int) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own, with pipes for what it says. Whoever starts it calls `end`."""
        with self._lock:  # so that none begins while all are ended
            if self.over.is_set():
                raise StoreError("Git is not started any more: the server ends")
            process = subprocess.Popen(
                program,
                cwd=os.sep,  # git will not start in a folder that has been deleted under us
                stdin=input,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=variables,
                start_new_session=True,
                # Python ignores SIGXFSZ, and so shall git: it then says that a file cannot grow, and does not just end.
                restore_signals=False,
            )
            self._running.add(process)
            return process

    def end_all(self) -> None:
        """End all that run, with all that they have started, and let no other begin. Takes a second at the worst.

        First as an operator would: then git takes its locks and what it has half written with it.
        """
        with self._lock:
            self.over.set()
        running = [process for process in self._running if process.poll() is None]
        for number in (signal.SIGTERM, signal.SIGKILL):  # the second also for what a git that has ended had started
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            _wait_for(running, END_SECONDS)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a git command answered; `complaint` is what it wrote to standard error."""

    code: int
    output: bytes
    complaint: str


@dataclass(frozen=True, slots=True)
class Git:
    """Git, told once where it stands and how long it may take.

    `place` is an absolute path: a git directory when `is_directory_of_git`, else any directory, from which git looks
    upwards. `deadline` is in seconds. `variables` go before those of `environment`.
    """

    place: Path
    deadline: float
    is_directory_of_git: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)

    def run(self, *arguments: str) -> Finished:
        """Run one short command to its end. Raises GitTimeout past the deadline."""
        process = self.start(*arguments)
        try:
            with told_plainly(f"git cannot be heard in {self.place}"):
                output, complaint = process.communicate(timeout=self.deadline)
        except subprocess.TimeoutExpired:
            raise self.timeout(arguments[0]) from None
        finally:
            end(process)
        if process.returncode < 0:
            raise self.killed(-process.returncode)
        return Finished(process.returncode, output, complaint.decode(errors="replace"))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own, with three pipes. Whoever starts it calls `end`."""
        where = (f"--git-dir={self.place}",) if self.is_directory_of_git else ("-C", str(self.place))
        program = shutil.which("git")
        if program is None:
            raise RepositoryUnusable(
                "The git command was not found. Install git, or serve the files with --working-tree"
            )
        with told_plainly(f"git cannot be started for {self.place}"):
            command = [program, *_OPTIONS, *where, *arguments]
            return self.commands.start(command, {**environment(), **self.variables}, subprocess.PIPE)

    def failure(self, complaint: str) -> StoreError | None:
        """Return the error that git's complaint stands for, if it is one of those an operator can mend at once."""
        for pattern, kind, remedy in _COMPLAINTS:
            if match := re.search(pattern, complaint):
                place = match.groupdict().get("place") or str(self.place)
                return kind(f"{remedy.format(place=place, quoted=shlex.quote(place))}. Git says: {essence(complaint)}")
        return None

    def killed(self, number: int) -> StoreError:
        """Return the error about a process that somebody else ended, for want of memory as a rule."""
        return StoreError(f"git was ended by signal {number} while it read {self.place}; try again")

    def timeout(self, command: str) -> GitTimeout:
        return GitTimeout(
            f"`git {command}` in {self.place} gave no answer for {self.deadline:g} seconds and was ended."
            " Look at the disk, and run `git fsck` there"
        )


@contextlib.contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Make what the operating system refuses an error that says what came of it, and where to look."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{what}: {error.strerror or error}. See the disk, and how many processes and open files this user may have"
        ) from error


def environment() -> dict[str, str]:
    """Return this process's environment, without what would lead git elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in _REDIRECTING} | _FIXED


def objects_in(folder: Path | None) -> dict[str, str]:
    """The variables with which git also finds the objects of a folder that is not a repository's own."""
    if folder is None:
        return {}
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')  # a colon would part two folders
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"'}


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with its group, and close its pipes. Does nothing to one that has ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # A process that waits for a dead network disk cannot be killed; leaving it behind beats waiting with it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _wait_for(processes: Collection[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait until all of them have ended, whoever reaps them; for so many seconds at most."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.01)


def essence(complaint: str) -> str:
    """Return the first line in which git says what is wrong."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("error:", "fatal:"))), lines[0] if lines else "nothing")


def unreadable(name: str, place: Path, found: str, complaint: str = "") -> ObjectUnreadable:
    """Return the error about one object: what was found instead of it, and what brings it back."""
    says = f" Git says: {essence(complaint)}." if complaint.strip() else ""
    return ObjectUnreadable(
        f"The object {name} of {place} {found}.{says} `git fsck` lists what else is damaged;"
        " a fresh, full clone brings it back"
    )
