"""Today is what the calendar of the place says, at every moment."""

from __future__ import annotations

import time
from datetime import date

import pytest

from content_api.content import day

HOUR = 3_600


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("begin", ["2026-03-27", "2026-10-23", "2026-12-30", "2028-02-27"])
def test_it_is_the_day_of_the_calendar_through_nights_and_changes_of_the_clock(zone, monkeypatch, begin):
    today = day.Day()
    start = time.mktime(time.strptime(begin, "%Y-%m-%d"))
    moments = [start + quarter * HOUR / 4 + beside for quarter in range(4 * 24 * 4) for beside in (-0.001, 0, 0.001)]
    seen = set()
    for moment in moments:
        monkeypatch.setattr(day, "time", lambda moment=moment: moment)
        assert today() == date.fromtimestamp(moment)
        seen.add(today())
    assert len(seen) >= 5


def test_a_clock_that_is_set_back_is_followed(monkeypatch):
    today = day.Day()
    for moment in (1_800_000_000.0, 1_799_000_000.0, 1_800_000_000.0):
        monkeypatch.setattr(day, "time", lambda moment=moment: moment)
        assert today() == date.fromtimestamp(moment)
