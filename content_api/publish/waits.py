"""How many clients wait for what takes seconds, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waits:
    """Each is a setting: bounds.py."""

    loads: int = 16  # that run or wait; one takes from milliseconds to seconds, and nobody waits for the last
    load_seconds: float = 20.0  # that a client waits for one; proxies give up after 30 or 60
    clients: int = 1_000  # that wait for a version to be live: each costs a few kB, and so many do not push at once
    seconds: float = 5.0  # that such a client waits; a publication takes less than one


USUAL_WAITS = Waits()
