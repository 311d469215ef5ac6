"""`content-api status`: a real server asked by the real command, and what is said where none answers."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from content_api.cli.asking import address_of, ask
from content_api.errors import SettingError
from content_api.settings import Settings
from tests import world
from tests.cli.command import run, serving
from tests.cli.conftest import Command, in_content
from tests.needs import needs
from tests.repositories import Repository

MOON = "conditions/moon-hiccups.json"
ALL_WELL = {"ready": True, "version": "v1", "tags": ["spring"], "liveSince": "2026-11-22T10:00:00Z", "pinned": False}
PROBLEM = {"path": MOON, "line": 3, "column": 12, "pointer": "/state", "rule": "values", "found": "It is DONE"}
REFUSED = {
    "version": "v2",
    "author": "An Editor",
    "message": "A slip of the pen",
    "at": "2026-11-22T11:00:00Z",
    "problems": [PROBLEM | {"expected": "Expected DRAFT or PUBLISHED", "suggestion": "Did you mean `DRAFT`?"}],
}
ABOUT_DRAFTS = REFUSED | {"withheld": 2}
TROUBLE = {"reason": "Git did not answer in time.", "since": "2026-11-22T12:00:00Z"}


@contextmanager
def answering(
    body: object, status: int = 200, kind: str = "application/json", certificate: Path | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every GET alike: its address, and the paths that it was asked for.

    With a `certificate`, a file that holds its key as well, it speaks TLS.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # a client that hangs up: it would print a traceback
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_running_server_says_what_is_live_and_then_what_was_refused(repository: Repository, command: Command):
    repository.tag("spring")
    live = repository.git("rev-parse", "HEAD")
    with serving(cwd=repository.path) as server:
        well = command("status", "--url", server.url, cwd=repository.path)
        assert (well.code, well.err) == (0, "")
        assert f"Live       {live}, 1 tag: spring\n" in well.out
        broken = repository.commit(in_content(world.edited({MOON: {"/state": "DONE"}})), message="A slip\n\nAt length")
        server.wait_for_status(lambda told: told["refused"])
        found = run("status", "--url", server.url, cwd=repository.path)
        assert found.returncode == 1
        assert f"Live       {live}" in found.stdout
        assert f"Refused    {broken}, at " in found.stdout
        assert "           An Editor · A slip\n" in found.stdout
        checked = command("check", "--ref", broken, cwd=repository.path)
        assert checked.out.replace("content/", "").strip() in found.stdout
        told = json.loads(command("status", "--url", server.url, "--format", "json", cwd=repository.path).out)
        assert [problem["pointer"] for problem in told["refused"]["problems"]] == ["/state"]
        assert str(repository.path) not in json.dumps(told) + found.stdout
        assert "editor@example.org" not in json.dumps(told)


def test_a_branch_that_is_gone_is_an_alarm_while_what_is_live_is_served(repository: Repository, command: Command):
    with serving("--ref", "main", cwd=repository.path) as server:
        live = repository.git("rev-parse", "main")
        repository.git("update-ref", "-d", "refs/heads/main")
        server.wait_for_status(lambda told: told["trouble"])
        found = command("status", "--url", server.url, cwd=repository.path)
        assert found.code == 2
        assert f"Live       {live}\n" in found.out
        assert "Trouble    The branch that is followed is missing. Since " in found.out
        assert "content_api_source_trouble 1.0\n" in server.get("/metrics")
        assert "The branch that is followed is missing." in server.get("/versions")
        assert server.ask("{ site { version } }") == {"site": {"version": live}}
        repository.branch("main", live)
        server.wait_for_status(lambda told: not told["trouble"])
        assert "content_api_source_trouble 0.0\n" in server.get("/metrics")


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({}, 0, "Live       v1, 1 tag: spring\nSince      2026-11-22 10:00:00 UTC\n"),
        ({"pinned": True}, 0, "Pinned     What is pushed waits until `content-api pin --release`."),
        ({"refused": REFUSED}, 1, f"{MOON}:3:12  values\n    It is DONE.\n    Expected DRAFT or PUBLISHED.\n"),
        ({"unpurged": "2026-11-22T12:00:00Z"}, 2, "it cannot be told, since 2026-11-22 12:00:00 UTC."),
        ({"trouble": TROUBLE}, 2, "Trouble    Git did not answer in time. Since 2026-11-22 12:00:00 UTC; "),
        ({"trouble": TROUBLE, "refused": REFUSED}, 2, "1 problem in 1 file."),
        (
            {"refused": ABOUT_DRAFTS},
            1,
            "1 problem in 1 file. 2 problems are about drafts, or what may be one: the server's log and",
        ),
        ({"ready": False, "version": None, "reason": "It starts."}, 2, "Not ready  It starts."),
        ({"of a later release": 1}, 0, "Live "),
    ],
)
def test_the_exit_code_says_how_things_stand(command: Command, tmp_path: Path, more: dict, code: int, said: str):
    with answering(ALL_WELL | more, 200 if more.get("ready", True) else 503) as (url, asked):
        finished = command("status", "--url", url, cwd=tmp_path)
    assert (finished.code, finished.err) == (code, "")
    assert said in finished.out
    assert asked == ["/readyz"]


def test_a_server_below_a_path_is_asked_there(command: Command, tmp_path: Path):
    with answering(ALL_WELL) as (url, asked):
        assert command("status", "--url", f"{url}/content/", cwd=tmp_path).code == 0
    assert asked == ["/content/readyz"]


def test_what_others_wrote_cannot_rewrite_the_terminal(command: Command, tmp_path: Path):
    hostile = REFUSED | {"author": "\x1b[2JEve\u202e", "message": "\x07\x9b31m"}
    with answering(ALL_WELL | {"refused": hostile, "tags": ["\x1b]0;x"]}) as (url, _):
        out = command("status", "--url", url, cwd=tmp_path).out
    assert not set(out) & set("\x1b\x07\x9b\u202e")
    assert "�[2JEve�" in out


def test_where_nothing_listens_it_says_what_to_do(command: Command, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        finished = command("status", cwd=tmp_path, CONTENT_API_PORT=port)
    said = f"Nothing answers at http://127.0.0.1:{port}. Start the server with `content-api serve`, or name the address"
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(said)
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [(b"<h1>It works!</h1>", 200, "text/html"), ({"ok": True}, 404, "application/json"), ([], 200, "text/plain")],
)
def test_another_program_is_not_taken_for_content_api(command: Command, tmp_path: Path, body, status, kind):
    with answering(body, status, kind) as (url, _):
        finished = command("status", "--url", url, cwd=tmp_path)
    assert finished.code == 2
    assert f"{url} is no content-api, or not one of this release: it gave status {status} and {kind}" in finished.err


def test_a_server_that_says_nothing_is_given_up(command: Command, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        finished = command("status", "--url", url, "--timeout", "0.2", cwd=tmp_path)
    assert finished.code == 2
    assert finished.err.startswith(f"{url} did not answer within 0.2 s.")


def test_a_server_without_tls_is_said_to_have_none(command: Command, tmp_path: Path):
    with answering(ALL_WELL) as (url, _):
        finished = command("status", "--url", url.replace("http:", "https:"), cwd=tmp_path)
    assert finished.code == 2
    assert "cannot be trusted, or speaks no TLS" in finished.err


@needs("openssl")
def test_a_server_with_a_certificate_is_trusted_where_the_machine_trusts_that(command: Command, tmp_path: Path):
    self_signed = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", *self_signed.split(), "-keyout", str(key), "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + file.read_bytes())
    with answering(ALL_WELL, certificate=file) as (url, asked):
        refused = command("status", "--url", url, cwd=tmp_path)
        assert (refused.code, asked) == (2, [])
        assert "cannot be trusted, or speaks no TLS: self-signed certificate" in refused.err
        trusted = command("status", "--url", url, cwd=tmp_path, SSL_CERT_FILE=str(file))
        assert (trusted.code, trusted.err, asked) == (0, "", ["/readyz"])


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://example.org", "http://", "http://x:99999", "http://[::1", ""])
def test_what_is_no_address_is_refused(command: Command, tmp_path: Path, url: str):
    finished = command("status", "--url", url, cwd=tmp_path)
    assert finished.code == 2
    assert "is no address of a server: it should be such as http://127.0.0.1:8000" in finished.err


def test_the_settings_say_where_the_server_is():
    assert address_of(Settings(host="::1", port=81)) == "http://[::1]:81"
    assert address_of(Settings(host="::", port=81)) == "http://[::1]:81"
    assert address_of(Settings(host="0.0.0.0", port=81)) == "http://127.0.0.1:81"
    with pytest.raises(SettingError, match="any free port"):
        address_of(Settings(port=0))


def test_a_server_on_ipv6_is_reached(repository: Repository):
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with serving("--host", "::1", cwd=repository.path) as server:
        assert server.url.startswith("http://[::1]:")
        assert ask(server.url, timeout=10).status.version == repository.git("rev-parse", "HEAD")


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
