"""The version of the content model, by which content says what it was written for (`modelVersion` in site.json)."""

from __future__ import annotations

import jiter

from content_api.content.locate import locator
from content_api.content.problems import Problem

# The content model that the models of this package describe.
MODEL_VERSION = 1


def newer_model(path: str, data: bytes) -> Problem | None:
    """The one problem of content that is newer than this server: nobody here can say what its fields mean.

    Looked at before anything else is read, or every new field would be reported as a mistake.
    """
    try:
        site = jiter.from_json(data)
    except ValueError:
        return None  # not JSON: reading it says what is wrong
    version = site.get("modelVersion") if isinstance(site, dict) else None
    if not isinstance(version, int) or version <= MODEL_VERSION:
        return None
    return locator(path, data)(
        "/modelVersion",
        "model_version_known",
        f"The content has model version {version}; this server knows versions up to {MODEL_VERSION}",
        f"Serve it with a content-api that knows model version {version}",
    )
