"""Whether a webhook comes from who knows a secret: the ways in which git hosts sign, in one table.

GitHub      `X-Hub-Signature-256: sha256=HEX`, HMAC-SHA256 over the body
Gitea       `X-Gitea-Signature: HEX`, the same; Forgejo sends `X-Forgejo-Signature` as well
GitLab      `X-Gitlab-Token: SECRET`; from 2026 on also Standard Webhooks, with its signing token
Standard    `webhook-signature: v1,BASE64 …`, HMAC-SHA256 over `ID.TIMESTAMP.BODY`: https://www.standardwebhooks.com

The body is hashed piece by piece as it comes. So nobody can fill the memory with bodies of 25 MB that he has not
signed; that is why the `standardwebhooks` library, which wants the body whole, is only what tests sign with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# How far the clocks of two machines and a slow network may be apart; what Standard Webhooks suggests.
WINDOW_SECONDS = 300
# A day of a push every nine seconds. A hundred bytes each.
REMEMBERED = 10_000
# A sender that exchanges its secret signs with both.
MOST_SIGNATURES = 4
_MARK = "whsec_"


@dataclass(frozen=True, slots=True)
class Secret:
    """What both ends know: as it is written, and the key it stands for, which `whsec_…` encodes in base64."""

    text: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of itself: `digests`, one of which is the HMAC of the `prefix` and the body."""

    prefix: bytes
    digests: tuple[bytes, ...]


class Seen:
    """Digests that were good once, the newest REMEMBERED of them. Whoever sends one again has only listened.

    Digests, not the ids of deliveries: those of most hosts are not signed, so a listener could exchange them. A
    delivery that is sent again because it failed is good here, for it was not good before.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def is_new(self, digest: bytes) -> bool:
        """Whether this is the first time; from now on it is not."""
        if digest in self._digests:
            return False
        self._digests[digest] = None
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)
        return True


class Verification:
    """The check of one request: `feed` it the body, then ask for the `refusal`.

    Comparing takes the same time however it ends. `now` is in seconds since 1970.
    """

    def __init__(self, headers: Mapping[str, str], secrets: Sequence[Secret], now: float) -> None:
        self._token = headers.get("x-gitlab-token", "").encode("latin-1", "replace")
        self._secrets = secrets
        self._claims = [claim for find in SCHEMES for claim in find(headers, now)]
        self._running = [
            (hmac.new(secret.key, claim.prefix, hashlib.sha256), claim) for secret in secrets for claim in self._claims
        ]

    @property
    def needs_body(self) -> bool:
        """Whether the body can make a difference; if not, nobody has to wait for it."""
        return bool(self._running)

    def feed(self, piece: bytes) -> None:
        for running, _ in self._running:
            running.update(piece)

    def refusal(self, seen: Seen) -> str | None:
        """Why the request is refused, for the operator's log alone; None for one that is good, and was never seen."""
        if self._has_token():
            return None
        if not self._claims:
            return "no signature that is known, or too old a one"
        for running, claim in self._running:
            digest = running.digest()
            if any([hmac.compare_digest(digest, claimed) for claimed in claim.digests]):
                return None if seen.is_new(digest) else "seen before"
        return "no secret fits the signature"

    def _has_token(self) -> bool:
        """GitLab's older way. It proves that the sender knows the secret, and nothing about when: no replay of it can
        be told from a delivery, for whoever has heard it can write another.
        """
        return any([hmac.compare_digest(self._token, secret.text) for secret in self._secrets])


def secret_of(text: str) -> Secret:
    """A secret as it is written. Raises ValueError for one that begins with `whsec_` and goes on in no base64."""
    if not text.startswith(_MARK):
        return Secret(text.encode(), text.encode())
    encoded = text.removeprefix(_MARK).rstrip("=")
    return Secret(text.encode(), base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))


def _hexadecimal(name: str, pattern: str) -> Callable[[Mapping[str, str], float], Iterator[Claim]]:
    form = re.compile(pattern + "([0-9a-fA-F]{64})")

    def find(headers: Mapping[str, str], now: float) -> Iterator[Claim]:
        if match := form.fullmatch(headers.get(name, "")):
            yield Claim(b"", (bytes.fromhex(match[1]),))

    return find


def _standard(headers: Mapping[str, str], now: float) -> Iterator[Claim]:
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    is_timely = re.fullmatch(r"[0-9]{1,12}", stamp) is not None and abs(int(stamp) - now) <= WINDOW_SECONDS
    words = headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
    digests = tuple(filter(None, (_decoded(word.removeprefix("v1,")) for word in words if word.startswith("v1,"))))
    if identity and is_timely and digests:
        yield Claim(f"{identity}.{stamp}.".encode("latin-1"), digests)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


SCHEMES: tuple[Callable[[Mapping[str, str], float], Iterator[Claim]], ...] = (
    _standard,
    _hexadecimal("x-hub-signature-256", "sha256="),
    _hexadecimal("x-forgejo-signature", ""),
    _hexadecimal("x-gitea-signature", ""),
)
