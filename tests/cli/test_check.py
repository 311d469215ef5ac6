"""`content-api check`: what it looks at, what it compares with, and how it says what it found."""

from __future__ import annotations

import json
from pathlib import Path

from tests import world
from tests.cli.command import run
from tests.cli.conftest import Command, in_content, write
from tests.live import ROOT
from tests.repositories import Repository

MOON, SOCKS = "conditions/moon-hiccups.json", "treatments/warm-socks.json"
BROKEN = world.edited({MOON: {"/symptoms/0/symptom": "glowing-eers"}, "causes/late-comets.json": {"/state": "DONE"}})
GONE = world.edited({"symptoms/left-ear-glow.json": world.REMOVED, MOON: {"/symptoms/1": world.REMOVED}})
GOOD = "No problems. 13 entities in 3 locales.\n"


def test_good_content_is_counted_and_its_stale_translations_are_notes(folder: Path, command: Command):
    finished = command("check", cwd=folder)
    assert finished.code == 0
    assert finished.out.endswith(GOOD)
    assert finished.out.startswith("content/symptoms/glowing-ears.json\n    The `de` text of symptom/glowing-ears")


def test_all_problems_are_printed_by_file_with_a_place_that_a_terminal_opens(folder: Path, command: Command):
    write(folder / "content", BROKEN)
    finished = command("check", cwd=folder)
    assert finished.code == 1
    cause, condition, closing = finished.out.split("\n\n")
    place = place_of(BROKEN[MOON], '"symptom": "glowing-eers"')
    assert condition.startswith(f"content/{MOON}:{place}  references_resolve\n")
    assert "\n    Did you mean `glowing-ears`?" in condition
    assert cause.startswith("content/causes/late-comets.json:")
    assert closing == "2 problems in 2 files.\n"


def test_when_there_are_too_many_problems_to_read_it_says_so(folder: Path, command: Command):
    write(folder / "content", {f"causes/cause-{number}.json": b"{" for number in range(101)})
    closing = command("check", cwd=folder).out.splitlines()[-1]
    assert closing == "100 problems in 100 files. These are the first; there may be more."


def test_files_are_checked_before_they_are_committed(repository: Repository, command: Command):
    write(repository.path / "content", BROKEN)
    assert command("check", cwd=repository.path).code == 1
    assert command("check", "--ref", "HEAD", cwd=repository.path).code == 0


def test_a_path_is_checked_instead_of_the_content_here(folder: Path, command: Command):
    write(folder / "other", BROKEN)
    finished = command("check", "other", cwd=folder)
    assert finished.code == 1
    assert f"other/{MOON}:" in finished.out


def test_a_commit_is_checked_though_the_settings_name_another_version(repository: Repository, command: Command):
    repository.commit(in_content(BROKEN), branch="draft")
    finished = command("check", "--ref", "draft", cwd=repository.path, CONTENT_API_WORKING_TREE="true")
    assert (finished.code, finished.out.splitlines()[-1]) == (1, "2 problems in 2 files.")


def test_a_bare_repository_is_checked_as_it_is_committed(tmp_path: Path, command: Command):
    bare = Repository(tmp_path / "bare.git", bare=True)
    bare.commit(in_content(world.files()))
    assert command("check", "bare.git", cwd=tmp_path).out.endswith(GOOD)


def test_an_entity_that_vanished_since_head_is_a_problem(repository: Repository, command: Command):
    (repository.path / "content/symptoms/left-ear-glow.json").unlink()
    write(repository.path / "content", GONE)
    finished = command("check", cwd=repository.path)
    assert finished.code == 1
    assert "`symptom/left-ear-glow` was in the version before and is gone" in finished.out


def test_an_entity_that_vanished_with_a_commit_is_a_problem_of_that_commit(repository: Repository, command: Command):
    repository.commit(in_content(GONE) | {"content/symptoms/left-ear-glow.json": None})
    repository.commit({"README": "Something else."})
    assert command("check", "--ref", "HEAD", cwd=repository.path).code == 0
    parent = repository.git("rev-parse", "HEAD^")
    finished = command("check", "--ref", parent, cwd=repository.path)
    assert finished.code == 1
    assert "`symptom/left-ear-glow` was in the version before and is gone" in finished.out


def test_the_version_before_can_be_named(repository: Repository, command: Command):
    repository.tag("before")
    repository.commit(in_content(GONE) | {"content/symptoms/left-ear-glow.json": None})
    assert command("check", cwd=repository.path).code == 0
    assert command("check", "--against", "before", cwd=repository.path).code == 1


def test_a_folder_in_no_repository_has_no_version_before(folder: Path, command: Command):
    finished = command("check", "--against", "before", cwd=folder)
    assert finished == (2, "", "content is in no git repository, so there is no 'before' to compare with\n")


def test_json_is_one_object_with_everything(folder: Path, command: Command):
    write(folder / "content", BROKEN)
    found = json.loads(command("check", "--format", "json", cwd=folder).out)
    assert found["ok"] is False
    assert found["folder"] == "content"
    assert found["version"].startswith("folder-")
    _, problem = found["problems"]
    assert list(problem) == ["path", "line", "column", "pointer", "rule", "found", "expected", "suggestion"]
    assert (problem["path"], problem["pointer"]) == (MOON, "/symptoms/0/symptom")
    assert found["notes"] == []


def test_json_of_good_content_has_no_problems_and_lists_the_notes(folder: Path, command: Command):
    found = json.loads(command("check", "--format", "json", cwd=folder).out)
    assert (found["ok"], found["problems"]) == (True, [])
    assert [note["path"] for note in found["notes"]] == ["symptoms/glowing-ears.json"]


def test_content_of_an_older_model_is_a_note_that_says_how_to_bring_it_up_to_date(folder: Path, command: Command):
    write(folder / "content", world.edited({"site.json": {"/modelVersion": 1}, SOCKS: {"/background": world.REMOVED}}))
    finished = command("check", cwd=folder)
    assert finished.code == 0
    assert finished.out.startswith("content/site.json\n    The content is of model version 1, and is served as it is. ")
    assert "`content-api migrate` brings its files up to model version 2.\n" in finished.out
    found = json.loads(command("check", "--format", "json", cwd=folder).out)
    assert [note["path"] for note in found["notes"]] == ["site.json", "symptoms/glowing-ears.json"]
    github = command("check", "--format", "github", cwd=folder).out
    assert "::notice file=content/site.json,line=1,title=older model::The content is of model version 1" in github


def test_github_gets_workflow_commands_with_what_would_end_them_escaped(folder: Path, command: Command):
    write(folder / "content", world.edited({MOON: {"/symptoms/0/symptom": "100%\n,:"}}))
    finished = command("check", "--format", "github", cwd=folder)
    assert finished.code == 1
    [line] = [line for line in finished.out.splitlines() if "conditions" in line]
    assert line.startswith(f"::error file=content/{MOON},line=")
    assert "100%25" in line


def test_github_escapes_in_properties_what_parts_them(command: Command, tmp_path: Path):
    write(tmp_path / "a,b:c", BROKEN)
    finished = command("check", "a,b:c", "--format", "github", cwd=tmp_path)
    assert "::error file=a%2Cb%3Ac/conditions/moon-hiccups.json,line=" in finished.out


def test_a_tree_above_a_limit_is_a_problem_with_its_path(folder: Path, command: Command):
    found = json.loads(command("check", "--format", "json", cwd=folder, CONTENT_API_MAX_FILES="3").out)
    assert [problem["rule"] for problem in found["problems"]] == ["tree_size"]


def test_what_cannot_be_checked_is_one_line(repository: Repository, tmp_path: Path, command: Command):
    for arguments, expected in (
        (("check", "nowhere"), "There is nothing at nowhere. Give the path of a repository or of a folder\n"),
        (("check",), f"There is no content in {tmp_path}: neither a folder `content` nor a file `site.json`."),
    ):
        finished = command(*arguments, cwd=tmp_path)
        assert (finished.code, finished.out) == (2, "")
        assert finished.err.startswith(expected)
        assert finished.err.count("\n") == 1
    finished = command("check", "--ref", "mian", cwd=repository.path)
    assert finished.code == 2
    assert finished.err.endswith("has no branch, tag or commit 'mian'. Did you mean 'main'?\n")


def test_the_installed_command_checks_the_shipped_content(tmp_path: Path):
    finished = run("check", str(ROOT / "content"), cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("No problems. ")


def place_of(data: bytes, text: str) -> str:
    """`line:column` of a text in a file."""
    before = data[: data.index(text.encode())].decode()
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
