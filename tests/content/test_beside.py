"""Work in a copy of this process: its result, and that it is done whatever happens to the copy.

Tests run beside threads (of pytest-xdist, of servers that other tests have started), where no copy is made: each of
these is a process of its own.
"""

from __future__ import annotations

import subprocess

import pytest

from tests.content import alone

PRELUDE = """
import os, signal, sys, threading, time
from content_api.content import beside as module
from content_api.content.beside import ENOUGH, beside, may_copy, told_beside
HERE = os.getpid()
def told(work, size=ENOUGH):
    with beside(work, size) as result:
        print(result(), result())
"""

pytestmark = alone.on_linux


def ran(program: str) -> subprocess.CompletedProcess[str]:
    return alone.ran(PRELUDE + program)


def test_the_work_is_done_in_another_process():
    finished = ran("assert may_copy()\ntold(lambda: os.getpid() != HERE)")
    assert (finished.stdout, finished.stderr, finished.returncode) == ("True True\n", "", 0)


def test_the_work_goes_on_while_this_process_does_something_else():
    finished = ran(
        "ear, mouth = os.pipe()\n"
        "with beside(lambda: os.read(ear, 5).decode(), ENOUGH) as result:\n"
        "    os.write(mouth, b'hello')\n"
        "    print(result())"
    )
    assert (finished.stdout, finished.returncode) == ("hello\n", 0)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("told(lambda: os.getpid() == HERE, ENOUGH - 1)", "little work"),
        ("os.sched_getaffinity = lambda process: {0}\ntold(lambda: os.getpid() == HERE)", "one processor"),
        (
            "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ntold(lambda: os.getpid() == HERE)",
            "another thread",
        ),
    ],
)
def test_the_work_is_done_here_where_a_copy_would_not_pay_or_not_be_safe(program, why):
    finished = ran(program)
    assert (finished.stdout, finished.stderr) == ("True True\n", ""), why


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
        ("os._exit(3)", "exit code 3"),
        ("time.sleep(60)", "silent for 0.5 seconds"),
    ],
)
def test_when_the_copy_ends_or_hangs_the_work_is_done_here_and_that_is_logged(end, reason):
    finished = ran(
        f"module.DEADLINE = 0.5\ndef work():\n    if os.getpid() != HERE: {end}\n    return 'done here'\ntold(work)"
    )
    assert finished.returncode == 0
    assert "done here done here\n" in finished.stdout
    assert reason in finished.stdout
    assert "its work is done again here" in finished.stdout


def test_where_the_system_allows_no_further_process_the_work_is_done_here_and_that_is_logged():
    finished = ran(
        "def refused(): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "os.fork = refused\n"
        "told(lambda: os.getpid() == HERE)"
    )
    assert finished.returncode == 0, finished.stderr
    assert "this process cannot be copied" in finished.stdout
    assert finished.stdout.endswith("True True\n")


def test_a_defect_in_the_work_is_raised_here():
    finished = ran("def work():\n    raise ZeroDivisionError('in the work')\ntold(work)")
    assert finished.returncode == 1
    assert finished.stderr.strip().endswith("ZeroDivisionError: in the work")


@pytest.mark.parametrize("inside", ["pass", "print(result())", "raise SystemExit"])
def test_no_process_is_left_behind(inside):
    finished = ran(
        "import atexit, multiprocessing\n"
        "def none_left():\n"
        "    try: os.waitpid(-1, os.WNOHANG)\n"
        "    except ChildProcessError: print('none left')\n"
        "atexit.register(lambda: none_left() if os.getpid() == HERE else None)\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "try:\n"
        f"    with beside(lambda: 'done', ENOUGH) as result: {inside}\n"
        "finally:\n"
        "    assert len(os.listdir('/proc/self/fd')) == before, os.listdir('/proc/self/fd')"
    )
    assert finished.stderr == ""
    assert finished.stdout.endswith("none left\n")


def test_what_ends_this_process_from_the_keyboard_is_no_matter_of_the_copy():
    finished = ran("def work():\n    os.kill(os.getpid(), signal.SIGINT)\n    return os.getpid() != HERE\ntold(work)")
    assert (finished.stdout, finished.stderr) == ("True True\n", "")


def test_pieces_come_while_others_are_made():
    finished = ran(
        "ear, mouth = os.pipe()\n"
        "def work():\n    yield os.getpid() != HERE\n    yield os.read(ear, 5).decode()\n"
        "with told_beside(work, ENOUGH) as told:\n"
        "    print(next(told))\n"
        "    os.write(mouth, b'hello')\n"
        "    print(list(told))"
    )
    assert (finished.stdout, finished.stderr, finished.returncode) == ("True\n['hello']\n", "", 0)


def test_no_piece_comes_where_no_copy_is_made():
    finished = ran("with told_beside(lambda: [1, 2], ENOUGH - 1) as told:\n    print(list(told))")
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


def test_a_copy_that_nobody_hears_any_more_ends():
    """As when this process is killed: what it would tell does not fit into the pipe, and it must not wait for ever."""
    finished = ran(
        "def work():\n    while True: yield bytes(1 << 20)\n"
        "copies = []\n"
        "begun = module._begun\n"
        "module._begun = lambda tell: copies.append(begun(tell)) or copies[0]\n"
        "with told_beside(work, ENOUGH) as told:\n"
        "    next(told)\n"
        "    [(process, ear)] = copies\n"
        "    ear.close()\n"
        "    process.join(30)\n"
        "    print(process.exitcode)"
    )
    assert (finished.stdout, finished.stderr) == ("0\n", "")


def test_content_that_is_checked_in_two_processes_has_the_problems_that_it_has_in_one():
    finished = ran(
        """
from tests import generator
from tests.content.refusal import refusal
from tests.world import edited
from tests.world.snapshot import MemorySnapshot
files = generator.generate(60)
conditions = [path for path in files if path.startswith("conditions/")]
faults = {"/text/en/summary": "A miracle.", "/requiredCautions/0": "not-there"}
snapshot = MemorySnapshot(edited({path: faults for path in conditions}, files))
copies = []
begun = module._begun
module._begun = lambda tell: copies.append(tell) or begun(tell)
module.ENOUGH = 10
in_two = refusal(snapshot)
module.ENOUGH = 1_000
assert len(copies) == 2 and in_two == refusal(snapshot)
print(len(copies), *sorted({problem.rule for problem in in_two}))
"""
    )
    assert finished.stdout == "2 no_promotional_words references_resolve required_cautions_agree\n", finished.stderr
