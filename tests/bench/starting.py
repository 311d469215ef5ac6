"""From nothing to the first answer: the process is started, and asked until it answers."""

from __future__ import annotations

import http.client
import json
import time
from statistics import median
from subprocess import DEVNULL, Popen

from tests.bench.figures import duration, markdown
from tests.live import server_command

QUERY = json.dumps({"query": '{ condition(key: "neuropathic-pain") { name requiredCautions { name } } }'})


def table(quick: bool) -> str:
    """One row: the median of several starts on the shipped content."""
    starts = [once() for _ in range(3 if quick else 9)]
    row = (duration(median(starts)), duration(min(starts)), duration(max(starts)))
    return markdown(("start to first answer, shipped content", "fastest", "slowest"), [row])


def once() -> float:
    command, port = server_command()
    start = time.perf_counter()
    process = Popen(command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        while not answered(port):
            if time.perf_counter() - start > 30:
                raise RuntimeError("The server did not answer within 30 s")
            time.sleep(0.005)
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait()


def answered(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/graphql", QUERY, {"Content-Type": "application/json"})
        return "data" in json.load(connection.getresponse())
    except OSError:
        return False
    finally:
        connection.close()
