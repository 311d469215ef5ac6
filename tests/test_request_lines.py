"""The log of a real server: a line for each request, the same whichever road answered it, and nothing else of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx2

from tests.cli.command import COMMAND, Serving, clean_environment, serving
from tests.live import ROOT, free_port
from tests.test_known_requests import ROADS, connected, exchange, posted
from tests.waiting import until

CONTENT = str(ROOT / "content")
SECRET = "phantom-limb-pain"
PAGE = f'{{ condition(key: "{SECRET}") {{ name }} }}'
CALLED = ("GraphQL-Client-Name: website", "GraphQL-Client-Version: 1.4")


def lines(server: Serving, number: int, **wanted: object) -> list[dict]:
    """The lines of requests that say so, once there are so many."""

    def found() -> list[dict]:
        logged = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in logged if line["event"] == "request" and wanted.items() <= line.items()]

    assert until(10, lambda: len(found()) >= number), server.log.read_text()
    assert len(found()) == number
    return found()


def asking(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, trust_env=False, timeout=10)


def test_both_roads_give_the_same_line(tmp_path: Path):
    with serving("--content", CONTENT, cwd=tmp_path) as server:
        with connected(server) as connection:
            answers = [exchange(connection, posted(PAGE, *CALLED)) for _ in range(ROADS + 3)]
        logged = lines(server, len(answers), path="/graphql")
        assert [line.pop("answered") for line in logged] == ["executor", "kept", "known", "known", "known"]
        for line, answer in zip(logged, answers, strict=True):
            assert f"request-id: {line.pop('request_id')}".encode() in answer
            assert 0 < line.pop("seconds") < 5
            assert line.pop("timestamp").endswith("Z")
        assert all(line == logged[0] for line in logged)
        assert (logged[0]["status"], logged[0]["cost"], logged[0]["client"]) == (200, 2, "website")
        assert logged[0]["bytes"] == len(answers[0].partition(b"\r\n\r\n")[2])
        assert SECRET not in server.log.read_text()
        told = server.get("/metrics").splitlines()
        assert 'content_api_request_duration_seconds_count{answered="known"} 3.0' in told
        assert 'content_api_request_duration_seconds_count{answered="kept"} 1.0' in told
        assert 'content_api_operation_cost_bucket{le="2.0"} 5.0' in told
        assert "content_api_operation_cost_sum 10.0" in told
        assert [line for line in told if line.startswith('content_api_requests_total{status="200"}')]


def test_a_line_for_each_kind_of_end(tmp_path: Path):
    with serving("--content", CONTENT, cwd=tmp_path) as server, asking(server.url) as ask:
        ask.get("/nothing?secret=1")
        assert lines(server, 1, path="/nothing", status=404, code="NOT_FOUND")
        tag = ask.get("/graphql", params={"query": PAGE}).headers["ETag"]
        ask.get("/graphql", params={"query": PAGE}, headers={"If-None-Match": tag})
        [line] = lines(server, 1, status=304)
        assert (line["bytes"], line["answered"]) == (0, "kept")
        ask.head("/graphql", params={"query": PAGE})
        assert [line["bytes"] for line in lines(server, 1, method="HEAD")] == [0]
        ask.post("/graphql", json={"query": "{ nothing }"})
        [line] = lines(server, 1, code="GRAPHQL_VALIDATION_FAILED")
        assert "answered" not in line
        ask.get("/graphql?documentId=ConditionList")
        [line] = lines(server, 1, operation="ConditionList")
        assert "document" not in line, "its name says which it is"
        ask.get("/graphql?documentId=None")
        assert lines(server, 1, code="PERSISTED_QUERY_NOT_FOUND")
        ask.get("/graphql/stream", params={"query": PAGE})
        assert lines(server, 1, path="/graphql/stream", status=200, operation="(not stored)")
        assert "secret" not in server.log.read_text()
        assert SECRET not in server.log.read_text()


def test_a_client_that_leaves_has_a_line_too(tmp_path: Path):
    with serving("--content", CONTENT, cwd=tmp_path) as server:
        with connected(server) as connection:
            connection.sendall(posted(PAGE, f"Content-Version-At-Least: {'0' * 40}")[:-5])
            time.sleep(0.2)
        assert lines(server, 1, path="/graphql", status=499)


def test_what_the_application_does_not_see_has_a_line_and_an_id_too(tmp_path: Path):
    with serving("--content", CONTENT, cwd=tmp_path) as server:
        with connected(server) as connection:
            answer = exchange(connection, b"GET /livez?secret=1 HTTP/1.1\r\n\r\n")
        [line] = lines(server, 1, path="/livez", code="BAD_HTTP", status=400, method="GET")
        assert f"request-id: {line['request_id']}".encode() in answer
        assert f'"requestId":"{line["request_id"]}"'.encode() in answer
        with connected(server) as connection:
            exchange(connection, b"no HTTP\r\n\r\n")
        [line] = [line for line in lines(server, 2, code="BAD_HTTP") if "path" not in line]
        assert "method" not in line
        assert "secret" not in server.log.read_text()


def test_the_last_lines_are_written_before_the_end(tmp_path: Path):
    with serving("--content", CONTENT, cwd=tmp_path) as server:
        server.ask(PAGE)
        assert server.stop() == 0
        assert lines(server, 1, path="/graphql")


def test_none_means_none_and_failed_those_that_failed(tmp_path: Path):
    for which, number in (("none", 0), ("failed", 1)):
        with serving("--content", CONTENT, cwd=tmp_path, CONTENT_API_LOG_REQUESTS=which) as server:
            with connected(server) as connection:
                for _ in range(ROADS + 3):
                    exchange(connection, posted(PAGE))
                exchange(connection, posted("{ nothing }"))
            assert server.stop() == 0
            lines(server, number, path="/graphql")


def test_a_reader_of_the_log_that_stands_still_does_not_stop_the_server(tmp_path: Path):
    port, (reading, writing) = free_port(), os.pipe()
    command = [*COMMAND, "serve", "--port", str(port), "--content", CONTENT]
    with subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stderr=writing, stdout=writing) as process:
        os.close(writing)
        try:
            url = f"http://127.0.0.1:{port}"
            assert until(30, lambda: _is_ready(url))
            with connected(Serving(url, "", process, tmp_path)) as connection:
                for _ in range(1_000):  # a pipe takes the lines of 160
                    assert b" 200 OK" in exchange(connection, posted(PAGE))
            assert _is_ready(url)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
            os.close(reading)


def _is_ready(url: str) -> bool:
    try:
        with asking(url) as ask:
            return ask.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False
