"""docs/reference/http.md and the routes, headers and statuses of the application."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount

from content_api.errors import ERROR_CODES
from content_api.web import stream
from content_api.web.application import EXPOSED, STATIC, build
from content_api.web.graphql import ALLOW
from content_api.web.headers import PREVIEW
from content_api.web.health import Status
from content_api.web.hooks import LARGEST_DELIVERY
from content_api.web.listeners import Listeners
from content_api.web.rates import TRY_AGAIN_LATER
from content_api.web.scoped import SCOPED
from content_api.web.services import Services
from content_api.web.signatures import REMEMBERED, WINDOW_SECONDS
from content_api.web.websocket import CLOSE_CODES
from tests.live import ROOT

TEXT = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")


def below(heading: str) -> str:
    return TEXT.partition(f"{heading}\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module", name="table")
def _table() -> dict[str, str]:
    """Path -> methods, as the page has them."""
    return dict(re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", below("# HTTP"), re.MULTILINE))


def every_route(static: Path) -> list[BaseRoute]:
    def not_asked(*_: object) -> None:
        pytest.fail("not asked")

    services = Services(
        schema_text="",
        version=not_asked,
        answer=not_asked,
        subscribe=not_asked,
        listeners=Listeners(),
        status=lambda: Status(False),
        overlook=not_asked,
        expose=not_asked,
        look=not_asked,
        hook_secrets=["a secret"],
    )
    return build(services, static=static).routes


def test_the_paths_of_the_page_are_the_routes(table: dict[str, str]):
    paths = [route.path + "/" * isinstance(route, Mount) for route in every_route(STATIC)]
    paths += [f"{PREVIEW}/{{branch}}{row.path}" for row in SCOPED]
    assert list(table) == list(dict.fromkeys(paths)), "a path that takes WebSockets too has one row"


def test_the_methods_of_the_page_are_those_of_the_routes(table: dict[str, str]):
    built = every_route(Path("none"))
    plain = {route.path: sorted(route.methods) for route in built if getattr(route, "methods", None)}
    assert {path: methods.split(", ") for path, methods in table.items() if path in plain} == plain
    assert (table["/graphql"], table["/graphql/stream"]) == (ALLOW, stream.ALLOW)
    assert all(table[f"{PREVIEW}/{{branch}}{row.path}"] == table[row.path] for row in SCOPED)


def test_the_close_codes_of_the_page_are_those_of_the_code():
    rows = dict(re.findall(r"^\| (\d{4}) \| ([^|]+) \|$", below("## Listening"), re.MULTILINE))
    assert rows.pop("1012"), "it is uvicorn that sends this one"
    assert rows.pop(str(TRY_AGAIN_LATER)), "it is sent around the conversation, by web/rates.py"
    assert rows == {str(code): when for code, when in CLOSE_CODES.items()}


def test_the_seconds_between_comments_are_those_of_the_code():
    assert f"every {stream.HEARTBEAT_SECONDS:.0f} seconds" in below("## Listening")


def test_every_status_of_an_error_code_is_explained():
    explained = {int(one) for row in below("## Status codes").splitlines() for one in re.findall(r"\b[2-5]\d\d\b", row)}
    assert {status for status, _ in ERROR_CODES.values()} <= explained


def test_the_headers_that_a_page_may_read_are_named():
    named = re.findall(r"`([\w-]+)`", below("## Calls from a browser"))
    assert set(EXPOSED) <= set(named)


def test_what_a_webhook_may_hold_and_how_late_it_may_come_is_as_the_page_says():
    said = below("## Webhooks of a git host")
    assert {f"{number:,}" for number in (LARGEST_DELIVERY, WINDOW_SECONDS, REMEMBERED)} <= set(
        re.findall(r"\d[\d,]*\d", said)
    )
