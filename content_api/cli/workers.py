"""The processes that answer, where there are several."""

from __future__ import annotations

import time
from socket import socket

from uvicorn.config import Config
from uvicorn.supervisors import Multiprocess

# What a worker needs to end after its last answer: it lets go of git, and stops what follows the branch.
SECONDS_AFTER = 5.0


class WorkerProcesses(Multiprocess):
    """uvicorn's own supervisor, which starts another worker for one that died or does not react. The others answer
    meanwhile, on the same socket. When all are told to end, this does not wait for one that hangs."""

    def __init__(self, config: Config, sockets: list[socket], drain_seconds: float) -> None:
        super().__init__(config, sockets)
        self.drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        super().terminate_all()
        for each in self.sockets:  # or who connects would wait for a worker until all have ended
            each.close()

    def join_all(self) -> None:
        end_seconds = self.config.timeout_graceful_shutdown or 0
        deadline = time.monotonic() + self.drain_seconds + end_seconds + SECONDS_AFTER
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()
