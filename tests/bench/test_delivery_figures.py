"""The figures of the benchmark of delivery: what is counted, compared and drawn."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.bench.delivery.load import Numbers
from tests.bench.delivery.plot import draw
from tests.bench.delivery.processes import cpu_seconds, memory_bytes, tree
from tests.bench.delivery.queries import QUERIES
from tests.bench.delivery.report import GOALS, ratio, report
from tests.bench.delivery.sample import Sample, kept
from tests.bench.delivery.servers import OURS, PEERS

SAMPLE = Sample("Q1", "content-api", "a", 200, 1_000.0, 0.001, 0.002, 50e-6, 100_000_000)

BUSY = """
import sys, threading, time
def work():
    while time.thread_time() < 0.2:
        pass
    worked.wait()
worked = threading.Barrier(2)
threading.Thread(target=lambda: (work(), time.sleep(60)), daemon=True).start()
work()
print(flush=True)
sys.stdin.read()
"""
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BUSY!r}])
"""


def test_cpu_time_and_memory_are_those_of_all_processes_and_threads():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=PIPE, stdout=PIPE) as parent:
        assert parent.stdout.readline() == b"\n"
        assert len(tree(parent.pid)) == 2
        assert 0.4 <= cpu_seconds(parent.pid) < 1
        assert memory_bytes(parent.pid) > 10_000_000
        parent.stdin.close()
    assert parent.returncode == 0


def test_numbers_are_never_given_out_twice():
    numbers = Numbers()
    assert numbers.stock() + 10_000_000 <= numbers.stock()


def test_a_ratio_compares_what_was_measured_in_the_same_turn():
    ours = [replace(SAMPLE, turn=turn, cpu=cpu) for turn, cpu in (("a", 10), ("b", 40), ("c", 30))]
    others = [replace(SAMPLE, server="mercurius", turn=turn, cpu=cpu) for turn, cpu in (("a", 100), ("b", 100))]
    assert ratio([*ours, *others], "Q1", "content-api", "mercurius") == pytest.approx(0.25)
    assert ratio(ours, "Q1", "content-api", "mercurius") is None


def test_the_report_says_which_goals_are_reached_and_which_answers_were_whole():
    text = report(
        [
            SAMPLE,
            replace(SAMPLE, server="content-api-uncached"),
            replace(SAMPLE, server="mercurius", cpu=120e-6),
            replace(SAMPLE, server="nginx", cpu=10e-6),
            replace(SAMPLE, query="304"),
            replace(SAMPLE, query="304", server="nginx", status=304),
        ]
    )
    assert "| Q1 | content-api-uncached | mercurius | 0.5 | 0.417 | reached |" in text
    assert "| Q1 | content-api | nginx | 1.5 | 5 | **not** |" in text
    assert "| Q1 | a page of one condition | 50 | 50 (1) | 120 (2.4) | 10 (0.2) |" in text
    assert "| 304 | Q1 by GET, for a client that has the answer | 50 as a 200 | – | – | 50 (1) |" in text
    assert "100 MB" in text


def test_goals_are_of_queries_and_servers_that_there_are():
    for goal in GOALS:
        assert goal.ours in OURS
        assert goal.peer in PEERS
        assert set(goal.queries) <= set(QUERIES)


def test_a_run_in_parts_replaces_only_the_queries_that_are_measured_again(tmp_path: Path):
    file = tmp_path / "figures.json"
    first, other = SAMPLE, replace(SAMPLE, query="Q2")
    assert kept(file, [first, other]) == [first, other]
    again = replace(SAMPLE, turn="b")
    assert kept(file, [again]) == [other, again]


def test_the_plot_has_a_bar_for_each_server_and_loads_nothing_from_elsewhere(tmp_path: Path):
    draw([SAMPLE, replace(SAMPLE, server="nginx", cpu=10e-6)], tmp_path / "plot.svg")
    text = (tmp_path / "plot.svg").read_text()
    assert "content-api" in text
    assert "nginx" in text
    assert "<script" not in text or "src=" not in text
