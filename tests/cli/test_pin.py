"""`content-api pin`: a version is held, whatever is pushed, until it is released."""

from __future__ import annotations

from pathlib import Path

from tests import world
from tests.cli.command import serving
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository

NAME = '{ condition(key: "moon-hiccups") { name } }'
MOON = "conditions/moon-hiccups.json"
PIN = "refs/content-api/pin/"


def named(name: str) -> dict[str, bytes]:
    return in_content({MOON: world.edited({MOON: {"/text/en/name": name}})[MOON]})


def answer(name: str) -> dict[str, object]:
    return {"condition": {"name": name}}


def pins(repository: Repository) -> dict[str, str]:
    lines = repository.git("for-each-ref", "--format=%(refname) %(objectname)", PIN).splitlines()
    return dict(line.removeprefix(PIN).split(" ") for line in lines)


def test_a_running_server_goes_back_stays_there_and_comes_forward_again(repository: Repository, command: Command):
    repository.tag("good")
    repository.commit(named("Second"))
    with serving(cwd=repository.path) as server:
        assert server.ask(NAME) == answer("Second")
        held = command("pin", "good", cwd=repository.path)
        assert held.code == 0, held.err
        server.wait_until(5, NAME, answer("Moon hiccups"))
        repository.commit(named("Third"))
        server.wait_for_status(lambda told: told["pinned"])
        assert "Pinned     What is pushed waits" in command("status", "--url", server.url, cwd=repository.path).out
        assert server.ask(NAME) == answer("Moon hiccups")
        assert command("pin", "--release", cwd=repository.path).code == 0
        server.wait_until(5, NAME, answer("Third"))


def test_what_is_pinned_is_shown_and_released(repository: Repository, command: Command):
    commit = repository.git("rev-parse", "HEAD")
    assert command("pin", cwd=repository.path) == (0, "Nothing is pinned: HEAD is followed.\n", "")
    repository.tag("spring")
    held = command("pin", "spring", cwd=repository.path)
    about = f"{commit[:12]} (spring): The small world"
    assert held.out.startswith(f"Pinned     {about}\nA server that follows HEAD serves it")
    assert pins(repository) == {"HEAD": commit}
    shown = command("pin", cwd=repository.path)
    assert shown.out == f"Pinned     {about}, whatever HEAD names.\n"
    released = command("pin", "--release", cwd=repository.path)
    assert released.out.startswith(f"Released   {about}\nA server that follows HEAD")
    assert pins(repository) == {}
    assert command("pin", "--release", cwd=repository.path) == (0, "Nothing is pinned: HEAD is followed.\n", "")


def test_a_pin_is_for_the_branch_that_is_followed(repository: Repository, command: Command):
    commit = repository.git("rev-parse", "HEAD")
    repository.branch("feature/one")
    finished = command("pin", commit[:10], "--ref", "feature/one", cwd=repository.path)
    assert "A server that follows feature/one" in finished.out
    assert pins(repository) == {"feature--one": commit}
    assert command("pin", cwd=repository.path).out == "Nothing is pinned: HEAD is followed.\n"


def test_a_version_with_problems_is_not_pinned_and_all_of_them_are_told(repository: Repository, command: Command):
    wrong = world.edited({MOON: {"/state": "DONE"}, "causes/late-comets.json": {"/id": "other"}})
    bad = repository.commit(in_content(wrong))
    finished = command("pin", bad, cwd=repository.path)
    assert finished.code == 1
    assert f"content/{MOON}:" in finished.err
    assert "content/causes/late-comets.json:" in finished.err
    assert finished.err.endswith("\n\nNothing is pinned.\n")
    assert pins(repository) == {}


def test_a_version_that_lost_entities_against_what_is_live_is_refused_and_an_older_one_is_not(
    repository: Repository, command: Command
):
    newcomer = world.edited({"symptoms/left-ear-glow.json": {"/id": "right-ear-glow", "/text/en/slug": "right"}})
    path = "content/symptoms/right-ear-glow.json"
    first = repository.git("rev-parse", "HEAD")
    live = repository.commit({path: newcomer["symptoms/left-ear-glow.json"]})
    repository.git("update-ref", "refs/content-api/live/HEAD", live)
    lost = repository.commit({path: None})
    assert "ids_kept" in command("pin", lost, cwd=repository.path).err
    assert command("pin", first, cwd=repository.path).code == 0


def test_a_name_that_is_nowhere_is_told_with_what_could_be_meant(repository: Repository, command: Command):
    repository.tag("spring")
    finished = command("pin", "sprong", cwd=repository.path)
    assert (finished.code, finished.out) == (2, "")
    assert "has no branch, tag or commit 'sprong'. Did you mean 'spring'?" in finished.err


def test_a_version_and_release_exclude_each_other(repository: Repository, command: Command):
    finished = command("pin", "main", "--release", cwd=repository.path)
    assert finished.code == 2
    assert "not both" in finished.err


def test_a_folder_without_git_has_nothing_to_pin(folder: Path, command: Command):
    finished = command("pin", "main", cwd=folder)
    assert finished.code == 2
    assert "is not a git repository" in finished.err


def test_a_branch_that_is_gone_can_still_be_held_at_a_commit(repository: Repository, command: Command):
    commit = repository.git("rev-parse", "HEAD")
    finished = command("pin", commit, "--ref", "gone", cwd=repository.path)
    assert finished.code == 0
    assert pins(repository) == {"gone": commit}


def test_a_pin_that_cannot_be_written_is_told_with_the_remedy(repository: Repository, command: Command):
    lock = repository.git_directory / PIN / "HEAD.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    finished = command("pin", "main", cwd=repository.path)
    assert (finished.code, finished.out) == (2, "")
    assert "delete that .lock file" in finished.err


def test_uncommitted_files_are_not_what_is_checked(repository: Repository, command: Command):
    write(repository.path / "content", {MOON: b"{"})
    assert command("pin", "main", cwd=repository.path).code == 0
