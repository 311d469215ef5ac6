"""The application around the small schema, in process and as a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphql import print_schema
from starlette.applications import Starlette
from starlette.testclient import TestClient

from content_api.store.snapshot import Version
from content_api.web.application import STATIC, build
from content_api.web.graphql import Answer
from content_api.web.health import Status
from content_api.web.metrics import Expose
from content_api.web.versions import Overlook, Overview
from tests.delivery.small import delivery, schema

JSON = {"Accept": "application/json"}
GRAPHQL_RESPONSE = {"Accept": "application/graphql-response+json"}


def application(
    answer: Answer | None = None,
    status: Callable[[], Status] = lambda: Status(ready=True, version="v1"),
    static: Path = STATIC,
    overlook: Overlook = lambda after: Overview(Status(ready=True, version="v1"), Version("v1")),
    expose: Expose = lambda accept: (b"", "text/plain"),
    **options,
) -> Starlette:
    return build(
        schema_text=print_schema(schema()),
        answer=answer or delivery().answer,
        status=status,
        overlook=overlook,
        expose=expose,
        static=static,
        **options,
    )


def client(app: Starlette | None = None, **options) -> TestClient:
    return TestClient(app or application(**options), follow_redirects=False)


app = application()
