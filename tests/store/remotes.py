"""Remote repositories for tests: over smart HTTP with git's own `http-backend`, and servers that behave badly."""

from __future__ import annotations

import base64
import getpass
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from pathlib import Path

from tests.live import free_port
from tests.repositories import ISOLATED


@dataclass(slots=True)
class GitServer:
    """Repositories below a folder, at `url`. `asked` lists each request's method, path and Authorization header."""

    url: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    takes_nobody: bool = False
    """Whether it has forgotten who may read, and says so to everybody."""
    cuts_packs: bool = False
    """Whether it closes the connection in the middle of a pack that is fetched."""

    def at(self, name: str) -> str:
        return f"{self.url}/{name}"


@contextmanager
def git_server(
    folder: Path, *, password: str | None = None, tls: tuple[Path, Path] | None = None
) -> Iterator[GitServer]:
    """Serve the repositories of a folder; to `me` with this password alone, where there is one."""
    told = GitServer("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, password, told))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    told.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class SshHost:
    """A host that takes one key, and the files that who comes to it needs."""

    port: int
    key: Path
    known_hosts: Path
    host_key: Path

    def at(self, path: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshHost]:
    """A real sshd on 127.0.0.1, run by this user and with nothing of the machine's: its keys are in the folder."""
    folder.mkdir()
    host_key, key, port = folder / "host_key", folder / "key", free_port()
    for file in (host_key, key):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}")
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": host_key,
        "AuthorizedKeysFile": key.with_suffix(".pub"),
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",  # a temporary folder's parents are other people's
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where root's sshd goes before anybody has logged in
    program = shutil.which("sshd") or ""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=log)
    try:
        _wait_for(port, process, folder / "log")
        yield SshHost(port, key, known_hosts, host_key)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


def _handler(folder: Path, password: str | None, told: GitServer) -> type[BaseHTTPRequestHandler]:
    wanted = f"Basic {base64.b64encode(f'me:{password}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            given = self.headers.get("Authorization", "")
            told.asked.append((self.command, self.path, given))
            if told.takes_nobody or (password is not None and given != wanted):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", str(len(given)))
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(given.encode())  # what a careless server may do: say what it was given
                return
            self.relay(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def relay(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            variables = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                env=os.environ | ISOLATED | variables,
                capture_output=True,
                check=True,
            )
            head, _, rest = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            cut = told.cuts_packs and b"packfile\n" in rest
            self.wfile.write(rest[: len(rest) // 2] if cut else rest)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler


Behaviour = Callable[[socket.socket, threading.Event], None]


@contextmanager
def bad_server(behaviour: Behaviour) -> Iterator[str]:
    """A server that accepts connections and then behaves as told; yields its host and port."""
    over, threads = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                threads.append(threading.Thread(target=_behave, args=(behaviour, connection, over)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            for thread in (accepting, *threads):
                thread.join()


def _behave(behaviour: Behaviour, connection: socket.socket, over: threading.Event) -> None:
    with connection:
        try:
            connection.settimeout(10)
            behaviour(connection, over)
        except OSError:
            pass  # git has gone, which is what is wanted of it


def hang(connection: socket.socket, over: threading.Event) -> None:
    """Say nothing, ever."""
    over.wait()


def drip(connection: socket.socket, over: threading.Event) -> None:
    """Send an answer that never ends, slowly."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n")
    while not over.wait(0.1):
        connection.sendall(b"0")


def flood(connection: socket.socket, over: threading.Event) -> None:
    """Send an endless list of refs, as fast as they are taken."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n")
    connection.sendall(b"001e# service=git-upload-pack\n0000")
    lines = (f"{number:040x} refs/heads/{'x' * 900}{number}\n" for number in count())
    while not over.is_set():
        connection.sendall("".join(f"{len(line) + 4:04x}{line}" for line in islice(lines, 1000)).encode())


def cut(connection: socket.socket, over: threading.Event) -> None:
    """Close the connection in the middle of an answer."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n001e# service")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but itself has signed, and its key."""
    place, key = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            place,
            *subject,
        ],
        check=True,
        capture_output=True,
    )
    return place, key


def running_with(text: str) -> list[str]:
    """The command lines of processes that hold a text, such as an address: what a fetch left running."""
    found = []
    for _ in range(20):  # one that was killed a moment ago may not be gone yet
        found = [line for line in _command_lines() if text in line]
        if not found:
            break
        time.sleep(0.05)
    return found


def _command_lines() -> Iterator[str]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it has ended
