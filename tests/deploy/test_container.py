"""The Containerfile of docs/how-to/deploy. No image is built here, for want of a registry of images: it is linted, what
it copies is there, and its commands are run in a folder of the test's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx2

from content_api.settings import Settings, variable
from tests.live import ROOT, free_port
from tests.needs import found, needs, needs_registry
from tests.publish.world import new_repository
from tests.repositories import ISOLATED
from tests.waiting import until

FILE = ROOT / "docs/how-to/deploy/Containerfile"
LINES = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)).splitlines()
INSTRUCTIONS = [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in LINES if line.strip()]
"""Each as (its word, what stands behind it)."""
STAGE = next(at for at, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM" and at > 0)
PLACE = "/opt/content-api"


def every(word: str, instructions: list[tuple[str, str]] = INSTRUCTIONS) -> list[str]:
    return [rest for found_word, rest in instructions if found_word == word]


def variables() -> dict[str, str]:
    return dict(one.split("=", 1) for rest in every("ENV") for one in rest.split())


def health() -> list[str]:
    """The command that asks how the server is."""
    return json.loads(every("HEALTHCHECK")[0].partition(" CMD ")[2])


@needs("hadolint")
def test_hadolint_has_nothing_to_say():
    linted = subprocess.run([found("hadolint"), FILE], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_what_is_copied_is_in_the_repository():
    sources = [source for rest in every("COPY", INSTRUCTIONS[:STAGE]) for source in rest.split()[:-1]]
    assert {"pyproject.toml", "constraints.txt", "content_api", "schema"} <= set(sources)
    listed = subprocess.run(["git", "ls-files", "--", *sources], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert set(sources) <= tracked or not (ROOT / ".git").exists()
    assert all((ROOT / source).exists() for source in sources)


def test_nothing_that_builds_is_in_what_is_run_and_it_is_not_root():
    last = INSTRUCTIONS[STAGE:]
    assert every("COPY", last) == [f"--from=build {PLACE} {PLACE}"]
    [installs] = every("RUN", last)
    packages = installs.partition("--no-install-recommends ")[2].partition(" &&")[0].split()
    assert packages == ["ca-certificates", "git", "openssh-client"]
    assert every("USER", last) == ["10001:10001"]
    words = [word for word, _ in last]
    assert words.index("USER") > words.index("RUN")


def test_its_settings_are_settings_and_its_ports_are_one():
    named = [name for name in variables() if name.startswith("CONTENT_API_")]
    assert set(named) <= {variable(name) for name in Settings.model_fields}
    port = variables()["CONTENT_API_PORT"]
    assert every("EXPOSE") == [port]
    assert f"'127.0.0.1', {port}" in health()[-1]
    assert every("VOLUME") == [variables()["CONTENT_API_CACHE"]]


@needs_registry()
def test_what_it_installs_serves_away_from_the_repository(tmp_path: Path):
    source, place, port = tmp_path / "source", tmp_path / "opt", str(free_port())
    build(source, place)
    shutil.rmtree(source)
    repository = new_repository(tmp_path / "content.git")
    here = {"CONTENT_API_CACHE": str(tmp_path / "cache"), "CONTENT_API_HOST": "127.0.0.1", "CONTENT_API_PORT": port}
    environment = ISOLATED | variables() | here | {"CONTENT_API_REPOSITORY": f"file://{repository.path}"}
    environment["PATH"] = f"{place}/bin:{os.environ['PATH']}"
    asked = [word.replace("8000", port) for word in health()]
    assert healthy(asked, environment) != 0
    command = [*json.loads(every("ENTRYPOINT")[0]), *json.loads(every("CMD")[-1])]
    server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    try:
        until(60, lambda: healthy(asked, environment) == 0)
        query = {"documentId": "Versions"}
        answer = httpx2.post(f"http://127.0.0.1:{port}/graphql", json=query, trust_env=False).json()
        assert "errors" not in answer, "stored documents come with what is installed"
    finally:
        server.terminate()
        server.wait(timeout=20)


def build(source: Path, place: Path) -> None:
    """What the first stage does, in two folders of this machine."""
    for rest in every("COPY", INSTRUCTIONS[:STAGE]):
        *names, target = rest.split()
        for name in names:
            into = source / (name if target == "./" else target)
            into.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, into, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(ROOT / name, into)
    for rest in every("RUN", INSTRUCTIONS[:STAGE]):
        command = rest.replace(PLACE, str(place)).replace("--no-cache-dir ", "")  # what is here need not come again
        done = subprocess.run(["sh", "-c", command], cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def healthy(command: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False).returncode


@needs("hadolint")
def test_a_mistake_in_the_file_would_be_found(tmp_path: Path):
    wrong = tmp_path / "Containerfile"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace("USER 10001:10001\n", "USER root\n"))
    linted = subprocess.run([found("hadolint"), wrong], capture_output=True, text=True, check=False)
    assert "Last USER should not be root" in linted.stdout
