"""A server that follows a repository on another machine, over ssh: the real command, real ssh and a real sshd."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import serving
from tests.needs import needs
from tests.publish.world import moon, new_repository
from tests.store.remotes import ssh_server

NAME = '{ condition(key: "moon-hiccups") { name } }'


@needs("sshd")
def test_what_is_pushed_to_another_machine_is_fetched_over_ssh_and_published(tmp_path: Path):
    repository = new_repository(tmp_path / "there.git")
    with ssh_server(tmp_path / "host") as host:
        given = {
            "REPOSITORY": host.at(repository.path),
            "SSH_KEY": str(host.key),
            "SSH_KNOWN_HOSTS": str(host.known_hosts),
            "CACHE": str(tmp_path / "cache"),
            "FOLDER": "content",
            "POLL_SECONDS": "0.2",
        }
        settings = {f"CONTENT_API_{name}": value for name, value in given.items()}
        with serving(cwd=tmp_path, **settings) as server:
            assert server.ask(NAME) == {"condition": {"name": "Moon hiccups"}}
            repository.commit(moon("Over ssh"))
            server.wait_until(10, NAME, {"condition": {"name": "Over ssh"}})
