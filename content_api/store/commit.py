"""A commit object, taken apart. Nothing in it is trusted to make sense: authors and clocks write what they like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_HOST = re.compile(r"(?<=\S)@\S+")
_STAMP = re.compile(r"(-?\d{1,20}) ([+-])(\d\d)(\d\d)$")


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit says. `author` and `committed_at` are None where it does not say so legibly."""

    tree: str
    parents: tuple[str, ...]
    author: str | None
    committed_at: datetime | None
    message: str


def parse(data: bytes) -> Commit:
    """Take a commit object apart. Raises ValueError when it names no tree."""
    head, _, message = data.partition(b"\n\n")
    fields = [line.partition(b" ")[::2] for line in head.split(b"\n")]
    encoding = _first(fields, b"encoding").decode("ascii", "replace") or "utf-8"
    tree = _first(fields, b"tree").decode("ascii", "replace")
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", tree):
        raise ValueError("the commit names no tree")
    return Commit(
        tree=tree,
        parents=tuple(value.decode("ascii", "replace") for name, value in fields if name == b"parent"),
        author=_name(_text(_first(fields, b"author"), encoding)),
        committed_at=_time(_text(_first(fields, b"committer"), encoding)),
        message=_text(message, encoding).strip("\n"),
    )


def _first(fields: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in fields if name == wanted), b"")


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "replace")
    except (LookupError, ValueError):  # nobody has heard of it, or it cannot leave out what it cannot read
        return data.decode("utf-8", "replace")


def _name(person: str) -> str | None:
    """Return a name without any address: it is shown to everybody, and some people's name is set to their address."""
    return _HOST.sub("", person.partition("<")[0]).strip() or None


def _time(person: str) -> datetime | None:
    """Return when, as given: 1970 and 2099 are as good as any, and a time zone that cannot be is read as UTC."""
    stamp = _STAMP.search(person)
    if stamp is None:
        return None
    seconds, sign, hours, minutes = stamp.groups()
    offset = timedelta(hours=int(sign + hours), minutes=int(sign + minutes))
    zone = timezone(offset) if abs(offset) < timedelta(hours=24) else UTC
    try:
        return datetime.fromtimestamp(int(seconds), zone)
    except (OverflowError, ValueError, OSError):  # a year that a datetime does not reach
        return None
