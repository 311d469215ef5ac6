"""A real server in a process of its own, for what only a socket shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

# A server that is tested shares the machine with other tests, which may make it slow. Tests of these limits set them.
PATIENT = {"CONTENT_API_BUSY_SECONDS": "60", "CONTENT_API_OPERATION_SECONDS": "60"}
ROOT = Path(__file__).parent.parent
SECONDS_TO_START = 30  # the shipped content takes about one; a machine that runs the whole suite may be slow


@dataclass(frozen=True, slots=True)
class LiveServer:
    """`url` is the server's root without a slash at the end; `log` is what it has printed, in a file."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def live(app: str = "server:app", folder: Path = ROOT, **settings: str) -> Iterator[LiveServer]:
    """Starts `app` of `folder` under uvicorn on a free port of 127.0.0.1, waits until ready, and ends it afterwards."""
    command, port = server_command(app, folder)
    with tempfile.TemporaryDirectory(prefix="content-api-live-") as scratch:
        log = Path(scratch) / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=folder, env=_environment(settings), stdout=output, stderr=subprocess.STDOUT
            )
        server = LiveServer(f"http://127.0.0.1:{port}", log, process)
        try:
            _wait_until_ready(server)
            yield server
        finally:
            _end(process)


def server_command(app: str = "server:app", folder: Path = ROOT) -> tuple[list[str], int]:
    """The command that starts `app` of `folder` on a free port, and that port."""
    port = free_port()
    address = ["--host", "127.0.0.1", "--port", str(port)]
    module = "content_api.web.protocol"
    protocols = ["--http", f"{module}:HttpProtocol", "--ws", f"{module}:SocketProtocol"]
    return [sys.executable, "-m", "uvicorn", app, "--app-dir", str(folder), *address, *protocols], port


def _environment(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment without the settings of whoever runs the tests, and with those of the test."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONTENT_API_")}
    return {**inherited, **PATIENT, **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(server: LiveServer) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            ended = f"The server ended with {server.process.returncode} while starting"
            raise RuntimeError(f"{ended}:\n{server.log.read_text()}")
        if _ready(server):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server was not ready after {SECONDS_TO_START} s:\n{server.log.read_text()}")


def _ready(server: LiveServer) -> bool:
    try:
        return httpx2.get(f"{server.url}/readyz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
