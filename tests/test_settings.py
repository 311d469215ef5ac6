"""The settings: what wins, what is refused and how, and what workers are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from content_api.cli.options import given
from content_api.errors import SettingError
from content_api.settings import Settings, hand_down, in_environment, read_settings, unknown_variables, variable
from content_api.store.remote import Remote
from content_api.store.snapshot import Limits


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CONTENT_API_")]:
        monkeypatch.delenv(name)


def test_what_nobody_sets_is_safe():
    settings = read_settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.content, settings.ref, settings.working_tree, settings.reload) == (None, None, False, False)
    assert settings.limits == Limits()


def test_the_environment_is_read_and_what_is_given_goes_before_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_PORT", "9000")
    monkeypatch.setenv("CONTENT_API_CONTENT", "/srv/content")
    settings = read_settings(port=9001)
    assert (settings.port, settings.content) == (9001, Path("/srv/content"))


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_PORT", "")
    assert read_settings().port == 8000


def test_origins_are_a_plain_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_CORS_ORIGINS", "https://example.org, http://localhost:3000,")
    assert read_settings().cors_origins == ("https://example.org", "http://localhost:3000")


def test_caches_in_front_are_a_plain_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_PURGE_URLS", "http://127.0.0.1:6081/, https://cache.example.org, http://[::1]:80/x")
    assert read_settings().purge_urls == ("http://127.0.0.1:6081/", "https://cache.example.org", "http://[::1]:80/x")


def test_limits_reach_the_store(monkeypatch: pytest.MonkeyPatch):
    for number, name in enumerate(("FILE_BYTES", "CONTENT_BYTES", "FILES", "DEPTH"), start=10):
        monkeypatch.setenv(f"CONTENT_API_MAX_{name}", str(number))
    monkeypatch.setenv("CONTENT_API_BUILD_SECONDS", "14")
    assert read_settings().limits == Limits(file_bytes=10, content_bytes=11, files=12, depth=13, seconds=14)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RATE_LIMIT", "100", "CONTENT_API_RATE_LIMIT is '100': it should be a number and a time such as 100/second"),
        ("RATE_LIMIT", "0/second", "CONTENT_API_RATE_LIMIT is '0/second': it should be a number and a time"),
        ("RATE_LIMIT", "5/fortnight", "CONTENT_API_RATE_LIMIT is '5/fortnight': it should be a number and a time"),
        ("PROXIES", "*", "CONTENT_API_PROXIES is '*': it should be addresses or networks such as 127.0.0.1,10.0.0.0/8"),
        ("PROXIES", "10.0.0.1/8", "CONTENT_API_PROXIES is '10.0.0.1/8': it should be addresses or networks such as"),
        ("BUSY_SECONDS", "0.01", "CONTENT_API_BUSY_SECONDS is '0.01': it should be greater than or equal to 0.05"),
        ("OPERATION_SECONDS", "0", "CONTENT_API_OPERATION_SECONDS is '0': it should be greater than 0"),
        ("PORT", "high", "CONTENT_API_PORT is 'high': it should be a valid integer"),
        ("PORT", "65536", "CONTENT_API_PORT is '65536': it should be less than or equal to 65535"),
        ("WORKERS", "0", "CONTENT_API_WORKERS is '0': it should be greater than or equal to 1"),
        ("RELOAD", "perhaps", "CONTENT_API_RELOAD is 'perhaps': it should be a valid boolean"),
        ("LOG_FORMAT", "xml", "CONTENT_API_LOG_FORMAT is 'xml': it should be 'auto', 'console' or 'json'"),
        ("CORS_ORIGINS", "example.org", "CONTENT_API_CORS_ORIGINS is 'example.org': it should be origins such as"),
        ("CORS_ORIGINS", "https://a.org/x", "CONTENT_API_CORS_ORIGINS is 'https://a.org/x': it should be origins"),
        ("CORS_ORIGINS", ",", "CONTENT_API_CORS_ORIGINS is ',': it should be origins such as"),
        ("PURGE_URLS", "127.0.0.1:6081", "CONTENT_API_PURGE_URLS is '127.0.0.1:6081': it should be addresses such as"),
        ("PURGE_URLS", "http://me:pw@a/", "CONTENT_API_PURGE_URLS is 'http://***@a/': it should be addresses such"),
        ("PURGE_URLS", "http://a/,ftp://b", "CONTENT_API_PURGE_URLS is 'http://a/,ftp://b': it should be addresses"),
        ("ANSWER_BYTES", "-1", "CONTENT_API_ANSWER_BYTES is '-1': it should be greater than or equal to 0"),
        ("GIT_DEADLINE", "0", "CONTENT_API_GIT_DEADLINE is '0': it should be greater than 0"),
        ("PREVIEW_BRANCHES", "refs/heads/x", "CONTENT_API_PREVIEW_BRANCHES is 'refs/heads/x': it should be names of"),
        ("PREVIEW_BRANCHES", "next,a b", "CONTENT_API_PREVIEW_BRANCHES is 'next,a b': it should be names of"),
    ],
)
def test_a_wrong_value_is_one_line_with_what_would_be_right(name: str, value: str, message: str, monkeypatch):
    monkeypatch.setenv(f"CONTENT_API_{name}", value)
    with pytest.raises(SettingError) as refused:
        read_settings()
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["HOOK_SECRETS", "REPOSITORY", "REPOSITORY_TOKEN"])
def test_a_secret_is_shown_neither_by_the_settings_nor_by_an_error(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"CONTENT_API_{name}", "https://me:hunter2@example.org/x.git")
    assert "hunter2" not in repr(read_settings())
    assert "hunter2" not in str(read_settings())


@pytest.mark.parametrize("wrong", ["hunter2", "hunter2 with spaces in it", "whsec_hunter2"])
def test_a_hook_secret_that_could_be_guessed_or_read_is_refused_and_not_shown(wrong: str, monkeypatch):
    monkeypatch.setenv("CONTENT_API_HOOK_SECRETS", f"{'long' * 4},{wrong}")
    with pytest.raises(SettingError) as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).startswith(
        "CONTENT_API_HOOK_SECRETS is not shown here: it should be secrets of at least 16 characters"
    )


def test_content_here_and_a_repository_elsewhere_exclude_each_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_REPOSITORY", "https://me:hunter2@example.org/x.git")
    monkeypatch.setenv("CONTENT_API_CONTENT", "/srv/content")
    with pytest.raises(SettingError) as refused:
        read_settings()
    assert str(refused.value) == (
        "CONTENT_API_CONTENT and CONTENT_API_REPOSITORY are both given: only one of them says where the content is."
        " Give the other up"
    )


def test_a_repository_whose_address_is_none_is_told_of_at_once_and_without_its_password(monkeypatch):
    monkeypatch.setenv("CONTENT_API_REPOSITORY", "git://me:hunter2@example.org/x.git")
    with pytest.raises(SettingError) as refused:
        read_settings()
    assert str(refused.value).startswith("'git://***@example.org/x.git' is no address of a remote repository.")


def test_content_that_is_given_goes_before_a_repository_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_REPOSITORY", "https://example.org/x.git")
    settings = read_settings(**given(content=Path("here")))
    assert (settings.content, settings.remote) == (Path("here"), None)


def test_a_repository_elsewhere_comes_with_all_that_opens_it(monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "REPOSITORY": "https://example.org/x.git",
        "REPOSITORY_USER": "me",
        "REPOSITORY_TOKEN": "hunter2",
        "REPOSITORY_CA": "/ca",
        "SSH_KEY": "/key",
        "SSH_KNOWN_HOSTS": "/hosts",
        "CONNECT_SECONDS": "1",
        "SILENCE_SECONDS": "2",
        "FETCH_SECONDS": "3",
    }.items():
        monkeypatch.setenv(f"CONTENT_API_{name}", value)
    assert read_settings().remote == Remote(
        "https://example.org/x.git", "me", "hunter2", Path("/key"), Path("/hosts"), Path("/ca"), 1, 2, 3
    )


@pytest.mark.parametrize(
    ("cache", "base", "expected"),
    [
        ("/srv/cache", "/xdg", "/srv/cache"),
        ("", "/xdg", "/xdg/content-api"),
        ("", "relative", "/home/me/.cache/content-api"),
        ("", "", "/home/me/.cache/content-api"),
    ],
)
def test_the_cache_is_where_caches_are(cache: str, base: str, expected: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    monkeypatch.setenv("CONTENT_API_CACHE", cache)
    assert read_settings().cache_folder == Path(expected)


HASH = "ab" * 32


def test_branches_and_tokens_of_previews_are_plain_lists(monkeypatch: pytest.MonkeyPatch):
    assert (read_settings().preview_branches, read_settings().preview_tokens) == ((), ())
    monkeypatch.setenv("CONTENT_API_PREVIEW_BRANCHES", "review/*, next")
    monkeypatch.setenv("CONTENT_API_PREVIEW_TOKENS", f"anna:{HASH}, bot@ci:{HASH},")
    settings = read_settings()
    assert settings.preview_branches == ("review/*", "next")
    assert settings.preview_tokens == (f"anna:{HASH}", f"bot@ci:{HASH}")
    assert HASH not in repr(settings)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a-token-by-itself", "number 1 is not"),
        (f"anna:{HASH},bob:a-token-by-itself", "number 2 is not"),
        (f"anna:{HASH.upper()}", "number 1 is not"),
        (f"anna:{HASH},anna:{HASH}", "one hash for each name; anna has several"),
        (f"{'a' * 65}:{HASH}", "number 1 is not"),
    ],
)
def test_a_wrong_token_is_one_line_that_does_not_say_it(value: str, reason: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_PREVIEW_TOKENS", value)
    with pytest.raises(SettingError) as refused:
        read_settings()
    told = str(refused.value)
    assert told.startswith("CONTENT_API_PREVIEW_TOKENS is not shown here: it should be ")
    assert told.endswith(reason)
    assert not any(part in told for part in ("a-token-by-itself", HASH, HASH.upper(), "\n"))


def test_every_wrong_value_has_its_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONTENT_API_PORT", "high")
    monkeypatch.setenv("CONTENT_API_WORKERS", "many")
    with pytest.raises(SettingError) as refused:
        read_settings()
    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == [
        "CONTENT_API_PORT",
        "CONTENT_API_WORKERS",
    ]


def test_a_variable_that_is_no_setting_is_named_with_what_is_near():
    environment = {"CONTENT_API_PROT": "1", "CONTENT_API_PORT": "1", "CONTENT_API_XYZ": "1", "PROT": "1"}
    assert list(unknown_variables(environment)) == [
        "CONTENT_API_PROT is not a setting. Did you mean `CONTENT_API_PORT`?",
        "CONTENT_API_XYZ is not a setting.",
    ]


def test_a_worker_reads_the_settings_that_it_was_handed_down(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:  # so that monkeypatch takes away what is set below
        monkeypatch.delenv(variable(name), raising=False)
        monkeypatch.setenv(variable(name), in_environment(Settings.model_fields[name].default or ""))
    monkeypatch.setenv("CONTENT_API_REF", "nowhere")
    settings = read_settings(
        cache=Path("/srv/a b"),
        ref=None,
        working_tree=True,
        workers=3,
        cors_origins=("https://example.org", "https://example.com"),
        git_deadline=2.5,
        repository=SecretStr("https://me:hunter2@example.org/x.git"),
        hook_secrets=(SecretStr("a" * 20), SecretStr("b" * 20)),
        preview_branches=("review/*", "next"),
        preview_tokens=(f"anna:{HASH}",),
    )
    hand_down(settings)
    assert read_settings() == settings
