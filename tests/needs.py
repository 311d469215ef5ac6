"""What a test needs from the machine: skipped with a reason where it is missing, and failed under CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Mark for a test that runs an outside program."""
    return _unless(shutil.which(program) is not None, f"{program} is not installed")


def needs_folder(folder: Path, made_by: str) -> pytest.MarkDecorator:
    """Mark for a test that uses what a command installs, such as a folder of Node packages."""
    return _unless(folder.is_dir(), f"{folder} is missing: run {made_by}")


def _unless(present: bool, reason: str) -> pytest.MarkDecorator:
    # Under CI the test runs all the same and says by failing what is missing.
    return pytest.mark.skipif(not present and not os.environ.get("CI"), reason=reason)
