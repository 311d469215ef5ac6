"""A remote's address as people write it, and what git is told of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from content_api.errors import RemoteUnreachable, SettingError
from content_api.store.remote import Remote, read_remote

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("written", "address", "user", "token"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b.git", None, None),
        ("HTTPS://example.org:8443/a", "https://example.org:8443/a", None, None),
        ("https://me@example.org/a", "https://example.org/a", "me", None),
        ("https://me:hunter2@example.org/a", "https://example.org/a", "me", "hunter2"),
        ("https://me:p%40ss%2Fword@example.org/a", "https://example.org/a", "me", "p@ss/word"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a", None, None),
        ("ssh://git@example.org:2222/a.git", "ssh://git@example.org:2222/a.git", "git", None),
        ("git@example.org:a/b.git", "git@example.org:a/b.git", "git", None),
        ("example.org:b.git", "example.org:b.git", None, None),
        ("file:///srv/content.git", "file:///srv/content.git", None, None),
    ],
)
def test_an_address_is_taken_apart(written: str, address: str, user: str | None, token: str | None):
    assert read_remote(written) == Remote(address, user, token)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "no address of a remote repository"),
        ("/srv/content.git", "A repository on this machine is named with CONTENT_API_CONTENT"),
        ("content.git", "A repository on this machine is named with CONTENT_API_CONTENT"),
        ("git://example.org/a", "It should be like https://host/path.git"),
        ("ext::sh -c x", "may not have control characters, nor the address a space"),
        ("ext::sh", "It should be like https://host/path.git"),
        ("https://example.org/a\n", "may not have control characters"),
        ("https://example.org", "has no host or no path"),
        ("https:///a", "has no host or no path"),
        ("file://host/a", "has no host or no path"),
        ("ssh://-oProxyCommand=x/a", "has no host or no path"),
        ("-oProxyCommand=x:a", "no address of a remote repository"),
        ("https://example.org/a?b=c", "no address of a remote repository"),
        ("ssh://me:hunter2@example.org/a", "but by a key: CONTENT_API_SSH_KEY"),
        ("me:hunter2@example.org:a", "no address of a remote repository"),
        ("https://me:hunter2/x@example.org/a", "no address of a remote repository"),
        ("https://me:hunter2@example.org:port/a", "no address of a remote repository"),
    ],
)
def test_what_is_no_address_is_refused_with_what_would_be_one_and_without_its_password(written: str, said: str):
    with pytest.raises(SettingError) as refused:
        read_remote(written)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_setting_goes_before_what_is_in_the_address():
    assert read_remote("https://a:b@example.org/x", user="me", token="t") == Remote("https://example.org/x", "me", "t")


def test_a_token_with_a_line_feed_would_be_two_answers_of_a_credential_helper():
    with pytest.raises(SettingError, match="may not have control characters"):
        read_remote("https://example.org/x", token="hunter2\nhost=evil")


def test_a_secret_is_in_nothing_that_is_shown():
    remote = read_remote("https://me:hunter2@example.org/x")
    assert SECRET not in repr(remote)
    assert SECRET not in " ".join(remote.options())
    complaint = "fatal: unable to access 'https://me:hunter2@example.org/x': hunter2"
    assert SECRET not in str(remote.failure(complaint))


def test_git_is_told_nothing_of_what_the_environment_says_of_it(monkeypatch: pytest.MonkeyPatch):
    for name in ("GIT_SSL_NO_VERIFY", "GIT_TRACE_CURL", "GIT_DIR", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, "theirs")
    environment = read_remote("https://example.org/x").environment()
    assert {name: value for name, value in environment.items() if value == "theirs"} == {}
    assert environment["GIT_CONFIG_GLOBAL"] == os.devnull
    assert environment["GIT_ALLOW_PROTOCOL"] == "https"


def test_ssh_is_told_to_ask_nobody_and_to_trust_no_stranger(tmp_path: Path):
    remote = read_remote(
        "git@example.org:x", ssh_key=tmp_path / "a key", known_hosts=tmp_path / "known hosts", connect_seconds=7
    )
    command = remote.environment()["GIT_SSH_COMMAND"]
    for option in ("BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=7", "IdentitiesOnly=yes"):
        assert f"-o {option}" in command
    assert f"-i '{tmp_path}/a key'" in command
    assert f"""'UserKnownHostsFile="{tmp_path}/known hosts"'""" in command


# What git 2.39 to 2.51, curl and OpenSSH say -> what an operator is to do.
COMPLAINTS = {
    "fatal: could not read Username for 'https://example.org': terminal prompts disabled": "REPOSITORY_TOKEN",
    "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://example.org/x/'": "REPOSITORY_TOKEN",
    "fatal: unable to access 'https://example.org/x/': The requested URL returned error: 403": "REPOSITORY_TOKEN",
    "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.": "SSH_KEY",
    "Host key verification failed.\nfatal: Could not read from remote repository.": "SSH_KNOWN_HOSTS",
    "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none": "REPOSITORY_CA",
    "fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate": "REPOSITORY_CA",
    "fatal: unable to access 'https://x/': Could not resolve host: x": "whose address cannot be found",
    "ssh: Could not resolve hostname x: Name or service not known": "whose address cannot be found",
    "fatal: repository 'https://example.org/x/' not found": "see whether the address is right",
    "fatal: '/x' does not appear to be a git repository": "see whether the address is right",
    "fatal: unable to access 'http://x/': Failed to connect to x port 80": "cannot be reached",
    "error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec": "cannot be reached",
    "ssh: connect to host x port 22: Connection timed out": "cannot be reached",
    "fatal: unable to access 'https://x/': The requested URL returned error: 503": "cannot be reached",
    "fatal: transport 'http' not allowed": "leads to another protocol",
    "fatal: detected dubious ownership in repository at '/x'": "safe.directory",
    "fatal: write error: No space left on device": "the disk of the cache is full",
    "error: cannot open FETCH_HEAD: Read-only file system": "CONTENT_API_CACHE",
    "error: object 01234567: hasDotgit: contains '.git'\nfatal: fsck error in packed object": "not well formed",
    "fatal: something nobody has heard of": "could not be fetched. Git says: fatal: something nobody",
}  # fmt: skip


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_what_git_complains_of_has_a_remedy(complaint: str):
    said = str(read_remote("https://example.org/x").failure(complaint))
    assert COMPLAINTS[complaint].lower() in said.lower()
    assert said.startswith("https://example.org/x ")
    assert "Git says: " in said


def test_unknown_complaints_are_of_the_remote():
    assert isinstance(read_remote("https://example.org/x").failure(""), RemoteUnreachable)
