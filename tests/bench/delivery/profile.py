"""A picture of where a server's time goes under load: a flame graph by py-spy, which looks at it from outside.

It looks at the thread that runs Python (`--gil`): to py-spy, one that waits for work in a queue looks busy.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.delivery.comparing import ENTITIES, QUICK_ENTITIES, progress
from tests.bench.delivery.content import prepared
from tests.bench.delivery.load import load
from tests.bench.delivery.processes import cores
from tests.bench.delivery.servers import UNCACHED, requests, running, without

SECONDS, QUICK_SECONDS = 8, 1
WARM_SECONDS = 2.0
SPY = str(Path(sys.executable).with_name("py-spy"))
RATE = 500  # looks a second; more would slow the server down, and the picture has enough of them
QUERY = "Q5"  # no text comes twice, so that each request takes the whole road


def drawn(quick: bool, plot: Path) -> str:
    """Draw a server that is asked QUERY and keeps no answers, into `plot`; and say where that is."""
    if reason := without("wrk")():
        return f"Not drawn: {reason}."
    seconds = QUICK_SECONDS if quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="content-api-bench-") as scratch:
        folder = Path(scratch)
        with (
            prepared(folder, QUICK_ENTITIES if quick else ENTITIES) as content,
            running(UNCACHED, content, folder / "server", cores()[0]) as server,
        ):
            questions = requests(server, QUERY, content)
            load(server.url, questions, WARM_SECONDS, cores()[1])
            progress(f"looking at {UNCACHED} while it is asked {QUERY}")
            spy = [SPY, "record", "--gil", "--rate", str(RATE), "--duration", str(seconds), "--output", str(plot)]
            with subprocess.Popen([*spy, "--pid", str(server.process)], stdout=subprocess.DEVNULL) as looking:
                load(server.url, questions, seconds + 1.0, cores()[1], first_number=10_000_000)
                if looking.wait(timeout=60):
                    raise RuntimeError(f"py-spy ended with {looking.returncode}: is it allowed to look at processes?")
    title = f"Where {UNCACHED} spends its time with {QUERY}"  # in place of the command, with the places of one machine
    plot.write_text(re.sub(r'(<text id="title"[^>]*>)[^<]*', rf"\g<1>{title}", plot.read_text()))
    return f"Where {UNCACHED} spends its time with {QUERY}: {plot}"
