"""The sizes of machines in docs/how-to/run-it.md, and the measurements in docs/performance.md that they come from."""

from __future__ import annotations

import re

import pytest

from content_api.bounds import SocketBounds
from content_api.delivery.reuse import KEPT_BYTES
from content_api.web import known
from tests.live import ROOT

SIZES = (ROOT / "docs/how-to/run-it.md").read_text(encoding="utf-8").partition("## How large a machine\n")[2]
MEASURED = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
SERVER, UNCACHED, PLANLESS = 2, 3, 4
"""Columns of the table of what servers take for each request."""


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def row(text: str, begins: str, behind: str = "") -> list[str]:
    """The cells of the first row that begins so, behind a phrase."""
    [_, after] = text.split(behind, 1) if behind else ["", text]
    found = next(line for line in after.splitlines() if line.startswith(f"| {begins} |"))
    return [cell.strip() for cell in found.strip("| ").split(" | ")]


def said(begins: str) -> list[float]:
    """The numbers in the second cell of a row of the sizes, without those in brackets and names."""
    return numbers(re.sub(r"`[^`]*`", "", row(SIZES, begins)[1]))


def each_question(column: int, *left_out: str) -> list[float]:
    names = [name for name in ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "304") if name not in left_out]
    rows = [row(MEASURED, name, "CPU time of the server for each request, in microseconds") for name in names]
    return [numbers(found[column])[0] for found in rows]


def close(quoted: float, measured: float) -> bool:
    """Whether a figure is the measured one, rounded to two digits."""
    return float(f"{measured:.2g}") == float(f"{quoted:.2g}")


def matched(pattern: str) -> str:
    found = re.search(pattern, MEASURED)
    assert found
    return found[1]


ENTITY = [
    float(row(MEASURED, number, "| entities | list the tree |")[4].removesuffix(" kB"))
    for number in ("5,000", "50,000")
]
INDEX = [numbers(row(MEASURED, number, "| entities | list the tree |")[6])[0] for number in ("50,000", "5,000")]
LISTENER = [numbers(row(MEASURED, f"5,000 | {over}")[2])[0] for over in ("event stream", "WebSocket")]
DEAREST = max(
    numbers(line.split(" | ")[2])[0]
    for line in MEASURED.partition("| allowed | bytes |")[2].partition("\n\n")[0].splitlines()[2:]
)
UNPLANNED = each_question(PLANLESS)
IN_ALL = matched(r"\n\| (\d+) MB \| ")
EXECUTED = numbers(row(MEASURED, "Q3, three levels deep, through back references")[5])[0]
PIECES = {
    "an entity of the live version": [round(ENTITY[0]), *INDEX],
    "answers that are kept, `CONTENT_API_ANSWER_BYTES`": [KEPT_BYTES / 1e6],
    "requests that are known by their bytes": [known.KEPT_BYTES / 1e6],
    "who listens": LISTENER,
    "while it starts alone, for a second or two": [float(matched(r"it takes (\S+) kB an entity"))],
}
TIMES = {
    "the same request again, byte for byte; an answer that the client has": (
        [min(each_question(SERVER, "Q5")), max(each_question(SERVER, "Q5"))]
    ),
    "a query that comes again, about something that was not asked before": (
        [min(each_question(UNCACHED, "Q5")), max(each_question(UNCACHED, "Q5"))]
    ),
    "a query whose text is new each time, by its shape": [float(row(MEASURED, "Q5", "in microseconds")[SERVER])],
    "the dearest that its cost allows": [DEAREST],
}


@pytest.mark.parametrize("about", PIECES)
def test_a_piece_of_memory_is_the_one_that_was_measured(about):
    quoted = said(about)
    assert len(quoted) == len(PIECES[about])
    for one, measured in zip(quoted, PIECES[about], strict=True):
        assert abs(one - measured) <= (0.05 if one < 2 else 0.5)


@pytest.mark.parametrize("about", TIMES)
def test_a_time_is_the_one_that_was_measured_and_so_many_go_into_a_second(about):
    quoted, measured = said(about), TIMES[about]
    assert len(quoted) == len(measured)
    assert all(map(close, quoted, measured))
    unit = 1_000 if "ms" in row(SIZES, about)[1] else 1_000_000
    for rate, time in zip(numbers(row(SIZES, about)[2]), reversed(measured), strict=True):
        assert 0.93 <= rate / (unit / time) <= 1.01


def test_what_is_new_in_every_way_takes_what_it_took_without_plans():
    about = "a query that is new in every way, or without plans: a field, a page, much that is nested"
    least, usual, most, nested = said(about)
    assert float(f"{min(UNPLANNED):.1g}") == least * 1_000
    assert close(most * 1_000, max(UNPLANNED))
    assert close(nested, EXECUTED)
    assert least < usual < most


def test_the_sums_are_those_of_the_pieces():
    program, (entity, index_large, index_small), kept = (
        said("the program")[0],
        said("an entity of the live version"),
        64,
    )
    text = " ".join(SIZES.split())
    few, many = 100 + 5_000 * (entity + index_small) / 1_000 + kept, program + 50 * (entity + index_large) + kept
    assert (
        f"So 5,000 entities come to 100 + 5,000 × {entity + index_small:.0f} kB + 64 = {round(few, -1):.0f} MB" in text
    )
    assert f"50,000 to {round(many, -1):.0f} MB" in text
    assert f"and {IN_ALL} MB were measured" in text
    assert SocketBounds().listeners * max(LISTENER) / 1_000 == pytest.approx(300, rel=0.01)
    assert "Ten thousand listeners are 300 MB more" in text
