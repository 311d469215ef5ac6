"""The benchmark of delivery measures what it says, from servers that give the same data, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.bench.delivery.comparing import agree, compared, same, some_of, table
from tests.bench.delivery.content import Content, prepared
from tests.bench.delivery.load import NUMBER, Request, load, understood
from tests.bench.delivery.processes import cores, tree
from tests.bench.delivery.profile import drawn
from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.servers import MERCURIUS, PEERS, Peer, Server, requests, running
from tests.live import ROOT
from tests.needs import needs, needs_folder


@pytest.fixture(scope="module", name="content")
def _content(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Content]:
    with prepared(tmp_path_factory.mktemp("content"), 50) as content:
        yield content


# ---- asked for what there is not


def test_a_name_that_is_no_query_and_no_server_is_refused_with_those_there_are():
    finished = bench("delivery", "--only", "Q9")
    assert finished.returncode == 2
    assert "invalid choice: 'Q9'" in finished.stderr
    assert "'Q7'" in finished.stderr
    assert "'nginx'" in finished.stderr


def test_where_only_queries_are_named_all_servers_are_measured():
    assert some_of(QUERIES, ["Q7", "Q1", "nginx"]) == ["Q1", "Q7"]
    assert some_of(PEERS, ["Q7", "Q1"]) == list(PEERS)


def test_a_server_that_ends_at_once_is_reported_with_its_log(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    command = [sys.executable, "-c", "import sys; sys.exit('there is no such content')"]
    monkeypatch.setitem(PEERS, "broken", Peer(lambda *_: command))
    with (
        pytest.raises(RuntimeError, match="broken does not answer:\nthere is no such content"),
        running("broken", content, tmp_path / "broken", cores()[0]),
    ):
        pytest.fail("it does not run")


def test_a_server_with_other_data_is_named_with_the_first_line_that_differs():
    server = Server("other", "http://127.0.0.1:1", 1, False)
    with pytest.raises(RuntimeError, match='other gives other data for Q4: `"name": "B"` where ours has `"name": "A"`'):
        same(server, "Q4", {"condition": {"name": "A"}}, {"condition": {"name": "B"}})


def test_data_that_is_cut_short_is_other_data():
    server = Server("other", "http://127.0.0.1:1", 1, False)
    with pytest.raises(RuntimeError, match="other gives other data"):
        same(server, "Q4", [1, 2], [1])


@needs("wrk")
def test_load_on_nothing_is_an_error():
    with pytest.raises(RuntimeError, match=r"wrk did not begin: .*Connection refused"):
        load("http://127.0.0.1:1", [Request("GET", "/")], 0.1, cores()[1])


def test_answers_that_did_not_come_are_an_error():
    line = '{{"requests":{},"microseconds":1,"p50":1,"p99":1,"errors":{{"read":{},"status":0}}}}'
    with pytest.raises(RuntimeError, match=r"wrk had 5 answers, and these errors: \{'read': 2\}"):
        understood(line.format(5, 2), "")
    with pytest.raises(RuntimeError, match="wrk had 0 answers"):
        understood(line.format(0, 0), "")


def test_a_question_that_is_refused_is_no_question_of_the_benchmark(content: Content):
    with pytest.raises(RuntimeError, match=r"is refused: .*Cannot query field"):
        content.answer("{ nothing }")


# ---- requests


def test_a_number_of_any_size_leaves_the_length_of_a_request_as_it_is():
    request = Request("POST", f"/?n={NUMBER}", {"X": "y"}, f"n={NUMBER}".encode())
    expected = b"POST /?n=0000000007 HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 12\r\n\r\nn=0000000007"
    assert request.numbered(7).raw("h") == expected
    assert len(request.raw("h")) == len(expected)


def test_q5_never_sends_a_text_twice_and_all_of_them_are_valid(content: Content):
    server = Server("content-api", "http://127.0.0.1:1", 1, False)
    first, second = (request.numbered(number) for number, request in enumerate(requests(server, "Q5", content)[:2]))
    assert first.body != second.body
    assert b'{"page0000000000":{' in content.answer(json.loads(first.body)["query"])


def test_q1_has_about_as_many_fields_as_a_page(content: Content):
    [(document, variables)] = QUERIES["Q1"].operations(content.places)
    assert 90 <= count(json.loads(content.answer(document, variables))["data"]) <= 150


def count(value: object) -> int:
    """How many fields an answer has."""
    match value:
        case dict():
            return sum(1 + count(each) for each in value.values())
        case list():
            return sum(map(count, value))
    return 0


@needs("wrk")
def test_wrk_sends_what_it_is_told_in_turn_and_each_number_once():
    asked: list[str] = []

    def answer(path: str) -> bytes:
        asked.append(path)
        return b""

    with answering(answer) as url:
        questions = [Request("GET", f"/{letter}/{NUMBER}") for letter in "ab"]
        seen = load(url, questions, 0.2, cores()[1], first_number=40, connections=1)
    assert len(asked) >= seen.requests > 2
    letters, numbers = zip(*(path[1:].split("/") for path in asked), strict=True)
    assert set(letters[::2]) | set(letters[1::2]) == {"a", "b"}
    assert len(set(letters[::2])) == len(set(letters[1::2])) == 1
    assert [int(number) for number in numbers] == list(range(int(numbers[0]), int(numbers[0]) + len(asked)))
    assert int(numbers[0]) > 40


@needs("wrk")
def test_answers_that_are_refusals_are_an_error():
    with answering(lambda path: None) as url, pytest.raises(RuntimeError, match=r" answers of .* 400 or more"):
        load(url, [Request("GET", "/")], 0.2, cores()[1])


def test_an_answer_that_differs_only_when_it_is_asked_for_again_is_found(content: Content):
    [operation] = QUERIES["Q4"].operations(content.places)
    good = content.answer(*operation)
    answers = iter([good, good, good.replace(b'"name":"', b'"name":"not ')])
    with (
        answering(lambda path: next(answers)) as url,
        pytest.raises(RuntimeError, match="hasty gives other data for Q4"),
    ):
        agree([Server("hasty", url, 1, False)], ["Q4"], content)


@contextmanager
def answering(answer: Callable[[str], bytes | None]) -> Iterator[str]:
    """A server that answers each path with bytes, or with a 404."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, ThreadPoolExecutor() as threads:
        threads.submit(server.serve_forever)
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


# ---- all of it, quickly


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.bench", *arguments]


@needs("wrk")
@needs("nginx")
@needs("node")
@needs_folder(MERCURIUS / "node_modules", "make test-node-deps")
def test_all_servers_give_the_same_data_and_are_measured(tmp_path: Path):
    finished = bench("delivery", "--quick", "--into", str(tmp_path / "figures"))
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines.count(f"| query | what | {' | '.join(PEERS)} |") == 4
    assert sum(line.startswith("| Q1 | a page of one condition | ") for line in lines) == 4
    assert sum(line.startswith("| Q1 | content-api-uncached | ") for line in lines) == 3, "goals"
    assert sum(line.startswith("| Q1 | content-api | nginx | ") for line in lines) == 1, "a goal"
    assert "not measured" not in finished.stdout
    assert (tmp_path / "figures" / "delivery.md").read_text().strip() == finished.stdout.strip()
    assert "mercurius" in (tmp_path / "figures" / "delivery.svg").read_text()


def test_what_is_missing_is_said_and_the_rest_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(PEERS, "nginx", replace(PEERS["nginx"], lacking=lambda: "nginx is not installed"))
    assert compared(True, ["Q4", "nginx"]) == ([], ["nginx was not measured: nginx is not installed."])
    monkeypatch.setenv("PATH", "")
    assert table(True, tmp_path / "delivery.svg") == "Not measured: wrk is not installed."
    assert drawn(True, tmp_path / "profile.svg") == "Not drawn: wrk is not installed."


@needs("wrk")
def test_a_picture_of_where_the_time_goes_is_drawn(tmp_path: Path):
    finished = bench("profile", "--quick", "--into", str(tmp_path))
    assert finished.returncode == 0, finished.stderr
    drawing = (tmp_path / "profile.svg").read_text()
    assert "data_received" in drawing
    assert "py-spy" not in drawing


@needs("wrk")
def test_readers_are_measured_while_others_attack(tmp_path: Path):
    finished = bench("attack", "--quick", "--into", str(tmp_path))
    assert finished.returncode == 0, finished.stderr
    rows = [line for line in finished.stdout.splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[3] for row in rows] == ["1", "8"] * 7


@needs("wrk")
def test_memory_is_looked_at_after_as_many_requests_as_were_asked_for(tmp_path: Path):
    finished = bench("unique", "--quick", "--requests", "500", "--into", str(tmp_path))
    assert finished.returncode == 0, finished.stderr
    rows = [line.split(" | ") for line in finished.stdout.splitlines() if line.startswith("| content-api")]
    assert [name for name, *_ in rows] == ["| content-api", "| content-api-uncached"]
    assert all(int(sent.replace(",", "")) >= 500 for _, sent, *_ in rows)


@needs("wrk")
def test_told_to_end_it_ends_what_it_has_started(tmp_path: Path):
    asked = command("delivery", "--quick", "--only", "Q1", "content-api", "--into", str(tmp_path))
    with subprocess.Popen(asked, cwd=ROOT, stderr=PIPE, text=True) as running:
        for line in running.stderr:
            if "comparing" in line:
                break
        started = tree(running.pid)[1:]
        running.terminate()
        running.communicate(timeout=30)
    assert running.returncode == 143
    assert started
    assert [process for process in started if (Path("/proc") / str(process)).exists()] == []
