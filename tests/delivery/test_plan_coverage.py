"""Every line and branch of the compiler of plans is reached by what the tests of plans ask, measured with coverage.py.

Branches are those between lines: a condition within a line is for test_plan_mutations.py to see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.live import ROOT

COMPILER = (
    *("delivery/plan.py", "delivery/plans.py", "delivery/arguments.py", "delivery/leaves.py", "delivery/execution.py"),
    *("delivery/memory.py", "delivery/lifted.py", "delivery/shape.py", "delivery/shapes.py", "graph/reader.py"),
)
ASKING = (
    *("test_plan.py", "test_plan_properties.py", "test_plan_unions.py", "test_memory.py", "test_warming.py"),
    *("test_shapes.py", "test_shape_properties.py", "test_answering_in_turns.py"),
)
# What takes longest of these and reaches nothing that the others do not.
LONG = (
    "names_and_strings_make_no_difference",
    "answers_in_turns_are_the_same",
    "is_held_is_at_least",
    "drive_out_no_shape",
)
LEFT_OUT = f"not ({' or '.join(LONG)} or (as_the_executor_does and turns))"
# Of what CI tries without this, a share: being measured makes it slower. It reaches the same each time.
QUERIES = "60"


def test_every_line_and_branch_of_the_compiler_is_reached(tmp_path: Path):
    include = ",".join(str(ROOT / "content_api" / file) for file in COMPILER)
    data, report = f"--data-file={tmp_path / 'data'}", tmp_path / "report.json"
    coverage = [sys.executable, "-m", "coverage"]
    # Without another file of settings; and not by Python's own monitoring, which does not know greenlets.
    settings = ["--rcfile=/dev/null", data]
    measuring = ["run", *settings, "--branch", "--concurrency=thread,greenlet", f"--include={include}"]
    asking = ["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-k", LEFT_OUT]
    run = subprocess.run(
        [*coverage, *measuring, *asking, *(f"tests/delivery/{file}" for file in ASKING)],
        cwd=ROOT,
        env={**os.environ, "CI": "true", "CONTENT_API_TEST_PLANS": QUERIES, "COVERAGE_CORE": "ctrace"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5_000:]
    subprocess.run([*coverage, "json", *settings, "-q", "-o", str(report)], cwd=ROOT, check=True)
    found = json.loads(report.read_bytes())["files"]
    assert {f"content_api/{file}" for file in COMPILER} == set(found)
    missed = {
        file: (measured["missing_lines"], measured["missing_branches"])
        for file, measured in found.items()
        if measured["missing_lines"] or measured["missing_branches"]
    }
    assert not missed, f"lines, and branches as pairs of lines, that no test reaches: {missed}"
    assert not any(measured["excluded_lines"] for measured in found.values()), "nothing is left out without a reason"
