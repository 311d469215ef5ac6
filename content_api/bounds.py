"""The settings that are limits: of a connection, of a question, and of content. Settings (settings.py) is all of them.

Why each has its usual value stands beside it here, or where the value is.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from content_api.delivery.limits import Limits as OperationLimits
from content_api.store.snapshot import Limits

RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)", re.ASCII)
USUAL_LIMITS = Limits()
OPERATION = OperationLimits()


class SocketBounds(BaseModel):
    """Limits of connections and clients"""

    rate_limit: str | None = None
    """How many requests one client address may send, such as `100/second`, `1000/minute` or `20000/hour`. If not set,
    any number. Each worker counts for itself."""
    busy_seconds: Annotated[float, Field(ge=0.05, le=60)] = 0.5
    """Seconds that the server may be busy with the requests that came together; those that are left then are refused
    with 503, and it is free for new ones. Who asks what is light and is answered has waited twice as long at most: a
    second is when a reader begins to think of something else."""

    @field_validator("rate_limit")
    @classmethod
    def a_rate(cls, value: str | None) -> str | None:
        if value is not None and not RATE.fullmatch(value):
            raise ValueError("a number and a time such as 100/second, 1000/minute, 20000/hour or 100000/day")
        return value


class QuestionBounds(BaseModel):
    """Limits of an operation"""

    operation_seconds: Annotated[float, Field(gt=0, le=60)] = OPERATION.seconds
    """Seconds that one operation may take; one that takes longer is refused. The dearest that its cost allows takes a
    twentieth of one. What it waits while others are answered is not counted."""


class ContentBounds(BaseModel):
    """Limits of content"""

    max_file_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.file_bytes
    """The largest content file. Those of people have 20 kB."""
    max_content_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.content_bytes
    """All content files of a version together: 50,000 entities of 4 kB."""
    max_files: Annotated[int, Field(ge=1)] = USUAL_LIMITS.files
    """How many files, and how many folders, a version may have."""
    max_depth: Annotated[int, Field(ge=1)] = USUAL_LIMITS.depth
    """How many parts a content file's path may have. The layout needs two."""
    build_seconds: Annotated[float, Field(gt=0, le=86_400)] = USUAL_LIMITS.seconds
    """Seconds that a version may take to be read and checked; one that takes longer is refused, and the last good one
    stays. 50,000 entities take 13 from nothing, and a change among them a tenth of one."""

    @property
    def limits(self) -> Limits:
        return Limits(self.max_file_bytes, self.max_content_bytes, self.max_files, self.max_depth, self.build_seconds)
