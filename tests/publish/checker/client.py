"""One connection that is kept open, and what came back on it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.publish.checker.ledger import Findings, Ledger, Outages

SECONDS = 60.0  # that an answer may take: a version is waited for 20 s at most, on a machine that may be very busy


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `floor` is where the branch had been seen to be when the question was asked."""

    question: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    floor: int

    @property
    def version(self) -> str | None:
        return self.headers.get("content-version")

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of its first error."""
        errors = self.document.get("errors") if self.body else None
        return errors[0]["extensions"]["code"] if errors else None

    def __str__(self) -> str:
        return f"{self.question}\n{self.status} {dict(self.headers)}\n{self.body.decode(errors='replace')}"


class Client:
    """Asks, and reports what fails although the server was up."""

    def __init__(self, port: int, ledger: Ledger, outages: Outages, findings: Findings) -> None:
        self.port, self.ledger, self.outages, self.findings = port, ledger, outages, findings
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, query: str, headers: Mapping[str, str] | None = None, at: str = "", **variables: object
    ) -> Answer | None:
        """The answer to a query; None while the server is down."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        named = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        return self.send("POST", f"/graphql{at}", body, {**named, **(headers or {})})

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        began, floor = time.monotonic(), self.ledger.position
        while True:
            fresh = self._connection is None
            try:
                status, answered, data = self._exchange(method, path, body, dict(headers or {}))
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if self.outages.overlap(began, time.monotonic()):
                    time.sleep(0.02)
                    return None
                if fresh:
                    self.findings.report(
                        f"{method} {path} failed while the server was up: {error!r}", body.decode(errors="replace")
                    )
                    return None
                continue  # a connection that nothing was asked on for a while may be closed; a new one must hold
            self.findings.asked += 1
            return Answer(
                f"{method} {path} {dict(headers or {})}\n{body.decode(errors='replace')}", status, answered, data, floor
            )

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        self._connection.request(method, path, body, headers)
        with self._connection.getresponse() as response:
            data = response.read()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, data

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
