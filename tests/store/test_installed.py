"""Which git is good enough to fetch with, and that a server says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from content_api.store.installed import doubt_about, doubt_about_git
from tests.cli.command import serving
from tests.publish.world import new_repository


@pytest.mark.parametrize(
    "said",
    ["git version 2.50.1", "git version 2.50.1.windows.1", "git version 2.51", "git version 3.0.0-rc1"],
)
def test_a_new_git_is_not_doubted(said: str):
    assert doubt_about(said) is None


@pytest.mark.parametrize("said", ["git version 2.50.0", "git version 2.39.5 (Apple Git-154)", "git version 2.50"])
def test_an_older_one_is_named_with_what_to_do(said: str):
    assert doubt_about(said) == (
        f"{said} is older than 2.50.1, in which holes were closed. See that your distribution has closed them in it, or"
        " install a newer one"
    )


def test_one_that_does_not_say_its_version_is_doubted():
    assert doubt_about("").startswith("git, which does not say its version, is older than 2.50.1")


def test_the_one_that_is_installed_is_asked_by_a_server_that_fetches_and_by_no_other(tmp_path: Path):
    repository = new_repository(tmp_path / "remote.git")
    said = {"repository": logged(tmp_path, "REPOSITORY", f"file://{repository.path}")}
    said["content"] = logged(tmp_path, "CONTENT", str(repository.path))
    doubt = doubt_about_git(deadline=30)
    assert (doubt in said["repository"]) == (doubt is not None)
    assert doubt not in said["content"]


def logged(folder: Path, setting: str, value: str) -> list[str]:
    """What events a server logs that is started with a setting."""
    settings = {f"CONTENT_API_{setting}": value, "CONTENT_API_CACHE": str(folder / "cache")}
    with serving(cwd=folder, **settings, CONTENT_API_LOG_FORMAT="json") as server:
        assert server.stop() == 0
        return [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
