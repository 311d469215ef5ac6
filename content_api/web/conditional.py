"""Conditional requests, as RFC 9110 says in section 13: a client that has the answer is told that it still holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

# An entity tag in a list. Whether it is weak is of no interest: `If-None-Match` compares weakly.
ENTITY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def has_it(if_none_match: Iterable[str], entity_tag: str) -> bool:
    """Whether the lines of an If-None-Match header name an entity tag, or anything there is. What is malformed in them
    names nothing."""
    lines = ",".join(if_none_match)
    return lines.strip() == "*" or entity_tag in ENTITY_TAG.findall(lines)
