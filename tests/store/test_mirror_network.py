"""A mirror over the network: smart HTTP with credentials, ssh, and remotes that hang, drip, ask or lie."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from content_api.errors import RemoteUnreachable
from content_api.store.mirror import Mirror, open_remote
from content_api.store.remote import read_remote
from tests.needs import needs
from tests.repositories import Repository
from tests.store.conftest import FILES
from tests.store.remotes import bad_server, certificate, cut, drip, flood, git_server, hang, running_with, ssh_server
from tests.store.test_mirror import refs

PASSWORD = "correct horse battery & 'staple'"
GIVEN_UP = "gave no answer for 1 seconds and was given up"
SHORT = {"connect_seconds": 1.0, "silence_seconds": 1.0, "fetch_seconds": 2.0}


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "served" / "content.git", bare=True)
    repository.commit(FILES)
    return repository


@pytest.fixture(autouse=True)
def nobody_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Programs that would ask a person: each leaves a mark when it is started."""
    mark, ask = tmp_path / "asked", tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\ntouch {mark}\necho hunter2\n")
    ask.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(ask))
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield
    assert not mark.exists(), "a person was asked"


def mirror_of(address: str, tmp_path: Path, **options) -> Mirror:
    return open_remote(read_remote(address, **options), tmp_path / "cache")


def refused(mirror: Mirror, within: float = 8.0) -> str:
    """What the error says; it comes before long, and nothing is left running."""
    began = time.monotonic()
    with pytest.raises(RemoteUnreachable) as raised:
        mirror.fetch()
    assert time.monotonic() - began < within
    assert running_with(mirror.remote.address) == []
    return str(raised.value)


def test_a_public_repository_is_mirrored_over_http(bare: Repository, tmp_path: Path):
    with git_server(tmp_path / "served") as server:
        mirror = mirror_of(server.at("content.git"), tmp_path)
        mirror.fetch()
        bare.commit({"content/a.json": b"1"})
        mirror.fetch()
        asked = len(server.asked)
        mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)
    assert len(server.asked) - asked == 2, "nothing new costs one question, and what goes before it"
    assert {given for _, _, given in server.asked} == {""}


@pytest.mark.parametrize("written", ["in settings", "in the address"])
def test_a_private_repository_is_opened_by_its_token_which_is_kept_nowhere(bare, tmp_path: Path, written: str):
    with git_server(tmp_path / "served", password=PASSWORD) as server:
        if written == "in settings":
            mirror = mirror_of(server.at("content.git"), tmp_path, user="me", token=PASSWORD)
        else:
            encoded = "correct%20horse%20battery%20%26%20'staple'"
            mirror = mirror_of(server.at("content.git").replace("//", f"//me:{encoded}@"), tmp_path)
        mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)
    kept = [file for file in mirror.path.parent.rglob("*") if file.is_file() and b"battery" in file.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("token", [None, "a wrong password", PASSWORD[:-1]])
def test_a_remote_that_asks_for_a_password_is_told_of_and_nobody_is_asked(bare, tmp_path: Path, token: str | None):
    with git_server(tmp_path / "served", password=PASSWORD) as server:
        said = refused(mirror_of(server.at("content.git"), tmp_path, user="me", token=token))
    assert "CONTENT_API_REPOSITORY_TOKEN" in said
    assert server.url in said
    assert token is None or token not in said


def test_a_token_is_sent_to_its_own_host_alone(bare, tmp_path: Path):
    with git_server(tmp_path / "served", password=PASSWORD) as other:

        def elsewhere(connection, over):
            path = connection.recv(65_536).split(b" ")[1].decode()
            connection.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {other.url}{path}\r\nContent-Length: 0\r\n\r\n".encode()
            )

        with bad_server(elsewhere) as address:
            said = refused(mirror_of(f"http://{address}/content.git", tmp_path, user="me", token=PASSWORD))
    assert "credentials" in said
    assert {given for _, _, given in other.asked} == {""}


def test_a_repository_that_is_not_there_is_named(bare, tmp_path: Path):
    with git_server(tmp_path / "served") as server:
        said = refused(mirror_of(server.at("nothing.git"), tmp_path))
    assert "is no repository, or not for these credentials" in said


@needs("openssl")
def test_a_certificate_is_trusted_when_it_is_named_and_else_refused(bare, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    place, key = certificate(tmp_path)
    with git_server(tmp_path / "served", tls=(place, key)) as server:
        said = refused(mirror_of(server.at("content.git"), tmp_path))
        assert "CONTENT_API_REPOSITORY_CA" in said
        mirror = mirror_of(server.at("content.git"), tmp_path, ca=place)
        mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)


@pytest.mark.parametrize("behaviour", [hang, drip, flood, cut])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_remote_that_misbehaves_is_given_up_and_what_there_is_stays(bare, tmp_path: Path, behaviour, scheme: str):
    mirror = mirror_of(f"file://{bare.path}", tmp_path)
    mirror.fetch()
    before = refs(mirror.path)
    with bad_server(behaviour) as address:
        bad = Mirror(read_remote(f"{scheme}://{address}/content.git", **SHORT), mirror._folder)
        said = refused(bad)
    assert address in said
    assert refs(mirror.path) == before
    assert mirror.prepare() is True


def test_a_fetch_that_is_cut_within_its_pack_changes_nothing_and_the_next_is_whole(bare, tmp_path: Path):
    with git_server(tmp_path / "served") as server:
        mirror = mirror_of(server.at("content.git"), tmp_path)
        mirror.fetch()
        before = refs(mirror.path)
        bare.commit({"content/large.json": random.Random(0).randbytes(200_000)})
        server.cuts_packs = True
        assert "the connection was cut" in refused(mirror)
        assert refs(mirror.path) == before
        assert [path for path in mirror.path.rglob("*") if path.name.startswith(("tmp_", "incoming-"))] == []
        assert mirror.prepare() is True
        server.cuts_packs = False
        mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)


def test_a_first_fetch_that_is_cut_within_its_pack_leaves_nothing_and_the_next_is_whole(bare, tmp_path: Path):
    with git_server(tmp_path / "served") as server:
        server.cuts_packs = True
        mirror = mirror_of(server.at("content.git"), tmp_path)
        assert "the connection was cut" in refused(mirror)
        assert mirror.prepare() is False
        assert [path.name for path in mirror.path.parent.iterdir()] == ["lock"]
        server.cuts_packs = False
        mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)


def test_a_remote_that_nobody_answers_for_is_told_of(tmp_path: Path):
    with bad_server(hang) as address:
        pass  # its port is free again
    assert "cannot be reached" in refused(mirror_of(f"http://{address}/x.git", tmp_path))


def test_a_fetch_that_hangs_after_a_good_beginning_is_given_up(bare, tmp_path: Path, monkeypatch):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[uploadpack]\n\tpackObjectsHook = {slow}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))  # the other side's, as it is on this machine
    said = refused(mirror_of(f"file://{bare.path}", tmp_path, silence_seconds=0.5, fetch_seconds=30))
    assert "sent nothing for 0.5 seconds and was given up" in said
    assert "CONTENT_API_SILENCE_SECONDS" in said
    assert running_with(str(slow)) == []
    said = refused(mirror_of(f"file://{bare.path}", tmp_path, silence_seconds=30, fetch_seconds=0.5))
    assert "had not been fetched after 0.5 seconds and was given up" in said
    assert running_with(str(slow)) == []


# --- ssh --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in ssh's place, first in PATH, that notes how it was called and runs the command on this machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "ssh"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "called"


@pytest.mark.parametrize("form", ["ssh://git@example.invalid{}", "git@example.invalid:{}"])
def test_a_repository_is_mirrored_over_ssh(bare: Repository, tmp_path: Path, ssh: Path, form: str):
    mirror = mirror_of(form.format(bare.path), tmp_path, ssh_key=tmp_path / "key", known_hosts=tmp_path / "hosts")
    mirror.fetch()
    assert refs(mirror.path) == refs(bare.path)
    called = ssh.read_text()
    for words in ("BatchMode=yes", f"-i {tmp_path}/key", f"UserKnownHostsFile={tmp_path}/hosts", "git@example.invalid"):
        assert words in called


@needs("ssh")
@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_host_that_does_not_speak_ssh_is_given_up(tmp_path: Path, behaviour):
    with bad_server(behaviour) as address:
        said = refused(mirror_of(f"ssh://git@{address}/content.git", tmp_path, **SHORT))
    assert f"ssh://git@{address}/content.git {GIVEN_UP}" in said


@needs("ssh")
def test_ssh_asks_nobody_when_its_key_is_not_there(tmp_path: Path):
    with bad_server(hang) as address:
        mirror = mirror_of(f"ssh://git@{address}/x.git", tmp_path, ssh_key=tmp_path / "no key", **SHORT)
        assert f"ssh://git@{address}/x.git {GIVEN_UP}" in refused(mirror)


@needs("sshd")
def test_a_host_that_speaks_ssh_is_fetched_from_and_known_by_its_key(bare: Repository, tmp_path: Path):
    with ssh_server(tmp_path / "host") as host:
        mirror = mirror_of(host.at(bare.path), tmp_path, ssh_key=host.key, known_hosts=host.known_hosts)
        mirror.fetch()
        bare.commit({"content/a.json": b"1"})
        mirror.fetch()
        assert refs(mirror.path) == refs(bare.path)

        nothing = tmp_path / "nothing"
        nothing.touch()
        stranger = mirror_of(host.at(bare.path), tmp_path / "a", ssh_key=host.key, known_hosts=nothing)
        assert "has a host key that is not known" in refused(stranger)
        keyless = mirror_of(host.at(bare.path), tmp_path / "b", ssh_key=host.host_key, known_hosts=host.known_hosts)
        assert "does not accept our key" in refused(keyless)
        missing = mirror_of(
            host.at(tmp_path / "no.git"), tmp_path / "c", ssh_key=host.key, known_hosts=host.known_hosts
        )
        assert "is no repository" in refused(missing)


def test_no_command_line_ever_holds_a_secret(bare: Repository, tmp_path: Path, monkeypatch):
    seen: list[list[str]] = []
    real = subprocess.Popen

    def watched(arguments, *rest, **options):
        seen.append([str(each) for each in arguments])
        return real(arguments, *rest, **options)

    with git_server(tmp_path / "served", password=PASSWORD) as server:
        mirror = mirror_of(server.at("content.git"), tmp_path, user="me", token=PASSWORD)
        monkeypatch.setattr("content_api.store.supervise.subprocess.Popen", watched)
        mirror.fetch()
        monkeypatch.undo()
    assert len(seen) > 3
    assert [line for line in seen if any("battery" in word for word in line)] == []
