"""Problems as text for a person: at the start of a server, from `content-api check`, and when a change is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import PurePath

from content_api.content.problems import MOST_PROBLEMS, ContentRefused, Problem

# Control characters, half characters, and marks that turn the direction of what follows: in a name or a message they
# could rewrite a terminal, or make a page say something else. Joiners stay: Persian and many other languages need them.
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """What somebody wrote, as it may be shown to a person: what does not show itself is replaced."""
    return HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text)


def first_line(message: str | None) -> str | None:
    """What a commit says of itself in short; None where it says nothing."""
    return harmless(message.strip().split("\n", 1)[0].rstrip("\r")) or None if message else None


def report(refused: ContentRefused, folder: PurePath, withheld: int = 0) -> str:
    """All problems, file by file, then how many. `folder` stands before each path, so that a terminal can open it."""
    return "\n\n".join([*_files(refused.problems, folder), count(refused.problems, withheld)])


def count(problems: Iterable[Problem], withheld: int = 0) -> str:
    """`3 problems in 2 files.`, how many besides are withheld from everybody, and that there may be more where loading
    stops counting."""
    found, said = list(problems), []
    if found or not withheld:
        said.append(f"{plural(len(found), 'problem')} in {plural(len({problem.path for problem in found}), 'file')}.")
    if withheld:
        about = f"{plural(withheld, 'problem')} {'is' if withheld == 1 else 'are'} about drafts, or what may be one"
        said.append(f"{about}: the server's log and `content-api check` have {'it' if withheld == 1 else 'them'}.")
    if len(found) + withheld == MOST_PROBLEMS:
        said.append("These are the first; there may be more.")
    return " ".join(said)


def plural(number: int, noun: str, nouns: str = "") -> str:
    """A number and its noun: `1 file`, `2 files`. `nouns` is for one whose plural is not made with an s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or f'{noun}s'}"


def _files(problems: Iterable[Problem], folder: PurePath) -> Iterator[str]:
    for _, found in groupby(problems, key=lambda problem: problem.path):
        yield "\n".join(_problem(problem, folder) for problem in found)


def _problem(problem: Problem, folder: PurePath) -> str:
    place = f"{folder / problem.path}:{problem.line}:{problem.column}"
    lines = [f"{problem.found}.", f"{problem.expected}.", problem.suggestion]
    return "\n".join([f"{place}  {problem.rule}", *(f"    {line}" for line in lines if line)])
