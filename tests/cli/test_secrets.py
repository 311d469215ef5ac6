"""No secret in what the program prints, logs or answers: each is set to a word that is then looked for everywhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
import typer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from content_api.cli import build
from content_api.settings import Settings, _is_secret, variable
from content_api.web.tokens import hashed
from tests.cli.command import Serving, run, serving
from tests.cli.conftest import Command
from tests.publish.world import moon, new_repository
from tests.repositories import Repository
from tests.store.remotes import GitServer, git_server, running_with

MARK = "hunter2-is-no&secret"
PASSWORD, HOOK, TOKEN = f"{MARK}-of-git", f"{MARK}-of-the-hook", f"{MARK}-of-anna"
SIGNING = f"whsec_{base64.b64encode(f'{MARK}-that-signs'.encode()).decode()}"
SECRETS = {
    "repository": f"https://me:{quote(PASSWORD)}@127.0.0.1:1/content.git",
    "repository_token": PASSWORD,
    "hook_secrets": f"{HOOK},{SIGNING}",
    "preview_tokens": f"anna:{hashed(TOKEN)}",
}
"""Field of a secret setting -> a value of it that is right."""
SHOWN = [
    MARK,
    quote(MARK, safe=""),
    SIGNING.removeprefix("whsec_"),
    hashed(TOKEN),
    *(base64.b64encode(f"{who}:{PASSWORD}".encode()).decode() for who in ("me", "git")),
]
"""Forms in which a secret could be seen."""
ENVIRONMENT = {variable(name): value for name, value in SECRETS.items()}
COMMANDS = typer.main.get_group(build()).commands
NAME = '{ condition(key: "moon-hiccups") { name } }'


def seen_in(text: str) -> list[str]:
    return [form for form in SHOWN if form in text]


def test_every_secret_setting_is_among_those_that_are_looked_for():
    assert {name for name in Settings.model_fields if _is_secret(name)} == set(SECRETS)


def paths_of_commands() -> Iterator[tuple[str, ...]]:
    yield ()
    for name, found in COMMANDS.items():
        yield (name,)
        yield from ((name, below) for below in getattr(found, "commands", ()))


@pytest.mark.parametrize("path", list(paths_of_commands()), ids=" ".join)
def test_no_help_shows_a_secret(path: tuple[str, ...], command: Command, tmp_path: Path):
    finished = command(*path, "--help", cwd=tmp_path, **ENVIRONMENT)
    assert (finished.code, finished.err) == (0, "")
    assert "Usage" in finished.out
    assert seen_in(finished.out) == []


WRONG = {
    "two at once": {"CONTENT_API_CONTENT": "/srv/content"},
    "another number": {"CONTENT_API_PORT": "high"},
    "an address of no kind": {"CONTENT_API_REPOSITORY": f"git://me:{PASSWORD}@host/x.git"},
    "an address in two halves": {"CONTENT_API_REPOSITORY": f"https://me:{PASSWORD}@host:x/x.git"},
    "a token for ssh": {"CONTENT_API_REPOSITORY": "ssh://git@host/x.git"},
    "a token in two lines": {"CONTENT_API_REPOSITORY_TOKEN": f"{PASSWORD}\n{PASSWORD}"},
    "a secret with spaces": {"CONTENT_API_HOOK_SECRETS": f"{HOOK},{HOOK} {HOOK}"},
    "a token for its hash": {"CONTENT_API_PREVIEW_TOKENS": f"anna:{TOKEN}"},
    "a token alone": {"CONTENT_API_PREVIEW_TOKENS": TOKEN},
    "two of one name": {"CONTENT_API_PREVIEW_TOKENS": f"anna:{hashed(TOKEN)},anna:{hashed(TOKEN)}"},
    "an address where a path belongs": {
        "CONTENT_API_REPOSITORY": "",
        "CONTENT_API_CONTENT": f"https://me:{PASSWORD}@host/x.git",
    },
    "a cache with a password": {"CONTENT_API_PURGE_URLS": f"http://a/,http://me:{PASSWORD}@host/"},
    "an origin with a password": {"CONTENT_API_CORS_ORIGINS": f"https://me:{PASSWORD}@host/"},
    "a proxy with a password": {"CONTENT_API_PROXIES": f"http://me:{PASSWORD}@10.0.0.1:80"},
    "a name that is none": {"CONTENT_API_REPOSITORY_TOKEM": PASSWORD, "CONTENT_API_PORT": "high"},
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("asked", ["serve", "check"])
def test_a_wrong_setting_is_told_of_without_any_secret(asked: str, name: str, command: Command, tmp_path: Path):
    finished = command(asked, cwd=tmp_path, **ENVIRONMENT | WRONG[name])
    assert finished.code == 2
    assert finished.err.strip()
    assert seen_in(finished.out + finished.err) == []


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("serve", "--content", f"https://me:{PASSWORD}@127.0.0.1:1/x.git"), "CONTENT_API_REPOSITORY"),
        (("check", f"https://me:{PASSWORD}@127.0.0.1:1/x.git"), "CONTENT_API_REPOSITORY"),
        (("status", "--url", f"http://me:{PASSWORD}@127.0.0.1:1"), "such as http://127.0.0.1:8000"),
        (("status", "--url", f"http://me:{PASSWORD}@127.0.0.1:x"), "such as http://127.0.0.1:8000"),
    ],
)
def test_an_address_with_a_password_is_refused_without_showing_it(arguments, remedy, command: Command, tmp_path: Path):
    finished = command(*arguments, cwd=tmp_path)
    assert finished.code == 2
    assert remedy in finished.err
    assert seen_in(finished.out + finished.err) == []


# ---- against a real git host


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return new_repository(tmp_path_factory.mktemp("remote") / "content.git")


@contextmanager
def host(remote: Repository) -> Iterator[GitServer]:
    with git_server(remote.path.parent, password=PASSWORD) as found:
        yield found


def reaching(address: str, tmp_path: Path, **more: str) -> dict[str, str]:
    """The settings of a server of this remote; no proxy of the machine is asked."""
    given = {
        "CONTENT_API_REPOSITORY": address,
        "CONTENT_API_CACHE": str(tmp_path / "cache"),
        "CONTENT_API_LOG_LEVEL": "debug",
        "CONTENT_API_CONNECT_SECONDS": "5",
        "no_proxy": "127.0.0.1",
    }
    return ENVIRONMENT | given | more


def test_a_start_that_fails_shows_no_secret(remote: Repository, tmp_path: Path):
    """The host says to who is refused what he has sent, as careless ones do."""
    other = quote(f"{PASSWORD}-once", safe="")
    with host(remote) as server:
        address = server.at("content.git")
        ways = [
            reaching(address.replace("//", f"//me:{other}@"), tmp_path, CONTENT_API_REPOSITORY_TOKEN=""),
            reaching(address, tmp_path, CONTENT_API_REPOSITORY_TOKEN=f"{PASSWORD}-once"),
        ]
        finished = [run("serve", cwd=tmp_path, **environment) for environment in ways]
    assert [one.returncode for one in finished] == [2, 2]
    for one in finished:
        assert "CONTENT_API_REPOSITORY_TOKEN" in one.stderr
        assert seen_in(one.stdout + one.stderr) == []
    sent = [given for _, _, given in server.asked if given]
    assert len(sent) >= 2, "it was tried with the secret"


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("One process", {"CONTENT_API_LOG_FORMAT": "json"}),
        ("Two workers", {"CONTENT_API_LOG_FORMAT": "console", "CONTENT_API_WORKERS": "2"}),
    ],
)
def test_a_server_shows_no_secret_in_its_log_or_its_answers(
    remote: Repository, tmp_path: Path, name: str, how: dict[str, str]
):
    with host(remote) as git_host:
        settings = reaching(
            git_host.at("content.git"),
            tmp_path,
            CONTENT_API_REPOSITORY_USER="me",
            CONTENT_API_POLL_SECONDS="0.2",
            CONTENT_API_PREVIEW_BRANCHES="*",
            CONTENT_API_PURGE_URLS="http://127.0.0.1:1/",
            **how,
        )
        with serving(cwd=tmp_path, **settings) as server:
            remote.commit(moon(name))
            server.wait_until(20, NAME, {"condition": {"name": name}})
            before = "".join(answers(server))
            git_host.takes_nobody = True
            server.wait_for_status(lambda told: told["trouble"])
            after = "".join(answers(server))
            commands = running_with(MARK)
            assert server.stop() == 0
            log = server.log.read_text()
    assert before.count(name) > 3, "the preview was seen"
    assert "CONTENT_API_REPOSITORY_TOKEN" in log, "the failure was told of"
    assert log.count("\n") > 5
    assert {"said": seen_in(server.said), "log": seen_in(log)} == {"said": [], "log": []}
    assert (seen_in(before), seen_in(after)) == ([], [])
    assert commands == [], "no command line has it: every user of the machine can read those"


def answers(server: Serving) -> Iterator[str]:
    """Heads and bodies of what is answered at every path to those who know secrets, and to those who almost do."""
    for path in ("/", "/versions", "/livez", "/readyz", "/metrics", "/schema.graphql", "/nowhere"):
        yield shown(httpx2.get(f"{server.url}{path}", trust_env=False))
    for secret in (TOKEN, f"{TOKEN}x", HOOK):
        headers = {"Authorization": f"Bearer {secret}", "X-Gitlab-Token": secret, "Cookie": f"token={secret}"}
        for path in ("/graphql", "/preview/main/graphql", "/preview/nothing/graphql", "/graphql/stream"):
            asked = httpx2.post(f"{server.url}{path}", json={"query": NAME}, headers=headers, trust_env=False)
            yield shown(asked)
        yield shown(httpx2.post(f"{server.url}/hooks/git", content=b"{}", headers=headers, trust_env=False))
        yield from handshake(server, headers)
    signature = hmac.new(HOOK.encode(), b"{}", hashlib.sha256).hexdigest()
    for sent in (signature, signature[::-1]):
        headers = {"X-Hub-Signature-256": f"sha256={sent}"}
        yield shown(httpx2.post(f"{server.url}/hooks/git", content=b"{}", headers=headers, trust_env=False))


def handshake(server: Serving, headers: Mapping[str, str]) -> Iterator[str]:
    """What opening a WebSocket with these headers is answered with, where it may be and where there is none."""
    for path in ("/graphql", "/preview/main/graphql"):
        address = f"{server.url.replace('http', 'ws')}{path}"
        with suppress(InvalidStatus), connect(address, additional_headers=headers, proxy=None) as socket:
            yield str(socket.response.headers)


def shown(answer: httpx2.Response) -> str:
    return f"{answer.status_code} {answer.headers!s} {answer.text}"
