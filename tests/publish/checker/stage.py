"""Where it happens: an editor's repository, the one that is pushed to, the server that follows it, and what was done.

What is done to a repository is noted in the ledger before git is told.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

from tests.publish.checker.client import Answer, Client
from tests.publish.checker.content import BREAKAGES, Files, files
from tests.publish.checker.ledger import Findings, Ledger, Pushed
from tests.publish.checker.readers import LIVE, live_answer
from tests.publish.checker.server import Server
from tests.repositories import Change, Repository

BRANCH = "refs/heads/main"
PIN = "refs/content-api/pin/main"
SECRET = "a-secret-of-the-git-host"
SECONDS_TO_LIVE = 5.0  # what is promised, from the last good push to its being live
DATES = ("0 +0000", "1763800000 +0000", "4070908800 -0800")  # 1970, a usual one, 2099: the order is the branch's


@dataclass
class Stage:
    """`patience` multiplies what is promised in seconds, for a machine that runs everything else as well."""

    random: Random
    editor: Repository
    pushed_to: Repository
    server: Server
    ledger: Ledger
    findings: Findings
    patience: float = 1.0
    mirror: Callable[[], Path] | None = None
    """Where the server keeps its mirror, if it does not read `pushed_to` itself."""
    tip: str = ""
    pinned: str | None = None
    serial: int = 0
    recalled: bool = False
    trunk: list[str] = field(default_factory=list)
    """The first versions, which every later one descends from."""
    settled: int = 0
    since: float | None = None
    """When the step that runs has last told the branch to be somewhere, or started the server again after that."""
    waits: list[float] = field(default_factory=list)
    """Seconds from there until a good version was live, each time that this was waited for at once."""

    def __post_init__(self) -> None:
        self.client = Client(self.server.port, self.ledger, self.server.outages, self.findings)

    # ---- commits

    def good(self, *more_parents: str, on: str | None = None) -> str:
        """A commit with the next number, on top of the tip or of another."""
        self.serial += 1
        return self._commit(files(self.serial, self.recalled), self.serial, on, more_parents)

    def bad(self, breakage: str) -> str:
        """A commit that must not be served."""
        self.serial += 1
        whole = files(self.serial, self.recalled)
        broken = {**whole, **BREAKAGES[breakage](whole)}
        return self._commit({path: data for path, data in broken.items() if data is not None}, self.serial, good=False)

    def beside(self) -> str:
        """A commit that leaves the content as it was."""
        before = self.ledger.commits[self.tip]
        commit = self._written({"README.md": uuid4().hex.encode()}, self.tip, "Words beside the content")
        self._note(commit, before.files, before.serial, before.good, before.version, (self.tip,), before.recalled)
        return commit

    def again(self, old: str) -> str:
        """A commit on top of the tip that takes back what came after an older one, as `git revert` does."""
        before = self.ledger.commits[old]
        return self._commit(before.files, before.serial, good=before.good, recalled=before.recalled)

    def _commit(
        self,
        whole: Files,
        serial: int,
        on: str | None = None,
        more_parents: tuple[str, ...] = (),
        good: bool = True,
        recalled: bool | None = None,
    ) -> str:
        parent = on or self.tip
        before: Files = self.ledger.commits[parent].files if parent else {}
        changes: dict[str, Change] = {path: None for path in before if path not in whole}
        changes |= {path: data for path, data in whole.items() if before.get(path) != data}
        if not changes:  # taking back nothing
            return parent
        commit = self._written(changes, parent, f"Number {serial}")
        if more_parents:
            commit = self._merged(commit, parent, *more_parents)
        parents = (*((parent,) if parent else ()), *more_parents)
        recalled = self.recalled if recalled is None else recalled
        self._note(commit, whole, serial, good, commit, parents, recalled)
        return commit

    def _written(self, changes: Files, parent: str, message: str) -> str:
        if parent:
            self.editor.branch("main", parent)
        return self.editor.commit(changes, message=message, date=self.random.choice(DATES))

    def _merged(self, commit: str, *parents: str) -> str:
        told = [word for parent in parents for word in ("-p", parent)]
        name = ("-c", "user.name=An Editor", "-c", "user.email=editor@example.org")
        return self.editor.git(*name, "commit-tree", f"{commit}^{{tree}}", "-m", "A merge", *told)

    def _note(
        self, commit: str, whole: Files, serial: int, good: bool, version: str, parents: tuple[str, ...], recalled: bool
    ) -> None:
        self.ledger.add(Pushed(commit, version, serial, whole, recalled, good, parents))

    # ---- pushing

    def push(self, commit: str) -> None:
        """As an editor does, by force where it must be."""
        self._aim(commit)
        self.editor.git("push", "--quiet", "--force", str(self.pushed_to.path), f"{commit}:{BRANCH}")

    def upload(self, commit: str) -> None:
        """Bring a commit there without moving the branch, so that this can be done to the millisecond."""
        self.editor.git("push", "--quiet", "--force", str(self.pushed_to.path), f"{commit}:refs/heads/incoming")

    def move(self, commit: str) -> None:
        """Move the branch to what has been uploaded."""
        self._aim(commit)
        self.pushed_to.git("update-ref", BRANCH, commit)

    def _aim(self, commit: str) -> None:
        self.since = time.monotonic()
        self.tip = commit
        self.recalled = self.ledger.commits[commit].recalled
        if self.pinned is None:
            self.ledger.aim(commit)

    # ---- waiting

    @property
    def seconds_to_live(self) -> float:
        return SECONDS_TO_LIVE * self.patience

    def call_hook(self, body: bytes | None = None, secret: str = SECRET) -> Answer | None:
        """As GitHub signs it."""
        body = body or uuid4().hex.encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.client.send("POST", "/hooks/git", body, {"X-Hub-Signature-256": f"sha256={digest}"})

    def settle(self) -> None:
        """Wait until what was pushed last is live, or is told to be refused."""
        if self.findings.happened.is_set():
            return
        if self.pinned:
            self.until("The pin is not seen", lambda told: told["pinned"] and told["version"] == self.pinned)
        elif self.ledger.commits[self.tip].good:
            self._until_live()
            if self.since is not None:
                self.waits.append(time.monotonic() - self.since)
                self.since = None
        else:
            self._until_refused(self.ledger.commits[self.tip].version)
        self.settled += 1
        if self.settled == WARM_AFTER:
            self.server.warm()

    def _until_live(self) -> None:
        """Ask for at least the tip, until it is there: whoever has pushed reads what they wrote."""
        deadline = time.monotonic() + self.seconds_to_live
        while True:
            answer = self.client.ask(LIVE, {"Content-Version-At-Least": self.tip})
            if answer and answer.status == 200:
                found = live_answer(_Asking(self.ledger, self.findings), answer)
                if found is None or found.version == self.ledger.commits[self.tip].version:
                    return None
                if not self.ledger.went_back():  # else what was live led to the tip already
                    return self.findings.report(f"The tip is {self.tip} and something else is live", answer)
            elif answer and (answer.status, answer.code) != (503, "VERSION_NOT_YET_LIVE"):
                return self.findings.report("What was just pushed is answered so", answer)
            if time.monotonic() > deadline:
                return self.late(f"{self.tip} is not live", answer)

    def _until_refused(self, version: str) -> None:
        def is_refused(told: dict) -> bool:
            return told["refused"] is not None and told["refused"]["version"] == version

        self.until(f"{version} is not told to be refused", is_refused)
        good = self.ledger.newest_good(self.tip)
        self.until(
            f"{good}, the newest good one below {version}, is not live",
            lambda told: is_refused(told) and self.ledger.may_stay(told["version"], self.tip),
        )

    def until(self, what: str, reached: Callable[[dict], bool]) -> None:
        """Wait for how the server says that things stand."""
        deadline = time.monotonic() + self.seconds_to_live
        while True:
            told = self.server.status()
            if told and reached(told):
                return None
            if time.monotonic() > deadline:
                return self.late(what, told)
            time.sleep(0.02)

    def late(self, what: str, answer: object) -> None:
        self.findings.report(f"{what} after {self.seconds_to_live:g} s", f"{answer}\n\n{self.server.said(3_000)}")

    # ---- the server's lives

    def restart(self, end: Callable[[], None]) -> None:
        end()
        self.start_again()

    def start_again(self) -> None:
        self.settled = 0
        self.server.start()
        self.since = time.monotonic()


WARM_AFTER = 12
"""Publications after which memory has reached its size: eight versions are kept beside the one that is live."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """As much of a reader as an answer is held to."""

    ledger: Ledger
    findings: Findings

    def refuse(self, what: str, answer: Answer) -> None:
        self.findings.report(what, answer)
