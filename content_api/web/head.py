"""The head of a request: that it can be read in one way only, whoever reads it.

A proxy in front reads it too. Where the two could disagree about where a request ends, or whom it is for, somebody can
hide a request in another. What httptools refuses by itself is in tests/hostile/forms.py, form by form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from content_api.errors import RequestError
from content_api.web.representation import Header

# A name or an address and perhaps a port, as https://www.rfc-editor.org/rfc/rfc9110#section-7.2 has it; of the letters
# that it allows in names, those that are in any: what is put into addresses, caches and logs should hold no others.
HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
VERSIONS = ("1.1", "1.0")
ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


def check_head(method: bytes, version: str, target: bytes, headers: Sequence[Header]) -> None:
    """Refuse a head that is no head of HTTP/1.1, or can be read in two ways. Names are in lower case."""
    if version not in VERSIONS:
        raise garbled(f"The version is HTTP/{version}.", "Speak HTTP/1.1.")
    if method == b"CONNECT":
        raise garbled("CONNECT asks for a tunnel, and this is no proxy.")
    names = [name for name, _ in headers]
    host = _only(b"host", names, headers)
    check_host(host)
    if target[:1] != b"/":
        _check_target(target, host)
    if b"transfer-encoding" in names:
        _check_coding(version, names, headers)


@lru_cache(maxsize=256)  # a server has a few names; what is refused is not kept
def check_host(value: bytes) -> None:
    if not HOST.fullmatch(value):
        raise garbled("`Host` is not a name or an address, with a port where there is one.")


def size_of(target: bytes, headers: Sequence[Header]) -> int:
    """Bytes of a head, as far as it was read: each line has two more for its end, and a field two between its parts."""
    return len(target) + sum([len(name) + len(value) + 4 for name, value in headers])


def garbled(found: str, hint: str | None = None) -> RequestError:
    return RequestError("BAD_HTTP", found, hint)


def _only(name: bytes, names: Sequence[bytes], headers: Sequence[Header]) -> bytes:
    number = names.count(name)
    if number != 1:
        many = f"are {number} header fields" if number else "is no header field"
        raise garbled(f"There {many} `{name.decode().title()}`.", "Send one.")
    return headers[names.index(name)][1]


def _check_target(target: bytes, host: bytes) -> None:
    """A whole address in place of a path names a host too, and there is one only."""
    absolute = ABSOLUTE.match(target)
    if absolute and absolute[1].lower() != host.lower():
        raise garbled("The address names another host than `Host` does.", "Send the path alone.")


def _check_coding(version: str, names: Sequence[bytes], headers: Sequence[Header]) -> None:
    if version == "1.0":
        raise garbled("HTTP/1.0 knows no `Transfer-Encoding`.", "Send `Content-Length`.")
    if _only(b"transfer-encoding", names, headers).lower() != b"chunked":
        raise garbled("`Transfer-Encoding` is not `chunked`, the one that is read.", "Send the body as it is.")
