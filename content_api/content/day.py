"""Today, which every answer asks for and which changes once a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import time


class Day:
    """Today, where the server is, in a quarter of the time that `date.today` takes."""

    def __init__(self) -> None:
        self._known = date.min, 0.0, 0.0
        """A day, and from when to when it is surely that; all at once, for other threads."""

    def __call__(self) -> date:
        now = time()
        day, begin, end = self._known
        if not begin <= now < end:
            day = date.fromtimestamp(now)
            midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
            self._known = day, now, midnight.timestamp()
        return day


today = Day()
