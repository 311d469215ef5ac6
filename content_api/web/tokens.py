"""Who may see previews: bearer tokens, of which the server knows the hashes alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

LONGEST = 200  # characters of the header; ours have 50, and nobody can make the server hash a megabyte
BYTES = 32  # 256 random bits: more than anybody can try


def new_token() -> str:
    return secrets.token_urlsafe(BYTES)


def hashed(token: str) -> str:
    """What the server is told of a token.

    Plain SHA-256: slow and salted hashes protect words that people choose, which can be guessed. A token of 256 random
    bits cannot, and a slow hash would let anybody keep the server busy.
    """
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that are good."""

    hashes: Mapping[str, str] = field(repr=False)
    """Name -> hash."""

    @classmethod
    def of(cls, setting: Iterable[str]) -> Tokens:
        """From `NAME:HASH` each, as the setting has them."""
        return cls(dict(one.split(":") for one in setting))

    def owner(self, headers: Sequence[str]) -> str | None:
        """The name that a request's `Authorization` headers are good for, or None.

        All hashes are compared, each in constant time, so that how long it takes says nothing about any of them.
        """
        scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or len(token) > LONGEST:
            return None
        given = hashed(token.strip())
        good = [name for name, known in self.hashes.items() if hmac.compare_digest(given, known)]
        return good[0] if good else None
