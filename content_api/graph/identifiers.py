"""Opaque ids and cursors: what a client gets to give back, and must not look into."""

from __future__ import annotations

import base64
import json
from functools import lru_cache

import orjson

from content_api.content.fields import Channel
from content_api.content.view import Shown
from content_api.errors import RequestError


def encoded(*parts: str) -> str:
    """Parts as one URL-safe token."""
    text = orjson.dumps(parts)
    if not text.isascii() or b"\x7f" in text:  # json escapes these, and did in what has been given out
        text = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def decoded(token: str, length: int) -> list[str] | None:
    """The parts of a token, or None when it is not one that `encoded` made of so many parts."""
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        # Unlike json, this refuses half a surrogate pair, which a message could not be sent with.
        parts = orjson.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    well_formed = isinstance(parts, list) and len(parts) == length and all(isinstance(part, str) for part in parts)
    return parts if well_formed and encoded(*parts) == token else None


def node_id(shown: Shown) -> str:
    """The id of an entity in one locale and channel, so that a client's cache never mixes two of them."""
    return encoded(shown.key, shown.view.locale, shown.view.channel)


def node_parts(token: str) -> tuple[str, str, Channel]:
    """(key, locale, channel) of an id; raises RequestError for a token that is none."""
    parts = decoded(token, 3)
    if parts is None or parts[2] not in set(Channel):
        raise RequestError(
            "BAD_USER_INPUT", f"`{token[:40]}` is not an id of this API.", "Ids are taken from `id` fields."
        )
    return parts[0], parts[1], Channel(parts[2])


@lru_cache(maxsize=1_000)  # the ends of pages that are asked for often; to make one takes a microsecond
def cursor(version: str, key: str) -> str:
    """The cursor of an entity in a list of a version."""
    return encoded(version, key)


def cursor_parts(token: str) -> tuple[str, str]:
    """(version, key) of a cursor; raises RequestError for a token that is none."""
    parts = decoded(token, 2)
    if parts is None:
        hint = "Take cursors from `pageInfo` or `edges.cursor` of the page before."
        raise RequestError("BAD_CURSOR", f"`{token[:40]}` is not a cursor of this API.", hint)
    return parts[0], parts[1]
