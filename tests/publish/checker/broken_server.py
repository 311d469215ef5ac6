"""`content-api` with one defect, by which it is shown that the checker sees such a defect.

python -m tests.publish.checker.broken_server DEFECT serve --content …
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from content_api import answers, cli
from content_api.content.search import indexes_in
from content_api.publish import branch, newest, publisher
from content_api.publish.publisher import Publisher
from tests.live import ROOT


def swap_half_way() -> None:
    """A new version is served with the search index of the one before."""
    judge = newest.judge

    def half(*arguments):
        found, live = judge(*arguments), arguments[2]
        if live and isinstance(found, branch.Good):
            found.edition.memo.update(indexes_in(live.edition.memo))
        return found

    newest.judge = half


def serve_what_is_refused() -> None:
    """A version with problems goes live: the rest of what is live, under the name of the broken one."""
    judge = newest.judge

    def lenient(*arguments):
        found, live = judge(*arguments), arguments[2]
        if live and isinstance(found, branch.Refusal):
            memo = indexes_in(live.edition.memo)
            return replace(live, edition=replace(live.edition, version=found.version, memo=memo))
        return found

    newest.judge = lenient


def wait_for_a_good_tip() -> None:
    """Of what is pushed nothing goes live while the newest of it is broken."""
    newest.newer = lambda *_: iter(())


def go_backwards() -> None:
    """Every fifth question is answered from the version that was live before."""
    live_in, before, numbers = answers.live_in, [], count()

    def stale(current):
        live = live_in(current)

        def sometimes():
            now = live()
            if now not in before:
                before[:] = [*before[-1:], now]
            return before[0] if next(numbers) % 5 == 4 else now

        return sometimes

    answers.live_in = stale


def miss_a_push() -> None:
    """Only the first push is seen."""
    see, seen = publisher.see, []

    def seeing(branch):
        found = see(branch)
        if found not in seen and len(seen) < 2:
            seen.append(found)
        return seen[-1]

    publisher.see = seeing


def say_old_news() -> None:
    """Listeners are told of every version, and then of the one before it."""
    go_live = Publisher._go_live

    def telling(self, good, seconds):
        before = self.live.edition.version
        go_live(self, good, seconds)
        self.announce(before)

    Publisher._go_live = telling


def keep_everything() -> None:
    """Each publication leaves forty megabytes behind."""
    kept, make = [], branch.make_edition

    def making(*arguments, **named):
        kept.append(bytearray(b"x") * 40_000_000)
        return make(*arguments, **named)

    branch.make_edition = making


def leave_processes() -> None:
    """Each publication leaves a process behind, and nobody waits for it."""
    left, make = [], branch.make_edition

    def making(*arguments, **named):
        left.append(subprocess.Popen(["sleep", "0.01"]))
        return make(*arguments, **named)

    branch.make_edition = making


DEFECTS: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        swap_half_way,
        serve_what_is_refused,
        wait_for_a_good_tip,
        go_backwards,
        miss_a_push,
        say_old_news,
        keep_everything,
        leave_processes,
    )
}


def command(defect: str) -> tuple[str, ...]:
    """The command line that stands for `content-api`, from whatever folder."""
    return ("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.publish.checker.broken_server", defect)


if __name__ == "__main__":
    DEFECTS[sys.argv.pop(1)]()
    cli.main()
