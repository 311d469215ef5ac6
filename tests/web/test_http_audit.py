"""GraphQL over HTTP to the letter, in the judgement of the specification's own audit suite (npm `graphql-http`)."""

from __future__ import annotations

import json
import subprocess

from tests.live import ROOT, LiveServer
from tests.needs import needs, needs_folder

NODE_TESTS = ROOT / "tests" / "node"

# Version 1.23 of the suite. Another number means that the suite was upgraded or cut short: look, then change it.
AUDITS = 61


@needs("node")
@needs_folder(NODE_TESTS / "node_modules", made_by="`make test-node-deps`")
def test_every_audit_of_graphql_over_http_passes_whether_must_should_or_may(live_server: LiveServer):
    results = run_audits(f"{live_server.url}/graphql")
    failures = [
        f"{audit['id']} {audit['name']}: {audit['reason']} (HTTP {audit['answered']})"
        for audit in results
        if audit["status"] != "ok"
    ]
    assert not failures, "\n".join([f"{len(failures)} of {len(results)} audits failed:", *failures])
    assert len(results) == AUDITS


def run_audits(url: str) -> list[dict]:
    finished = subprocess.run(
        ["node", "audit.js", url], cwd=NODE_TESTS, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)
