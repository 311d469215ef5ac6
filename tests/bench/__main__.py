"""Run every measurement and print the tables of docs/performance.md, as Markdown.

python -m tests.bench                 all of it: about ten minutes on two quiet cores
python -m tests.bench --quick         the same tables from smaller content, to see that everything works
python -m tests.bench loading         one of: loading, starting, querying, planning, history, listening, publishing
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.bench import history, listening, loading, planning, publishing, querying, starting

BENCHES: dict[str, Callable[[bool], str]] = {
    "loading": loading.table,
    "starting": starting.table,
    "querying": querying.table,
    "planning": planning.table,
    "history": history.table,
    "listening": listening.table,
    "publishing": publishing.table,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure, and print Markdown tables.")
    parser.add_argument("which", nargs="*", choices=[*BENCHES, []], help="what to measure; everything if not given")
    parser.add_argument("--quick", action="store_true", help="smaller content and fewer runs; the figures mean little")
    arguments = parser.parse_args()
    for name in arguments.which or BENCHES:
        print(f"Measuring {name} …", file=sys.stderr)
        print(f"{BENCHES[name](arguments.quick)}\n", flush=True)


if __name__ == "__main__":
    main()
