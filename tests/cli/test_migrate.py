"""`content-api migrate`: files of an older model written as today's has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import world
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository

SOCKS = "treatments/warm-socks.json"


def with_history(content: dict[str, Any]) -> None:
    entries = [("history" if name == "background" else name, value) for name, value in content.items()]
    content.clear()
    content.update(entries)


OLD = world.edited({"site.json": {"/modelVersion": 1}, SOCKS: with_history})


@pytest.fixture
def old(tmp_path: Path) -> Path:
    write(tmp_path / "content", OLD)
    return tmp_path


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_of_an_older_model_are_written_as_those_of_today_and_no_other_is(old: Path, command: Command):
    times = {path: path.stat().st_mtime_ns for path in (old / "content").rglob("*.json")}
    finished = command("migrate", cwd=old)
    assert finished == (
        0,
        f"Wrote content/{SOCKS}\n"
        "Wrote content/site.json\n"
        "2 files brought up to model version 2. Look at the difference, then commit it.\n",
        "",
    )
    assert files_in(old / "content") == world.files()
    written = {path.relative_to(old / "content").as_posix() for path in times if path.stat().st_mtime_ns != times[path]}
    assert written == {SOCKS, "site.json"}
    assert "older model" not in command("check", "--format", "github", cwd=old).out


def test_a_second_time_there_is_nothing_to_write(old: Path, command: Command):
    command("migrate", cwd=old)
    assert command("migrate", cwd=old).out == "The content is of model version 2 already.\n"


def test_content_with_problems_is_left_alone(old: Path, command: Command):
    write(old / "content", world.edited({"causes/late-comets.json": {"/state": "DONE"}}, OLD))
    before = files_in(old)
    finished = command("migrate", cwd=old)
    assert finished.code == 1
    assert "content/causes/late-comets.json:" in finished.err
    assert finished.err.endswith("\n\nNothing is changed.\n")
    assert files_in(old) == before


def test_a_file_that_no_program_can_write_anew_leaves_all_others_as_they_are(old: Path, command: Command):
    escaped = OLD[SOCKS].replace(b'"history"', b'"hist\\u006fry"')
    write(old / "content", {SOCKS: escaped})
    finished = command("migrate", cwd=old)
    expected = f"{SOCKS} cannot be written anew by a program. Rename its fields by hand, and begin again\n"
    assert (finished.code, finished.out, finished.err) == (1, "", expected)
    assert files_in(old / "content") == OLD | {SOCKS: escaped}


def test_the_files_of_a_work_tree_are_written_and_nothing_is_committed(tmp_path: Path, command: Command):
    repository = Repository(tmp_path / "repository")
    commit = repository.commit(in_content(OLD))
    assert command("migrate", cwd=repository.path, CONTENT_API_REF="main").code == 0
    assert repository.git("rev-parse", "HEAD") == commit
    changed = repository.git("diff", "--numstat").splitlines()
    assert changed == ["1\t1\tcontent/site.json", f"1\t1\tcontent/{SOCKS}"]


def test_a_bare_repository_has_no_files_to_write(tmp_path: Path, command: Command):
    Repository(tmp_path / "bare.git", bare=True).commit(in_content(OLD))
    finished = command("migrate", "bare.git", cwd=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.count("\n") == 1
