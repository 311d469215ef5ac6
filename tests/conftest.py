"""What every folder of tests may use, and two rules: under CI nothing is skipped; the longest comes first."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

# Here before any content is loaded: loading freezes what is in memory, and Hypothesis, when it is imported after that,
# warns that it cannot see who holds the random numbers of other libraries.
import hypothesis
import pytest
import structlog

from tests.live import LiveServer, live

# Under CI Hypothesis has a profile of its own: the same examples every time, and no deadline. Elsewhere the examples
# may differ, and a deadline would tell no more than how busy the machine is.
if not os.environ.get("CI"):
    hypothesis.settings.register_profile(
        "elsewhere", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("elsewhere")


# Commands and servers of ours are started a hundred times: without bytecode each of them would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The usual tracebacks show all variables, and to write out an edition takes half a minute.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

LONGEST = ("test_sweep.py", "test_checker.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With what takes long behind it, the other of two workers finds enough to do until the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """The real application on the shipped content, in a process of its own."""
    with live() as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _skipping_fails_under_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _skipping_fails_under_ci((yield))


def _skipping_fails_under_ci(report):
    """Makes a skip a failure, with the skip's reason. An expected failure also counts as skipped: it is left alone."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"Nothing may be skipped under CI: {reason}"
    return report
