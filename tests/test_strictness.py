"""The rule of conftest.py: what is skipped on a developer's machine fails under CI, or nobody would ever notice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.live import ROOT

# Every way to skip, and an expected failure, which is none.
SKIPPING = {
    "test_marked.py": "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_it(): pass\n",
    "test_inside.py": "import pytest\ndef test_it(): pytest.skip('not today')\n",
    "test_whole_file.py": "import pytest\npytest.skip('not today', allow_module_level=True)\n",
    "test_needs.py": "from tests.needs import needs\n@needs('no-such')\ndef test_it(): raise OSError('not today')\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n",
}


def test_skipped_tests_are_skipped_on_a_developers_machine(tmp_path: Path):
    assert "4 skipped, 1 xfailed" in closing_line(tmp_path, CI="")


def test_skipped_tests_fail_under_ci_in_whichever_way_they_were_skipped(tmp_path: Path):
    assert "2 failed, 1 xfailed, 2 errors" in closing_line(tmp_path, CI="true")


def closing_line(folder: Path, **environment: str) -> str:
    """How pytest, with our conftest.py, sums up a run over the files above."""
    for name, source in SKIPPING.items():
        (folder / name).write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    finished = subprocess.run(
        [*command, "--import-mode=importlib", "--continue-on-collection-errors", str(folder)],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stdout.splitlines()[-1]


def test_what_tests_need_is_what_ci_installs():
    """Under CI a test runs where its program is missing, and one that expects a failure would take that for it."""
    run = (ROOT / ".ci/run").read_text()
    checked = set(re.findall(r"^command -v (\S+) .*missing\+=\(\S", run, re.MULTILINE))
    named = {name for file in (ROOT / "tests").rglob("test_*.py") for name in needed(file)}
    assert {"ssh", "sshd", "nginx"} <= named & checked
    beside = Path(sys.executable).parent  # what make installs with the tests
    assert {name for name in named - checked if not (beside / name).exists()} == set()


def needed(file: Path) -> list[str]:
    """The programs that a file of tests names; the one of a text above has other quotation marks."""
    return re.findall(r'\bneeds\("([\w-]+)"\)', file.read_text())
