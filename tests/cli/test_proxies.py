"""Whose `X-Forwarded-*` `content-api serve` believes: that of named proxies, whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.cli.command import Serving, serving

EVERYBODY = {"FORWARDED_ALLOW_IPS": "*", "CONTENT_API_RATE_LIMIT": "3/hour"}
"""uvicorn's own variable, which would have all of them believed, is there."""
FORGED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}


def sends(server: Serving) -> list[int]:
    """The statuses of four requests, each of which says that it is for another client."""
    asked = {"query": "{ __typename }"}
    return [
        httpx2.post(
            f"{server.url}/graphql", json=asked, headers={"X-Forwarded-For": f"198.51.100.{number}"}, trust_env=False
        ).status_code
        for number in range(4)
    ]


def leads_to(server: Serving) -> str:
    """Where a slash too many leads, which is written with what is believed of the address."""
    return httpx2.get(f"{server.url}/livez/", headers=FORGED, trust_env=False).headers["Location"]


@pytest.mark.parametrize("named", ["", "10.0.0.0/8,192.0.2.1"])
def test_who_is_not_named_is_not_believed(folder: Path, named: str):
    with serving(cwd=folder, CONTENT_API_PROXIES=named, **EVERYBODY) as server:
        assert leads_to(server) == f"{server.url}/livez"
        assert sends(server) == [200, 200, 429, 429]  # that before counted as well


def test_who_is_named_is_believed_about_the_client_and_the_scheme_and_nothing_else(folder: Path):
    with serving(cwd=folder, CONTENT_API_PROXIES="10.0.0.0/8,127.0.0.0/8", **EVERYBODY) as server:
        assert leads_to(server) == f"{server.url.replace('http:', 'https:')}/livez"
        assert sends(server) == [200, 200, 200, 200]
