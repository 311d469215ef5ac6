"""Media types and codings: which ones a client accepts.

Written here because the small libraries for it either know no ties (`*/*` must give `application/json`, while naming
both types must give `application/graphql-response+json`) or raise on headers that real clients send.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"

# Real clients send about ten different headers; the rest of the room is for whoever sends a new one each time.
REMEMBERED = 256
# Browsers send 200 characters. One that is longer counts as not sent, which RFC 9110 allows: no server below us limits
# a header, to read a list of a million types takes seconds, and what was read is remembered.
LONGEST_ACCEPT = 1_000


def accept_of(values: Iterable[str]) -> str | None:
    """The header that lines of Accept, or Accept-Encoding, come to; None for none, and for one too long to be meant."""
    together = ",".join(values)
    return together if 0 < len(together) <= LONGEST_ACCEPT else None


@dataclass(frozen=True, slots=True)
class Range:
    """One item of an Accept header. `specificity` is 0 for `*/*`, 1 for `type/*`, 2 for a full type."""

    type: str
    subtype: str
    quality: float

    @property
    def specificity(self) -> int:
        return (self.type != "*") + (self.subtype != "*")

    def covers(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.type in ("*", kind) and self.subtype in ("*", subtype)


@lru_cache(maxsize=REMEMBERED)
def choose(accept: str | None, offers: tuple[str, ...], fallback: str) -> str | None:
    """The offer that an Accept header likes best, or None when it accepts none of them.

    The highest quality wins, then the offer that was named most exactly, then the first of `offers`; `fallback`, one
    of the offers, is the answer to no header and wins among those that only a wildcard covers. Parameters other than
    `q` are not looked at: our types have none but a charset, which is always UTF-8.
    """
    if accept is None or not accept.strip():
        return fallback
    ranges = [found for item in accept.split(",") if (found := _range(item))]
    liked = [(offer, best) for offer in offers if (best := _best(ranges, offer)) and best.quality > 0]
    return max(liked, key=lambda pair: _rank(pair[0], pair[1], fallback), default=(None, None))[0]


IDENTITY = "identity"
CODINGS = ("zstd", "br", "gzip", IDENTITY)  # those that we can send; the best first
ALIASES = {"x-gzip": "gzip"}  # an old name, which RFC 9110 asks for


@lru_cache(maxsize=REMEMBERED)
def codings(accept_encoding: str | None) -> tuple[str, ...]:
    """The codings of CODINGS that an Accept-Encoding header accepts, the one it likes best first.

    Of those that it likes equally, the first of CODINGS comes first. No header, and an empty one, accept `identity`
    alone: who sends none may know none. To others it is acceptable too, and comes last, unless they say otherwise.
    """
    named = dict(found for item in (accept_encoding or "").split(",") if (found := _coding(item)))
    anything = named.get("*")
    liked = {coding: named.get(coding, anything or 0.0) for coding in CODINGS}
    if IDENTITY not in named and anything is None:
        liked[IDENTITY] = sys.float_info.min  # acceptable, and less than any weight that can be given
    return tuple(sorted((coding for coding in CODINGS if liked[coding] > 0), key=lambda coding: -liked[coding]))


def _coding(item: str) -> tuple[str, float] | None:
    name, *rest = item.split(";")
    name = name.strip().lower()
    return (ALIASES.get(name, name), _quality(_parameters(rest).get("q", "1"))) if name else None


def _rank(offer: str, best: Range, fallback: str) -> tuple[float, int, bool]:
    return best.quality, best.specificity, best.specificity < 2 and offer == fallback


def _best(ranges: Iterable[Range], offer: str) -> Range | None:
    """The range that decides on an offer: the most exact one, as RFC 9110 says, whatever the others' quality."""
    covering = [found for found in ranges if found.covers(offer)]
    return max(covering, key=lambda found: found.specificity, default=None)


def _range(item: str) -> Range | None:
    """One item of the header, or None for one that is no media range: others may still be."""
    name, *rest = item.split(";")
    kind, slash, subtype = name.strip().lower().partition("/")
    if not (kind and slash and subtype) or (kind == "*" and subtype != "*"):
        return None
    return Range(kind, subtype, _quality(_parameters(rest).get("q", "1")))


def _quality(text: str) -> float:
    """A weight from 0 to 1. What cannot be read counts as 0: not accepted."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _parameters(parts: Iterable[str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in parts if "=" in part)
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
