"""Tags: the names of what answers are made from, by which a cache is told what to drop.

An answer carries the tags of everything that it depends on, what it looked for in vain included. A publication makes
the tags known of which the answers may differ now. docs/reference/http.md has them as a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from sys import intern

from content_api.content.fields import EntityKind

SITE = "site"
"""On every answer: in which locale and channel anything is served depends on site.json."""
VERSION = "version"
"""On answers that name a version, or something in one: ids, cursors, tags. They change with every publication."""
PAST = "past"
"""On answers from one version that was named by its whole id. Nothing changes them but a recall."""
RECALLS = "recalls"
"""On answers that lack something because of a recall, or tell of recalls."""
SEARCH = "search"
"""On searches: what is found, and how well it fits, depends on every text."""
CODES = "codes"
"""On answers about what carries a code."""
TODAY = "today"
"""On answers that depend on the day. No publication makes them differ; midnight does."""

# What a client names may be anything. Only what can be the name of an entity, by key or slug, can ever be one.
NAME = re.compile(f"(?:{'|'.join(EntityKind)})/[a-z0-9-]{{1,80}}")


# Characters of the tags that are told to a cache at once: servers read a head of 8 kB. More is some 25 entities, and
# more than that is everything.
LONGEST_PURGE = 4_000


def is_name(key: str) -> bool:
    """Whether `kind/name` can be an entity's key or slug, and so a tag."""
    return NAME.fullmatch(key) is not None


# Interned, as what is made anew for each answer that is kept would take more memory than all else of its tags.
def source(name: str) -> str:
    return intern(f"source/{name}")


def person(name: str) -> str:
    return intern(f"person/{name}")


def listed(kind: EntityKind) -> str:
    """On lists of a kind: which entities are there to be seen, and what they are ordered by."""
    return f"{kind}:list"


def every(kind: EntityKind) -> str:
    """On answers that depend on all of every entity of a kind, as a filter does."""
    return f"{kind}:all"


def referred(key: str) -> str:
    """On answers that list what refers to an entity."""
    return intern(f"{key}:in")


def group(tag: str) -> str | None:
    """The coarser tag that may stand for one that names a single thing; None for all others."""
    kind, slash, name = tag.partition("/")
    return None if not slash else f"{kind}:in" if name.endswith(":in") else f"{kind}:all"


def with_groups(tags: Iterable[str]) -> Iterator[str]:
    """Tags, and the coarser ones that may stand for them."""
    for tag in tags:
        yield tag
        if coarser := group(tag):
            yield coarser


def in_one_line(tags: Iterable[str]) -> str:
    """Tags to be dropped, with commas between; `site`, which is everything, where there are too many of them."""
    line = ",".join(sorted(tags))
    return line if len(line) <= LONGEST_PURGE else SITE
