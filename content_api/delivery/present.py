"""What is made of an answer for the wire, once: the hash of its body, its compressed forms, and its tags in a line."""

from __future__ import annotations

import gzip
import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import brotli
import zstandard

from content_api.content import tags
from content_api.delivery.operation import Reply

# The best first. Levels are where more of it begins to cost more than it saves: 26 kB become 5.7, 5.4 and 5.5 kB in 60,
# 160 and 130 µs; the next levels take twice as long for 3%.
CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, 4, mtime=0),
}
SMALLEST = 1_000  # bytes; a smaller body goes into one packet with its head, and arrives no sooner compressed
# Bytes of tags that go with an answer. nginx, as it comes, takes 4 kB for a whole head, of which ours has 900 besides.
LONGEST_LINE = 3_000

# Word in a document, whatever it names there -> the tag of an answer to it. Fields that say a version or a place in
# one, arguments that name one, and what depends on the day.
WORDS = {
    **dict.fromkeys(("version", "versions", "changes", "tags", "refused"), tags.VERSION),
    **dict.fromkeys(("cursor", "startCursor", "endCursor", "after", "before"), tags.VERSION),
    "isOverdue": tags.TODAY,
}
WORD = re.compile(r"[A-Za-z_]\w*")


def words_of(document: str) -> frozenset[str]:
    """The words of a document that are in WORDS."""
    return frozenset(WORDS.keys() & WORD.findall(document))


@lru_cache(maxsize=256)  # there are twelve words, and of their sets few that anybody asks
def tags_of(words: frozenset[str], *, pinned: bool, about_content: bool) -> frozenset[str]:
    """The tags that an answer has on account of what was asked, whatever it was made from.

    What is `pinned` names a version that stays the same, whatever is published.
    """
    found = frozenset((tags.SITE, *(WORDS[word] for word in words)))
    if pinned:
        return (found - {tags.VERSION}) | {tags.PAST}
    return found | {tags.VERSION} if about_content else found


def digest(reply: Reply) -> str:
    """The hash of the body, as text: the same for the same bytes in every process."""
    made: str | None = reply.made.get("digest")
    if made is None:
        made = reply.made["digest"] = urlsafe_b64encode(sha256(reply.body).digest()[:16]).decode().rstrip("=")
    return made


def form(reply: Reply, coding: str) -> bytes:
    """The body in a coding of CODINGS; kept, as long as all that are kept are not larger than the body itself."""
    made: bytes | None = reply.made.get(coding)
    if made is None:
        made = CODINGS[coding](reply.body)
        if sum(len(reply.made.get(each, b"")) for each in CODINGS) + len(made) <= len(reply.body):
            reply.made[coding] = made
    return made


def of_body(reply: Reply) -> dict[str, Any]:
    """What is made of its body and tags, and so is the same for the same answer from another version."""
    return {name: made for name, made in reply.made.items() if name in ("digest", "line", *CODINGS)}


def line(reply: Reply) -> str:
    """The tags, with commas between; where that is longer than LONGEST_LINE, coarser ones stand for those of a kind."""
    made: str | None = reply.made.get("line")
    if made is None:
        made = ",".join(sorted(reply.tags))
        if len(made) > LONGEST_LINE:
            made = ",".join(sorted(within(reply.tags, LONGEST_LINE)))
        reply.made["line"] = made
    return made


def within(found: Iterable[str], longest: int) -> set[str]:
    """Tags, of which those of one group after another, the longest first, give way to the tag of the group."""
    kept = set(found)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for tag in kept:
        if coarser := tags.group(tag):
            groups[coarser].add(tag)
    for coarser, fine in sorted(groups.items(), key=lambda entry: -_length(entry[1])):
        if _length(kept) <= longest:
            break
        kept = (kept - fine) | {coarser}
    return kept


def _length(found: Iterable[str]) -> int:
    return sum(len(tag) + 1 for tag in found)
