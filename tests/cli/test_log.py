"""`content-api log`: the versions that there were, for a person and for a program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import world
from tests.cli.conftest import Command
from tests.repositories import Repository


@pytest.fixture
def second(repository: Repository) -> str:
    """A second version: one file came, one changed and one went."""
    changes = {
        "content/treatments/quiet-tea.json": world.files()["treatments/quiet-tea.json"] + b"\n",
        "content/people/test-reviewer.json": None,
        "content/causes/new.json": b"{}",
    }
    return repository.commit(changes, message="Quieter tea\n\nAs asked for.", date="1795341600 +0530")


def test_the_newest_version_comes_first_with_who_when_why_and_how_much(
    repository: Repository, second: str, command: Command
):
    repository.commit({"README": b"this is not content"})
    repository.tag("v1", second)
    repository.tag("latest", second)
    finished = command("log", cwd=repository.path)
    lines = finished.out.splitlines()
    assert lines[:2] == [
        f"{second[:12]}  2026-11-22 15:30+05:30  An Editor  +1 ~1 -1  latest, v1",
        "    Quieter tea",
    ]
    assert lines[2].endswith(f"  2025-11-22 08:26+00:00  An Editor  +{len(world.files())} ~0 -0")
    assert lines[3:] == ["    The small world"]
    assert finished.code == 0


def test_a_program_gets_all_of_it_as_json(repository: Repository, second: str, command: Command):
    repository.tag("v1", second)
    found = json.loads(command("log", "--format", "json", "--limit", "1", cwd=repository.path).out)
    assert found == {
        "complete": True,
        "total": 2,
        "versions": [
            {
                "id": second,
                "tags": ["v1"],
                "committedAt": "2026-11-22T15:30:00+05:30",
                "author": "An Editor",
                "message": "Quieter tea\n\nAs asked for.",
                "files": {"added": 1, "changed": 1, "removed": 1},
            }
        ],
    }


def test_only_the_versions_that_changed_an_entity_or_its_translations_are_shown(
    repository: Repository, second: str, command: Command
):
    third = repository.commit({"content/treatments/quiet-tea.de.json": b"{}"})

    def ids(key: str) -> list[str]:
        found = json.loads(command("log", key, "--format", "json", cwd=repository.path).out)
        return [version["id"] for version in found["versions"]]

    first = ids("condition/moon-hiccups")[0]
    assert ids("condition/moon-hiccups") == [first]
    assert ids("treatment/quiet-tea") == [third, second, first]
    assert ids("person/test-reviewer") == [second, first]
    assert ids("cause/new") == [second]


def test_fewer_are_shown_on_request_and_how_to_see_all_is_said(repository: Repository, second: str, command: Command):
    out = command("log", "--limit", "1", cwd=repository.path).out
    assert "The small world" not in out
    assert out.endswith("\n1 of 2 versions. To see all: --limit 2\n")
    assert "Invalid value for '--limit'" in command("log", "--limit", "0", cwd=repository.path).err


def test_one_can_look_back_from_another_ref(repository: Repository, second: str, command: Command):
    out = command("log", "--ref", "HEAD", cwd=repository.path, CONTENT_API_REF="nothing").out
    assert second[:12] in out
    repository.branch("before", f"{second}^")
    assert second[:12] not in command("log", "--ref", "before", cwd=repository.path).out
    refused = command("log", "--ref", "befor", cwd=repository.path)
    assert (refused.code, "Did you mean 'before'?" in refused.err) == (2, True)


def test_uncommitted_work_is_no_version_whatever_the_settings_say(
    repository: Repository, second: str, command: Command
):
    (repository.path / "content/causes/draft.json").write_bytes(b"{}")
    out = command("log", cwd=repository.path, CONTENT_API_WORKING_TREE="true").out
    assert out.splitlines()[0].startswith(second[:12])


def test_what_no_version_had_is_said_with_what_could_be_meant(repository: Repository, command: Command):
    refused = command("log", "condition/moon-hicups", cwd=repository.path)
    assert (refused.code, refused.out) == (2, "")
    said = " ".join(refused.err.replace("│", "").split())
    assert "No version has a `condition/moon-hicups`. Did you mean `condition/moon-hiccups`?" in said
    said = " ".join(command("log", "zzz", cwd=repository.path).err.replace("│", "").split())
    assert "No version has a `zzz`. Write it as in `condition/neuropathic-pain`." in said


def test_a_folder_in_no_repository_has_no_history(folder: Path, command: Command):
    refused = command("log", cwd=folder)
    assert (refused.code, refused.out) == (2, "")
    assert "content is not a git repository, nor in one. Name one, or run `git init` there" in refused.err


def test_a_repository_without_a_commit_says_so(tmp_path: Path, command: Command):
    Repository(tmp_path / "empty")
    refused = command("log", "--content", str(tmp_path / "empty"), cwd=tmp_path)
    assert (refused.code, "has no commit yet" in refused.err) == (2, True)


def test_a_branch_without_content_has_no_version(tmp_path: Path, command: Command):
    repository = Repository(tmp_path / "empty")
    repository.commit({"README": b"r"})
    refused = command("log", "--content", str(repository.path), cwd=tmp_path)
    assert refused.code == 2
    assert refused.err == (
        f"No commit up to HEAD has anything in {repository.path}/content. Commit the content: that is a version\n"
    )


def test_a_shallow_clone_says_what_it_does_not_know(
    repository: Repository, second: str, command: Command, tmp_path: Path
):
    third = repository.commit({"content/causes/new.json": b"{ }"})
    path = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=2", repository.path.as_uri(), path], check=True)
    lines = command("log", cwd=path).out.splitlines()
    assert lines[0].endswith("+0 ~1 -0")
    assert lines[2].startswith(second[:12])
    assert lines[2].endswith("+? ~? -?")
    assert lines[-1].startswith("Older versions are hidden: this clone is shallow")
    unchanged = command("log", "condition/moon-hiccups", cwd=path)
    assert unchanged.code == 0
    assert "No version that is known here changed it.\n\nOlder versions are hidden" in unchanged.out
    found = json.loads(command("log", "--format", "json", cwd=path).out)
    assert (found["complete"], found["versions"][1]["files"]) == (False, None)
    assert found["versions"][0]["id"] == third


def test_nothing_that_a_committer_writes_reaches_the_terminal_as_a_command(repository: Repository, command: Command):
    repository.commit({"content/causes/a.json": b"1"}, message="\x1b[2Jgone \u202eback", author="\x1b]0;title\x07 <a>")
    out = command("log", "--limit", "1", cwd=repository.path).out
    assert "\ufffd[2Jgone \ufffdback" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_what_is_not_said_legibly_is_said_to_be_so(repository: Repository, command: Command):
    tree = repository.git("rev-parse", "HEAD^{tree}")
    repository.commit({"content/causes/a.json": b"1"})
    data = f"tree {tree}\nparent {repository.git('rev-parse', 'HEAD')}\nauthor \ncommitter yesterday\n\n".encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=data)
    repository.branch("main", commit)
    lines = command("log", cwd=repository.path).out.splitlines()
    assert lines[:2] == [f"{commit[:12]}  no legible date  nobody named  +0 ~0 -1", "    no message"]
