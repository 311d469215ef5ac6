"""Whom an address stands for, where clients are counted."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# What is no address, such as the `unknown` of a proxy, is a client by what it says, of which no more is kept than this.
LONGEST_NAME = 45
# The provider of a household, or of a phone, gives it 2^64 addresses to choose from.
IPV6_PREFIX = 64


@lru_cache(maxsize=4_096)  # as many addresses as are busy at one time; to read one takes 5 µs
def client_of(address: str) -> str:
    """Whom an address stands for: itself, or its network of IPv6."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address[:LONGEST_NAME]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or IPv6Network((found.packed, IPV6_PREFIX), strict=False))
    return str(found)
