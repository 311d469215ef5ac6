"""`make audit`: what is said, and whether it fails, when there are holes, none, or nobody to ask."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys

import pytest

from tests.live import ROOT

SCRIPT = ROOT / ".ci/audit.py"
verdict = runpy.run_path(str(SCRIPT))["verdict"]

SOUND = {"name": "h11", "version": "0.16.0", "vulns": []}
SKIPPED = {"name": "orjson", "skip_reason": "Dependency not found on PyPI and could not be audited"}
HOLED = {
    "name": "h11",
    "version": "0.14.0",
    "vulns": [
        {"id": "PYSEC-1", "fix_versions": ["0.16.0"], "aliases": [], "description": "…"},
        {"id": "PYSEC-2", "fix_versions": [], "aliases": [], "description": "…"},
    ],
}


@pytest.mark.parametrize(
    ("packages", "failed", "said"),
    [
        ([SOUND], False, "No known hole in the 1 packages that constraints.txt pins."),
        ([SKIPPED], False, "Not audited: the registry that is used here has no advisories."),
        ([SOUND, SKIPPED], True, "No advisories can be had for orjson, but for the other packages: see why."),
        (
            [SKIPPED, HOLED],
            True,
            "Known holes in what constraints.txt pins:\n"
            "  h11 0.14.0: PYSEC-1, mended in 0.16.0\n"
            "  h11 0.14.0: PYSEC-2, mended in no release yet",
        ),
    ],
)
def test_what_a_report_comes_to(packages: list[dict], failed: bool, said: str):
    assert verdict({"dependencies": packages, "fixes": []}, "") == (failed, said)


def test_without_a_network_it_says_so_and_is_no_failure():
    """A proxy that is not there stands for the network: whatever answers elsewhere cannot be reached past it."""
    nowhere = "http://127.0.0.1:9"
    environment = os.environ | {"https_proxy": nowhere, "HTTPS_PROXY": nowhere, "no_proxy": "", "NO_PROXY": ""}
    finished = subprocess.run(
        [sys.executable, SCRIPT], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("Not audited: the advisories could not be asked for. ")
    assert "127.0.0.1" in finished.stdout
