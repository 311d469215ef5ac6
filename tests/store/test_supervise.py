"""A git that takes too long is ended, with what it has started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from content_api.store.supervise import SaidTooMuch, TookTooLong, supervised
from tests.store.remotes import running_with


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in git's place, yet to be written."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program


def supervise(silence: float = 20.0, overall: float = 20.0):
    return supervised(["x"], os.environ, silence=silence, overall=overall)


def test_what_it_says_and_how_it_ends_is_told(git: Path):
    git.write_text("#!/bin/sh\necho said\necho complained >&2\nexit 3\n")
    finished = supervise()
    assert (finished.code, finished.output, finished.complaint) == (3, b"said\n", "complained\n")


def test_a_helper_that_git_leaves_behind_is_ended_too(git: Path):
    git.write_text(f"#!/bin/sh\nsh -c 'sleep 60; : {git}' &\n")
    with pytest.raises(TookTooLong) as ended:
        supervise(silence=0.3)
    assert (ended.value.limit, ended.value.seconds) == ("silence", 0.3)
    assert running_with(str(git)) == []


def test_progress_is_no_silence_but_has_an_end(git: Path):
    git.write_text(f"#!/bin/sh\nwhile :; do echo {git} >&2; sleep 0.1; done\n")
    with pytest.raises(TookTooLong) as ended:
        supervise(silence=5.0, overall=1.0)
    assert ended.value.limit == "overall"
    assert running_with(str(git)) == []


def test_endless_output_is_not_kept(git: Path):
    git.write_text("#!/bin/sh\nexec yes\n")
    with pytest.raises(SaidTooMuch, match="more than 50,000,000 bytes"):
        supervise()


def test_of_endless_complaints_the_end_is_kept(git: Path):
    git.write_text("#!/bin/sh\nyes | head -c 1000000 >&2\necho 'fatal: the end' >&2\n")
    complaint = supervise().complaint
    assert complaint.endswith("fatal: the end\n")
    assert len(complaint) < 100_000
