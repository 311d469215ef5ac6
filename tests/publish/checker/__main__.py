"""`python -m tests.publish.checker`: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from tests.publish.checker.history import check

SECONDS_A_SEED = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.publish.checker", description="Check histories.")
    parser.add_argument("--seed", type=int, help="one script; one after the other if not given")
    parser.add_argument("--seconds", type=float, default=SECONDS_A_SEED, help="how long in all")
    parser.add_argument("--steps", type=int, default=1_000_000, help="how many steps of a script at most")
    parser.add_argument("--mirror", action="store_true", help="a server that mirrors a remote repository")
    parser.add_argument("--patience", type=float, default=1.0, help="what is promised in seconds, times this")
    given = parser.parse_args()
    until = time.monotonic() + given.seconds
    for seed in count() if given.seed is None else [given.seed]:
        seconds = min(until - time.monotonic(), given.seconds if given.seed is not None else SECONDS_A_SEED)
        if seconds <= 0:
            return
        with tempfile.TemporaryDirectory(prefix="content-api-checker-") as scratch:
            mirrored = given.mirror or (given.seed is None and seed % 2 == 1)
            history = check(
                seed, Path(scratch), mirrored=mirrored, seconds=seconds, steps=given.steps, patience=given.patience
            )
        print(history, flush=True)
        if history.offences:
            sys.exit(1)


if __name__ == "__main__":
    main()
