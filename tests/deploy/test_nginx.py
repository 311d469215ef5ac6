"""The nginx.conf of docs/how-to/deploy: nginx takes it, it fits the settings, and real clients get through it."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
from websockets.sync.client import connect

from content_api.settings import Settings
from tests import world
from tests.cli.command import Serving, serving
from tests.cli.conftest import write
from tests.in_front import free_port, listens
from tests.live import ROOT
from tests.needs import found, needs
from tests.store.remotes import certificate
from tests.waiting import until

pytestmark = [needs("nginx"), needs("openssl")]

FILE = ROOT / "docs/how-to/deploy/nginx.conf"
TEXT = FILE.read_text(encoding="utf-8")
NAME = {"query": '{ condition(key: "moon-hiccups") { name } }'}
AROUND = """daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/content-api.conf;
}}
"""


class Behind(NamedTuple):
    """A server behind nginx, a client of that, whom such a client trusts, and nginx's log of requests."""

    server: Serving
    client: httpx2.Client
    context: ssl.SSLContext
    log: Path


def test_what_it_says_fits_the_settings():
    settings = Settings()
    assert number("keepalive_timeout (\\d+)s") < settings.idle_seconds
    assert number("keepalive (\\d+)") < settings.connections
    assert number("limit_conn content_api_addresses (\\d+)") == settings.connections_per_address
    assert number("client_header_timeout (\\d+)s") == settings.head_seconds
    assert number("client_body_timeout (\\d+)s") == settings.request_seconds
    assert number("client_max_body_size (\\d+)k") * 1024 >= settings.max_body_bytes
    assert number("large_client_header_buffers 4 (\\d+)k") * 1024 == settings.head_bytes
    assert number("proxy_read_timeout (\\d+)s") > 20


def number(pattern: str) -> int:
    [one] = re.findall(rf"^\s*{pattern};", TEXT, re.MULTILINE)
    return int(one)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A server that answers twenty requests an hour to a client, and what reaches it through nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    write(folder / "content", world.files())
    settings = {"CONTENT_API_PROXIES": "127.0.0.1", "CONTENT_API_RATE_LIMIT": "20/hour"}
    settings |= {"CONTENT_API_CORS_ORIGINS": "https://content.example.org"}
    with serving(cwd=folder, **settings) as server, nginx(folder, server.url) as (url, trusted):
        context = ssl.create_default_context(cafile=trusted)
        with httpx2.Client(base_url=url, verify=context, trust_env=False) as client:
            yield Behind(server, client, context, folder / "access.log")


@contextmanager
def nginx(folder: Path, server: str) -> Iterator[tuple[str, Path]]:
    """nginx with the file, but for its ports and its certificate; its address, and whom to trust for it."""
    folder.chmod(0o755)
    trusted, key = certificate(folder)
    port, plain = free_port(), free_port()
    changes = {
        "127.0.0.1:8000": server.removeprefix("http://"),
        "/etc/ssl/content-api/certificate.pem": str(trusted),
        "/etc/ssl/content-api/key.pem": str(key),
        "/var/log/nginx/content-api.log": str(folder / "access.log"),
        "listen [::]:443 ssl http2;": "",
        "listen [::]:80;": "",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "listen 80;": f"listen 127.0.0.1:{plain};",
    }
    text = TEXT
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "content-api.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    command = [str(found("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(10, lambda: listens(port))
        yield f"https://127.0.0.1:{port}", trusted
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_a_client_gets_its_answer_over_tls_and_who_it_is_cannot_be_forged(behind: Behind):
    client = behind.client
    answer = client.post("/graphql", json=NAME)
    assert answer.json() == {"data": {"condition": {"name": "Moon hiccups"}}}
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Server"] == "nginx", "without its version"
    assert client.get("/livez/").headers["Location"] == "https://127.0.0.1/livez"


def test_connections_behind_it_stay_open(behind: Behind):
    """After ten requests the server has a connection or two, which are open still."""
    client, port = behind.client, int(behind.server.url.rpartition(":")[2])
    for _ in range(10):
        assert client.get("/livez").status_code == 200
    assert 1 <= len(open_connections(port)) <= 2


def open_connections(port: int) -> list[str]:
    """Connections that somebody has made to a port of this machine and that are open."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[2] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"]


def test_figures_are_for_its_own_machine_and_large_bodies_for_nobody(behind: Behind):
    client = behind.client
    assert "content_api_live_version_info" in client.get("/metrics").text
    assert client.post("/graphql", content=b" " * 200_000).status_code == 413


def test_the_log_says_who_came_and_not_what_was_asked(behind: Behind):
    assert behind.client.get("/graphql", params={"query": "{ site { defaultLocale } }"}).status_code == 200
    until(5, lambda: '"GET /graphql" 200' in behind.log.read_text())
    assert "127.0.0.1 [" in behind.log.read_text()
    assert "defaultLocale" not in behind.log.read_text()


def test_who_listens_gets_through(behind: Behind):
    client = behind.client
    address = f"wss://127.0.0.1:{client.base_url.port}/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"], ssl=behind.context, proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(timeout=10)) == {"type": "connection_ack"}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": NAME}))
        assert json.loads(socket.recv(timeout=10))["payload"] == {"data": {"condition": {"name": "Moon hiccups"}}}
    with client.stream("GET", "/graphql/stream", params=NAME) as stream:
        assert "event: complete" in "".join(stream.iter_text())


def test_a_client_who_asks_too_much_is_told_so_whatever_it_says_of_itself(behind: Behind):
    client = behind.client
    sent = [
        client.post("/graphql", json=NAME, headers={"X-Forwarded-For": f"198.51.100.{one}"}).status_code
        for one in range(25)
    ]
    assert sent[-1] == 429
    assert client.get("/readyz").status_code == 200
