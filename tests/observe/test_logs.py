"""The log, as it stands on standard error."""

from __future__ import annotations

import json
import subprocess
import sys

LOG = """
import logging, sys, structlog
from content_api.observe.logs import configure
configure(*sys.argv[1:])
structlog.get_logger("content_api.test").info("live", version="abc")
structlog.get_logger("content_api.test").debug("detail")
logging.getLogger("uvicorn.error").warning("from a library: %d", 7)
try:
    what_a_person_need_not_see = "x" * 100
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("content_api.test").exception("a field failed")
"""


def logged(*arguments: str) -> list[str]:
    finished = subprocess.run([sys.executable, "-c", LOG, *arguments], capture_output=True, text=True, check=True)
    assert finished.stdout == ""
    return finished.stderr.splitlines()


def test_json_is_one_object_a_line_for_our_logs_and_those_of_libraries():
    live, library, failed = map(json.loads, logged("json", "info"))
    assert (live["event"], live["version"], live["level"], live["logger"]) == (
        "live",
        "abc",
        "info",
        "content_api.test",
    )
    assert live["timestamp"].endswith("Z")
    assert (library["event"], library["level"]) == ("from a library: 7", "warning")
    assert "ZeroDivisionError: division by zero" in failed["exception"]


def test_a_person_gets_plain_lines_and_a_traceback_that_can_be_read():
    lines = logged("console", "info")
    assert "live" in lines[0]
    assert "version=abc" in lines[0]
    assert "\x1b" not in "".join(lines)  # no colours where there is no terminal
    assert any("ZeroDivisionError" in line for line in lines)
    assert len(lines) < 12
    assert "x" * 20 not in "".join(lines)  # the values of variables: those of a real failure are megabytes


def test_without_a_terminal_the_format_is_json():
    assert logged("auto", "info")[0].startswith("{")


def test_the_level_holds_for_what_is_graver():
    assert [json.loads(line)["level"] for line in logged("json", "warning")] == ["warning", "error"]
    assert json.loads(logged("json", "debug")[1])["event"] == "detail"
