"""What a test needs from the machine: skipped with a reason where it is missing, and failed under CI."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Mark for a test that runs an outside program."""
    return _unless(found(program) is not None, f"{program} is not installed")


def found(program: str) -> str | None:
    """Where a program is: in the environment that runs the tests, or on the path."""
    return shutil.which(program, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


def needs_registry() -> pytest.MarkDecorator:
    """Mark for a test that installs packages anew, which takes a network and half a minute: under CI alone."""
    return _unless(False, "it installs everything anew, which is done under CI")


def needs_folder(folder: Path, made_by: str) -> pytest.MarkDecorator:
    """Mark for a test that uses what a command installs, such as a folder of Node packages."""
    return _unless(folder.is_dir(), f"{folder} is missing: run {made_by}")


def needs_processors(number: int) -> pytest.MarkDecorator:
    """Mark for a test of what is kept apart on so many processors, which Linux tells of and lets a thread choose."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return _unless(there >= number, f"{number} processors, on Linux, are needed")


def _unless(present: bool, reason: str) -> pytest.MarkDecorator:
    # Under CI the test runs all the same and says by failing what is missing.
    return pytest.mark.skipif(not present and not os.environ.get("CI"), reason=reason)
