"""The version of the content model, by which content says what it was written for (`modelVersion` in site.json)."""

from __future__ import annotations

import jiter

from content_api.content.locate import locator
from content_api.content.migrations import MODEL_VERSION
from content_api.content.problems import Problem


def stated_version(data: bytes) -> int | None:
    """The model version that the bytes of a site.json name; None where they name none, which reading them tells."""
    try:
        site = jiter.from_json(data)
    except ValueError:
        return None
    version = site.get("modelVersion") if isinstance(site, dict) else None
    return version if type(version) is int and version >= 1 else None


def newer_model(path: str, data: bytes, version: int) -> Problem:
    """The one problem of content that is newer than this server: nobody here can say what its fields mean.

    Looked at before anything else is read, or every new field would be reported as a mistake.
    """
    return locator(path, data)(
        "/modelVersion",
        "model_version_known",
        f"The content has model version {version}; this server knows versions up to {MODEL_VERSION}",
        f"Serve it with a content-api that knows model version {version}",
    )
