"""One history: a seed, a server, everything that can happen to it, and everybody who reads meanwhile."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from content_api.store.cache import cache_folder
from tests.cli.command import COMMAND
from tests.live import server_command
from tests.publish.checker.client import Client
from tests.publish.checker.ledger import Findings, Ledger, Offence, Outages
from tests.publish.checker.listeners import TRANSPORTS, Listener
from tests.publish.checker.readers import QUESTIONS, Reader
from tests.publish.checker.server import Server
from tests.publish.checker.stage import SECRET, Stage
from tests.publish.checker.steps import Step, release, run, script
from tests.repositories import Repository

TRUNK = 4  # versions before anything goes wrong: there is always an older one to read
POLL_SECONDS = 0.5


@dataclass(slots=True)
class History:
    """What became of it. There is nothing wrong while `offences` is empty."""

    seed: int
    mirrored: bool
    offences: list[Offence] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    asked: int = 0
    heard: int = 0
    commits: int = 0
    lives: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from each good push that was waited for to its being live."""

    def __str__(self) -> str:
        told = f"{self.commits} commits, {self.asked} answers, {self.heard} messages, {self.lives} lives of the server"
        if self.waits:
            told += f", live after {median(self.waits):.2f} s in the median and {max(self.waits):.2f} s at worst"
        kind = " --mirror" * self.mirrored
        again = f"python -m tests.publish.checker --seed {self.seed}{kind} --steps {len(self.steps)}"
        if not self.offences:
            return f"{again}: {told}"
        steps = "\n".join(f"  {number:3} {step}" for number, step in enumerate(self.steps, 1))
        first, *others = self.offences
        echo = "".join(f"\n  then: {offence.what}" for offence in others[:5])
        return (
            f"{first}\n{echo}\n{len(others)} more followed. Seed {self.seed}, {told}. Steps:\n{steps}\n\nAgain: {again}"
        )


def check(
    seed: int,
    scratch: Path,
    *,
    mirrored: bool = False,
    seconds: float = 3_600,
    steps: int = 1_000_000,
    patience: float = 1.0,
    only: Collection[str] = (),
    command: tuple[str, ...] = COMMAND,
) -> History:
    """Run a script until the time or the steps are up, or something is wrong. `only` names steps, if not all may come.

    `patience` multiplies what is promised in seconds; `command` is the server, if not the real one.
    """
    history, findings = History(seed, mirrored), Findings()
    stage = prepared(seed, scratch, mirrored, findings, patience, command)
    try:
        stage.server.start()
        with everybody_reading(seed, stage) as listeners:
            _play(history, stage, seconds, steps, only)
            _finish(stage, listeners)
            history.heard = sum(len(listener.heard) for listener in listeners)
    except Exception:  # noqa: BLE001 - a server that does not start, or a mistake here: with its seed and steps, too
        findings.report("The check itself failed", f"{traceback.format_exc()}\n{stage.server.said(3_000)}")
    finally:
        stage.client.close()
        stage.server.close()
    history.offences, history.asked = findings.offences, findings.asked
    history.commits, history.lives, history.waits = len(stage.ledger.commits), stage.server.lives, stage.waits
    return history


def prepared(
    seed: int, scratch: Path, mirrored: bool, findings: Findings, patience: float, command: tuple[str, ...]
) -> Stage:
    """Two repositories with some good versions, and a server that is not started yet."""
    editor = Repository(scratch / "editor.git", bare=True)
    pushed_to = Repository(scratch / "content.git", bare=True)
    cache, address = scratch / "cache", f"file://{pushed_to.path}"
    where = {"CONTENT_API_REPOSITORY": address, "CONTENT_API_CACHE": str(cache)} if mirrored else {}
    usual = {"CONTENT_API_HOOK_SECRETS": SECRET, "CONTENT_API_POLL_SECONDS": str(POLL_SECONDS)}
    arguments = ("--ref", "main", *(() if mirrored else ("--content", str(pushed_to.path))))
    server = Server(arguments, server_command()[1], scratch, {**usual, **where}, Outages(), findings, command)
    mirror = cache_folder(cache, address).mirror
    stage = Stage(
        Random(seed), editor, pushed_to, server, Ledger(), findings, patience, (lambda: mirror) if mirrored else None
    )
    for _ in range(TRUNK):
        stage.push(stage.good())
        stage.trunk.append(stage.tip)
    stage.ledger.aims[:-1] = []  # whatever was there before the server started is not seen
    return stage


def _play(history: History, stage: Stage, seconds: float, steps: int, only: Collection[str]) -> None:
    until = time.monotonic() + seconds
    for step in script(history.seed, history.mirrored, only):
        if len(history.steps) >= steps or time.monotonic() >= until or stage.findings.happened.is_set():
            return
        history.steps.append(step)
        run(step, stage)


def _finish(stage: Stage, listeners: list[Listener]) -> None:
    """After a last good version everything is as it should be, and the server ends in good order."""
    if stage.findings.happened.is_set():
        return
    if stage.pinned:
        release(stage)
    for listener in listeners:
        if not listener.listening.wait(stage.seconds_to_live):
            stage.findings.report(f"Nobody can listen over {listener.transport}")
    stage.push(stage.good())
    stage.settle()
    _wait_until_heard(stage, listeners)
    stage.server.look_at_processes()
    stage.server.terminate()
    stage.server.look_at_what_is_left()


def _wait_until_heard(stage: Stage, listeners: list[Listener]) -> None:
    until = time.monotonic() + stage.seconds_to_live
    for listener in listeners:
        while listener.heard[-1:] != [stage.tip]:
            if time.monotonic() > until:
                return stage.findings.report(f"{stage.tip} is live, and not heard over {listener.transport}")
            time.sleep(0.02)
    return None


@contextmanager
def everybody_reading(seed: int, stage: Stage) -> Iterator[list[Listener]]:
    """Readers of every kind and listeners over every transport, each in a thread, until the block ends."""
    stop = threading.Event()
    shared = (stage.server.port, stage.ledger, stage.server.outages, stage.findings)
    listeners = [Listener(transport, *shared, stop) for transport in TRANSPORTS]
    threads = [threading.Thread(target=listener.listen_until_stopped) for listener in listeners]
    for number, ask in enumerate(QUESTIONS.values()):
        reader = Reader(Random(f"{seed} {number}"), Client(*shared), stage.ledger, stage.findings, stop)
        threads.append(threading.Thread(target=reader.ask_until_stopped, args=(ask,)))
    for thread in threads:
        thread.start()
    try:
        yield listeners
    finally:
        stop.set()
        stage.server.outages.begin()
        stage.server.close()  # a listener waits for the server's next word, or for its end
        for thread in threads:
            thread.join()
