"""docs/reference/http.md and the routes, headers and statuses of the application."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from content_api.errors import ERROR_CODES
from content_api.web.application import EXPOSED, STATIC
from content_api.web.body import LARGEST_BODY
from content_api.web.graphql import ALLOW
from content_api.web.headers import PREVIEW
from content_api.web.health import Status
from content_api.web.routes import routes
from content_api.web.scoped import SCOPED
from tests.live import ROOT

TEXT = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")


def below(heading: str) -> str:
    return TEXT.partition(f"{heading}\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module", name="table")
def _table() -> dict[str, str]:
    """Path -> methods, as the page has them."""
    return dict(re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", below("# HTTP"), re.MULTILINE))


def test_the_paths_of_the_page_are_the_routes(table: dict[str, str]):
    built = routes("", lambda operation: pytest.fail("not asked"), lambda: Status(False), STATIC, LARGEST_BODY)
    previewed = [f"{PREVIEW}/{{branch}}{row.path}" for row in SCOPED]
    assert list(table) == [*(route.path + "/" * isinstance(route, Mount) for route in built), *previewed]


def test_the_methods_of_the_page_are_those_of_the_routes(table: dict[str, str]):
    built = routes("", lambda operation: pytest.fail("not asked"), lambda: Status(False), Path("none"), LARGEST_BODY)
    plain = {route.path: sorted(route.methods) for route in built if isinstance(route, Route) and route.methods}
    assert {path: methods.split(", ") for path, methods in table.items() if path in plain} == plain
    assert table["/graphql"] == ALLOW
    assert all(table[f"{PREVIEW}/{{branch}}{row.path}"] == table[row.path] for row in SCOPED)


def test_every_status_of_an_error_code_is_explained():
    explained = {int(one) for row in below("## Status codes").splitlines() for one in re.findall(r"\b[2-5]\d\d\b", row)}
    assert {status for status, _ in ERROR_CODES.values()} <= explained


def test_the_headers_that_a_page_may_read_are_named():
    named = re.findall(r"`([\w-]+)`", below("## Calls from a browser"))
    assert set(EXPOSED) <= set(named)
