"""The id of a request: that of the trace which it is a part of, or one of the same form that is made here."""

from __future__ import annotations

import re
from random import getrandbits

# https://www.w3.org/TR/trace-context/#traceparent-header: version, trace, the caller's part of it, flags. A version
# that is newer than ours may say more behind that; ff is no version.
TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?", re.ASCII
)
OURS = "00"


def trace_of(traceparent: str) -> str | None:
    """The id of a trace, 32 hexadecimal digits; None for what is no `traceparent`."""
    found = TRACEPARENT.fullmatch(traceparent)
    return None if found is None or (found[1] == OURS and found[3]) else found[2]


def new_identity() -> str:
    """An id of the same form. It need not be hard to guess, only unlike any other: 0.3 µs, where a UUID takes 2."""
    return f"{getrandbits(128):032x}"
