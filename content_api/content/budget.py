"""The time that one version may take to be read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from content_api.content.problems import ContentRefused, Problem

Item = TypeVar("Item")

SITE = "site.json"


@dataclass(frozen=True, slots=True)
class Budget:
    """A moment by which the work on what is at `place` has to be done.

    It is looked at between two steps, so that nothing is ever cut in its middle. Of memory there is no budget: that is
    bounded by how many bytes, files and folders a version may have.
    """

    place: str
    seconds: float
    until: float

    @classmethod
    def from_now(cls, place: str, seconds: float) -> Budget:
        return cls(place, seconds, monotonic() + seconds)

    def over(self, steps: Iterable[Item]) -> Iterator[Item]:
        """The steps, as long as there is time for another. Raises ContentRefused when there is none."""
        for step in steps:
            if monotonic() > self.until:
                raise ContentRefused(self.place, [too_slow(self.seconds)])
            yield step


def too_slow(seconds: float) -> Problem:
    found = f"The content was not read and checked within {seconds:,g} seconds"
    expected = "Make it smaller, or give it longer with CONTENT_API_BUILD_SECONDS"
    return Problem(SITE, 1, 1, "", "build_time", found, expected)


def is_too_slow(problem: Problem) -> bool:
    """Whether it says that there was no time, which there may be at another moment."""
    return problem.rule == "build_time"
