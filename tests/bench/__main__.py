"""Run every measurement, print the tables of docs/performance.md as Markdown, and write them into a folder.

python -m tests.bench                 all of it: about half an hour on two quiet cores
python -m tests.bench --quick         the same tables from smaller content, to see that everything works
python -m tests.bench loading         one of: loading, starting, querying, planning, history, listening, publishing,
                                      returning, delivery, attack, crafted, unique, profile
python -m tests.bench delivery --only Q1 Q7 content-api nginx
                                      some queries and servers only
python -m tests.bench delivery --only Q1 --keep figures.json
                                      a run in parts: the tables and the picture are of all that the file has by now
python -m tests.bench profile --into figures
                                      a picture of where the time goes under load, figures/profile.svg
python -m tests.bench unique --requests 100000
                                      fewer requests than a million
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import crafted, history, listening, loading, planning, publishing, querying, returning, starting
from tests.bench.delivery import attack, comparing, profile, unique
from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.servers import PEERS

BENCHES: dict[str, Callable[[argparse.Namespace], str]] = {
    "loading": lambda asked: loading.table(asked.quick),
    "starting": lambda asked: starting.table(asked.quick),
    "querying": lambda asked: querying.table(asked.quick),
    "planning": lambda asked: planning.table(asked.quick),
    "history": lambda asked: history.table(asked.quick),
    "listening": lambda asked: listening.table(asked.quick),
    "publishing": lambda asked: publishing.table(asked.quick),
    "returning": lambda asked: returning.table(asked.quick),
    "delivery": lambda asked: comparing.table(asked.quick, asked.into / "delivery.svg", asked.only, asked.keep),
    "attack": lambda asked: attack.table(asked.quick),
    "crafted": lambda asked: crafted.table(asked.quick),
    "unique": lambda asked: unique.table(asked.quick, asked.requests),
    "profile": lambda asked: profile.drawn(asked.quick, asked.into / "profile.svg"),
}


def main() -> None:
    # Told to end, it ends as after an error, so that the servers it has started are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = read_arguments()
    arguments.into.mkdir(parents=True, exist_ok=True)
    for name in arguments.which or BENCHES:
        print(f"Measuring {name} …", file=sys.stderr)
        table = BENCHES[name](arguments)
        print(f"{table}\n", flush=True)
        (arguments.into / f"{name}.md").write_text(f"{table}\n")
    print(f"Written to {arguments.into}.", file=sys.stderr)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure, and print Markdown tables.")
    parser.add_argument("which", nargs="*", choices=[*BENCHES, []], help="what to measure; everything if not given")
    parser.add_argument("--quick", action="store_true", help="smaller content and fewer runs; the figures mean little")
    names = [*QUERIES, *PEERS]
    parser.add_argument("--only", nargs="+", default=[], choices=names, help="delivery: which queries and servers")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="delivery: add to the figures of earlier runs")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        default=Path(".benchmarks"),
        help="where tables are written, and the pictures of delivery and profile; .benchmarks if not given",
    )
    parser.add_argument("--requests", type=int, metavar="NUMBER", help="unique: how many; a million if not given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
