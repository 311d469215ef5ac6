"""`content-api serve`, by sockets and signals: what only a real process shows."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import httpx2
import pytest

from tests import world
from tests.cli.command import THREE_WAYS, run, serving
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository

NAME = '{ condition(key: "moon-hiccups") { name } }'
MOON = "conditions/moon-hiccups.json"


def named(name: str) -> dict[str, bytes]:
    """The world, with another name for one condition."""
    return world.edited({MOON: {"/text/en/name": name}})


def answer(name: str) -> dict[str, object]:
    return {"condition": {"name": name}}


def test_what_is_committed_is_served_and_it_says_so_until_ctrl_c_ends_it(repository: Repository):
    repository.tag("spring")
    write(repository.path / "content", named("Not committed"))
    with serving(cwd=repository.path, CONTENT_API_PROT="9000") as server:
        assert server.ask(NAME) == answer("Moon hiccups")
        commit = repository.git("rev-parse", "HEAD")
        assert (
            f"at commit {commit[:12]}, which HEAD names; changes that are not committed are not served" in server.said
        )
        assert "3 conditions, 3 symptoms, 2 causes, 2 treatments, 3 cautions; 3 locales: en, de, de-AT" in server.said
        assert "1 tag: spring" in server.said
        assert "content-api serve --working-tree --reload" in server.said
        assert f"GraphQL    {server.url}/graphql\nStop       Ctrl+C" in server.said
        assert server.url.startswith("http://127.0.0.1:")
        assert "server" not in httpx2.get(f"{server.url}/livez", trust_env=False).headers
        assert server.stop() == 0
        log = server.log.read_text()
        assert log.startswith("CONTENT_API_PROT is not a setting. Did you mean `CONTENT_API_PORT`?\n")
        events = [json.loads(line)["event"] for line in log.splitlines()[1:]]
        assert [event for event in events if event != "request"] == ["serving", "stopped"]


def test_a_bare_repository_is_served_without_advice_that_only_a_work_tree_can_follow(tmp_path: Path):
    bare = Repository(tmp_path / "bare.git", bare=True)
    bare.commit(in_content(world.files()))
    with serving("--content", "bare.git", cwd=tmp_path) as server:
        assert server.ask(NAME) == answer("Moon hiccups")
        assert "which HEAD names.\n" in server.said
        assert "--working-tree" not in server.said
        assert "What is pushed is live a moment later" in server.said


def test_two_workers_answer_from_what_the_options_say_whatever_the_environment_says(
    repository: Repository, tmp_path: Path
):
    write(repository.path / "content", named("Not committed"))
    arguments = ("--workers", "2", "--content", str(repository.path), "--working-tree")
    with serving(*arguments, cwd=tmp_path, CONTENT_API_REF="nowhere", CONTENT_API_CONTENT="/nowhere") as server:
        assert server.ask(NAME) == answer("Not committed")
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        if children.exists():  # Linux says who they are: two workers and multiprocessing's own helper
            assert len(children.read_text().split()) >= 2
        assert server.stop() == 0


def test_a_saved_file_is_live_within_two_seconds_and_a_broken_one_never(repository: Repository):
    with serving("--working-tree", "--reload", cwd=repository.path) as server:
        server.wait_until(2, NAME, answer("Moon hiccups"))
        write(repository.path / "content", {MOON: named("Saved")[MOON]})
        server.wait_until(2, NAME, answer("Saved"))
        write(repository.path / "content", {MOON: b'{"id": "moon-hiccups"'})
        _wait_for_log(server.log, "content/conditions/moon-hiccups.json:1:")
        assert server.ask(NAME) == answer("Saved")
        write(repository.path / "content", {MOON: named("Mended")[MOON]})
        server.wait_until(2, NAME, answer("Mended"))


def test_a_commit_goes_live_by_itself(repository: Repository):
    with serving("--reload", cwd=repository.path) as server:
        repository.commit(in_content(named("Committed")))
        server.wait_until(10, NAME, answer("Committed"))


def test_a_folder_in_no_repository_is_served_as_it_is_and_followed_when_another_takes_its_place(folder: Path):
    with serving("--reload", cwd=folder) as server:
        assert "as they stand" in server.said
        assert server.ask(NAME) == answer("Moon hiccups")
        write(folder / "new", named("Replaced"))
        (folder / "content").rename(folder / "old")
        (folder / "new").rename(folder / "content")
        server.wait_until(10, NAME, answer("Replaced"))
        time.sleep(1.5)  # by then the new folder is watched, not the old one
        write(folder / "content", {MOON: named("Saved")[MOON]})
        server.wait_until(10, NAME, answer("Saved"))


@pytest.mark.parametrize("way", THREE_WAYS)
def test_broken_content_is_refused_with_all_its_problems_and_no_traceback(way: str, folder: Path):
    write(folder / "content", {MOON: b"[]", "causes/late-comets.json": b"{"})
    finished = run(cwd=folder, command=THREE_WAYS[way], CONTENT_API_PORT="0")
    assert finished.returncode == 1
    assert "content/conditions/moon-hiccups.json:1:1  " in finished.stderr
    assert "content/causes/late-comets.json:1:" in finished.stderr
    assert "2 problems in 2 files.\n\nNothing is served." in finished.stderr
    assert "Traceback" not in finished.stderr + finished.stdout


def test_a_wrong_setting_is_one_line_under_uvicorn_too(folder: Path):
    finished = run(cwd=folder, command=THREE_WAYS["uvicorn server:app"], CONTENT_API_CORS_ORIGINS="example.org")
    assert finished.returncode == 2
    assert finished.stderr.startswith("CONTENT_API_CORS_ORIGINS is 'example.org': it should be origins such as")
    assert finished.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line(folder: Path, command: Command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        finished = command("serve", "--port", port, cwd=folder)
    assert finished == (2, "", f"Port {port} of 127.0.0.1 is in use. Stop what uses it, or choose another: --port\n")


def test_an_address_that_is_not_here_is_one_line(folder: Path, command: Command):
    finished = command("serve", "--host", "192.0.2.1", "--port", "0", cwd=folder)
    assert finished.code == 2
    assert finished.err.startswith("Cannot listen on 192.0.2.1, port 0: ")
    assert finished.err.count("\n") == 1


def _wait_for_log(log: Path, expected: str) -> None:
    deadline = time.monotonic() + 5
    while expected not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stored_documents_that_cannot_be_read_are_told_before_anything_is_served(workers: str, folder: Path):
    finished = run("serve", "--port", "0", "--workers", workers, cwd=folder, CONTENT_API_OPERATIONS="nowhere")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == "There is no folder nowhere of stored documents. Make it, or name another\n"


def test_proxies_are_believed_where_they_are_named_and_loopback_is_nobody_special(repository: Repository):
    def statuses(url: str) -> list[int]:
        return [
            httpx2.get(f"{url}/", headers={"X-Forwarded-For": f"198.51.100.{last}"}, trust_env=False).status_code
            for last in range(3)
        ]

    with serving(cwd=repository.path, CONTENT_API_RATE_LIMIT="2/hour") as server:
        assert statuses(server.url) == [200, 200, 429]
    with serving(cwd=repository.path, CONTENT_API_RATE_LIMIT="2/hour", CONTENT_API_PROXIES="127.0.0.1") as server:
        assert statuses(server.url) == [200, 200, 200]
