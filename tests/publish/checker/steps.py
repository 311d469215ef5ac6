"""What can happen, one row each: a name, how often, and what it does. A seed makes a script of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.publish.checker.content import BREAKAGES
from tests.publish.checker.stage import PIN, SECRET, Stage

HOUR = 3_600  # older than what is taken for a lock of somebody who is at work

Action = Callable[[Stage, Random], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script. `seed` decides everything in it that is left to chance."""

    name: str
    seed: int

    def __str__(self) -> str:
        return f"{self.name} ({self.seed})"


def script(seed: int, mirrored: bool, only: Collection[str] = ()) -> Iterator[Step]:
    """Steps without end, the same for the same seed; with `only`, none but these."""
    random = Random(seed)
    elsewhere = LOCAL_ONLY if mirrored else MIRRORED_ONLY
    names = [name for name in STEPS if name not in elsewhere and (not only or name in only)]
    weights = [STEPS[name][0] for name in names]
    while True:
        yield Step(random.choices(names, weights)[0], random.randrange(1_000_000))


def run(step: Step, stage: Stage) -> None:
    """Do it, and most times wait until it has come to rest; other times the next step comes right upon it."""
    random = Random(step.seed)
    stage.since = None
    STEPS[step.name][1](stage, random)
    if random.random() < 0.3:
        stage.call_hook()
    if random.random() < 0.7:
        stage.settle()


# ---- pushes


def push_good(stage: Stage, random: Random) -> None:
    stage.push(stage.good())


def push_broken(stage: Stage, random: Random) -> None:
    stage.push(stage.bad(random.choice(sorted(BREAKAGES))))


def push_broken_on_good(stage: Stage, random: Random) -> None:
    """In one push, so that the good ones are never what the branch names."""
    before = stage.tip
    for _ in range(random.randint(1, 3)):
        stage.tip = stage.good()
    if random.random() < 0.3:
        stage.tip = stage.bad(random.choice(sorted(BREAKAGES)))
    broken, stage.tip = stage.bad(random.choice(sorted(BREAKAGES))), before
    stage.push(broken)


def push_broken_and_mended(stage: Stage, random: Random) -> None:
    stage.push(stage.bad(random.choice(sorted(BREAKAGES))))
    time.sleep(random.random() * 0.3)
    stage.push(stage.good())


def push_beside(stage: Stage, random: Random) -> None:
    stage.push(stage.beside())


def push_merge(stage: Stage, random: Random) -> None:
    side = stage.good(on=random.choice(stage.trunk))
    stage.push(stage.good(side))


def push_many(stage: Stage, random: Random, number: int, seconds: float) -> None:
    """Uploaded first, so that the branch moves as fast as that."""
    commits = []
    before = stage.tip
    for _ in range(number):
        stage.tip = stage.bad(random.choice(sorted(BREAKAGES))) if random.random() < 0.1 else stage.good()
        commits.append(stage.tip)
    last, stage.tip = stage.tip, before
    stage.upload(last)
    for commit in commits:
        stage.move(commit)
        time.sleep(seconds)


def push_two(stage: Stage, random: Random) -> None:
    push_many(stage, random, 2, 0.01)


def push_thirty(stage: Stage, random: Random) -> None:
    push_many(stage, random, 30, 0.03)


# ---- going back


def first_parents(stage: Stage) -> list[str]:
    """The good commits of the branch since the trunk, its last one included, newest first."""
    found, commit = [], stage.tip
    while commit != stage.trunk[-1]:
        found.append(commit)
        commit = stage.ledger.commits[commit].parents[0]
    return [one for one in [*found, commit] if stage.ledger.commits[one].good]


def roll_back(stage: Stage, random: Random) -> None:
    stage.push(random.choice(first_parents(stage)[:6]))


def rewrite(stage: Stage, random: Random) -> None:
    base = random.choice(first_parents(stage)[:6])
    stage.recalled = stage.ledger.commits[base].recalled
    stage.push(stage.good(on=base))


def take_back(stage: Stage, random: Random) -> None:
    stage.push(stage.again(random.choice(first_parents(stage)[:6])))


# ---- names and pins


def set_tag(stage: Stage, random: Random) -> None:
    name, commit = random.choice(("spring", "release/1", "1.0")), random.choice(first_parents(stage))
    stage.ledger.tags.setdefault(name, set()).add(commit)
    stage.editor.git("push", "--quiet", "--force", str(stage.pushed_to.path), f"{commit}:refs/tags/{name}")


def pin_or_release(stage: Stage, random: Random) -> None:
    if stage.pinned:
        release(stage)
    else:
        pin(stage, stage.ledger.commits[random.choice(first_parents(stage))].version)


def pin(stage: Stage, version: str) -> None:
    """A look reads the pin and then the branch, so what is pushed before a pin is seen may be live before it."""
    stage.ledger.pins.add(version)
    stage.ledger.aim(version)
    stage.pinned = version
    stage.pushed_to.git("update-ref", PIN, version)
    stage.settle()


def release(stage: Stage) -> None:
    stage.pinned = None
    stage.ledger.aim(stage.tip)
    stage.pushed_to.git("update-ref", "-d", PIN)
    stage.until("The release is not seen", lambda told: not told["pinned"])


def recall_or_lift(stage: Stage, random: Random) -> None:
    stage.recalled = not stage.recalled
    stage.push(stage.good())


# ---- the repository


def tidy(stage: Stage, random: Random) -> None:
    for command in random.sample(TIDYING, 2):
        stage.pushed_to.git(*command)


TIDYING = (
    ("gc", "--quiet", "--prune=now"),
    ("repack", "-a", "-d", "--quiet"),
    ("pack-refs", "--all"),
    ("prune", "--expire=now"),
)


def damage_and_mend(stage: Stage, random: Random) -> None:
    """A file of the next version is damaged when it is first read."""
    commit = stage.good()
    stage.upload(commit)
    path = next(path for path in stage.ledger.commits[commit].files if path.startswith("content/symptoms/"))
    blob = stage.editor.git("rev-parse", f"{commit}:{path}")
    with damaged(stage.pushed_to.git_directory / "objects" / blob[:2] / blob[2:], random):
        stage.move(commit)
        time.sleep(random.random())
    stage.settle()


@contextmanager
def damaged(file: Path, random: Random) -> Iterator[None]:
    """An object that lies in a file of its own, cut or flipped while the block runs."""
    data = file.read_bytes()
    flipped = bytearray(data)
    flipped[random.randrange(len(flipped))] ^= 0xFF
    file.chmod(0o644)
    file.write_bytes(random.choice((b"", data[: len(data) // 2], bytes(flipped))))
    yield
    file.write_bytes(data)


def damage_mirror(stage: Stage, random: Random) -> None:
    """What is damaged in a mirror is mended by the server itself, when it notices."""
    assert stage.mirror
    stage.ledger.mends_in = stage.seconds_to_live
    objects = [path for path in (stage.mirror() / "objects").rglob("*") if path.is_file() and path.suffix != ".idx"]
    file = random.choice(sorted(objects))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[: random.choice((0, 10, 100))])
    stage.push(stage.good())


def leave_locks(stage: Stage, random: Random) -> None:
    """The server cannot write down what is live, and serves it all the same."""
    lock = stage.pushed_to.git_directory / "refs/content-api/live/main.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    try:
        stage.push(stage.good())
        stage.settle()
    finally:
        lock.unlink(missing_ok=True)


def leave_locks_in_mirror(stage: Stage, random: Random) -> None:
    """As a server leaves them that was killed during a fetch, an hour ago."""
    assert stage.mirror
    for name in ("refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"):
        lock = stage.mirror() / name
        lock.touch()
        then = time.time() - HOUR
        os.utime(lock, (then, then))
    stage.push(stage.good())


def storm(stage: Stage, random: Random) -> None:
    """Fifty calls of the hook, signed, forged and replayed, with a push somewhere among them."""
    commit, moment = stage.good(), random.randrange(50)
    stage.upload(commit)
    body = random.randbytes(20)
    for number in range(50):
        if number == moment:
            stage.move(commit)
        kind = random.choice(("signed", "forged", "replayed"))
        answer = stage.call_hook(body if kind == "replayed" else None, "not the secret" * (kind == "forged") or SECRET)
        expected = {"signed": (202,), "forged": (401,), "replayed": (202, 401)}[kind]
        if answer and answer.status not in expected:
            stage.findings.report(f"A hook that was {kind} is answered {answer.status}", answer)


# ---- the server's lives


def kill(stage: Stage, random: Random) -> None:
    """At a random moment of a publication."""
    stage.push(stage.bad(random.choice(sorted(BREAKAGES))) if random.random() < 0.2 else stage.good())
    time.sleep(random.random() * 0.3)
    stage.restart(stage.server.kill)


def kill_and_push(stage: Stage, random: Random) -> None:
    """What is pushed while the server is down is live when it is up."""
    stage.server.kill()
    stage.push(stage.good())
    stage.start_again()


def terminate(stage: Stage, random: Random) -> None:
    stage.push(stage.good())
    time.sleep(random.random() * 0.3)
    stage.restart(stage.server.terminate)


STEPS: dict[str, tuple[int, Action]] = {
    "good push": (20, push_good),
    "broken push": (8, push_broken),
    "good and broken, one push": (6, push_broken_on_good),
    "broken push, mended": (6, push_broken_and_mended),
    "push beside the content": (6, push_beside),
    "merge": (5, push_merge),
    "two pushes in 10 ms": (8, push_two),
    "thirty pushes in a second": (2, push_thirty),
    "rollback": (8, roll_back),
    "force push": (8, rewrite),
    "revert": (4, take_back),
    "tag": (6, set_tag),
    "pin or release": (6, pin_or_release),
    "recall or lift it": (6, recall_or_lift),
    "tidy the repository": (6, tidy),
    "damage, then mend": (4, damage_and_mend),
    "damage the mirror": (5, damage_mirror),
    "locks": (3, leave_locks),
    "locks in the mirror": (3, leave_locks_in_mirror),
    "hook storm": (3, storm),
    "kill": (4, kill),
    "kill, push, start": (2, kill_and_push),
    "terminate": (2, terminate),
}
"""What happens -> how often, and what it does."""
LOCAL_ONLY = ("pin or release", "damage, then mend", "locks")
MIRRORED_ONLY = ("damage the mirror", "locks in the mirror")
