"""Serving a repository on another machine: through its mirror, told of pushes by its hook, and without it a while."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import httpx2
import pytest

from tests.cli.command import Serving, serving
from tests.cli.conftest import Command
from tests.publish.world import moon, new_repository
from tests.repositories import Repository

NAME = '{ condition(key: "moon-hiccups") { name } }'
SECRET = "a-secret-that-the-git-host-knows"


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "remote.git")


def settings(remote: Repository, tmp_path: Path) -> dict[str, str]:
    return {
        "CONTENT_API_REPOSITORY": f"file://{remote.path}",
        "CONTENT_API_CACHE": str(tmp_path / "cache"),
        "CONTENT_API_HOOK_SECRETS": SECRET,
        "CONTENT_API_POLL_SECONDS": "3600",
    }


def call_hook(server: Serving, secret: str = SECRET) -> int:
    body = b'{"ref": "refs/heads/main"}'
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    return httpx2.post(f"{server.url}/hooks/git", content=body, headers=headers, trust_env=False).status_code


def expected(name: str) -> dict[str, object]:
    return {"condition": {"name": name}}


def test_what_is_pushed_to_the_remote_is_live_as_soon_as_its_hook_is_called(remote: Repository, tmp_path: Path):
    with serving(cwd=tmp_path, **settings(remote, tmp_path)) as server:
        assert server.ask(NAME) == expected("Moon hiccups")
        assert f"file://{remote.path} at commit" in server.said
        remote.commit(moon("Pushed"))
        assert call_hook(server, "a guess") == 401
        assert call_hook(server) == 202
        assert server.wait_until(20, NAME, expected("Pushed")) < 20


def test_a_restart_needs_no_remote(remote: Repository, tmp_path: Path):
    with serving(cwd=tmp_path, **settings(remote, tmp_path)):
        pass
    away = remote.path.rename(tmp_path / "away.git")
    with serving(cwd=tmp_path, **settings(remote, tmp_path)) as server:
        assert server.ask(NAME) == expected("Moon hiccups")
        ready = httpx2.get(f"{server.url}/readyz", trust_env=False).json()
        assert ready["ready"] is True
        assert str(tmp_path) not in str(ready)
        away.rename(remote.path)
        remote.commit(moon("Back again"))
        server.wait_until(60, NAME, expected("Back again"))


def test_an_operator_goes_back_without_the_remote(remote: Repository, tmp_path: Path, command: Command):
    older = remote.git("rev-parse", "main")
    remote.commit(moon("Newer"))
    environment = settings(remote, tmp_path) | {"CONTENT_API_POLL_SECONDS": "0.2"}
    with serving(cwd=tmp_path, **environment) as server:
        assert server.ask(NAME) == expected("Newer")
        remote.path.rename(tmp_path / "away.git")
        held = command("pin", older, cwd=tmp_path, **environment)
        assert held.code == 0, held.err
        assert "What was fetched before is there." in held.err
        server.wait_until(20, NAME, expected("Moon hiccups"))
        server.wait_for_status(lambda told: told["pinned"] and told["trouble"])
