"""The application around the small schema, in process and as a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphql import print_schema
from starlette.applications import Starlette
from starlette.testclient import TestClient

from content_api.delivery.subscribe import Subscriptions
from content_api.store.snapshot import Version
from content_api.web.application import STATIC, build
from content_api.web.graphql import Answer
from content_api.web.health import Status
from content_api.web.listeners import Listeners
from content_api.web.metrics import Expose
from content_api.web.services import Services
from content_api.web.versions import Overlook, Overview
from tests.delivery.small import Voice, delivery, schema

JSON = {"Accept": "application/json"}
GRAPHQL_RESPONSE = {"Accept": "application/graphql-response+json"}
# Services that a test may name and most do not.
NAMED = ("at_least", "look", "hook_secrets", "trusted_only", "load", "count_refusal", "limits")


def application(
    answer: Answer | None = None,
    status: Callable[[], Status] = lambda: Status(ready=True, version="v1"),
    static: Path = STATIC,
    voice: object = None,
    overlook: Overlook = lambda after: Overview(Status(ready=True, version="v1"), Version("v1")),
    expose: Expose = lambda media: b"",
    **options,
) -> Starlette:
    services = Services(
        schema_text=print_schema(schema()),
        answer=answer or delivery().answer,
        subscribe=options.pop("subscribe", None) or Subscriptions(delivery(), voice or Voice()).subscribe,
        listeners=options.pop("listeners", None) or Listeners(),
        version=lambda: "v1",
        status=status,
        overlook=overlook,
        expose=expose,
        **{name: options.pop(name) for name in NAMED if name in options},
    )
    return build(services, static=static, **options)


def client(app: Starlette | None = None, **options) -> TestClient:
    return TestClient(app or application(**options), follow_redirects=False)


app = application()
