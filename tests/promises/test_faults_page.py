"""docs/reference/faults.md and the tests that it names: every fault has one, and each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.live import ROOT

TEXT = (ROOT / "docs/reference/faults.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if re.match(r"\| \d", line)]
NAMED = re.compile(r"`(tests/\S+?\.py)::(\w+)`")
BY_ROW = (
    "tests/content/test_faults.py",
    "tests/publish/test_budget.py",
    "tests/publish/test_cut.py",
    "tests/publish/test_faults.py",
    "tests/publish/test_faults_later.py",
    "tests/publish/test_times.py",
)
OF_ROWS = re.compile(r"test_rows?_(\d+)(?:_to_(\d+))?_")


@cache
def defined_in(path: str) -> set[str]:
    """The tests of a file, as its source has them."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_fault_has_a_row():
    assert [int(row[0]) for row in ROWS] == list(range(1, 35))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_fault_is_described_and_names_tests_that_there_are(row):
    _, fault, behaviour, shown = row
    assert fault
    assert behaviour
    assert NAMED.sub("", shown).strip(", ") == "", "nothing but tests"
    named = NAMED.findall(shown)
    assert named
    assert [(path, name) for path, name in named if name not in defined_in(path)] == []


def test_a_test_that_has_a_row_in_its_name_stands_in_that_row_or_beside_one_that_does():
    told = {int(row[0]): {path for path, _ in NAMED.findall(row[3])} for row in ROWS}
    for path in BY_ROW:
        for first, last in (match.groups() for match in map(OF_ROWS.match, defined_in(path)) if match):
            for number in range(int(first), int(last or first) + 1):
                assert path in told[number], (path, number)
