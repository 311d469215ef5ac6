"""A real Varnish in front of a server, with the VCL that the documentation ships."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.blocks import read
from tests.live import ROOT
from tests.waiting import until

VCL = ROOT / "docs/how-to/content-api.vcl"
SECONDS_TO_START = 30  # it compiles its configuration with a C compiler first


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configuration(server: str) -> str:
    """What a reader of the how-to writes, but for the port of the server."""
    [block] = [block for block in read("docs/how-to/put-a-cache-in-front.md").blocks if block.language == "vcl"]
    assert block.text.count('"8000"') == 1
    return block.text.replace('"8000"', f'"{server.rpartition(":")[2]}"')


@contextmanager
def varnish(server: str, port: int) -> Iterator[str]:
    """Varnish at a port of this machine, in front of a server. Ends with the block; its folder is its own."""
    with tempfile.TemporaryDirectory(prefix="content-api-varnish-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # its worker may be another user
        shutil.copy(VCL, folder)
        (folder / "default.vcl").write_text(configuration(server))
        log = folder / "log"
        command = ["varnishd", "-F", "-n", str(folder / "work"), "-a", f"127.0.0.1:{port}", "-s", "malloc,64m"]
        command += ["-p", f"vcl_path={folder}", "-f", str(folder / "default.vcl")]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            until(SECONDS_TO_START, lambda: listens(port) or ended(process, log))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, f"varnishd ended while starting:\n{log.read_text()}"
    return False
